"""Answers as a file: whole or not there, and no cell that a spreadsheet would run."""

import importlib.util
import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqconv_jax._checks import UserError
from seqconv_jax._files import replace_file
from seqconv_jax._json import to_json

if TYPE_CHECKING:
    import pandas as pd

# What a spreadsheet takes for a formula, in ASCII and in full width.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def check_new_file(path: Path | None, suffixes: Sequence[str], overwrite: bool) -> None:
    """Raise unless a file of that name can be written, before any work is done.

    Args:
        path: the file; None for standard output.
        suffixes: those that it may have.
        overwrite: whether it may be there.
    """
    if path is None:
        return
    suffix = path.suffix.lower()
    if suffix not in suffixes:
        raise UserError(f"--out must end in {' or '.join(suffixes)}, got {path}")
    if suffix == ".parquet" and importlib.util.find_spec("pyarrow") is None:
        raise UserError(
            "a .parquet file needs pyarrow: pip install 'seqconv-jax[parquet]', or "
            "take another suffix"
        )
    if path.is_dir():
        raise UserError(f"--out {path} is a folder, expected a file")
    if os.path.lexists(path) and not overwrite:
        raise UserError(
            f"--out {path} exists; replace it with --overwrite or choose another"
        )
    if not path.parent.is_dir():
        raise UserError(f"--out {path}: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise UserError(f"--out {path}: cannot write in {path.parent}")


def write_table(table: "pd.DataFrame", path: Path | None) -> None:
    """Write a table as its file's suffix says, or as CSV to standard output."""
    if path is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(_csv(table))
    else:
        replace_file(path, _FORMATS[path.suffix.lower()](table))


def escape_formulas(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return a table whose texts, names of columns included, are no formulas.

    An apostrophe before what begins with one of `= + - @`, a tab or a new line makes it
    a text for a spreadsheet. Numbers stay, those that are written as text as well.

    Example:
        >>> import pandas as pd
        >>> table = pd.DataFrame({"=a": ["=1+1", "-5", "good"], "b": [-1.0, 2.0, 3.0]})
        >>> escape_formulas(table).to_dict("list")
        {"'=a": ["'=1+1", '-5', 'good'], 'b': [-1.0, 2.0, 3.0]}
    """
    table = table.copy()
    for place, kind in enumerate(table.dtypes):
        if kind.kind not in "biufcmM":
            column = table.iloc[:, place]
            table.isetitem(place, column.astype(object).map(_escaped))
    table.columns = [_escaped(name) for name in table.columns]
    return table


def _escaped(cell: Any) -> Any:
    if not isinstance(cell, str) or not cell.startswith(_FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell


def _csv(table: "pd.DataFrame", separator: str = ",") -> bytes:
    text = escape_formulas(table).to_csv(index=False, sep=separator)
    return text.encode()


def _tsv(table: "pd.DataFrame") -> bytes:
    return _csv(table, "\t")


def _jsonl(table: "pd.DataFrame") -> bytes:
    """Return a JSON object a line; times as ISO 8601, what is missing as null."""
    dated = table.copy()
    for place, kind in enumerate(table.dtypes):
        if kind.kind not in "biufcO":
            dated.isetitem(place, table.iloc[:, place].astype(str).astype(object))
    dated = dated.astype(object).where(table.notna(), None)
    records = dated.to_dict("records")
    return "".join(to_json(record) for record in records).encode()


def _parquet(table: "pd.DataFrame") -> bytes:
    file = io.BytesIO()
    table.to_parquet(file, index=False)
    return file.getvalue()


_FORMATS: dict[str, Callable[["pd.DataFrame"], bytes]] = {
    ".csv": _csv,
    ".tsv": _tsv,
    ".jsonl": _jsonl,
    ".parquet": _parquet,
}
TABLES = tuple(_FORMATS)
