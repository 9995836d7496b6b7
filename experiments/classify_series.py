"""Tell the classes of series, of one channel or several and of any lengths.

    python experiments/classify_series.py --data GunPoint_TRAIN.ts
    python experiments/classify_series.py --data GunPoint_TRAIN.ts --ensemble 5
    python experiments/classify_series.py --data mine.npz --model fcn --validation 0.2

--data is a file of the UCR/UEA archive (.ts, .tsv or .txt), whose NAME_TEST.ts beside
NAME_TRAIN.ts is found, a folder with one such pair, or an .npz with arrays x, (series,
time, channels), and y. Without test series, a quarter of the others is kept for them.

InceptionTime's network (Fawaz et al., arXiv:1909.04939), or the ResNet or FCN of Wang
et al. (arXiv:1611.06455), with Adam; the learning rate halves where the training loss
no longer falls. As there, the best epoch is that of the lowest training loss, for the
archive's training sets are small; --validation keeps some of them to choose by.
--ensemble 5 averages the probabilities of five networks of five seeds, which is what
InceptionTime is; the first is the run's own, the others lie in its folders, and the
run scores and answers as all of them. An epoch sees each training series so often that
it has 25 updates or more (of batches that are not larger than train).
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from _baselines import Scored, series_baselines
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

UPDATES = 25  # of an epoch, at least


@dataclass(frozen=True, kw_only=True)
class Settings(RunSettings):
    """Flags of this experiment."""

    data: Path
    """A file NAME_TRAIN.ts, or another file of labelled series, or a folder."""
    test: Path | None = None
    """The file of the test series; by default NAME_TEST.ts beside NAME_TRAIN.ts."""
    validation: float = 0.0
    """The rate of the training series to choose the best epoch by; 0 for none."""
    scale: Literal["auto", "series", "channel", "none"] = "auto"
    """Standardise each series by itself, or each channel by all training series; auto
    is the first for one channel, the second for several."""
    missing: Literal["error", "interpolate"] = "error"
    """What to do with missing values inside a series."""
    model: Literal["inception", "resnet", "fcn"] = "inception"
    """The network."""
    ensemble: int = 1
    """How many networks to train; their probabilities are averaged."""
    out: Path = Path("runs/classify_series")
    """The run directory."""
    epochs: int = 40
    """Epochs to train each network for."""
    steps_per_epoch: int | None = None
    """Updates in an epoch; by default all of train once, or 25."""
    batch_size: int | None = None
    """Series in a batch; by default 64 or all of train, for the FCN and ResNet a tenth
    of train, from 4 to 16."""
    learning_rate: float = 1e-3
    """Adam's learning rate, to begin with."""
    patience: int | None = None
    """Stop after so many epochs without a better one; by default never."""
    calibrate: Flag = False
    """Find on validation the temperature by which predict then makes probabilities that
    are as often right as they say; of one network, with --validation."""


def main(settings: Settings) -> dict[str, Any]:
    """Train and report."""
    import seqconv_jax as sc

    task = load_task(settings)
    settings = resolved(settings, task)
    check_validated(settings, task)
    model = model_of(settings, task)
    title = f"{task.name}, {settings.model}"
    print(task.describe())
    print()
    print(sc.summary(model, task.example), flush=True)
    print()
    repeated = repeat(settings, task)
    with open_run(settings, model, repeated, **more(task)) as run:
        result = train(settings, model, repeated, settings.seed, run)
        own = outputs_of(model, result, task)
        folders, others = train_others(settings, model, task, repeated)
        metric = losses_of(task.classes)[1]["accuracy"]
        baselines = series_baselines(settings, task, metric)
        summary = {
            **summarise(model, result, task),
            **tested(model, result, task, own),
            **baselines.summary(),
        }
        if folders:
            run.write_members(folders)
            summary |= ensemble_tested(run.path, result, task, [own, *others])
        summary |= keep_temperature(settings, run, task, own, title)
        run.write_summary(summary)
        keep_test_scores(run, task, None if folders else own)
        draw_classes(run.path, task, result, summary, title)
    lines = [*class_lines(summary), *temperature_lines(summary)]
    print("\n".join([*lines, *closing_lines(settings, summary, baselines)]))
    return summary


def load_task(settings: Settings):
    """Read the series."""
    from seqconv_jax import UserError, data

    if not 1 <= settings.ensemble <= 100:
        raise UserError(f"`ensemble` must be from 1 to 100, got {settings.ensemble}")
    if settings.seed + settings.ensemble > 2**32 or settings.seed < 0:
        raise UserError(f"`seed` must be in [0, 2**32), got {settings.seed}")
    if settings.calibrate and settings.ensemble > 1:
        raise UserError(
            f"`ensemble` must be 1 with --calibrate, got {settings.ensemble}"
        )
    if not 1e-30 < (rate := settings.learning_rate) < 1e30:
        raise UserError(f"`learning_rate` must be above 0, got {rate}")
    return data.load_classification(
        settings.data,
        test=settings.test,
        validation=settings.validation,
        scale=None if settings.scale == "auto" else settings.scale,
        missing=settings.missing,
        seed=settings.seed,
    )


def resolved(settings: Settings, task) -> Settings:
    """Return the settings with the batch that the network's authors took."""
    if settings.batch_size is not None:
        return settings
    series = len(task.train)
    size = 64 if settings.model == "inception" else min(max(series // 10, 4), 16)
    return replace(settings, batch_size=min(size, series))


def model_of(settings: Settings, task):
    """Return the network; padding, where there is any, never changes what it says."""
    from seqconv_jax import models

    kinds = {
        "inception": models.InceptionTime,
        "resnet": models.ResNet,
        "fcn": models.FCN,
    }
    outputs = task.classes.outputs
    return kinds[settings.model](outputs=outputs, mask_value=task.mask_value)


def repeat(settings: Settings, task):
    """Return the task with each training series as often as an epoch sees it."""
    import numpy as np

    from seqconv_jax import UserError

    assert settings.batch_size is not None
    if settings.batch_size < 1:
        raise UserError(f"`batch_size` must be at least 1, got {settings.batch_size}")
    updates = UPDATES if settings.steps_per_epoch is None else settings.steps_per_epoch
    if not 0 < updates < 10**6:
        raise UserError(f"`steps_per_epoch` must be from 1 to 10**6, got {updates:,}")
    series = len(task.train)
    times = -(-updates * min(settings.batch_size, series) // series)
    return replace(task, train=np.tile(task.train, times))


def more(task) -> dict[str, Any]:
    """Return what the config says besides the settings."""
    tested = task.test_origin
    return {
        "test_file": None if tested is None else str(tested.path),
        "test_sha256": None if tested is None else tested.sha256,
        "test_series_in_train": task.repeated(),
    }


def train(settings: Settings, model, task, seed: int, run):
    """Train one network."""
    import optax

    import seqconv_jax as sc

    assert settings.batch_size is not None
    loss, metrics = losses_of(task.classes)
    return sc.train.fit(
        model,
        task,
        optimizer=optax.adam(settings.learning_rate),
        loss=loss,
        metrics=metrics,
        epochs=settings.epochs,
        steps_per_epoch=settings.steps_per_epoch,
        batch_size=settings.batch_size,
        seed=seed,
        monitor="val_loss" if len(task.validation) else "loss",
        plateau=optax.contrib.reduce_on_plateau(
            factor=0.5, patience=3, min_scale=0.05, rtol=1e-3
        ),
        patience=settings.patience,
        run=run,
        reporter=reporter(settings, run),
        mesh=mesh_of(settings),
    )


def train_others(settings: Settings, model, task, repeated):
    """Train the other networks of an ensemble, each in a folder of the run."""
    folders, outputs = [], []
    for number in range(2, settings.ensemble + 1):
        print(f"\nnetwork {number} of {settings.ensemble}")
        folder, seed = f"network-{number}", settings.seed + number - 1
        with open_run(settings, model, repeated, folder, network_seed=seed) as run:
            result = train(settings, model, repeated, seed, run)
        folders.append(folder)
        outputs.append(outputs_of(model, result, task))
    return folders, outputs


def outputs_of(model, result, task):
    """Return the logits of the test series."""
    import seqconv_jax as sc

    best, stats = result.best, result.best.batch_stats
    return sc.train.predict(model, best.params, task, task.test, batch_stats=stats)


def summarise(model, result, task) -> dict[str, Any]:
    """Return what the run's summary says of its own network's training."""
    best = result.best
    return {
        "data_source": task.data_source,
        **training_summary(result),
        "best_loss": best.record["loss"],
        "best_val_loss": best.record.get("val_loss"),
        "best_val_accuracy": best.record.get("val_accuracy"),
    }


def tested(model, result, task, outputs) -> dict[str, Any]:
    """Return the scores of one network on the test series."""
    loss, metrics = losses_of(task.classes)
    scores = test_scores(model, result.best, task, {"loss": loss, **metrics})
    return {**scores, **class_summary(task, result, outputs)}


def ensemble_tested(path: Path, result, task, members: list[Any]) -> dict[str, Any]:
    """Return the scores of an ensemble, as `evaluate` finds them, and of each member.

    Args:
        path: the run directory.
        result: what `fit` returned for its own network.
        task: the data.
        members: the logits of each network.
    """
    import seqconv_jax as sc

    ensemble = sc.runs.load(path)
    found = [task.classes.probabilities(outputs).argmax(axis=1) for outputs in members]
    truth = task.numbers("test")
    return {
        "network_test_accuracies": [float((each == truth).mean()) for each in found],
        **{f"test_{name}": value for name, value in ensemble.evaluate(task).items()},
        **class_summary(task, result, ensemble.outputs(task)),
    }


def closing_lines(
    settings: Settings, summary: dict[str, Any], baselines: Scored
) -> list[str]:
    """Return the ensemble's score, the baselines', and where the run is."""
    lines = []
    if "network_test_accuracies" in summary:
        each = " ".join(f"{a:.4f}" for a in summary["network_test_accuracies"])
        count = len(summary["network_test_accuracies"])
        lines.append(
            f"ensemble of {count}       {summary['test_accuracy']:.4f}  "
            f"(networks {each})"
        )
    return [
        *lines,
        *baselines.lines(summary["test_accuracy"]),
        f"run directory: {settings.out}",
    ]


if __name__ == "__main__":
    launch(Settings, main)
