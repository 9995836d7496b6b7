"""A Parquet file with a column of texts, some rows at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqconv_jax._checks import UserError

__all__ = ["ParquetRows"]

_ROWS = 4096  # that are made Python objects at a time


@dataclass(frozen=True)
class ParquetRows:
    """The rows of a Parquet file.

    Attributes:
        path: the file.
    """

    path: Path
    notes: tuple[str, ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments that read another file in the same way: none."""
        return {}

    def chunks(
        self, columns: Sequence[str] | None = None, rows: int | None = None
    ) -> Iterator[tuple[int, dict[str, list[Any]]]]:
        """Yield the number of the first row of a chunk, and its cells by column.

        Args:
            columns: those to read; None for all.
            rows: the most to read; None for all.

        Raises:
            UserError: without pyarrow, and for a damaged file.
        """
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError as error:
            raise UserError(
                f"reading {self.path} needs pyarrow: pip install 'seqconv-jax[parquet]'"
            ) from error
        first = 0
        try:
            with pyarrow.parquet.ParquetFile(self.path) as file:
                size = _ROWS if rows is None else min(rows, _ROWS)
                names = None if columns is None else list(columns)
                for batch in file.iter_batches(size, columns=names):
                    yield first, batch.to_pydict()
                    first += len(batch)
                    if rows is not None and first >= rows:
                        return
        except (pyarrow.ArrowException, OSError) as error:
            raise UserError(
                f"{self.path} is damaged, or no Parquet file: {error}"
            ) from error
