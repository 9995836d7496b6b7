"""Tell the classes of texts of your own: two, many, or several labels at once.

    python experiments/classify_text.py --data reviews.csv
    python experiments/classify_text.py --data aclImdb
    python experiments/classify_text.py --data toxic.csv --several
    python experiments/classify_text.py --data a.jsonl --text title body --label topic

--data is a folder train/LABEL/*.txt and test/LABEL/*.txt, or LABEL/*.txt, or one with
train.csv and test.csv; or a .csv, .tsv, .txt, .jsonl (.gz and .zip too) or .parquet
file with a column of texts and one of labels, which are found where the choice is not
open. Without a test set, 15 % of the texts are kept for testing, and 15 % for
validation, drawn so that every class has its share.

A convnet on word embeddings: one convolution of 5 words, the maximum over the text,
dropout; Adam 1e-3. It stops when the validation accuracy has not risen for 3 epochs.
The vocabulary is that of the training texts, and is kept with the run:

    python -m seqconv_jax predict runs/classify_text --text "What a film!"
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from _baselines import text_baselines
from _classify import class_lines, class_summary, draw_classes, losses_of
from _cli import (
    Flag,
    RunSettings,
    keep_test_scores,
    launch,
    open_run,
    test_scores,
    training_summary,
)
from _devices import mesh_of
from _progress import reporter
from _temperature import check_validated, keep_temperature, temperature_lines

MOST = 10**5  # filters, units and so on


@dataclass(frozen=True, kw_only=True)
class Settings(RunSettings):
    """Flags of this experiment."""

    data: Path
    """A folder of texts, or a table with a column of texts and one of labels."""
    test: str = "0.15"
    """What part of the texts to test on, or a file or folder of others; a test set that
    the data has itself goes before a rate."""
    validation: str = "0.15"
    """The same for validation."""
    text: tuple[str, ...] = ()
    """The column of texts, or several to join; found where the choice is not open."""
    label: tuple[str, ...] = ()
    """The column of labels; with --several also columns of 0 and 1, one a class."""
    several: Flag = False
    """A text may have several labels, or none."""
    label_separator: str | None = None
    """What separates several labels in one cell; found where not given."""
    unlabelled: Literal["error", "drop"] = "error"
    """What to do with rows without a label."""
    separator: str | None = None
    """What separates cells, or " " where the first word of a line is its label; found
    where not given."""
    header: Literal["auto", "yes", "no"] = "auto"
    """Whether the first row names the columns, which else are called 1, 2, ..."""
    no_quotes: Flag = False
    """Double quotes are ordinary characters, not the bounds of cells."""
    encoding: str = "utf-8"
    """The encoding of the text."""
    characters: tuple[int, int] | None = None
    """Fewest and most characters of a token, such as 3 5, or 1 1 for single characters;
    by default tokens are words."""
    keep_case: Flag = False
    """Don't lower-case the texts."""
    max_words: int = 20_000
    """Tokens of the vocabulary, the most frequent ones of train."""
    min_count: int = 2
    """How often a token of the vocabulary is in train."""
    maxlen: int | None = None
    """Tokens of a text that are kept; by default what 95 % of the training texts do not
    exceed, at most 500 words."""
    truncating: Literal["post", "pre"] = "post"
    """The side of a longer text that is cut."""
    model: Literal["convnet", "hybrid"] = "convnet"
    """A convolution and the maximum over the text, or a convolution and a GRU."""
    features: int = 128
    """Filters of the convolution."""
    kernel_size: int = 5
    """Tokens that a filter sees."""
    embedding: int = 64
    """Length of a token's vector; 0 for none: the convnet's filters then have weights
    of their own for each token at each place."""
    units: int = 64
    """Units of the hybrid's GRU, in either direction."""
    dropout: float = 0.5
    """Rate at which values are dropped before the last layer."""
    out: Path = Path("runs/classify_text")
    """The run directory."""
    epochs: int = 20
    """Epochs to train for, at most."""
    steps_per_epoch: int | None = None
    """Updates in an epoch; by default all of train once."""
    batch_size: int = 32
    """Texts in a batch."""
    learning_rate: float = 1e-3
    """Adam's learning rate."""
    patience: int | None = 3
    """Stop after so many epochs without a better one."""
    calibrate: Flag = False
    """Find on validation the temperature by which predict then makes probabilities that
    are as often right as they say."""


def main(settings: Settings) -> dict[str, Any]:
    """Train and report."""
    import seqconv_jax as sc

    task = load_task(settings)
    model = model_of(settings, task)
    loss, metrics = losses_of(task.classes)
    optimizer = adam(settings.learning_rate)
    print(task.report)
    print()
    print(sc.summary(model, task.example), flush=True)
    print()
    validated = len(task.validation) > 0
    check_validated(settings, task)
    reading = dict(task.preprocessor.reading)
    with open_run(settings, model, task, reading=reading) as run:
        result = sc.train.fit(
            model,
            task,
            optimizer=optimizer,
            loss=loss,
            metrics=metrics,
            epochs=settings.epochs,
            steps_per_epoch=settings.steps_per_epoch,
            batch_size=settings.batch_size,
            seed=settings.seed,
            monitor="val_accuracy" if validated else "accuracy",
            mode="max",
            patience=settings.patience,
            run=run,
            reporter=reporter(settings, run),
            mesh=mesh_of(settings),
        )
        outputs = sc.train.predict(model, result.best.params, task, task.test)
        summary = summarise(model, task, result, outputs, {"loss": loss, **metrics})
        baselines = text_baselines(settings, task, metrics["accuracy"])
        title = f"{settings.data.name}, {settings.model}"
        summary |= baselines.summary()
        summary |= keep_temperature(settings, run, task, outputs, title)
        run.write_summary(summary)
        keep_test_scores(run, task, outputs)
        draw_classes(run.path, task, result, summary, title)
    lines = [*class_lines(summary), *temperature_lines(summary)]
    lines += baselines.lines(summary["test_accuracy"])
    print("\n".join([*lines, f"run directory: {settings.out}"]))
    return summary


def load_task(settings: Settings):
    """Read the texts and divide them."""
    from seqconv_jax import UserError, data

    label = settings.label if len(settings.label) > 1 else None
    task = data.text_task(
        settings.data,
        validation=_rate_or_path(settings.validation),
        test=_rate_or_path(settings.test),
        characters=settings.characters,
        lower=not settings.keep_case,
        max_words=settings.max_words,
        min_count=settings.min_count,
        maxlen=settings.maxlen,
        truncating=settings.truncating,
        seed=settings.seed,
        text=settings.text or None,
        label=label or (settings.label[0] if settings.label else None),
        several=settings.several,
        label_separator=settings.label_separator,
        unlabelled=settings.unlabelled,
        separator=settings.separator,
        header={"auto": None, "yes": True, "no": False}[settings.header],
        quotes=False if settings.no_quotes else None,
        encoding=settings.encoding,
    )
    if not len(task.test):
        raise UserError("`test` must leave texts to test on, got none")
    return task


def model_of(settings: Settings, task: Any):
    """Return the network for the task; padding never changes what it says."""
    import seqconv_jax as sc
    from seqconv_jax import UserError, nn

    shortest = 0 if settings.model == "convnet" else 1
    sizes = {"features": 1, "kernel_size": 1, "embedding": shortest, "units": 1}
    for name, low in sizes.items():
        if not low <= (size := getattr(settings, name)) <= MOST:
            raise UserError(f"`{name}` must be from {low} to {MOST:,}, got {size:,}")
    outputs = task.classes.outputs
    if settings.model == "convnet":
        block = nn.ConvBlock(settings.features, settings.kernel_size, padding="same")
        return sc.models.TextConvNet(
            vocabulary=task.vocabulary,
            embedding=settings.embedding,
            blocks=(block,),
            dropout=settings.dropout,
            outputs=outputs,
            mask_id=0,
        )
    convolution = nn.Conv1D(
        settings.features, settings.kernel_size, padding="same", activation="relu"
    )
    return nn.Sequential(
        (
            nn.Embedding(task.vocabulary, settings.embedding, 0),
            convolution,
            nn.MaxPool1D(4, padding="same"),
            nn.Bidirectional(nn.GRU(settings.units)),
            nn.Dropout(settings.dropout),
            nn.Dense(outputs),
        )
    )


def adam(learning_rate: float):
    """Return Adam."""
    import optax

    from seqconv_jax import UserError

    if not 1e-30 < learning_rate < 1e30:
        raise UserError(f"`learning_rate` must be above 0, got {learning_rate}")
    return optax.adam(learning_rate)


def summarise(model, task, result, outputs, scores) -> dict[str, Any]:
    """Return what the run's summary says."""
    best = result.best
    return {
        "data_source": task.data_source,
        **training_summary(result),
        "best_val_loss": best.val_loss,
        "best_val_accuracy": best.record.get("val_accuracy"),
        **test_scores(model, best, task, scores),
        **class_summary(task, result, outputs),
    }


def _rate_or_path(value: str) -> float | Path:
    try:
        return float(value)
    except ValueError:
        return Path(value)


if __name__ == "__main__":
    launch(Settings, main)
