"""Which column of a table holds the texts, and which the labels."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from seqconv_jax._checks import UserError, expect, shown
from seqconv_jax.data.text.texts import label_name

__all__ = ["Chosen", "choose_columns"]

Sample = Mapping[str, list[Any]]
"""The first rows of a table, by column."""

_TEXT_NAMES = (
    *("text", "texts", "review", "comment", "comment_text", "sentence", "content"),
    *("body", "message", "document", "tweet", "description", "question", "utterance"),
)
_LABEL_NAMES = (
    *("label", "labels", "class", "classes", "category", "categories", "sentiment"),
    *("target", "topic", "topics", "intent", "emotion", "genre", "genres", "tags"),
)
_SEPARATORS = (";", "|", ",")
_MOST_KINDS = 200  # values of a column that is still taken for labels unasked


class Chosen(NamedTuple):
    """The columns to read.

    Attributes:
        texts: the column of texts, or several that are joined.
        labels: that of labels, or several of 0 and 1; none for texts without labels.
        separator: what separates several labels in one cell; None for lists.
        notes: what was found, a sentence each.
    """

    texts: tuple[str, ...]
    labels: tuple[str, ...] = ()
    separator: str | None = None
    notes: tuple[str, ...] = ()


def choose_columns(
    sample: Sample,
    where: str,
    *,
    text: str | Sequence[str] | None,
    label: str | Sequence[str] | None,
    several: bool,
    separator: str | None,
    labelled: bool,
) -> Chosen:
    """Return the columns given, and find those that are not.

    Args:
        sample: the first rows.
        where: the file, for messages.
        text: the column of texts, or several to join; None to find it.
        label: that of labels, or several; None to find it.
        several: whether an example may have several labels.
        separator: what separates labels in one cell; None to find it.
        labelled: whether labels are wanted.

    Raises:
        UserError: for a column that is not there, and where several would do or none.

    Example:
        >>> rows = {"id": [1, 2, 3, 4], "is": list("abab"), "said": ["so it is"] * 4}
        >>> chosen = choose_columns(
        ...     rows,
        ...     "a.csv",
        ...     text="said",
        ...     label=None,
        ...     several=False,
        ...     separator=None,
        ...     labelled=True,
        ... )
        >>> chosen.labels
        ('is',)
    """
    texts = (text,) if isinstance(text, str) else tuple(text or ())
    given = (label,) if isinstance(label, str) else tuple(label or ())
    bounds = separator is None or (isinstance(separator, str) and separator != "")
    expect(bounds, "label_separator", "a text or None", separator)
    for option, names in (("text", texts), ("label", given)):
        for name in names:
            if name not in sample:
                raise _unknown(option, name, sample, where)
    if twice := sorted({*texts} & {*given}):
        raise UserError(
            f"`text` and `label` must be two columns, got {twice[0]!r} twice"
        )
    if len(given) > 1 and not several:
        raise UserError(
            f"`label` must be one column, got {len(given)}; columns of 0 and 1, one a "
            "class, are for several=True"
        )
    notes = []
    if not texts:
        texts = (_find_text(sample, given, where),)
        notes.append(f"text column found: {texts[0]!r}")
    if not labelled:
        return Chosen(texts, (), None, tuple(notes))
    if not given:
        given = _find_labels(sample, texts, several, where)
        notes.append(f"label column found: {_names(given)}")
    if several and len(given) == 1 and separator is None:
        separator = _find_separator(sample[given[0]])
        if separator is not None:
            notes.append(f"labels found to be separated by {separator!r}")
    return Chosen(texts, given, separator if len(given) == 1 else None, tuple(notes))


def _find_text(sample: Sample, given: tuple[str, ...], where: str) -> str:
    others = [name for name in sample if name not in given]
    found = [name for name in others if _holds_texts(sample[name])]
    if not found:
        named = [name for name in others if name.lower().strip() in _TEXT_NAMES]
        found = named or (others if len(others) == 1 else [])
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(
            f"{where}: {len(found)} columns hold texts: {_names(found)}; name one, or "
            "several to join, with text="
        )
    raise UserError(
        f"{where}: no column looks like texts among {_names(list(sample))}; name it "
        "with text="
    )


def _find_labels(
    sample: Sample, texts: tuple[str, ...], several: bool, where: str
) -> tuple[str, ...]:
    others = [name for name in sample if name not in texts]
    if not others:
        raise UserError(
            f"{where} has no column of labels beside {_names(texts)}; give what "
            "separates cells, such as separator=' ' where a line's first word is its "
            "label"
        )
    if several:
        marks = [name for name in others if _holds_marks(sample[name])]
        lists = [name for name in others if _holds_lists(sample[name])]
        if len(marks) > 1 and not lists:
            return tuple(marks)
        found = lists
    else:
        found = [name for name in others if _holds_labels(sample[name])]
    named = [name for name in others if name.lower().strip() in _LABEL_NAMES]
    if len(named) == 1:
        return (named[0],)
    if not found and len(others) == 1:
        found = others
    if len(found) == 1:
        return (found[0],)
    if found:
        marks = all(_holds_marks(sample[name]) for name in found)
        hint = ", or have all of 0 and 1 read as classes, with several=True"
        raise UserError(
            f"{where}: {len(found)} columns may hold labels: {_names(found)}; name one "
            f"with label={hint if marks else ''}"
        )
    raise UserError(
        f"{where}: no column looks like labels among {_names(others)}; name it with "
        "label="
    )


def _holds_texts(cells: list[Any]) -> bool:
    texts = [cell for cell in cells if isinstance(cell, str) and cell.strip()]
    if not texts or len(set(texts)) <= len(texts) // 2:
        return False
    words = sum(len(text.split()) for text in texts) / len(texts)
    letters = sum(len(text) for text in texts) / len(texts)
    unspaced = letters >= 8 and sum(map(str.isascii, texts)) < len(texts) / 2
    return words >= 3 or unspaced


def _holds_labels(cells: list[Any]) -> bool:
    if any(isinstance(cell, list | dict) for cell in cells):
        return False
    values = {name for cell in cells if (name := label_name(cell))}
    return 2 <= len(values) <= max(2, min(_MOST_KINDS, len(cells) // 2))


def _holds_marks(cells: list[Any]) -> bool:
    return bool(cells) and {label_name(cell) for cell in cells} <= {"0", "1"}


def _holds_lists(cells: list[Any]) -> bool:
    lists = any(isinstance(cell, list) for cell in cells)
    return lists or (_find_separator(cells) is not None and not _holds_texts(cells))


def _find_separator(cells: list[Any]) -> str | None:
    texts = [cell for cell in cells if isinstance(cell, str)]
    counts = {mark: sum(mark in text for text in texts) for mark in _SEPARATORS}
    best = max(_SEPARATORS, key=counts.__getitem__)
    return best if counts[best] else None


def _unknown(option: str, name: Any, sample: Sample, where: str) -> UserError:
    near = get_close_matches(str(name)[:100], list(sample), n=1)
    hint = f"did you mean {near[0]!r} among " if near else "it has "
    return UserError(
        f"`{option}` = {shown(name)} is no column of {where}; {hint}"
        f"{_names(list(sample))}"
    )


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - 20:,} more" if len(names) > 20 else ""
    return ", ".join(map(repr, names[:20])) + more
