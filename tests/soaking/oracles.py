"""Reading a damaged file by other means, to tell a right result from a wrong one."""

import csv
import io
import json
import math
import struct
import zipfile
from typing import Any

import numpy as np

_MISSING = "nan na n/a null none <na> -nan #n/a ? - -- . .. ... * n.a. missing".split()
_MISSING.append("")


def dated_csv(content: bytes, value: Any) -> str | None:
    """Say in which cell a CSV of days was read as another number or day."""
    return _csv(content, value, time="day", fill=False)


def plain_csv(content: bytes, value: Any) -> str | None:
    """Say in which cell a CSV was read as another number, gaps filled from before."""
    return _csv(content, value, time=None, fill=True)


def _csv(content: bytes, value: Any, time: str | None, fill: bool) -> str | None:
    try:
        wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
        text = content.decode("utf-16" if wide else "utf-8-sig")
        table = list(csv.reader(io.StringIO(text, newline=None), strict=True))
    except (ValueError, csv.Error) as error:
        return f"read although {error}"
    table = [row for row in table if any(cell.strip() for cell in row) or len(row) > 1]
    # lines above the names have fewer fields, and none of the names
    head = [at for at, row in enumerate(table) if value["columns"][0] in row][:1] or [0]
    names = [name.strip() for name in table[head[0]]] if table else []
    rows = table[head[0] + 1 :]
    while time and rows and not any(cell.strip() for cell in rows[-1]):
        rows.pop()  # which spreadsheets leave, and a note tells of
    if len(rows) != len(value["values"]):
        return f"{len(value['values'])} rows of {len(rows)}"
    for column, name in enumerate(value["columns"]):
        if name.strip() not in names:
            return f"column {name!r}, which the file has not"
        where, before = names.index(name.strip()), math.nan
        for at, row in enumerate(rows):
            cell = row[where].strip() if where < len(row) else ""
            got = float(value["values"][at, column])
            want = _number(cell)
            if want is None or (math.isnan(want) and not fill):
                return f"row {at} of {name!r}: {got} for {cell[:60]!r}"
            want = before if fill and math.isnan(want) else want
            if got != want:
                return f"row {at} of {name!r}: {got} for {cell[:60]!r}"
            before = want
    return None if time is None else _days(rows, names.index(time), value["times"])


def _number(cell: str) -> float | None:
    """Return a cell's number, NaN where it has none, None where it is no number."""
    if cell.lower() in _MISSING:
        return math.nan
    if "_" in cell or not cell.isascii():
        return None
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) and number != -9999 else math.nan


def _days(rows: list[list[str]], where: int, times: Any) -> str | None:
    for row, time in zip(rows, times, strict=True):
        try:
            want = np.datetime64(row[where].strip())
        except ValueError:
            continue  # another form of time; which, the library's tests say
        if want.dtype.kind == "M" and "-" in row[where] and want != time:
            return f"time {time} for {row[where]!r}"
    return None


def numpy_arrays(content: bytes, value: Any) -> str | None:
    """Say which array NumPy itself reads otherwise, if it reads it at all.

    `np.load` would take a zip behind some other bytes for a pickle.
    """
    with np.lib.npyio.NpzFile(io.BytesIO(content), allow_pickle=False) as file:
        for name, got in value.items():
            try:
                want = file[name]
            except (ValueError, SyntaxError, TypeError, OSError, zipfile.BadZipFile):
                continue
            if not isinstance(got, np.ndarray) or got.dtype != want.dtype:
                return f"array {name!r} has another type than {want.dtype}"
            if got.shape != want.shape or got.tobytes() != want.tobytes():
                return f"array {name!r} differs from NumPy's"
    return None


def tensors(content: bytes, value: Any) -> str | None:
    """Say which parameter is not what the file has under its name."""
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    body = content[8 + length :]
    held = dict(_leaves(value["params"]))
    held |= {f"batch_stats/{k}": v for k, v in _leaves(value["batch_stats"])}
    for name, got in held.items():
        start, end = header[name]["data_offsets"]
        if np.asarray(got).tobytes() != body[start:end]:
            return f"parameter {name!r} differs from the file's"
    return None


def _leaves(tree: Any, prefix: str = "") -> list[tuple[str, Any]]:
    if not isinstance(tree, dict):
        return [(prefix.removesuffix("/"), tree)]
    return [
        leaf for key, part in tree.items() for leaf in _leaves(part, f"{prefix}{key}/")
    ]
