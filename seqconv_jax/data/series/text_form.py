"""The form of a text file of columns: what a caller says of it, and its plain text."""

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seqconv_jax._checks import UserError, expect, non_negative_int, shown
from seqconv_jax.data.files.kinds import check_text

__all__ = ["NUMBERED", "SEPARATORS", "TextForm", "plain_text", "separator_name"]

SEPARATORS = (",", ";", "\t", "|")
NUMBERED = "numbered"  # in place of names: "column 1", "column 2" and so on
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # begins as UTF-16 does: first
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_NO_CONTROL = bytes({*range(256)} - {*range(32), 127} | {*b"\t\n\r"})


@dataclass(frozen=True)
class TextForm:
    """How a text file is written; None where it is to be found (see `read_series`)."""

    separator: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None
    comment: str | None = None
    skip_rows: int | Sequence[int] | None = None
    skip_footer: int = 0
    names: str | Sequence[str] | None = None

    def __post_init__(self) -> None:
        """Raise `UserError` for options of another kind, and for those that clash."""
        separators = (None, *SEPARATORS, " ")
        words = "one of ',', ';', '\\t', '|', ' ' (blanks) or None"
        expect(self.separator in separators, "separator", words, self.separator)
        expect(self.decimal in (None, ".", ","), "decimal", "'.' or ','", self.decimal)
        thousands = (None, ".", ",", "'", " ", "_", "\u00a0")
        words = "one of '.', ',', \"'\", ' ' or '_'"
        expect(self.thousands in thousands, "thousands", words, self.thousands)
        if self.thousands is not None and self.thousands == (self.decimal or "."):
            raise UserError(
                f"`thousands` must differ from the decimal mark, got "
                f"{self.thousands!r} for both; pass decimal=','"
                if self.decimal is None
                else f"`thousands` must differ from `decimal`, got {self.decimal!r}"
            )
        one = self.comment is None or (
            isinstance(self.comment, str) and len(self.comment.strip()) == 1
        )
        expect(one, "comment", "one character such as '#'", self.comment)
        non_negative_int("skip_footer", self.skip_footer)
        self._check_rows()
        self._check_names()
        self._check_encoding()

    def _check_rows(self) -> None:
        rows = self.skip_rows
        if rows is None:
            return
        if isinstance(rows, Sequence) and not isinstance(rows, str):
            rows = tuple(rows)
            lines = all(type(row) is int and row >= 1 for row in rows)
            words = "a number of lines, or the numbers of lines from 1"
            expect(lines, "skip_rows", words, rows)
            object.__setattr__(self, "skip_rows", rows)
        else:
            non_negative_int("skip_rows", rows)

    def _check_names(self) -> None:
        names = self.names
        if names is None or names == NUMBERED:
            return
        listed = isinstance(names, Sequence) and not isinstance(names, str)
        fits = listed and len(names) > 0 and all(isinstance(one, str) for one in names)
        expect(fits, "names", "'numbered', or a list of names", names)
        object.__setattr__(self, "names", tuple(one.strip() for one in names))

    def _check_encoding(self) -> None:
        if self.encoding is None:
            return
        expect(isinstance(self.encoding, str), "encoding", "a name", self.encoding)
        try:
            known = len("a".encode(self.encoding)) > 0
        except (LookupError, ValueError):  # "hex" makes no bytes of text
            known = False
        words = "an encoding that Python knows, such as 'utf-8', 'latin-1', 'utf-16'"
        expect(known, "encoding", words, self.encoding)

    def options(self) -> dict[str, Any]:
        """Return what was given, as strict JSON: keyword arguments of `read_series`."""
        given = {name: value for name, value in vars(self).items() if value is not None}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in given.items()
        }


def separator_name(separator: str) -> str:
    """Return what to call a separator in a sentence."""
    return {"\t": "tabs", " ": "blanks"}.get(separator, repr(separator))


def plain_text(data: bytes, form: TextForm, where: str) -> tuple[bytes, str | None]:
    """Return the text as UTF-8 with line feeds, and the encoding if it was found.

    Lines to leave out (comments, `skip_rows`, the footer) are left blank, so that
    every line keeps its number.

    Raises:
        UserError: for bytes that are no text of this encoding.
    """
    encoding = form.encoding
    found = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
    if encoding is None and found is None:
        check_text(data, where)
        text = _utf8(data, where)
    else:
        text = _decoded(data, encoding or str(found), where)
    text = text.removeprefix(b"\xef\xbb\xbf")
    nul = text.find(b"\0")
    if nul >= 0:
        line = text.count(b"\n", 0, nul) + 1
        raise UserError(
            f"{where} line {line} holds a NUL byte: it is damaged, no text, or UTF-16 "
            "without its mark (encoding='utf-16-le' then reads it)"
        )
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    text = _without_lines(text, form, where)
    _check_control(text, where)
    if form.separator == " ":
        text = re.sub(rb"(?m)^ +| +$", b"", text.replace(b"\t", b" "))
        text = re.sub(rb" +", b"\t", text)
    return text, found if encoding is None else None


def _check_control(text: bytes, where: str) -> None:
    """Raise for characters such as a form feed.

    They are white space to some readers, which then find fewer rows, or another end.
    """
    found = text.translate(None, _NO_CONTROL)[:1]
    if found:
        line = text.count(b"\n", 0, text.index(found)) + 1
        raise UserError(
            f"{where} line {line} holds the control character {found[0]:#04x}, which "
            "text has not: it is damaged, or take the character out"
        )


def _utf8(data: bytes, where: str) -> bytes:
    try:
        if not data.isascii():
            data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"{where} line {line} is not UTF-8 (byte {data[error.start]:#04x}); pass "
            "encoding='latin-1' (Western Europe), 'cp1252' (Windows) or what it is"
        ) from error
    return data


def _decoded(data: bytes, encoding: str, where: str) -> bytes:
    try:
        return data.decode(encoding).encode("utf-8")
    except (UnicodeError, ValueError) as error:
        raise UserError(
            f"{where} is not {encoding} throughout ({error}); pass the encoding it is"
        ) from error


def _without_lines(text: bytes, form: TextForm, where: str) -> bytes:
    rows = form.skip_rows or ()
    lines = range(1, rows + 1) if isinstance(rows, int) else sorted(set(rows))
    if lines:
        text = _blank_lines(text, lines, where)
    if form.comment is not None:
        mark = re.escape(form.comment.strip().encode())
        # a mark behind a quote may stand in a cell: then whole lines only
        begin = rb"(?m)^[ \t]*" if b'"' in text else rb"[ \t]*"
        text = re.sub(begin + mark + rb"[^\n]*", b"", text)
    end = len(text.rstrip())
    for _ in range(form.skip_footer):
        end = max(text.rfind(b"\n", 0, end), 0)
        end = len(text[:end].rstrip(b" \n"))
    return text[: end + 1] if form.skip_footer else text


def _blank_lines(text: bytes, lines: Sequence[int], where: str) -> bytes:
    wanted, parts, at = set(lines), [], 0
    for line in range(1, lines[-1] + 1):
        if at > len(text):
            raise UserError(
                f"`skip_rows` = {shown(lines[-1])} lies beyond the end of {where}"
            )
        end = text.find(b"\n", at)
        end = len(text) if end < 0 else end
        parts.append(b"" if line in wanted else text[at:end])
        at = end + 1
    return b"\n".join([*parts, text[at:]])
