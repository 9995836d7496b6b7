"""A text file of columns as tables of some of its rows, one after the other."""

import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from seqconv_jax._checks import UserError
from seqconv_jax.data.series.csv import parse_csv
from seqconv_jax.data.series.csv_lines import LONGEST_LINE
from seqconv_jax.data.series.table import Columns, Table
from seqconv_jax.data.series.text_form import TextForm, plain_text
from seqconv_jax.data.series.text_layout import find_layout

__all__ = ["csv_parts", "worded"]

_WIDE = ("utf-16", "utf-32", "utf16", "utf32")  # a line feed takes several bytes


def csv_parts(
    path: Path,
    form: TextForm,
    columns: Columns,
    later: Callable[[Table], tuple[TextForm, Columns]],
    part_bytes: int,
) -> Iterator[tuple[Table, int]]:
    """Yield the tables of a file's parts, and how far their lines are from the file's.

    Each part is read as a file of its own, with the lines up to the names before it.

    Args:
        path: a text file, packed by gzip or not.
        form: how it is written, as far as the caller says.
        columns: which columns to read.
        later: from the first table to the form and the columns of the others.
        part_bytes: about how many bytes of text to hold at once.

    Raises:
        UserError: as `read_series`, and for what cannot be told from a part.
    """
    where, head, behind = str(path), b"", 0
    _check_form(form)
    for number, part in enumerate(_text_parts(path, part_bytes)):
        if number == 0:
            head = _head(part, form, where)
            moved, text = 0, part
        else:
            moved, text = behind - head.count(b"\n"), head + part
        behind += part.count(b"\n")
        if not part.strip():
            continue
        with worded(moved, 0):
            table = parse_csv(text, columns, where, form)
        if number == 0:
            form, columns = later(table)
        yield table, moved


class worded:  # noqa: N801 - used like a function, as contextlib.suppress is
    """Count lines and rows from the beginning of the file in errors about a part.

    >>> with worded(100, 90):
    ...     raise UserError("x.csv line 3, first row 2 (2020-01-01): what")
    Traceback (most recent call last):
    seqconv_jax._checks.UserError: x.csv line 103, first row 92 (2020-01-01): what
    """

    def __init__(self, lines: int, rows: int):
        """Add so many."""
        self._more = {"line": lines, "row": rows}

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        """Reword what went wrong."""
        if not isinstance(error, UserError) or not any(self._more.values()):
            return
        message = re.sub(r"\b(line|row) (\d+(?:,\d{3})*)", self._moved, str(error))
        raise UserError(message) from error

    def _moved(self, found: re.Match[str]) -> str:
        number = int(found[2].replace(",", "")) + self._more[found[1]]
        return f"{found[1]} {number:,}" if "," in found[2] else f"{found[1]} {number}"


def _check_form(form: TextForm) -> None:
    encoding = (form.encoding or "").lower().replace("_", "-")
    if encoding.startswith(_WIDE):
        raise UserError(
            f"`encoding` = {form.encoding!r} is not read in parts; save the file as "
            "UTF-8"
        )
    if form.skip_footer:
        raise UserError(
            "`skip_footer` must be 0 for a file that is read in parts; cut the "
            "footer off"
        )
    if isinstance(form.skip_rows, tuple):
        raise UserError(
            "`skip_rows` must be a number of lines for a file that is read in parts, "
            f"got {list(form.skip_rows)}"
        )


def _head(part: bytes, form: TextForm, where: str) -> bytes:
    """Return the lines of a file up to those of its rows."""
    if part.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UserError(f"{where} is UTF-16, which is not read in parts; save as UTF-8")
    text, _ = plain_text(part, form, where)
    lines = text.count(b"\n", 0, find_layout(text, form, where).start)
    end = 0
    for _ in range(lines):
        end = part.index(b"\n", end) + 1
    return part[:end]


def _text_parts(path: Path, size: int) -> Iterator[bytes]:
    """Yield parts of a text that end with a line, and in no quoted cell."""
    rest = b""
    try:
        with _opened(path) as file:
            while block := file.read(size):
                rest += block
                end = _end_of_lines(rest)
                if end:
                    yield rest[:end]
                    rest = rest[end:]
                elif len(rest) > max(LONGEST_LINE, size):
                    raise UserError(
                        f"{path}: no line ends within {len(rest):,} bytes, or a quote "
                        "is never closed; lines must end in a line feed"
                    )
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UserError(f"{path} is damaged, or no gzip file: {error}") from error
    if rest:
        yield rest


def _opened(path: Path) -> BinaryIO:
    return gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb")  # type: ignore


def _end_of_lines(text: bytes) -> int:
    """Return where the last whole line ends that no quote is open behind; 0 if none."""
    end = text.rfind(b"\n") + 1
    quotes = text.count(b'"', 0, end)
    while end and quotes % 2:
        before = text.rfind(b"\n", 0, end - 1) + 1
        quotes -= text.count(b'"', before, end)
        end = before
    return end
