"""How sure a run may be: finding it, and going by it."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from seqconv_jax._checks import UserError, expect, is_number
from seqconv_jax.calibration import fit_temperature
from seqconv_jax.conformal import calibrate as fit_intervals
from seqconv_jax.conformal import calibration_rows
from seqconv_jax.data.forecast.intervals import joined_tables, with_intervals
from seqconv_jax.runs.calibration_file import Calibration, write_calibration
from seqconv_jax.runs.content import CALIBRATION

if TYPE_CHECKING:
    import pandas as pd

    from seqconv_jax.runs.predictor import Predictor

__all__ = ["Calibration", "calibrate", "calibrated_answers", "coverage"]


def calibrate(
    predictor: "Predictor",
    raw: Any,
    *,
    rows: np.ndarray | None = None,
    level: float | Sequence[float] | None = None,
    since: Any = None,
    until: Any = None,
) -> Calibration:
    """Calibrate a run on examples that it has not learnt from, and keep what is found.

    Of a forecaster it finds split-conformal intervals, which `predict` then has as
    columns `NAME 90% low` and `NAME 90% high`; of a classifier the temperature, by
    which `predict` then makes probabilities (no answer changes). It goes into the run
    directory, in the place of an earlier one.

    Args:
        predictor: what `load` returned.
        raw: examples with their truth; see `Predictor`. Of the task of the training the
            validation rows are taken, of any other the `test` rows.
        rows: `(n,)` other rows of a task, such as those of `conformal.hold_out`.
        level: of a forecaster, how often the truth is to lie in the interval, or
            several such; None for 0.9.
        since: of a forecaster, the time of the earliest target to calibrate on.
        until: the time that all targets lie before.

    Raises:
        UserError: for too few examples, a run on plain arrays, of whose outputs nobody
            knows what they are, and as `Predictor.evaluate`.

    Example:
        >>> import tempfile
        >>> import seqconv_jax as sc
        >>> values = np.random.default_rng(0).normal(size=(600, 1))
        >>> series = sc.data.Series(values=values, columns=("level (m)",))
        >>> task = sc.data.forecast_task(
        ...     series, target="level (m)", lookback=2, horizon=1, split=(200, 400)
        ... )
        >>> model = sc.nn.Sequential((sc.nn.Flatten(), sc.nn.Dense(1)))
        >>> options = {"optimizer": sc.optim.rmsprop(1e-2), "loss": sc.losses.mae}
        >>> directory = tempfile.mkdtemp()
        >>> with sc.runs.open(directory) as run:
        ...     result = sc.train.fit(model, task, epochs=1, run=run, **options)
        >>> found = calibrate(sc.runs.load(directory), task, level=0.9)
        >>> found.intervals[0].count
        200
        >>> sc.runs.load(directory).predict(series).columns.tolist()[-3:]
        ['level (m)', 'level (m) 90% low', 'level (m) 90% high']
    """
    preprocessor: Any = predictor.preprocessor
    forecasts = preprocessor.kind == "forecast"
    classes: Any = getattr(preprocessor, "classes", None)
    if not forecasts and classes is None:
        raise UserError(
            f"{predictor.path} is a run on {preprocessor.kind}, and nobody knows what "
            "its outputs are; see conformal.calibrate or calibration.fit_temperature"
        )
    task: Any = predictor._task(raw, targets=True)
    if rows is None:
        if since is None:
            _expect_another_file(predictor, task)
        rows = _rows(task, forecasts)
    rows = np.asarray(rows)
    if since is not None or until is not None:
        name = "since" if since is not None else "until"
        what = "left out for a classifier, whose examples have no times"
        expect(forecasts, name, what, since or until)
        rows = _between(task, rows, since, until)
    outputs = _outputs(predictor, task, rows)
    if forecasts:
        level = 0.9 if level is None else level
        levels: Any = (level,) if is_number(level) else level
        expect(len(levels) > 0, "level", "at least one", level)
        quantiles = preprocessor.quantiles
        found = Calibration(
            predictor.step,
            intervals=tuple(
                fit_intervals(task, rows, outputs, level=each, quantiles=quantiles)
                for each in dict.fromkeys(levels)
            ),
        )
    else:
        expect(level is None, "level", "left out for a classifier", level)
        _expect_logits(predictor)
        fitted = fit_temperature(classes, outputs, task.truth(rows))
        found = Calibration(predictor.step, temperature=fitted)
    write_calibration(predictor.path, found)
    predictor.calibration = found
    return found


def coverage(
    predictor: "Predictor", raw: Any, *, since: Any = None, until: Any = None
) -> "pd.DataFrame":
    """Return how often the intervals of a calibrated forecaster hold.

    Args:
        predictor: what `load` returned.
        raw: examples with their truth that calibrated nothing; of a task the `test`
            rows.
        since: the time of the earliest target to count.
        until: the time that all targets lie before.

    Returns:
        A row for each level, target and step ahead: `interval`, such as "90%", and the
        columns of `conformal.Intervals.coverage`.

    Raises:
        UserError: for a run without intervals.
    """
    found = predictor.calibration
    if found is None or not found.intervals:
        raise UserError(f"{predictor.path} has no intervals; calibrate it first")
    task: Any = predictor._task(raw, targets=True)
    rows = _between(task, task.test, since, until)
    expect(len(rows) > 0, "raw", "windows in that time", "none")
    outputs = _outputs(predictor, task, rows)
    return joined_tables(
        {each.name: each.coverage(task, rows, outputs) for each in found.intervals}
    )


def calibrated_answers(
    predictor: "Predictor", outputs: np.ndarray, task: Any
) -> "pd.DataFrame":
    """Return the answers of a run, with its intervals or by its temperature.

    Warns:
        UserWarning: where other weights were calibrated than those that answer.
    """
    found, preprocessor = predictor.calibration, predictor.preprocessor
    if found is None:
        return preprocessor.answers(outputs, task)
    if found.step != predictor.step:
        warnings.warn(
            f"{predictor.path / CALIBRATION} is of the weights of step {found.step:,}, "
            f"not of step {predictor.step:,}, and is left out; calibrate again",
            stacklevel=3,
        )
        return preprocessor.answers(outputs, task)
    if found.temperature is not None:
        return preprocessor.answers(found.temperature(outputs), task)
    table = preprocessor.answers(outputs, task)
    for each in found.intervals:
        ends = each.restore(task, task.test, outputs)
        table = with_intervals(table, task, ends, each.name)
    return table


def _expect_another_file(predictor: "Predictor", task: Any) -> None:
    """Raise for the whole file that a run was trained on, where it records that."""
    trained_on = predictor.config.get("data_sha256")
    whole = not len(task.validation) and trained_on is not None
    if whole and task.data_sha256 == trained_on:
        raise UserError(
            f"`raw` is the file that {predictor.path} was trained on; give `since`, a "
            "time behind what it has learnt from, or other data"
        )


def _rows(task: Any, forecasts: bool) -> np.ndarray:
    if not len(task.validation):
        trained = len(task.train) > 0
        expect(not trained, "raw", "a task with validation rows", "none of them")
        return task.test
    return calibration_rows(task) if forecasts else task.validation


def _between(task: Any, rows: np.ndarray, since: Any, until: Any) -> np.ndarray:
    """Return the rows whose targets all lie in some time."""
    if since is None and until is None:
        return rows
    name = "since" if since is not None else "until"
    timed = task.times is not None
    expect(timed, name, "left out for a series without times", since or until)
    newest, ahead = int(task.past_offsets[-1]), task.ahead_rows
    first, last = (task.times[rows + newest + int(at)] for at in ahead[[0, -1]])
    inside = np.ones(len(rows), bool)
    if since is not None:
        inside &= first >= _time("since", since)
    if until is not None:
        inside &= last < _time("until", until)
    return rows[inside]


def _time(name: str, value: Any) -> np.datetime64:
    try:
        time = np.datetime64(value, "us")
    except (ValueError, TypeError):
        time = np.datetime64("NaT", "us")
    expect(not np.isnat(time), name, "a date such as 2020-01-31", value)
    return time


def _outputs(predictor: "Predictor", task: Any, rows: np.ndarray) -> np.ndarray:
    expect(len(rows) > 0, "raw", "at least one example to calibrate on", "none")
    return predictor._outputs_of(replace(task, test=rows.astype(np.int32)))


def _expect_logits(predictor: "Predictor") -> None:
    options = getattr(predictor.scores.get("loss"), "keywords", {})
    if options.get("from_probabilities"):
        raise UserError(
            f"{predictor.path} puts out probabilities, which have no temperature; "
            "train without the last activation, so that it puts out logits"
        )
