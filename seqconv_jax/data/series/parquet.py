"""A Parquet file as a table of numbers; the only file that imports pyarrow."""

from pathlib import Path

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.series.table import Columns, Table, too_large

__all__ = ["read_parquet"]


def read_parquet(path: Path, columns: Columns, max_bytes: int) -> Table:
    """Return the table that a Parquet file holds; nulls become NaN.

    Args:
        path: the file.
        columns: which columns to read; the others are never loaded.
        max_bytes: most bytes the table may take, at 8 for each cell.

    Raises:
        UserError: without pyarrow, for a damaged file, for columns that are not
            numbers, or a table larger than `max_bytes`.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise UserError(
            f"reading {path} needs pyarrow: pip install 'seqconv-jax[parquet]'"
        ) from error
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            names = list(file.schema_arrow.names)
            used, stamp = columns.pick(names, str(path))
            if file.metadata.num_rows * len(used) * 8 > max_bytes:
                raise too_large(path, max_bytes)
            asked = [names[index] for index in used]
            table = file.read(asked + ([] if stamp is None else [names[stamp]]))
    except (pyarrow.ArrowException, OSError) as error:
        raise UserError(f"{path} is damaged, or no Parquet file: {error}") from error
    if table.num_rows == 0:
        raise UserError(f"{path} has column names but no rows after them")
    values = [_numbers(table.column(name), name, path) for name in asked]
    stamps = None if stamp is None else _stamps(table.column(names[stamp]))
    return Table(tuple(asked), np.stack(values, axis=1), stamps)


def _numbers(column, name: str, path: Path) -> np.ndarray:
    import pyarrow

    kind = column.type
    if not (
        pyarrow.types.is_integer(kind)
        or pyarrow.types.is_floating(kind)
        or pyarrow.types.is_decimal(kind)
    ):
        is_time = pyarrow.types.is_temporal(kind)
        raise UserError(
            f"{path}: column {name!r} holds {kind}, not numbers; pass "
            + (f"time={name!r}" if is_time else f"drop=[{name!r}]")
        )
    return column.cast(pyarrow.float64(), safe=False).to_numpy()


def _stamps(column):
    import pyarrow

    if pyarrow.types.is_temporal(column.type):
        # Microseconds are what every series here counts in; a zone is read as UTC.
        return column.cast(pyarrow.timestamp("us"), safe=False).to_numpy()
    return column.to_pandas()
