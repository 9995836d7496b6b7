"""Standardising a table with the mean and spread of its first rows only."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqconv_jax._checks import UserError

__all__ = ["DRIFT", "Scale", "ScaleWarning", "fit_scale", "warn_of_drift"]

DRIFT = 1e3


class ScaleWarning(UserWarning):
    """A column is constant where it is scaled, or far outside that scale later."""


@dataclass(frozen=True, eq=False)
class Scale:
    """One mean and one standard deviation for each column, float64."""

    mean: np.ndarray
    std: np.ndarray

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Return `(values - mean) / std`."""
        return (values - self.mean) / self.std


def fit_scale(values: np.ndarray, rows: int, names: Sequence[str], where: str) -> Scale:
    """Return the mean and the population standard deviation of the first `rows`.

    Args:
        values: `(rows, columns)` float64; later rows are never looked at.
        rows: how many rows to use.
        names: the columns, for messages.
        where: the series, for messages.

    Raises:
        UserError: where the spread of a column is beyond float64.

    Warns:
        ScaleWarning: for a constant column, whose standard deviation is taken as 1.
    """
    head = values[:rows]
    with np.errstate(all="ignore"):
        mean, std = head.mean(axis=0), head.std(axis=0)
    # Rounding of the mean leaves a constant column a spread of 1e-17, not 0.
    constant = head.max(axis=0) == head.min(axis=0)
    for index in np.flatnonzero(constant).tolist():
        warnings.warn(
            f"{where}: column {names[index]!r} is constant in the first {rows:,} rows; "
            "its standard deviation is taken as 1",
            ScaleWarning,
            stacklevel=4,
        )
    std = np.where(constant, 1.0, std)
    bad = np.flatnonzero(~(np.isfinite(mean) & np.isfinite(std) & (std > 0)))
    if len(bad):
        raise UserError(
            f"{where}: column {names[bad[0]]!r} cannot be standardised (mean "
            f"{mean[bad[0]]:g}, standard deviation {std[bad[0]]:g})"
        )
    return Scale(mean, std)


def warn_of_drift(
    table: np.ndarray, rows: int, names: Sequence[str], where: str
) -> None:
    """Warn of columns that lie far outside the scale after the first `rows`.

    Args:
        table: `(rows, columns)` standardised.
        rows: how many rows are known to the scale.
        names: the columns.
        where: the series.

    Raises:
        UserError: for a value that is too large for float32.

    Warns:
        ScaleWarning: for a column beyond 1,000 standard deviations.
    """
    size = np.abs(table)
    if not (size < np.finfo(np.float32).max).all():
        row, column = (int(at) for at in np.argwhere(~(size < 3e38))[0])
        raise UserError(
            f"{where}: row {row} of column {names[column]!r} is {table[row, column]:g} "
            "standard deviations, too large for float32"
        )
    drifting = size[rows:].max(axis=0, initial=0.0) > DRIFT
    for index in np.flatnonzero(drifting).tolist():
        row = rows + int(np.argmax(size[rows:, index]))
        warnings.warn(
            f"{where}: column {names[index]!r} drifts to {table[row, index]:.3g} "
            f"standard deviations of the train rows at row {row:,}",
            ScaleWarning,
            stacklevel=4,
        )
