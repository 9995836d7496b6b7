"""A line from look-back to horizon for each column: what long forecasts must beat."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from seqconv_jax._checks import UserError, flag
from seqconv_jax.baselines.contract import blocks, fitted_rows, rows_of
from seqconv_jax.baselines.ridge import penalties_for, solve_penalised
from seqconv_jax.baselines.window_products import runs_of, window_products
from seqconv_jax.data.forecast.task import ForecastTask

__all__ = ["PENALTIES", "LinearMap", "linear_map"]

PENALTIES = (1e-3, 1e-1, 1e1, 1e3, 1e5)


class LinearMap(NamedTuple):
    """For each target a matrix from its look-back to its steps ahead.

    Attributes:
        kernel: `(targets, inputs, steps)` float64, from the differences of the inputs
            from the newest to the changes since it.
        columns: `(targets,)` which input column each target is.
        penalty: what the weights were found with.
        tried: the mean absolute error on validation of each penalty that was tried.
    """

    kernel: np.ndarray
    columns: np.ndarray
    penalty: float
    tried: Mapping[float, float]

    def outputs(self, task: ForecastTask, rows: np.ndarray) -> np.ndarray:
        """Return `(n, outputs)` float64; see `contract.Baseline`."""
        rows = rows_of(task, rows)
        outputs = np.empty((len(rows), task.steps, len(self.columns)))
        for k, kernel in enumerate(self.kernel):
            outputs[:, :, k] = _changes(task, rows, int(self.columns[k]), kernel)
        if task.predict == "value":
            outputs += task.last[rows][:, None]
        return outputs.reshape(len(rows), task.outputs)


def linear_map(
    task: ForecastTask, *, penalty: float | None = None, shared: bool = False
) -> LinearMap:
    r"""Fit each target's changes to its own differences from the newest value.

    $\hat z_{t+h} - z_t = \sum_l W_{lh} (z_{t-l} - z_t)$, least squares with a penalty
    $\lambda |W|^2$ over all training windows, in closed form: the sums of products that
    it needs follow from each other along the diagonals (`window_products`), so that
    what would be tera-operations takes seconds.

    Args:
        task: the forecast task; its training rows are used, each once. Its targets must
            be among its inputs.
        penalty: $\lambda$; None takes the one of `PENALTIES` with the least mean
            absolute error on validation.
        shared: whether there is one matrix for all targets.

    Raises:
        UserError: for a target that is no input, inputs that are known ahead, and a
            penalty to choose without validation rows.

    Reference:
        Of the model, A. Zeng and others, "NLinear", arXiv:2205.13504; in closed form,
        W. Toner and L. Darlow, arXiv:2403.14587.

    Example:
        >>> from seqconv_jax.data import Series, forecast_task
        >>> wave = np.sin(np.arange(200) / 3.0)[:, None]
        >>> series = Series(values=wave, columns=("level",))
        >>> task = forecast_task(
        ...     series, target="level", lookback=4, horizon=3, split=(0.5, 0.75)
        ... )
        >>> line = linear_map(task, penalty=1e-9)
        >>> line.kernel.shape
        (1, 4, 3)
        >>> errors = line.outputs(task, task.test) - task.truth(task.test)
        >>> bool(np.abs(errors).max() < 1e-3)
        True
    """
    rows = fitted_rows(task)
    flag("shared", shared)
    columns = _columns(task)
    penalties = penalties_for(task, penalty, PENALTIES)
    products = [_products(task, rows, column) for column in columns.tolist()]
    if shared:
        products = [np.sum(products, axis=0)] * len(columns)
    length = len(task.past_offsets)
    solved = {
        each: np.stack([_solve(product, length, each) for product in products])
        for each in penalties
    }
    if penalty is not None:
        return LinearMap(solved[penalties[0]], columns, penalties[0], {})
    tried = {
        each: _mae(task, LinearMap(kernel, columns, each, {}))
        for each, kernel in solved.items()
    }
    best = min(tried, key=tried.__getitem__)
    return LinearMap(solved[best], columns, best, tried)


def _columns(task: ForecastTask) -> np.ndarray:
    for name in task.target_columns:
        if name not in task.columns:
            raise UserError(f"`inputs` must have the target {name!r} for a linear map")
    return np.array([task.columns.index(name) for name in task.target_columns])


def _products(task: ForecastTask, rows: np.ndarray, column: int) -> np.ndarray:
    """Return sums of products of a column's inputs and targets, less the newest input.

    Returns:
        `(inputs + steps, inputs + steps)`.
    """
    newest, oldest = int(task.past_offsets[-1]), int(task.past_offsets[0])
    offsets = np.concatenate([task.past_offsets - newest, task.ahead_rows])
    first, end = runs_of(rows)
    values = task.inputs[:, column].astype(np.float64)
    span = int(offsets[-1] - offsets[0]) + 1
    products = window_products(values, first + oldest, end + oldest, span)
    used = offsets - offsets[0]
    products = products[np.ix_(used, used)]
    at = len(task.past_offsets) - 1
    of_newest = products[at]
    return products - of_newest - of_newest[:, None] + of_newest[at]


def _solve(products: np.ndarray, length: int, penalty: float) -> np.ndarray:
    return solve_penalised(
        products[:length, :length], products[:length, length:], penalty
    )


def _changes(
    task: ForecastTask, rows: np.ndarray, column: int, kernel: np.ndarray
) -> np.ndarray:
    """Return the changes that a matrix forecasts, `(n, steps)` float64."""
    values, newest = task.inputs[:, column].astype(np.float64), task.past_offsets[-1]
    parts = [
        (values[part[:, None] + task.past_offsets] - values[part + newest][:, None])
        @ kernel
        for part in blocks(rows, len(task.past_offsets))
    ]
    return np.concatenate(parts)


def _mae(task: ForecastTask, line: LinearMap) -> float:
    """Return the mean absolute error on validation."""
    total, rows = 0.0, task.validation
    for part in blocks(rows, task.outputs):
        total += float(np.abs(line.outputs(task, part) - task.truth(part)).sum())
    return total / (len(rows) * task.outputs)
