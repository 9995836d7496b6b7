"""Standardising a table with the mean and spread of its first rows only."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.forecast.panel import Panel
from seqconv_jax.data.forecast.spread import Blocks, Spread, Table
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
    heads, wheres = [], []
    for index, cut in enumerate(cuts):
        with panel.naming(index):
            where = panel.series[index].name
            table = Blocks(panel, index, names, len(panel.series[index].values))
            _expect_finite(table, names, where)
            head = _head_rows(panel, cut, scale, scale_rows)
            heads.append(Blocks(panel, index, names, head))
        several = len(panel.series) > 1
        wheres.append(f"series {panel.names[index]!r}" if several else where)
    fitted = list(zip(heads, wheres, strict=True))
    if scale == "all" and len(heads) > 1:
        whole = [panel.columns_of(h.index, names, slice(0, h.rows)) for h in heads]
        fitted = [([(0, np.concatenate(whole))], f"{len(heads):,} series")]
    spreads = [(Spread.of(head), where) for head, where in fitted]
    scales = [_scale(spread, names, where) for spread, where in spreads]
    _warn_of_constants(spreads, names)
    for index, where in enumerate(wheres):
        table = Blocks(panel, index, names, len(panel.series[index].values))
        one = scales[index % len(scales)]
        standardised = ((start, one.apply(block)) for start, block in table)
        warn_of_drift(standardised, cuts[index], names, where)
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


def _expect_finite(table: Table, names: Sequence[str], where: str) -> None:
    for start, block in table:
        if np.isfinite(block).all():
            continue
        row, column = (int(at) for at in np.argwhere(~np.isfinite(block))[0])
        raise UserError(
            f"{where} row {start + row:,}, column {names[column]!r}: the value must be "
            f"finite, got {block[row, column]}; read it with missing='previous', "
            "'interpolate' or 'drop'"
        )


def _scale(spread: Spread, names: Sequence[str], where: str) -> Scale:
    """Return the scale that a spread makes, 1 for a constant column.

    Raises:
        UserError: where the spread of a column is beyond float64.
    """
    mean, std = spread.mean, np.where(spread.constant, 1.0, spread.std)
    bad = np.flatnonzero(~(np.isfinite(mean) & np.isfinite(std) & (std > 0)))
    if len(bad):
        raise UserError(
            f"{where}: column {names[bad[0]]!r} cannot be standardised (mean "
            f"{mean[bad[0]]:g}, standard deviation {std[bad[0]]:g})"
        )
    return Scale(mean, std)


def _warn_of_constants(
    spreads: Sequence[tuple[Spread, str]], names: Sequence[str]
) -> None:
    """Warn once of columns that are constant in the first rows of some series.

    Warns:
        ScaleWarning: naming them.
    """
    found = [(where, one) for one, where in spreads if one.constant.any()]
    if not found:
        return
    where, rows = found[0][0], found[0][1].rows
    constant = np.any([one.constant for _, one in found], axis=0)
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


def warn_of_drift(table: Table, rows: int, names: Sequence[str], where: str) -> None:
    """Warn of columns that lie far outside the scale after the first `rows`.

    Args:
        table: standardised.
        rows: how many rows are known to the scale.
        names: the columns.
        where: the series.

    Raises:
        UserError: for a value that is too large for float32.

    Warns:
        ScaleWarning: for a column beyond 1,000 standard deviations.
    """
    furthest = np.full(len(names), DRIFT)
    places: dict[int, tuple[int, float]] = {}
    for start, block in table:
        size = np.abs(block)
        if not (size < np.finfo(np.float32).max).all():
            row, column = (int(at) for at in np.argwhere(~(size < 3e38))[0])
            raise UserError(
                f"{where}: row {start + row} of column {names[column]!r} is "
                f"{block[row, column]:g} standard deviations, too large for float32"
            )
        first = min(max(0, rows - start), len(block))
        most = size[first:].max(axis=0, initial=0.0)
        for index in np.flatnonzero(most > furthest).tolist():
            row = first + int(np.argmax(size[first:, index]))
            furthest[index] = most[index]
            places[index] = start + row, float(block[row, index])
    for index, (row, value) in sorted(places.items()):
        warnings.warn(
            f"{where}: column {names[index]!r} drifts to {value:.3g} "
            f"standard deviations of the train rows at row {row:,}",
            ScaleWarning,
            stacklevel=4,
        )
