"""The forecasting experiments, from a file to a run with scores and figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from _baselines import Scored, forecast_baselines
from _cli import (
    STAND_IN_NOTE,
    Flag,
    RunSettings,
    book_figure,
    keep_test_scores,
    open_run,
    test_scores,
    training_summary,
)
from _devices import mesh_of
from _flags import with_flags
from _progress import reporter

if TYPE_CHECKING:
    from seqconv_jax.data import ForecastTask


@dataclass(frozen=True, kw_only=True)
class ForecastSettings(RunSettings):
    """Flags of every forecasting experiment."""

    data: Path | None = None
    """A .csv, .csv.gz, .zip or .parquet file, or a directory with the usual one."""
    split: tuple[str, str] | None = None
    """Where validation and test begin: two row numbers, dates, or fractions.
    By default where the book cut."""
    purge: str = "0"
    """Time or rows between two splits that neither reads; the book has none."""
    horizon: Literal["book", "source", "exact"] = "book"
    """Book: the newest input lies one step before the row that the delay counts from,
    as in the book; source is an earlier name for it. Exact: it is that row, and the
    horizon is exactly the delay."""
    gaps: Literal["keep", "drop"] = "keep"
    """What to do with windows that cross a gap in time."""
    predict: Literal["value", "change"] = "value"
    """Forecast the value, as the book does, or its change since the newest input."""
    missing: Literal["error", "keep", "previous", "interpolate", "drop"] = "error"
    """What to do with empty cells and -9999 marks."""
    duplicates: Literal["error", "first", "last", "keep"] = "error"
    """What to do with repeated timestamps."""
    unsorted: Literal["error", "sort", "keep"] = "error"
    """What to do with timestamps that go backwards."""
    reverse: Flag = False
    """Read a newest-first file from its end."""
    patience: int | None = None
    """Stop after so many epochs without a better one; by default never."""


def data_options(settings: Any) -> dict[str, Any]:
    """Return the settings that say how to read a file and cut it into windows."""
    names = ("target", "lookback", "every", "delay", "split", "purge", "gaps")
    names += ("predict", "time", "missing", "duplicates", "unsorted", "reverse")
    horizon = {"auto": None, "exact": True, "book": False, "source": False}
    return {
        **{name: getattr(settings, name) for name in names},
        "exact_horizon": horizon[settings.horizon],
        "require_real": settings.require_real_data,
    }


def train_and_report(
    settings: Any,
    task: "ForecastTask",
    model: Any,
    book_words: str,
    published: Sequence[float] = (),
    **options: Any,
) -> dict[str, Any]:
    """Train a forecaster, score its best epoch, and fill the run directory.

    Args:
        settings: the experiment's settings.
        task: the data.
        model: the network.
        book_words: what the book got, for the last lines.
        published: the same as validation errors, for the run's summary.
        **options: those of `train.fit` besides. By default RMSprop lowers the mean
            absolute error.

    Returns:
        The run's summary.
    """
    import seqconv_jax as sc

    announce(settings, task, model)
    if "optimizer" not in options:  # raises before there is a run
        options["optimizer"] = sc.optim.rmsprop(settings.learning_rate)
    options = {"loss": sc.losses.mae, **options}
    with open_run(settings, model, task, real_horizon=task.horizon) as run:
        result = fit(
            *(settings, task, model, run),
            metrics={"mae": sc.losses.mae},
            **options,
        )
        outputs = sc.train.predict(model, result.best.params, task, task.test)
        scores = {"loss": options["loss"], "mae": sc.losses.mae}
        tested = test_scores(model, result.best, task, scores)
        baselines = forecast_baselines(settings, task)
        summary = _summarise(task, result, outputs, tested) | baselines.summary()
        if task.data_source != "generated":
            note = "10-minute file"
            summary["published"] = [book_figure(x, "mae", note) for x in published]
        run.write_summary(summary)
        keep_test_scores(run, task, outputs)
        _draw(run.path, task, result, outputs, summary)
    print(_closing_lines(summary, task, book_words, settings.out, baselines))
    return summary


def announce(settings: Any, task: "ForecastTask", model: Any) -> None:
    """Print what was read, what is forecast, and the layers of the model."""
    import seqconv_jax as sc

    print(with_flags(f"{task.report}\n{task.describe()}", settings))
    print()
    print(sc.summary(model, task.example))
    print(flush=True)


def fit(
    settings: Any, task: "ForecastTask", model: Any, run: Any, **options: Any
) -> Any:
    """Train by the settings; `options` are those of `train.fit` besides."""
    import seqconv_jax as sc

    return sc.train.fit(
        model,
        task,
        epochs=settings.epochs,
        steps_per_epoch=settings.steps_per_epoch,
        batch_size=settings.batch_size,
        seed=settings.seed,
        patience=settings.patience,
        run=run,
        reporter=reporter(settings, run),
        mesh=mesh_of(settings),
        **options,
    )


def _summarise(
    task: "ForecastTask", result: Any, outputs: Any, tested: dict[str, float]
) -> dict[str, Any]:
    return {
        "data_source": task.data_source,
        **training_summary(result),
        "best_val_loss": result.best.record["val_loss"],
        "best_val_mae": result.best.record["val_mae"],
        **tested,
        "test_hit_rate": task.hit_rate(outputs, task.test),
        "baseline_val_mae": task.baseline("validation"),
        "baseline_test_mae": task.baseline("test"),
        "unit": task.unit,
        "unit_scale": task.unit_scale,
        "horizon": task.horizon,
    }


def _draw(path: Path, task: "ForecastTask", result: Any, outputs: Any, summary: Any):
    import numpy as np

    import seqconv_jax as sc

    note = STAND_IN_NOTE if task.data_source == "generated" else ""
    sc.plots.curves(
        result.history,
        path / "loss.png",
        metric="loss",
        ylabel="mean absolute error (standard deviations)",
        title=f"{task.target}, {task.horizon} ahead",
        best_epoch=result.best.epoch,
        baseline=summary["baseline_val_mae"],
        note=note,
    )
    two_weeks = _count_rows(task, np.timedelta64(14, "D"), at_least=60)
    rows = task.test[:two_weeks]
    times = rows + task.delay if task.times is None else task.times[rows + task.delay]
    sc.plots.forecast(
        times,
        task.actual(rows),
        task.restore(rows, outputs[: len(rows)]),
        path / "forecast.png",
        unit=task.unit or task.target,
        title=f"{task.target}, forecast {task.horizon} ahead, start of the test set",
        baseline=task.to_unit(task.last[rows])[:, 0],
        note=note,
    )


def _count_rows(task: "ForecastTask", span: Any, at_least: int) -> int:
    """Return how many test rows a span of time takes."""
    import numpy as np

    if task.times is None:
        return at_least
    times = task.times[task.test]
    return max(int(np.searchsorted(times, times[0] + span)), at_least)


def _closing_lines(
    summary: dict[str, Any],
    task: "ForecastTask",
    book_words: str,
    out: Path,
    baselines: Scored,
) -> str:
    def both(score: float) -> str:
        unit = task.unit or "points"
        return f"{score:.4f}  ({score * task.unit_scale:.2f} {unit})"

    lines = [
        "",
        f"best epoch {summary['best_epoch']}, chosen on validation; MAE in standard "
        "deviations of the target:",
        f"  validation  {both(summary['best_val_mae'])}",
        f"  baseline    {both(summary['baseline_val_mae'])}  (no change since the "
        "newest input)",
        f"  test        {both(summary['test_mae'])}",
        f"  baseline    {both(summary['baseline_test_mae'])}",
        f"  book        {book_words}",
    ]
    if summary["test_hit_rate"] is not None:
        lines.append(
            f"  direction of the change right on test: {summary['test_hit_rate']:.1%}"
        )
    if task.data_source == "generated":
        lines.append(f"  {STAND_IN_NOTE}: not comparable with the book")
    lines += baselines.lines(summary["test_mae"])
    return "\n".join([*lines, f"run directory: {out}"])
