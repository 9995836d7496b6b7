"""Where the columns of a text file are: its separator, and the line of names."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from seqconv_jax._checks import UserError
from seqconv_jax.data.series.cells import is_number, looks_like_a_number
from seqconv_jax.data.series.csv_lines import LONGEST_LINE, long_line
from seqconv_jax.data.series.text_form import SEPARATORS, TextForm, separator_name
from seqconv_jax.data.series.text_names import fields_of, head_of

__all__ = ["Layout", "find_layout"]

_SAMPLE_LINES = 300
_SAMPLE_BYTES = 2**19
_CONSISTENT = 0.9  # of the lines have as many fields as most have
_MOST_ABOVE = 50  # lines above the names that are taken for a heading
_MOST_HEAD = 8  # lines from the names on whose numbers are looked up


class Layout(NamedTuple):
    """How a text file is laid out.

    Attributes:
        separator: what stands between two fields.
        names: the column names, stripped.
        head: how many lines the names take.
        line: the number of the first of them, from 1.
        start: where the line after the names begins.
        extra: 1 where every row ends in a separator that the names lack, -1 where the
            names end in one that every row lacks, else 0.
        above: how many lines above the names were left out unasked.
        found: whether the separator was found, not given.
        rows: the cells of the first rows.
    """

    separator: str
    names: list[str]
    head: int
    line: int
    start: int
    extra: int
    above: int
    found: bool
    rows: list[list[str]]

    def notes(self) -> Iterator[str]:
        """Yield what was found, a sentence each."""
        if self.found and self.separator != ",":
            yield f"separated by {separator_name(self.separator)} (found)"
        if self.above:
            lines = "line" if self.above == 1 else "lines"
            yield f"{self.above} {lines} above the names left out (found)"
        if self.head > 1:
            yield f"names put together from {self.head} lines (found)"
        if self.extra:
            which = "every row ends" if self.extra > 0 else "the names end"
            yield f"{which} in a separator (found)"


class _Fit(NamedTuple):
    """How well a separator fits: the first line with all fields, and how many fit."""

    separator: str
    first: int
    fields: int
    rate: float
    numbers: float


def find_layout(text: bytes, form: TextForm, where: str) -> Layout:
    """Return the layout of a text that is UTF-8 with line feeds only.

    A separator is taken where nine in ten of the first lines have as many fields as
    the names have; quoted cells may hold it.

    Args:
        text: the file, lines to leave out blank.
        form: what the caller says of it.
        where: the file, for messages.

    Raises:
        UserError: for an empty file, names that are numbers, more than one line of
            names, and where two separators fit as well.
    """
    lines = _lines(text, where)
    said = _said_separator(lines)
    lines = lines[1:] if said else lines
    if not lines:
        raise UserError(f"{where} is empty")
    given = form.separator or said
    given = None if given is None else given.replace(" ", "\t")
    fits = [_fit(lines, sep) for sep in ([given] if given else SEPARATORS)]
    best = _best(fits, lines, given, where)
    first = best.first if form.skip_rows is None and form.names is None else 0
    if first and not _named(lines, best):
        first = 0
    _check_closed(lines[:first], where)
    lines, separator = lines[first:], best.separator
    numbers = [text.count(b"\n", 0, begin) + 1 for begin, _ in lines[:_MOST_HEAD]]
    if best.fields == 1 and given is None:
        _check_blanks(lines, where)
    plain = [line for _, line in lines]
    names, taken = head_of(plain, numbers, separator, form, where)
    after = lines[taken:]
    extra = _extra(names, after, best)
    if extra < 0:
        names = names[:-1]
    rows = [fields_of(line, separator) for _, line in after[:100]]
    start = lines[0][0]
    if taken:
        begin, line = lines[taken - 1]
        start = min(begin + len(line) + 1, len(text))
    found = form.separator is None
    return Layout(separator, names, taken, numbers[0], start, extra, first, found, rows)


def _check_closed(above: Sequence[tuple[int, bytes]], where: str) -> None:
    """Raise where the names may stand in a quoted cell that opens above them."""
    text = b"\n".join(line for _, line in above).decode("utf-8", "replace")
    try:
        for _ in csv.reader(io.StringIO(text), strict=True):
            pass
    except csv.Error as error:
        if "end of data" in str(error):
            raise UserError(
                f"{where} opens a quote above its names that does not end there; take "
                "it out, or pass skip_rows= and how many lines to leave out"
            ) from None


def _said_separator(lines: Sequence[tuple[int, bytes]]) -> str | None:
    """Return the separator that a first line `sep=;` says, which is for Excel."""
    first = re.fullmatch(rb'"?sep=([,;|\t])"?\s*', lines[0][1]) if lines else None
    return first[1].decode() if first else None


def _lines(text: bytes, where: str) -> list[tuple[int, bytes]]:
    """Return the first lines that are not blank, and where each begins."""
    lines, at = [], 0
    while at < len(text) and len(lines) < _SAMPLE_LINES:
        end = text.find(b"\n", at, at + LONGEST_LINE)
        if end < 0:
            if len(text) - at >= LONGEST_LINE:
                if lines:
                    break  # the check of all lines names it
                raise long_line(text, at, where)
            end = len(text)
        if text[at:end].strip():
            lines.append((at, text[at:end]))
        at = end + 1
        if at > _SAMPLE_BYTES and len(lines) > 5:
            break
    return lines


def _fit(lines: Sequence[tuple[int, bytes]], separator: str) -> _Fit:
    mark = separator.encode()
    counts = [
        len(fields_of(line, separator)) if b'"' in line else line.count(mark) + 1
        for _, line in lines
    ]
    body = counts[len(counts) // 2 :] if len(counts) > 4 else counts[1:] or counts
    fields = Counter(body).most_common(1)[0][0]
    near = {fields - 1, fields, fields + 1} if counts[0] > 1 else {fields}
    if counts[0] in near:
        first = 0
    else:
        first = next(at for at, count in enumerate(counts) if count == fields)
    rest = counts[first + 1 :]
    rate = rest.count(fields) / len(rest) if rest else float(first == 0)
    numbers = _number_rate([line for _, line in lines[first + 1 :]], separator)
    return _Fit(separator, first, fields, rate, numbers)


def _number_rate(lines: Sequence[bytes], separator: str) -> float:
    cells = [cell for line in lines[:40] for cell in fields_of(line, separator)]
    plain = [bool(re.fullmatch(r"[\d.,:/ TZ+\-eE]*", cell.strip())) for cell in cells]
    return sum(plain) / max(len(plain), 1)


def _best(
    fits: Sequence[_Fit],
    lines: Sequence[tuple[int, bytes]],
    given: str | None,
    where: str,
) -> _Fit:
    if given is not None:
        _check_given(given, fits[0], lines[0][1], where)
        return fits[0]
    valid = [fit for fit in fits if fit.fields > 1 and fit.rate >= _CONSISTENT]
    if not valid:  # ragged, or one column: as the first line says
        head = [len(fields_of(lines[0][1], fit.separator)) for fit in fits]
        best = fits[head.index(max(head))]
        return best._replace(first=0)
    order = sorted(valid, key=lambda fit: (fit.first, -fit.numbers))
    best = order[0]
    same = [
        fit for fit in order if (fit.first, fit.numbers) == (best.first, best.numbers)
    ]
    if len(same) > 1:
        both = " or by ".join(separator_name(fit.separator) for fit in same)
        raise UserError(
            f"{where} can be separated by {both}; pass separator="
            f"{same[0].separator!r} or {same[1].separator!r}"
        )
    return best


def _check_given(given: str, fit: _Fit, line: bytes, where: str) -> None:
    others = [mark for mark in SEPARATORS if mark != given and mark.encode() in line]
    if fit.fields == 1 and others and given.encode() not in line:
        raise UserError(
            f"{where}: no line is separated by {separator_name(given)}, but the first "
            f"has {separator_name(others[0])}; pass separator={others[0]!r}"
        )


def _named(lines: Sequence[tuple[int, bytes]], fit: _Fit) -> bool:
    """Return whether the first line with all fields is one of names, far enough up."""
    names = [cell.strip() for cell in fields_of(lines[fit.first][1], fit.separator)]
    below = [
        cell
        for _, line in lines[fit.first + 1 :]
        for cell in fields_of(line, fit.separator)
    ]
    return (
        fit.first <= _MOST_ABOVE
        and fit.rate >= _CONSISTENT
        and len(lines) - fit.first > 2
        and names.count("") <= 1
        and len(set(names)) == len(names)
        and not any(looks_like_a_number(name) for name in names)
        and any(looks_like_a_number(cell) for cell in below)
    )


def _extra(names: list[str], after: Sequence[tuple[int, bytes]], fit: _Fit) -> int:
    """Return 1 where all rows end in a separator that the names lack, -1 vice versa."""
    mark = fit.separator.encode()
    if not after or fit.rate < 1.0:
        return 0
    if fit.fields == len(names) + 1:
        return int(all(line.endswith(mark) for _, line in after))
    return -int(fit.fields == len(names) - 1 > 0 and names[-1] == "")


def _check_blanks(lines: Sequence[tuple[int, bytes]], where: str) -> None:
    counts = Counter(len(line.split()) for _, line in lines)
    fields, most = counts.most_common(1)[0]
    if fields > 1 and len(lines) > 1 and most >= _CONSISTENT * len(lines):
        last = lines[-1][1].split()
        numbers = sum(is_number(cell.decode(errors="replace")) for cell in last)
        if numbers * 2 > len(last):
            raise UserError(
                f"{where} has {fields} fields in each line with blanks between them; "
                "pass separator=' ' (a date and its clock are then two columns)"
            )
