"""Tell good film reviews from bad ones with a 1D convnet.

    python experiments/imdb_conv1d.py                      RMSprop 1e-3, batch 32
    python experiments/imdb_conv1d.py --setting slow       RMSprop 1e-4, batch 128
    python experiments/imdb_conv1d.py --retrain            and test on all of train

Vocabulary of 10,000 words, the last 500 tokens of a review, 10 epochs, the last fifth
of train as validation. --retrain takes the best epoch's number, trains anew on all of
train for so many epochs, and scores the test set.

The network is that of F. Chollet, *Deep Learning with Python*, section 6.4 ("the
book"). Its last layer had no sigmoid there while the loss expected probabilities, so
that the accuracy fell while the loss improved. Here the loss takes logits.

Data: Keras's imdb.npz, searched in --data, $SEQCONV_DATA and the cache, then
downloaded. The book: validation accuracy 0.8826 (default), 0.8382 (slow). Expect up to
ten minutes on two CPU cores; scores and spread are in docs/results.md.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from _baselines import Scored, text_baselines
from _cli import (
    STAND_IN_NOTE,
    Flag,
    ProgressBar,
    RunSettings,
    keep_test_scores,
    launch,
    open_run,
)

BOOK_ACCURACY = {"default": 0.8826, "slow": 0.8382}
SETTINGS = {
    "default": {"batch_size": 32, "learning_rate": 1e-3},
    "slow": {"batch_size": 128, "learning_rate": 1e-4},
}


@dataclass(frozen=True, kw_only=True)
class Settings(RunSettings):
    """Flags of this experiment."""

    data: Path | None = None
    """Keras's imdb.npz, or a directory with it."""
    setting: Literal["default", "slow"] = "default"
    """The book's default optimiser and batch, or its slow ones."""
    retrain: Flag = False
    """Train anew on all of train for the best epoch's number, then test."""
    num_words: int = 10_000
    """Words of the vocabulary."""
    maxlen: int = 500
    """Tokens of a review that are kept, its last ones."""
    out: Path = Path("runs/imdb_conv1d")
    """The run directory."""
    epochs: int = 10
    """Epochs to train for."""
    steps_per_epoch: int | None = None
    """Updates in an epoch; by default all of train once."""
    batch_size: int | None = None
    """Reviews in a batch; by default 32, and 128 in the slow setting."""
    learning_rate: float | None = None
    """RMSprop's learning rate; by default 1e-3, and 1e-4 in the slow setting."""
    patience: int | None = None
    """Stop after so many epochs without a better one; by default never."""


def resolved(settings: Settings) -> Settings:
    """Return the settings with the setting's defaults filled in."""
    defaults = SETTINGS[settings.setting]
    return replace(
        settings, **{k: v for k, v in defaults.items() if getattr(settings, k) is None}
    )


def main(settings: Settings) -> dict[str, Any]:
    """Train and report."""
    import seqconv_jax as sc

    settings = resolved(settings)
    assert settings.batch_size is not None and settings.learning_rate is not None
    task = sc.data.load_imdb(
        settings.data,
        num_words=settings.num_words,
        maxlen=settings.maxlen,
        require_real=settings.require_real_data,
    )
    model = sc.models.TextConvNet(vocabulary=task.vocabulary)
    print(
        f"reviews: train {len(task.train):,}, validation {len(task.validation):,}, "
        f"test {len(task.test):,}; data: {task.data_path or task.data_source}\n"
    )
    print(sc.summary(model, task.example), flush=True)
    print()
    optimizer = sc.optim.rmsprop(settings.learning_rate)
    with open_run(settings, model, task) as run:
        result = train(settings, model, task, optimizer, settings.epochs, run)
        best = result.best
        summary = {
            "data_source": task.data_source,
            "parameters": sc.count_parameters(best.params),
            "seconds": sum(record["seconds"] for record in result.history),
            "best_epoch": best.epoch,
            "best_val_loss": best.val_loss,
            "best_val_accuracy": best.record["val_accuracy"],
            **test_scores(model, best.params, task),
        }
        if settings.retrain:
            summary |= retrained(settings, model, task, optimizer, best.epoch)
        baselines = text_baselines(settings, task, sc.losses.accuracy)
        summary |= baselines.summary()
        run.write_summary(summary)
        keep_test_scores(run, task)
        draw(run.path, result, task)
    print(closing_lines(settings, summary, baselines))
    return summary


def train(settings: Settings, model, task, optimizer, epochs: int, run):
    """Train the model, watching the validation accuracy where there is one."""
    import seqconv_jax as sc

    assert settings.batch_size is not None
    return sc.train.fit(
        model,
        task,
        optimizer=optimizer,
        loss=sc.losses.binary_cross_entropy,
        metrics={"accuracy": sc.losses.accuracy},
        epochs=epochs,
        steps_per_epoch=settings.steps_per_epoch,
        batch_size=settings.batch_size,
        seed=settings.seed,
        monitor="val_accuracy" if len(task.validation) else "accuracy",
        mode="max",
        patience=settings.patience,
        run=run,
        reporter=ProgressBar(settings.batch_size),
    )


def test_scores(model, params, task) -> dict[str, float]:
    """Return the loss and accuracy on the test reviews."""
    import seqconv_jax as sc

    scores = {"loss": sc.losses.binary_cross_entropy, "accuracy": sc.losses.accuracy}
    values = sc.train.evaluate(model, params, task, task.test, scores)
    return {f"test_{name}": value for name, value in values.items()}


def retrained(settings: Settings, model, task, optimizer, epochs: int):
    """Train anew on all of train for `epochs` epochs, and return the test scores."""
    print(f"\nretraining on all of train for {epochs} epochs")
    everything = task.without_validation()
    with open_run(settings, model, task, "retrain", retrain_epochs=epochs) as run:
        result = train(settings, model, everything, optimizer, epochs, run)
    scores = test_scores(model, result.state.params, everything)
    return {f"retrain_{name}": value for name, value in scores.items()}


def draw(path: Path, result, task) -> None:
    """Draw the curves of loss and accuracy."""
    import seqconv_jax as sc

    for metric, label in [("loss", "cross-entropy (nats)"), ("accuracy", "accuracy")]:
        sc.plots.curves(
            result.history,
            path / f"{metric}.png",
            metric=metric,
            ylabel=label,
            title="IMDB reviews, 1D convnet",
            best_epoch=result.best.epoch,
            note=STAND_IN_NOTE if task.data_source == "generated" else "",
        )


def closing_lines(
    settings: Settings, summary: dict[str, Any], baselines: Scored
) -> str:
    """Say how it went beside what the book got."""
    book = BOOK_ACCURACY[settings.setting]
    lines = [
        "",
        f"best epoch {summary['best_epoch']}, chosen on validation; accuracy:",
        f"  validation  {summary['best_val_accuracy']:.4f}",
        "  baseline    0.5000  (guessing)",
        f"  test        {summary['test_accuracy']:.4f}",
        f"  book        {book:.4f} on validation",
    ]
    if "retrain_test_accuracy" in summary:
        lines.append(
            f"  test        {summary['retrain_test_accuracy']:.4f}  (retrained on all "
            "of train)"
        )
    if summary["data_source"] == "generated":
        lines.append(f"  {STAND_IN_NOTE}: not comparable with the book")
    lines += baselines.lines(summary["test_accuracy"])
    return "\n".join([*lines, f"run directory: {settings.out}"])


if __name__ == "__main__":
    launch(Settings, main)
