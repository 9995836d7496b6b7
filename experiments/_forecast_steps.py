"""Training a forecaster of many steps, and its errors at each of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _baselines import Scored, forecast_baselines
from _cli import (
    STAND_IN_NOTE,
    keep_test_scores,
    open_run,
    test_scores,
    training_summary,
)
from _forecast import announce, fit
from _intervals import Held, keep_intervals

if TYPE_CHECKING:
    import pandas as pd

    from seqconv_jax.data import ForecastTask, Series, SeriesGroup

RULES = {"last": "last value", "drift": "drift", "seasonal": "seasonal"}
_CALENDAR = {"hour of day": 2, "day of week": 3, "day of year": 3}  # harmonics
_MOST_LINES = 48  # of a printed table
_DRAWN = 240  # points of the picture of forecasts


def train_and_report(
    settings: Any,
    series: "Series | SeriesGroup",
    task: "ForecastTask",
    model: Any,
    rows: Any = None,
) -> dict[str, Any]:
    """Train a forecaster, score its best epoch, and fill the run directory.

    Args:
        settings: the experiment's settings.
        series: what the task was made of.
        task: the data.
        model: the network.
        rows: those to calibrate intervals on; None for no intervals.

    Returns:
        The run's summary.
    """
    import optax

    import seqconv_jax as sc

    loss, mae = scores(settings)
    announce(settings, task, model)
    found = {
        "season_rows": task.season,
        "columns": list(task.columns),
        "read_options": dict(series.read_options),
    }
    optimizer = sc.optim.rmsprop(settings.learning_rate)  # raises before there is a run
    config = {"real_horizon": task.horizon, "found": found}
    with open_run(settings, model, task, **config) as run:
        result = fit(
            *(settings, task, model, run),
            optimizer=optimizer,
            loss=loss,
            metrics={"mae": mae},
            plateau=optax.contrib.reduce_on_plateau(factor=0.5, patience=1),
        )
        params = result.best.params
        outputs = sc.train.predict(model, params, task, task.test)
        table = error_table(settings, task, outputs)
        tested = test_scores(model, result.best, task, {"loss": loss, "mae": mae})
        baselines = forecast_baselines(settings, task, _CALENDAR)
        summary = _summarise(task, result, tested, table) | baselines.summary()
        held = keep_intervals(settings, run, task, rows)
        summary |= held.summary()
        run.write_summary(summary)
        keep_test_scores(run, task, outputs)
        _draw(settings, run.path, task, result, outputs, table)
    print(_closing_lines(settings, summary, task, table, baselines, held))
    return summary


def scores(settings: Any) -> tuple[Any, Any]:
    """Return the loss and the mean absolute error of what is put out."""
    from functools import partial

    from seqconv_jax import losses

    levels = settings.quantiles
    if not levels:
        return getattr(losses, settings.loss), losses.mae
    middle = min(levels, key=lambda level: abs(level - 0.5))
    loss = losses.pinball(levels)
    return loss, partial(losses.quantile_mae, quantiles=levels, quantile=middle)


def error_table(settings: Any, task: "ForecastTask", outputs: Any) -> "pd.DataFrame":
    """Return the errors on test in the unit, beside those of the simple rules.

    Returns:
        A row for each target and step: see `ForecastTask.errors`; and a column for each
        rule that can be followed.
    """
    rows, levels = task.test, settings.quantiles or None
    table = task.errors(rows, outputs, levels)
    for kind in rules(task):
        table[kind] = task.errors(rows, task.naive(rows, kind))["mae"]
    return table


def rules(task: "ForecastTask") -> list[Any]:
    """Return the rules without a model that validation and test rows let follow."""
    from seqconv_jax import UserError

    found: list[Any] = ["last", "drift"]
    try:
        for rows in (task.validation, task.test):
            task.naive(rows, "seasonal")
    except UserError:  # no season is known, or the first rows have none before them
        return found
    return [*found, "seasonal"]


def _summarise(
    task: "ForecastTask", result: Any, tested: dict[str, float], table: Any
) -> dict[str, Any]:
    import numpy as np

    kinds = rules(task)
    return {
        "data_source": task.data_source,
        **training_summary(result),
        "best_val_loss": result.best.val_loss,
        "best_val_mae": result.best.record["val_mae"],
        **tested,
        "baseline_val_mae": task.baseline("validation"),
        "baseline_test_mae": task.baseline("test"),
        **{f"{kind}_val_mae": task.baseline("validation", kind) for kind in kinds},
        **{f"{kind}_test_mae": task.baseline("test", kind) for kind in kinds},
        "unit": task.unit,
        "unit_scale": np.asarray(task.unit_scale).tolist(),
        "horizon": task.horizon,
        "errors": table.to_dict("records"),
    }


def _draw(
    settings: Any,
    path: Path,
    task: "ForecastTask",
    result: Any,
    outputs: Any,
    table: "pd.DataFrame",
) -> None:
    import seqconv_jax as sc

    note = STAND_IN_NOTE if task.data_source == "generated" else ""
    kind = "pinball loss" if settings.quantiles else settings.loss
    ylabel = "mean absolute error" if kind == "mae" else kind
    sc.plots.curves(
        result.history,
        path / "loss.png",
        ylabel=f"{ylabel} (standard deviations)",
        title=f"{task.target}, {task.horizon} ahead",
        best_epoch=result.best.epoch,
        baseline=task.baseline("validation") if kind == "mae" else None,
        note=note,
    )
    name = task.target_columns[0]
    first = {key: table[key].to_numpy()[: task.steps] for key in table.columns}
    unit = task.units[0] or name
    sc.plots.errors_by_step(
        {
            "model": first["mae"],
            **{RULES[kind]: first[kind] for kind in rules(task)},
        },
        path / "errors.png",
        ahead=list(task.ahead),
        ylabel=f"mean absolute error, {unit}",
        title=f"{name}, errors on the test set",
        note=note,
    )
    _draw_forecasts(settings, path / "forecast.png", task, outputs, note)


def _draw_forecasts(
    settings: Any, path: Path, task: "ForecastTask", outputs: Any, note: str
) -> None:
    """Draw whole forecasts of the first target, each made where the last one ended."""
    import numpy as np

    import seqconv_jax as sc

    ends = np.append(task.starts[1:], len(task.targets))
    first = task.test[task.test < ends[task.series_of(task.test[:1])[0]]]
    stride, many = int(task.ahead_rows[-1]), -(-_DRAWN // task.steps)
    at = np.arange(0, len(first), stride)[:many]
    rows = first[at]
    shape = (len(rows), task.steps, -1)
    levels = settings.quantiles or None
    values = task.restore(rows, outputs[at], levels).reshape(*shape)
    values = values.reshape(len(rows), task.steps, len(task.target_columns), -1)
    values = values[:, :, 0].reshape(len(rows) * task.steps, -1)
    middle = np.abs(np.asarray(levels or [0.5]) - 0.5).argmin()
    rule = rules(task)[-1]
    naive = task.restore(rows, task.naive(rows, rule)).reshape(*shape)[:, :, 0]
    actual = task.actual(rows).reshape(*shape)[:, :, 0]
    newest = int(task.past_offsets[-1])
    when = (rows[:, None] + newest + task.ahead_rows).reshape(-1)
    unit = task.units[0] or task.target_columns[0]
    band = levels is not None and len(levels) > 1
    sc.plots.forecast(
        when if task.times is None else task.times[when],
        actual.reshape(-1),
        values[:, middle],
        path,
        unit=unit,
        title=f"{task.target_columns[0]}, forecasts {task.horizon} ahead one after "
        "another, start of the test set",
        baseline=naive.reshape(-1),
        baseline_label=RULES[rule],
        band=(values[:, 0], values[:, -1]) if band else None,
        band_label=f"{levels[0]:.0%} to {levels[-1]:.0%}" if band and levels else "",
        note=note,
    )


def _closing_lines(
    settings: Any,
    summary: Mapping[str, Any],
    task: "ForecastTask",
    table: Any,
    baselines: Scored,
    held: Held,
) -> str:
    kinds = rules(task)
    lines = [
        "",
        f"best epoch {summary['best_epoch']}, chosen on validation; MAE over all steps "
        "in standard deviations:",
        f"  {'':<10}  validation    test",
        f"  {'model':<10}  {summary['best_val_mae']:.4f}"
        f"        {summary['test_mae']:.4f}",
    ]
    for kind in kinds:
        lines.append(
            f"  {RULES[kind]:<10}  {summary[f'{kind}_val_mae']:.4f}        "
            f"{summary[f'{kind}_test_mae']:.4f}"
        )
    for name, unit in zip(task.target_columns, task.units, strict=True):
        one = table[table["target"] == name]
        lines += ["", f"{name}: mean absolute error on test, {unit or 'in its unit'}"]
        lines += _table_lines(one, kinds)
        for kind in kinds:
            better = int((one["mae"] < one[kind]).sum())
            lines.append(
                f"  below {RULES[kind]} at {better:,} of {len(one):,} steps ahead"
            )
    if task.data_source == "generated":
        lines.append(f"  {STAND_IN_NOTE}")
    lines += held.lines()
    lines += baselines.lines(summary["test_mae"])
    return "\n".join([*lines, f"run directory: {settings.out}"])


def _table_lines(table: "pd.DataFrame", kinds: list[Any]) -> list[str]:
    """Return a line for each step, or for some of them where there are many."""
    every = -(-len(table) // _MOST_LINES)
    shown = table.iloc[every - 1 :: every]
    columns = {"model": "mae", **{RULES[kind]: kind for kind in kinds}}
    if "coverage" in table:
        columns["inside the interval"] = "coverage"
    width = max(8, *map(len, table["ahead"]))
    lines = ["  ".join([f"  {'ahead':>{width}}", *(f"{name:>10}" for name in columns)])]
    for row in shown.to_dict("records"):
        cells = [
            f"{row[column]:>{max(10, len(name))}.4g}"
            for name, column in columns.items()
        ]
        lines.append("  ".join([f"  {row['ahead']:>{width}}", *cells]))
    return lines
