"""Texts with their labels, a batch at a time: what files, folders and lists give."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from seqconv_jax._checks import UserError, expect, flag, shown
from seqconv_jax.data.files.origin import Origin

__all__ = ["Batch", "Label", "Texts", "label_name", "labels_of_row", "text_of_cell"]

Label = str | tuple[str, ...]
"""A class's name, or the names of an example's several ones."""

_BATCH = 1024


class Batch(NamedTuple):
    """Some texts in the order of their source.

    Attributes:
        texts: as they stand there.
        labels: a label each; None where nobody knows them.
        names: what to call each: its file in a folder; None for row numbers.
        part: "train", "validation" or "test" where the source says so, else None.
    """

    texts: list[str]
    labels: list[Label] | None = None
    names: list[str] | None = None
    part: str | None = None


@dataclass(frozen=True, kw_only=True)
class Texts:
    """Texts that are read when they are asked for, so that a file need not fit.

    `read_texts` makes them of a file or folder, `Texts.of` of lists.

    >>> some = Texts.of(["fine", "awful"], ["good", "bad"])
    >>> [batch.labels for batch in some.batches()]
    [['good', 'bad']]

    Attributes:
        source: begins to read, with labels or without; yields batches.
        labelled: whether there are labels.
        several: whether an example may have several.
        options: keyword arguments with which `read_texts` reads another file likewise.
        notes: what was found or left out, a sentence each.
        origin: the file or folder.
        where: what messages call the source.
    """

    source: Callable[[bool], Iterator[Batch]] = field(repr=False)
    labelled: bool
    several: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    origin: Origin = Origin()
    where: str = "the texts"

    @classmethod
    def of(cls, texts: Sequence[str], labels: Any = None, *, several: bool = False):
        """Return texts in memory, with a label each or, with `several`, a list each.

        Raises:
            UserError: for what are no texts, and for labels that are not as many.
        """
        flag("several", several)
        rows = _listed("texts", texts)
        for row, text in enumerate(rows):
            if not isinstance(text, str):
                raise UserError(
                    f"`texts` must be texts, got {shown(text)} in row {row:,}"
                )
        known: list[Label] | None = None
        if labels is not None:
            listed = _listed("labels", labels)
            got = f"{len(listed):,} for {len(rows):,} texts"
            expect(len(listed) == len(rows), "labels", "one a text", got)
            known = [
                labels_of_row(each, None, f"`labels`, row {row:,}") if several
                else _present(label_name(each), row)
                for row, each in enumerate(listed)
            ]  # fmt: skip

        def source(labels: bool) -> Iterator[Batch]:
            for at in range(0, len(rows), _BATCH):
                end = at + _BATCH
                some = known[at:end] if labels and known is not None else None
                yield Batch(rows[at:end], some)

        return cls(source=source, labelled=known is not None, several=several)

    def batches(self, *, labels: bool | None = None) -> Iterator[Batch]:
        """Read the texts from the beginning.

        Args:
            labels: whether to read labels too; None where there are any. Texts that
                lack one are then no matter.
        """
        return self.source(self.labelled if labels is None else labels)


def label_name(value: Any) -> str:
    """Return a label as a class's name; an empty one where it is missing.

    >>> label_name(1.0), label_name(" spam "), label_name(None), label_name(2.5)
    ('1', 'spam', '', '2.5')
    """
    if isinstance(value, str):
        return value.strip()
    if value is None or value != value:  # NaN
        return ""
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return str(int(value))
    return str(value)


def labels_of_row(value: Any, separator: str | None, where: str) -> tuple[str, ...]:
    """Return the several labels of one row: of a list, or of a text split up.

    >>> labels_of_row("a; b", ";", "here"), labels_of_row(["x", 2], None, "here")
    (('a', 'b'), ('x', '2'))
    """
    if isinstance(value, str) and separator is not None:
        parts: Any = value.split(separator)
    elif isinstance(value, str | bytes) or not hasattr(value, "__iter__"):
        if label_name(value):
            raise UserError(f"{where}: labels must be a list, got {shown(value)}")
        parts = ()
    else:
        parts = value
    return tuple(dict.fromkeys(name for part in parts if (name := label_name(part))))


def text_of_cell(value: Any, where: str) -> str:
    """Return the text of a cell; empty where it is missing."""
    if isinstance(value, str):
        return value
    if value is None or value != value:
        return ""
    raise UserError(f"{where} must hold texts, got {shown(value)}")


def _listed(name: str, values: Any) -> list:
    sized = hasattr(values, "__len__") and hasattr(values, "__iter__")
    fits = sized and not isinstance(values, str | bytes | Mapping)
    expect(fits, name, "a list", values)
    as_list = getattr(values, "tolist", None)
    return list(values) if as_list is None else as_list()


def _present(name: str, row: int) -> str:
    if not name:
        raise UserError(f"`labels` must not be missing, got none in row {row:,}")
    return name
