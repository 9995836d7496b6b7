"""A Parquet file as a table of numbers; the only file that imports pyarrow."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.series.source_file import too_large
from seqconv_jax.data.series.table import (
    Columns,
    Table,
    check_unnamed,
    text_only,
    unnamed_note,
)

__all__ = ["parquet_parts", "read_parquet"]


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
    with _opened(path) as file:
        return _table(file, columns, path, max_bytes)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise UserError(
            f"reading {path} needs pyarrow: pip install 'seqconv-jax[parquet]'"
        ) from error
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            yield file
    except UserError:
        raise
    except Exception as error:  # a damaged file can raise almost anything
        raise UserError(f"{path} is damaged, or no Parquet file: {error}") from error


def parquet_parts(path: Path, columns: Columns, part_bytes: int) -> Iterator[Table]:
    """Yield the tables of a file's parts, as `read_parquet` reads the whole.

    Args:
        path: the file.
        columns: which columns to read.
        part_bytes: about how many bytes the table of a part may take.
    """
    with _opened(path) as file:
        width = 8 * max(1, len(file.schema_arrow.names))
        batches = None

        def read(names: list[str]):
            nonlocal batches
            import pyarrow

            rows = max(1, part_bytes // width)
            batches = batches or file.iter_batches(rows, columns=names)
            batch = next(batches, None)
            if batch is None:
                return file.schema_arrow.empty_table().select(names)
            return pyarrow.Table.from_batches([batch]).select(names)

        done = 0
        while done < max(1, file.metadata.num_rows):
            table = _table(file, columns, path, None, read)
            if done == 0:  # what was found holds for the others
                time = columns.time if columns.time != "auto" else None
                columns = replace(columns, time=table.options["time"] or time)
            done += len(table.values)
            yield table


def _table(
    file, columns: Columns, path: Path, max_bytes: int | None, load=None
) -> Table:
    schema, where = file.schema_arrow, str(path)
    names, kinds = list(schema.names), list(schema.types)
    columns = columns.resolved(names, _first_rows(file, columns), where)
    used, stamps = columns.pick(names, where)
    unnamed = columns.unnamed(names)
    for at in unnamed:
        check_unnamed(names[at], str(kinds[at]), _numeric(kinds[at]), where)
    if max_bytes is not None and file.metadata.num_rows * len(used) * 8 > max_bytes:
        raise too_large(path, max_bytes)
    numbers = [at for at in used if _numeric(kinds[at])]
    texts = [at for at in used if at not in numbers]
    for at in texts:
        alone = columns.time is None or names[at] in (columns.keep or ())
        _check_text(kinds[at], names[at], not alone, where)
    times = [at for at in texts if _is_time(kinds[at])]
    read = columns.readable_texts(names, sorted({*texts} - {*times}), where)
    wanted = [names[at] for at in [*numbers, *read]]
    table = (load or file.read)(wanted + [names[at] for at in stamps])
    if table.num_rows == 0:
        raise UserError(f"{where} has column names but no rows after them")
    for at in texts if not numbers and not read else ():
        raise text_only(names[at], str(kinds[at]), where)
    values = np.empty((table.num_rows, len(numbers)))
    for place, at in enumerate(numbers):
        values[:, place] = _floats(table.column(names[at]))
    found = {names[at]: _texts(table.column(names[at])) for at in read}
    return Table(
        names=tuple(names[at] for at in numbers),
        values=values,
        stamps={names[at]: _stamps(table.column(names[at]), where) for at in stamps}
        or None,
        notes=(*columns.notes, *unnamed_note([names[at] for at in unnamed])),
        texts=found,
        left_out=tuple(names[at] for at in texts if at not in read),
        order=tuple(names[at] for at in used),
        options=columns.options(names, [*numbers, *read]),
    )


def _first_rows(file, columns: Columns) -> list[list]:
    if columns.time != "auto":
        return []
    for batch in file.iter_batches(100):
        return [list(row.values()) for row in batch.to_pylist()]
    return []


def _numeric(kind) -> bool:
    import pyarrow

    types = pyarrow.types
    return types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)


def _plain(kind):
    import pyarrow

    return kind.value_type if pyarrow.types.is_dictionary(kind) else kind


def _is_time(kind) -> bool:
    import pyarrow

    return pyarrow.types.is_temporal(kind)


def _is_string(kind) -> bool:
    import pyarrow

    types = pyarrow.types
    checks = (types.is_string, types.is_large_string, types.is_string_view)
    return any(check(kind) for check in checks)


def _check_text(kind, name: str, timed: bool, where: str) -> None:
    """Raise for a column that is neither numbers nor text, nor times beside the time.

    Without a time, it is likely to be the one.
    """
    import pyarrow

    is_time, is_flag = _is_time(kind), pyarrow.types.is_boolean(kind)
    if _is_string(_plain(kind)) or is_flag or (is_time and timed):
        return
    raise UserError(
        f"{where}: column {name!r} holds {kind}, not numbers; pass "
        + (f"time={name!r}" if is_time else f"drop=[{name!r}]")
    )


def _floats(column) -> np.ndarray:
    import pyarrow

    return column.cast(pyarrow.float64(), safe=False).to_numpy()


def _texts(column) -> np.ndarray:
    import pyarrow

    if pyarrow.types.is_boolean(column.type):
        flags = column.to_pylist()
        return np.array([flag if flag is None else str(flag) for flag in flags], object)
    return column.cast(pyarrow.string()).to_numpy()


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
    if types.is_integer(kind) or types.is_floating(kind):
        return column.to_numpy()
    if not _is_string(_plain(kind)):
        raise UserError(
            f"{where}: the time column must hold times, dates or text, got {kind}"
        )
    return column.to_pandas().astype(object)
