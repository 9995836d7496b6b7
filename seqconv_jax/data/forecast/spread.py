"""Mean and spread of columns, of which only some rows need be in memory at a time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seqconv_jax._windows import row_blocks
from seqconv_jax.data.forecast.panel import Panel

__all__ = ["Blocks", "Spread"]

CELLS_AT_A_TIME = 2**23  # so many that a mean of most series is NumPy's to the bit
Table = Iterable[tuple[int, np.ndarray]]
"""Blocks of rows, `(rows, columns)` float64, each with the number of its first row."""


@dataclass(frozen=True)
class Blocks:
    """The first rows of some columns of a series: a `Table`.

    Attributes:
        panel: the series.
        index: which of them.
        names: the columns.
        rows: how many rows.
    """

    panel: Panel
    index: int
    names: Sequence[str]
    rows: int

    def __iter__(self) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the number of the first row of each block, and the block."""
        for rows in row_blocks(self.rows, len(self.names), CELLS_AT_A_TIME):
            yield rows.start, self.panel.columns_of(self.index, self.names, rows)


class Spread(NamedTuple):
    """The spread of columns.

    Attributes:
        rows: how many rows it is of.
        mean: `(columns,)` float64.
        std: likewise, the population standard deviation.
        constant: `(columns,)` bool: whether all values are the same.
    """

    rows: int
    mean: np.ndarray
    std: np.ndarray
    constant: np.ndarray

    @classmethod
    def of(cls, table: Table) -> "Spread":
        """Return that of a table, read twice; of one block NumPy's own to the bit."""
        rows, total, squares, ends = 0, 0.0, 0.0, []
        with np.errstate(all="ignore"):
            for _, block in table:
                rows, total = rows + len(block), total + block.sum(axis=0)
                ends += [block.min(axis=0), block.max(axis=0)]
            mean = np.asarray(total / rows)
            for _, block in table:
                squares = squares + np.square(block - mean).sum(axis=0)
            std = np.sqrt(squares / rows)
        # Rounding of the mean leaves a constant column a spread of 1e-17, not 0.
        constant = np.max(ends, axis=0) == np.min(ends, axis=0)
        return cls(rows, mean, np.asarray(std), constant)
