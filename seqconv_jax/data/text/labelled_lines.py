"""Lines that begin with their labels: fastText's form, and a word before the text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqconv_jax._checks import UserError
from seqconv_jax.data.files.kinds import check_text
from seqconv_jax.data.text.opened import opened, opened_text

__all__ = ["MARK", "LabelledLines", "has_marks"]

MARK = "__label__"
_CHARACTERS = 8 << 20  # that are read at a time
_LONGEST_LINE = 64 << 20
_COLUMNS = ("text", "label")


@dataclass(frozen=True)
class LabelledLines:
    r"""A text a line, its labels before it, as columns "text" and "label".

    Attributes:
        path: the file; `.gz` and `.zip` are unpacked.
        encoding: as Python calls it.
        max_bytes: most bytes to read, after unpacking.
        separator: `"__label__"` where each label has that before it, as fastText reads
            lines, `__label__1 __label__2 the text`; or `" "` where the first word is
            the label.
        notes: what was found, a sentence each.
    """

    path: Path
    encoding: str
    max_bytes: int
    separator: str = MARK
    notes: tuple[str, ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments that read another file in the same way."""
        return {"separator": self.separator, "encoding": self.encoding}

    def chunks(
        self, columns: Sequence[str] | None = None, rows: int | None = None
    ) -> Iterator[tuple[int, dict[str, list[Any]]]]:
        """Yield the number of the first row of a chunk, and its cells by column.

        Labels are lists behind marks, words else. Lines without any have no "label".

        Args:
            columns: those to read; None for those that are there.
            rows: the most to read; None for all.

        Raises:
            UserError: for a line that is too long, and a file of another kind.
        """
        first, used, texts, labels = 0, 0, [], []
        for line in self._lines():
            label, text = _divided(line, self.separator)
            labels.append(label)
            texts.append(text)
            used += len(line)
            if used > _CHARACTERS or first + len(texts) == rows:
                yield first, _cells(texts, labels, columns)
                first, used, texts, labels = first + len(texts), 0, [], []
                if first == rows:
                    return
        if texts:
            yield first, _cells(texts, labels, columns)

    def _lines(self) -> Iterator[str]:
        with opened(self.path, self.max_bytes) as file:
            check_text(file.read(1000), str(self.path))
        with opened_text(self.path, self.encoding, self.max_bytes) as file:
            while line := file.readline(_LONGEST_LINE):
                if len(line) == _LONGEST_LINE:
                    raise UserError(
                        f"{self.path}: lines must have at most {_LONGEST_LINE:,} "
                        "characters"
                    )
                if not line.isspace():
                    yield line


def has_marks(path: Path, max_bytes: int) -> bool:
    """Return whether a file begins as fastText's do."""
    with opened(path, max_bytes) as file:
        head = file.read(min(1000, max_bytes)).removeprefix(b"\xef\xbb\xbf")
    return head.lstrip().startswith(MARK.encode())


def _divided(line: str, separator: str) -> tuple[Any, str]:
    """Return the labels of a line and its text.

    >>> _divided("__label__a __label__b so good", "__label__")
    (['a', 'b'], 'so good')
    >>> _divided("LOC:city Where is it ?", " ")
    ('LOC:city', 'Where is it ?')
    """
    rest = line.strip()
    if separator != MARK:
        label, _, text = rest.partition(separator)
        return label, text.strip()
    labels = []
    while rest.startswith(MARK):
        label, *behind = rest.split(None, 1)
        labels.append(label.removeprefix(MARK))
        rest = behind[0] if behind else ""
    return labels, rest


def _cells(texts: list[str], labels: list[Any], columns: Sequence[str] | None) -> dict:
    cells = {"text": texts, "label": labels}
    if columns is None:
        columns = _COLUMNS if any(labels) else _COLUMNS[:1]
    return {name: cells[name] for name in columns}
