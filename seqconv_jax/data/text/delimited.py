"""CSV, TSV and the like with a column of texts, some rows at a time."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError, expect
from seqconv_jax.data.files.kinds import check_text
from seqconv_jax.data.text.opened import opened, opened_text

__all__ = ["Delimited"]

_SEPARATORS = (",", "\t", ";", "|")
_HEAD = 1 << 18  # characters that the form is found in
_BYTES = 8 << 20  # of text that are parsed at a time
_MOST_COLUMNS = 10_000


@dataclass(frozen=True)
class Delimited:
    """A file of rows whose cells a separator divides.

    Attributes:
        path: the file; `.gz` and `.zip` are unpacked.
        encoding: as Python calls it.
        max_bytes: most bytes to read, after unpacking.
        separator: one character; None to find it.
        header: whether the first row names the columns, which else are called "1",
            "2" and so on; None to find out.
        quotes: whether a cell in double quotes may hold separators and line ends; None
            to find out where tabs separate cells, and for yes elsewhere.
        notes: what was found, a sentence each.
    """

    path: Path
    encoding: str
    max_bytes: int
    separator: str | None = None
    header: bool | None = None
    quotes: bool | None = None
    notes: tuple[str, ...] = ()

    def found(self) -> "Delimited":
        """Return the same with its form found where it was not given.

        Raises:
            UserError: for a file without rows.
        """
        if self.separator is not None:
            one = isinstance(self.separator, str) and len(self.separator) == 1
            expect(one, "separator", "one character", self.separator)
        with opened(self.path, self.max_bytes) as file:
            check_text(file.read(1000), str(self.path))
        with opened_text(self.path, self.encoding, self.max_bytes) as file:
            head = file.read(_HEAD)
        self._check_head(head)
        notes, separator, header = [], self.separator, self.header
        if separator is None:
            separator = self._find_separator(head)
            if separator != ",":
                notes.append(f"separator found: {separator!r}")
        if header is None:
            header = _names_columns(list(islice(self._rows(head, separator), 1000)))
            if not header:
                notes.append(
                    "no header found: columns are called '1', '2' and so on "
                    "(header=True has the first row name them)"
                )
        quotes = self._are_quoted(head, separator)
        if self.quotes is None and not quotes:
            notes.append("double quotes found to be ordinary characters")
        return replace(
            self,
            separator=separator,
            header=header,
            quotes=quotes,
            notes=(*self.notes, *notes),
        )

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments that read another file in the same way."""
        return {
            "separator": self.separator,
            "header": self.header,
            "quotes": self.quotes,
            "encoding": self.encoding,
        }

    def chunks(
        self, columns: Sequence[str] | None = None, rows: int | None = None
    ) -> Iterator[tuple[int, dict[str, list[Any]]]]:
        """Yield the number of the first row of a chunk, and its cells by column.

        Args:
            columns: those to read; None for all.
            rows: the most to read; None for all.

        Raises:
            UserError: for rows that are no rows of the table.
        """
        import pandas as pd

        try:
            with (
                opened_text(self.path, self.encoding, self.max_bytes) as file,
                pd.read_csv(
                    file,
                    sep=self.separator,
                    header=0 if self.header else None,
                    quoting=csv.QUOTE_MINIMAL if self.quotes else csv.QUOTE_NONE,
                    dtype=object,
                    keep_default_na=False,
                    na_filter=False,
                    index_col=False,
                    iterator=True,
                ) as reader,
            ):
                yield from self._chunks(reader, columns, rows)
        except pd.errors.EmptyDataError:
            raise UserError(f"{self.path} has no rows") from None
        except pd.errors.ParserError as error:
            reason = str(error).strip().removeprefix("Error tokenizing data. ")
            raise UserError(
                f"{self.path}: {reason.removeprefix('C error: ')}; cells that hold "
                f"{self.separator!r} must be in double quotes"
            ) from error

    def _chunks(self, reader, columns, rows) -> Iterator[tuple[int, dict]]:
        first, size = 0, 256 if rows is None else rows
        while rows is None or first < rows:
            try:
                frame = reader.get_chunk(size)
            except StopIteration:
                return
            names = [
                str(name) if self.header else str(at + 1)
                for at, name in enumerate(frame.columns)
            ]
            if len(names) > _MOST_COLUMNS:
                raise UserError(
                    f"{self.path} has {len(names):,} columns; at most "
                    f"{_MOST_COLUMNS:,} are read"
                )
            at = [names.index(name) for name in (columns or names) if name in names]
            cells = {names[i]: self._cells(frame, i, first) for i in at}
            yield first, cells
            first += len(frame)
            used = sum(len(cell) for column in cells.values() for cell in column)
            size = int(np.clip(_BYTES * len(frame) // max(used, 1), 1, 50_000))

    def _cells(self, frame, at: int, first: int) -> list[str]:
        cells = frame.iloc[:, at].tolist()
        for row, cell in enumerate(cells if self.separator == "\t" else ()):
            if "\t" in cell and "\n" in cell:
                raise UserError(
                    f"{self.path}, row {first + row:,}: a cell that begins with a "
                    "double quote runs over several rows; if quotes are ordinary "
                    "characters there, give quotes=False"
                )
        return cells

    def _check_head(self, head: str) -> None:
        if not head.strip():
            raise UserError(f"{self.path} is empty")
        if "\0" in head:
            raise UserError(
                f"{self.path} holds zero bytes, no text; give its encoding, such as "
                "encoding='utf-16'"
            )

    def _find_separator(self, head: str) -> str:
        """Return the separator by which most rows have as many cells as the first."""
        if ".tsv" in self.path.name.lower():
            return "\t"
        scores = {}
        for mark in _SEPARATORS:
            counts = [len(row) for row in islice(self._rows(head, mark), 50)]
            alike = counts.count(counts[0]) / len(counts) if counts else 0.0
            scores[mark] = (counts[0] > 1, alike) if counts else (False, 0.0)
        return max(_SEPARATORS, key=scores.__getitem__)

    def _rows(self, head: str, separator: str) -> Iterator[list[str]]:
        """Yield the rows of the file's beginning, but a last one that is cut."""
        quoted = self._are_quoted(head, separator)
        quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
        head = _whole_rows(head)
        try:
            rows = csv.reader(
                io.StringIO(head, newline=""), delimiter=separator, quoting=quoting
            )
            yield from (row for row in rows if row)
        except csv.Error:  # a cell longer than the module's limit
            return

    def _are_quoted(self, head: str, separator: str) -> bool:
        """Return whether double quotes are bounds of cells, as far as is known.

        They are none where all lines have as many tabs, and a cell begins with one but
        does not end so, or has single ones inside.
        """
        if self.quotes is not None or separator != "\t":
            return self.quotes is not False
        lines = [line for line in _whole_rows(head).splitlines() if line]
        alike = len({line.count("\t") for line in lines}) == 1
        cells = (cell for line in lines for cell in line.split("\t"))
        return not (alike and any(map(_is_half_quoted, cells)))


def _whole_rows(head: str) -> str:
    """Return the file's beginning but a last row that is cut."""
    return head[: max(head.rfind("\n"), 0)] or head if len(head) == _HEAD else head


def _is_half_quoted(cell: str) -> bool:
    if not cell.startswith('"'):
        return False
    inside = cell[1:].replace('""', "")
    return not inside.endswith('"') or '"' in inside[:-1]


def _names_columns(rows: list[list[str]]) -> bool:
    """Return whether the first row names columns: no cell looks so, or comes again."""
    first, *others = rows or [[]]
    again = any(
        cell.strip() and any(row[at] == cell for row in others if at < len(row))
        for at, cell in enumerate(first)
    )
    return not again and not any(map(_is_cell, first))


def _is_cell(cell: str) -> bool:
    """Return whether a cell of the first row is data rather than a name."""
    cell = cell.strip()
    return cell.replace(".", "", 1).isdecimal() or len(cell.split()) >= 5
