"""Standardising a table with the mean and spread of its first rows only."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.forecast.panel import Panel
from seqconv_jax.data.series.durations import Duration
from seqconv_jax.data.series.table import listed

__all__ = ["DRIFT", "Scale", "ScaleWarning", "fit_scales", "warn_of_drift"]

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


def fit_scales(
    panel: Panel,
    names: Sequence[str],
    cuts: Sequence[int],
    scale: str,
    scale_rows: Duration | None,
) -> list[Scale]:
    """Return the scale of the named columns of each series, or one of all.

    Args:
        panel: the series.
        names: the columns.
        cuts: the first cut of each series.
        scale: "series" for a scale of each series, "all" for one of all.
        scale_rows: how many first rows of each series are used, at most those before
            its cut; None for all of those.

    Raises:
        UserError: for a number of rows that is none, a series without any, and values
            that are not finite or cannot be standardised.
    """
    heads, tables, wheres = [], [], []
    for index, cut in enumerate(cuts):
        with panel.naming(index):
            table = panel.columns_of(index, names)
            where = panel.series[index].name
            _expect_finite(table, names, where)
            heads.append(table[: _head_rows(panel, cut, scale, scale_rows)])
        several = len(panel.series) > 1
        tables.append(table)
        wheres.append(f"series {panel.names[index]!r}" if several else where)
    fitted = list(zip(heads, wheres, strict=True))
    if scale == "all" and len(tables) > 1:
        fitted = [(np.concatenate(heads), f"{len(tables):,} series")]
    scales = [_fit(head, names, where) for head, where in fitted]
    _warn_of_constants(fitted, names)
    for index, table in enumerate(tables):
        standardised = scales[index % len(scales)].apply(table)
        warn_of_drift(standardised, cuts[index], names, wheres[index])
    return scales


def _head_rows(panel: Panel, cut: int, scale: str, scale_rows: Duration | None) -> int:
    if scale_rows is None:
        if cut < 1 and scale == "series":
            raise UserError(
                "no row lies before the first cut of `split`, to fit its scale on; "
                "leave it out, or pass scale='all'"
            )
        return cut
    rows = panel.rows("scale_rows", scale_rows)
    if not 1 <= rows <= cut:
        raise UserError(
            f"`scale_rows` must be in 1 to {cut:,}, the rows before the first cut of "
            f"`split`, got {rows:,}"
        )
    return rows


def _expect_finite(values: np.ndarray, names: Sequence[str], where: str) -> None:
    if np.isfinite(values).all():
        return
    row, column = (int(at) for at in np.argwhere(~np.isfinite(values))[0])
    raise UserError(
        f"{where} row {row:,}, column {names[column]!r}: the value must be "
        f"finite, got {values[row, column]}; read it with missing='previous', "
        "'interpolate' or 'drop'"
    )


def _fit(head: np.ndarray, names: Sequence[str], where: str) -> Scale:
    """Return the mean and the population standard deviation of some rows.

    Args:
        head: `(rows, columns)` float64.
        names: the columns, for messages.
        where: the series, for messages.

    Raises:
        UserError: where the spread of a column is beyond float64.
    """
    with np.errstate(all="ignore"):
        mean, std = head.mean(axis=0), head.std(axis=0)
    std = np.where(_constant(head), 1.0, std)
    bad = np.flatnonzero(~(np.isfinite(mean) & np.isfinite(std) & (std > 0)))
    if len(bad):
        raise UserError(
            f"{where}: column {names[bad[0]]!r} cannot be standardised (mean "
            f"{mean[bad[0]]:g}, standard deviation {std[bad[0]]:g})"
        )
    return Scale(mean, std)


def _constant(head: np.ndarray) -> np.ndarray:
    # Rounding of the mean leaves a constant column a spread of 1e-17, not 0.
    return head.max(axis=0) == head.min(axis=0)


def _warn_of_constants(
    fitted: Sequence[tuple[np.ndarray, str]], names: Sequence[str]
) -> None:
    """Warn once of columns that are constant in the first rows of some series.

    Warns:
        ScaleWarning: naming them.
    """
    found = [(where, len(head), _constant(head)) for head, where in fitted]
    found = [each for each in found if each[2].any()]
    if not found:
        return
    where, rows, _ = found[0]
    constant = np.any([each[2] for each in found], axis=0)
    columns = [name for name, one in zip(names, constant, strict=True) if one]
    columns = list(dict.fromkeys(columns))  # a target is an input as well
    others = f" and {len(found) - 1:,} others" if len(found) > 1 else ""
    what = "columns {} are" if len(columns) > 1 else "column {} is"
    warnings.warn(
        f"{where}{others}: {what.format(listed(columns, 10))} constant in the first "
        f"{rows:,} rows; the standard deviation is taken as 1",
        ScaleWarning,
        stacklevel=4,
    )


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
