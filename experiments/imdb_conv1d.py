"""Tell good film reviews from bad ones with a 1D convnet.

    python experiments/imdb_conv1d.py                      RMSprop 1e-3, batch 32
    python experiments/imdb_conv1d.py --setting slow       RMSprop 1e-4, batch 128
    python experiments/imdb_conv1d.py --retrain            and test on all of train
    python experiments/imdb_conv1d.py --recipe convnet     the best convnet alone
    python experiments/imdb_conv1d.py --recipe best        a line through n-grams beside

Vocabulary of 10,000 words, the last 500 tokens of a review, 10 epochs, the last fifth
of train as validation. --retrain takes the best epoch's number, trains anew on all of
train for so many epochs, and scores the test set.

The network is that of F. Chollet, *Deep Learning with Python*, section 6.4 ("the
book"). Its last layer had no sigmoid there while the loss expected probabilities, so
that the accuracy fell while the loss improved. Here the loss takes logits.

A recipe is a set of flags, chosen on validation (experiments/results/imdb_search.md);
flags that are given go before it. Theirs is a convolution of three words, in which a
filter has a weight of its own for each word at each place (Johnson and Zhang 2015), and
the maximum over the review. In "best" it stands beside a line through all runs of one
to four words that occur in two training reviews, each counted once a review and scaled
by its naive-Bayes log-ratio (Wang and Manning 2012).

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
    RunSettings,
    book_figure,
    keep_test_scores,
    launch,
    open_run,
    test_scores,
    training_summary,
)
from _devices import mesh_of
from _progress import reporter
from _recipes import with_recipe
from _text_network import network, optimizer

BOOK_ACCURACY = {"default": 0.8826, "slow": 0.8382}
SETTINGS = {
    "default": {"batch_size": 32, "learning_rate": 1e-3},
    "slow": {"batch_size": 128, "learning_rate": 1e-4},
}
_CONVNET = {
    "batch_size": 128,
    "learning_rate": 2e-3,
    "optimizer": "adam",
    "schedule": "cosine",
    "embedding": 0,
    "features": 250,
    "kernel_size": 3,
    "head": "global_max",
    "dropout": 0.5,
    "token_dropout": 0.5,
    "epochs": 10,
    # The accuracy on 5,000 reviews is known to 0.004 only, so that a lucky early epoch
    # may be its best; the loss is not that rough.
    "watch": "loss",
}
RECIPES = {
    "convnet": _CONVNET,
    # Each review trains the line or the convnet, so that neither leans on the other.
    "best": _CONVNET
    | {
        "ngram_order": 4,
        "ngram_dropout": 0.5,
        "ngram_learning_rate": 6e-4,
        "ngram_weight": 0.7,
        "drop_path": 0.99,
        "epochs": 20,
    },
}


@dataclass(frozen=True, kw_only=True)
class Settings(RunSettings):
    """Flags of this experiment."""

    data: Path | None = None
    """Keras's imdb.npz, or a directory with it."""
    recipe: Literal["convnet", "best"] | None = None
    """Flags chosen on validation, for those that are not given."""
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
    epochs: int | None = None
    """Epochs to train for; by default 10."""
    steps_per_epoch: int | None = None
    """Updates in an epoch; by default all of train once."""
    batch_size: int | None = None
    """Reviews in a batch; by default 32, and 128 in the slow setting."""
    learning_rate: float | None = None
    """The first learning rate; by default 1e-3, and 1e-4 in the slow setting."""
    patience: int | None = None
    """Stop after so many epochs without a better one; by default never."""
    watch: Literal["accuracy", "loss"] | None = None
    """What the best epoch is best in, on validation; by default the accuracy."""
    optimizer: Literal["rmsprop", "adam"] | None = None
    """RMSprop by default."""
    schedule: Literal["constant", "cosine"] | None = None
    """Whether the learning rate falls to zero at the last epoch; by default it does
    not."""
    embedding: int | None = None
    """Length of a word's vector; by default the book's 128. 0 for none: each filter
    then has weights of its own for each word at each place (Johnson and Zhang 2015)."""
    features: int | None = None
    """Filters of one convolution, in place of the book's two."""
    kernel_size: int | None = None
    """Words that each of these filters sees; by default 3."""
    head: (
        Literal["global_max", "global_average", "global_max_average", "flatten"] | None
    ) = None
    """What is made of all steps; by default the maximum."""
    dropout: float | None = None
    """Rate at which values are dropped before the last layer; by default 0."""
    token_dropout: float | None = None
    """Rate at which words are replaced by the unknown one; by default 0."""
    ngram_order: int | None = None
    """Put a line through runs of up to so many words beside the convnet."""
    ngram_dropout: float | None = None
    """Rate at which those of a review are dropped; by default 0."""
    ngram_learning_rate: float | None = None
    """The line's first learning rate; by default that of all."""
    drop_path: float | None = None
    """Rate at which the line or the convnet is left out; by default 0."""
    ngram_weight: float | None = None
    """What the line counts in that average, the convnet counting the rest; by default
    0.5."""


def resolved(settings: Settings) -> Settings:
    """Return the settings with those of the recipe, then the book's, filled in."""
    from seqconv_jax import UserError

    if settings.recipe is not None and settings.setting != "default":
        raise UserError("`setting` is for the book's network, and `recipe` for others")
    settings = with_recipe(settings, RECIPES)
    defaults = {**SETTINGS[settings.setting], "epochs": 10}
    return replace(
        settings, **{k: v for k, v in defaults.items() if getattr(settings, k) is None}
    )


def main(settings: Settings) -> dict[str, Any]:
    """Train and report."""
    import seqconv_jax as sc

    settings = resolved(settings)
    assert settings.batch_size is not None and settings.epochs is not None
    task = sc.data.load_imdb(
        settings.data,
        num_words=settings.num_words,
        maxlen=settings.maxlen,
        require_real=settings.require_real_data,
    )
    model, stats = network(settings, task)
    tx = optimizer(settings, task)
    print(
        f"reviews: train {len(task.train):,}, validation {len(task.validation):,}, "
        f"test {len(task.test):,}; data: {task.data_path or task.data_source}\n"
    )
    print(sc.summary(model, task.example), flush=True)
    print()
    with open_run(settings, model, task) as run:
        result = train(settings, model, stats, task, tx, settings.epochs, run)
        best = result.best
        summary = {
            "data_source": task.data_source,
            **training_summary(result),
            "best_val_loss": best.val_loss,
            "best_val_accuracy": best.record["val_accuracy"],
            **test_scores(model, best, task, scores()),
        }
        if settings.retrain:
            summary |= retrained(settings, task, best.epoch)
        baselines = text_baselines(settings, task, sc.losses.accuracy)
        summary |= baselines.summary()
        if task.data_source != "generated":
            book = BOOK_ACCURACY[settings.setting]
            summary["published"] = [book_figure(book, "accuracy")]
        run.write_summary(summary)
        keep_test_scores(run, task)
        draw(run.path, result, task)
    print(closing_lines(settings, summary, baselines))
    return summary


def train(settings: Settings, model, stats, task, tx, epochs: int, run):
    """Train the model, watching the validation accuracy where there is one."""
    import seqconv_jax as sc

    assert settings.batch_size is not None
    loss, accuracy = scores().values()
    watched = settings.watch or "accuracy"
    return sc.train.fit(
        model,
        task,
        optimizer=tx,
        loss=loss,
        metrics={"accuracy": accuracy},
        epochs=epochs,
        steps_per_epoch=settings.steps_per_epoch,
        batch_size=settings.batch_size,
        seed=settings.seed,
        batch_stats=stats,
        monitor=f"val_{watched}" if len(task.validation) else watched,
        patience=settings.patience,
        run=run,
        reporter=reporter(settings, run),
        mesh=mesh_of(settings),
    )


def scores() -> dict[str, Any]:
    """Return the loss and the accuracy."""
    from seqconv_jax import losses

    return {"loss": losses.binary_cross_entropy, "accuracy": losses.accuracy}


def retrained(settings: Settings, task, epochs: int):
    """Train anew on all of train for `epochs` epochs, and return the test scores.

    A learning rate that falls does so as before, to the last of all epochs.
    """
    print(f"\nretraining on all of train for {epochs} epochs")
    everything = task.without_validation()
    model, stats = network(settings, everything)
    tx = optimizer(settings, everything)
    with open_run(settings, model, everything, "retrain", retrain_epochs=epochs) as run:
        state = train(settings, model, stats, everything, tx, epochs, run).state
    found = test_scores(model, state, everything, scores())
    return {f"retrain_{name}": value for name, value in found.items()}


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
