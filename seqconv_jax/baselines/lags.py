"""A line through the look-back: what a network for forecasts has to beat."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from seqconv_jax import _windows
from seqconv_jax._checks import UserError, expect, one_of, positive_int
from seqconv_jax.baselines.contract import blocks, by_blocks, fitted_rows
from seqconv_jax.baselines.linear import LinearModel
from seqconv_jax.baselines.ridge import moments_of, penalties_for, solve_ridge
from seqconv_jax.data.forecast.calendar import CYCLES, calendar_names, calendar_values
from seqconv_jax.data.forecast.layout import OBSERVED
from seqconv_jax.data.forecast.task import ForecastTask

__all__ = ["CALENDAR", "PENALTIES", "RidgeLags", "ridge_lags"]

CALENDAR = {"hour of day": 2, "day of year": 3}
PENALTIES = tuple(float(f"{k}e{power}") for power in range(6) for k in (1, 3))


class RidgeLags(NamedTuple):
    """A linear model of the cells of the look-back, and of the calendar.

    Attributes:
        model: its features are the cells, in order of time and column, then the
            calendar terms, then the products.
        cells: `(length, columns)` bool: which inputs are features.
        calendar: how many harmonics of each cycle are features.
        relative: whether the model gives changes since the newest value.
        penalty: what the weights were found with.
        tried: the mean absolute error on validation of each penalty that was tried.
        products: spans of newest steps, the products of whose means are features.
    """

    model: LinearModel
    cells: np.ndarray
    calendar: Mapping[str, int]
    relative: bool
    penalty: float
    tried: Mapping[float, float]
    products: tuple[int, ...] = ()

    def outputs(self, task: ForecastTask, rows: np.ndarray) -> np.ndarray:
        """Return `(n, outputs)` float64; see `contract.Baseline`."""

        def of_part(part: np.ndarray) -> np.ndarray:
            x = _features(task, part, self.cells, self.calendar, self.products)
            return self.model(x) + _base(task, part, self.relative)

        return by_blocks(of_part, task, rows, len(self.model.kernel))


def ridge_lags(
    task: ForecastTask,
    *,
    target: Literal["change", "value"] = "change",
    columns: Sequence[str] | None = None,
    lags: int | None = None,
    calendar: Mapping[str, int] | None = None,
    products: Sequence[int] = (),
    penalty: float | None = None,
) -> RidgeLags:
    r"""Fit a ridge regression on the inputs of a window, and on the calendar.

    All steps and targets at once, by normal equations whose sums are taken over blocks
    of windows, so that there are never all of them in memory. The constant is free.

    Args:
        task: the forecast task; its training rows are used, each once.
        target: what is fitted, the "change" since the newest value or the "value". The
            two differ by what a large penalty draws them to: no change, or the mean.
            Outputs are those of the task either way.
        columns: the input columns that are used; None for all, those of the calendar
            apart.
        lags: how many of the newest inputs are used; None for all.
        calendar: how many harmonics (sine and cosine) of each cycle are used, where the
            newest input lies in it: see `calendar.CYCLES`. None for `CALENDAR`, ten
            terms of the hour and the day of the year, where there are times; `{}` for
            none.
        products: spans of newest inputs, say `(1, 6, 24)`: the products of all pairs of
            the columns' means over them are features as well, so that slopes depend on
            the level, and on the season where the calendar is among the columns.
        penalty: as scikit-learn's `Ridge` has it, see `ridge.solve_ridge`; None takes
            the one of `PENALTIES` with the least mean absolute error on validation.

    Raises:
        UserError: for an option that is out of range, a calendar without times, and a
            penalty to choose without validation rows.

    Reference:
        A. Hoerl and R. Kennard, "Ridge Regression", Technometrics 12 (1970).

    Example:
        >>> from seqconv_jax.data import Series, forecast_task
        >>> wave = np.sin(np.arange(200) / 3.0)[:, None]
        >>> series = Series(values=wave, columns=("level",))
        >>> task = forecast_task(
        ...     series, target="level", lookback=4, horizon=3, split=(0.5, 0.75)
        ... )
        >>> line = ridge_lags(task, penalty=1e-9)
        >>> errors = line.outputs(task, task.test) - task.truth(task.test)
        >>> bool(np.abs(errors).max() < 1e-5)
        True
    """
    rows = fitted_rows(task)
    relative = one_of("target", target, ("change", "value")) == "change"
    harmonics = _harmonics(task, calendar)
    cells = _cells(task, columns, lags, bool(harmonics))
    spans = _spans(products, cells)
    penalties = penalties_for(task, penalty, PENALTIES)

    def examples(rows: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        width = cells.size + (cells.shape[1] * len(spans)) ** 2 // 2
        for part in blocks(rows, width + task.outputs):
            y = task.truth(part) - _base(task, part, relative)
            yield _features(task, part, cells, harmonics, spans), y

    moments = moments_of(examples(rows))
    models = {each: solve_ridge(moments, each) for each in penalties}
    if penalty is not None:
        found = models[penalties[0]]
        return RidgeLags(found, cells, harmonics, relative, penalties[0], {}, spans)
    totals = dict.fromkeys(penalties, 0.0)
    for x, y in examples(task.validation):
        for each, model in models.items():
            totals[each] += float(np.abs(model(x) - y).sum())
    count = len(task.validation) * task.outputs
    tried = {each: total / count for each, total in totals.items()}
    best = min(tried, key=tried.__getitem__)
    return RidgeLags(models[best], cells, harmonics, relative, best, tried, spans)


def _harmonics(task: ForecastTask, calendar: Mapping[str, int] | None) -> dict:
    if calendar is None:
        return CALENDAR if task.times is not None else {}
    for name, count in calendar.items():
        one_of("calendar", name, tuple(CYCLES))
        positive_int("calendar", count)
    if calendar and task.times is None:
        raise UserError("`calendar` must be {} for a task without times")
    return dict(calendar)


def _cells(
    task: ForecastTask, columns: Sequence[str] | None, lags: int | None, calendar: bool
) -> np.ndarray:
    """Return `(length, columns)` bool: the inputs that are features."""
    made = {*calendar_names(tuple(CYCLES)), OBSERVED} if calendar else {OBSERVED}
    used = [name for name in task.columns if name not in made]
    if columns is not None:
        fits = not isinstance(columns, str) and set(columns) <= set(task.columns)
        expect(fits and len(columns) > 0, "columns", "input columns", columns)
        used = list(columns)
    past = len(task.past_offsets)
    length = past if task.visible is None else len(task.visible)
    lags = past if lags is None else positive_int("lags", lags)
    expect(lags <= past, "lags", f"at most {past:,} inputs", lags)
    cells = np.tile(np.isin(task.columns, used), (length, 1))
    cells[: past - lags] = False
    return cells if task.visible is None else cells & task.visible


def _spans(products: Sequence[int], cells: np.ndarray) -> tuple[int, ...]:
    """Return the spans of products after checking that their inputs are features."""
    lags = int(cells.any(axis=1).sum())
    whole = (cells == cells[-1]).all(axis=1).sum()
    for span in products:
        positive_int("products", span)
        fits = span <= min(lags, whole)
        expect(fits, "products", f"spans of at most {min(lags, whole):,} inputs", span)
    return tuple(int(span) for span in products)


def _features(
    task: ForecastTask,
    rows: np.ndarray,
    cells: np.ndarray,
    calendar: Mapping[str, int],
    spans: tuple[int, ...],
) -> np.ndarray:
    inputs = _windows.inputs_at(task, rows)
    found = [inputs[:, cells].astype(np.float64)]
    if calendar:
        assert task.times is not None
        times = task.times[rows + int(task.past_offsets[-1])]
        found.append(_waves(times, calendar))
    if spans:
        found.append(_products(inputs[:, :, cells[-1]], spans))
    return np.concatenate(found, axis=1)


def _products(inputs: np.ndarray, spans: tuple[int, ...]) -> np.ndarray:
    """Return what `nn.MeanProducts` has behind the inputs."""
    means = [inputs[:, -k:].mean(axis=1, dtype=np.float64) for k in spans]
    each = np.concatenate(means, axis=1)
    first, second = np.triu_indices(each.shape[1])
    return each[:, first] * each[:, second]


def _waves(times: np.ndarray, calendar: Mapping[str, int]) -> np.ndarray:
    """Return the sine and cosine of each harmonic, `(n, terms)`."""
    columns = []
    for name, count in calendar.items():
        sine, cosine = calendar_values(times, (name,)).T
        turn = cosine + 1j * sine
        for k in range(1, count + 1):
            columns += [(turn**k).imag, (turn**k).real]
    return np.stack(columns, axis=1)


def _base(task: ForecastTask, rows: np.ndarray, relative: bool) -> np.ndarray | float:
    """Return what the outputs of a task are, less what is fitted, `(n, outputs)`."""
    is_relative = task.predict != "value"
    if is_relative == relative:
        return 0.0
    last = np.tile(task.last[rows].astype(np.float64), (1, task.steps))
    return -last if is_relative else last
