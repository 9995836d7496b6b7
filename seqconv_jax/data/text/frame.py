"""The rows of a pandas frame, as those of a file are read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FrameRows"]

_ROWS = 4096  # that are made Python objects at a time


@dataclass(frozen=True)
class FrameRows:
    """The rows of a frame, whose index does not count.

    Attributes:
        frame: the frame.
        path: what messages call it.
    """

    frame: "pd.DataFrame"
    path: str
    notes: tuple[str, ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments that read another frame in the same way: none."""
        return {}

    def chunks(
        self, columns: Sequence[str] | None = None, rows: int | None = None
    ) -> Iterator[tuple[int, dict[str, list[Any]]]]:
        """Yield the number of the first row of a chunk, and its cells by column.

        Args:
            columns: those to read; None for all, whose names are made texts.
            rows: the most to read; None for all.
        """
        names = [str(name) for name in self.frame.columns]
        places = [names.index(name) for name in (names if columns is None else columns)]
        end = len(self.frame) if rows is None else min(rows, len(self.frame))
        for first in range(0, end, _ROWS):
            part = self.frame.iloc[first : min(first + _ROWS, end)]
            yield first, {names[at]: _cells(part.iloc[:, at]) for at in places}


def _cells(column: "pd.Series") -> list[Any]:
    """Return the cells of a column; None where one is missing."""
    return column.astype(object).where(column.notna(), None).tolist()
