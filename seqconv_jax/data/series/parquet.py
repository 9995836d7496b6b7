"""A Parquet file as a table of numbers; the only file that imports pyarrow."""

from pathlib import Path

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.series.table import (
    Columns,
    Table,
    check_unnamed,
    too_large,
    unnamed_note,
)

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
            return _table(file, columns, path, max_bytes)
    except UserError:
        raise
    except Exception as error:  # a damaged file can raise almost anything
        raise UserError(f"{path} is damaged, or no Parquet file: {error}") from error


def _table(file, columns: Columns, path: Path, max_bytes: int) -> Table:
    schema, where = file.schema_arrow, str(path)
    names = list(schema.names)
    used, stamp = columns.pick(names, where)
    unnamed = columns.unnamed(names)
    for at in unnamed:
        kind = schema.types[at]
        check_unnamed(names[at], str(kind), _numeric(kind), where)
    if file.metadata.num_rows * len(used) * 8 > max_bytes:
        raise too_large(path, max_bytes)
    asked = [names[at] for at in used]
    for at in used:
        _check_numeric(schema.types[at], names[at], where)
    table = file.read(asked + ([] if stamp is None else [names[stamp]]))
    if table.num_rows == 0:
        raise UserError(f"{where} has column names but no rows after them")
    values = [_floats(table.column(name)) for name in asked]
    stamps = None if stamp is None else _stamps(table.column(names[stamp]), where)
    notes = unnamed_note([names[at] for at in unnamed])
    return Table(tuple(asked), np.stack(values, axis=1), stamps, notes)


def _numeric(kind) -> bool:
    import pyarrow

    types = pyarrow.types
    return types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)


def _check_numeric(kind, name: str, where: str) -> None:
    import pyarrow

    if not _numeric(kind):
        is_time = pyarrow.types.is_temporal(kind)
        raise UserError(
            f"{where}: column {name!r} holds {kind}, not numbers; pass "
            + (f"time={name!r}" if is_time else f"drop=[{name!r}]")
        )


def _floats(column) -> np.ndarray:
    import pyarrow

    return column.cast(pyarrow.float64(), safe=False).to_numpy()


def _stamps(column, where: str):
    import pyarrow
    import pyarrow.compute

    types, kind = pyarrow.types, column.type
    if types.is_timestamp(kind) or types.is_date(kind):
        # Microseconds are what every series here counts in; a zone is read as UTC.
        options = pyarrow.compute.CastOptions(
            pyarrow.timestamp("us"), allow_time_truncate=True
        )
        return column.cast(options=options).to_numpy()
    plain = kind.value_type if types.is_dictionary(kind) else kind
    if not (types.is_string(plain) or types.is_large_string(plain)):
        raise UserError(
            f"{where}: the time column must hold times, dates or text, got {kind}"
        )
    return column.to_pandas().astype(object)
