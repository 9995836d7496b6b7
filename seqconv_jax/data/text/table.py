"""A table with a column of texts and one of labels, or several."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seqconv_jax._checks import UserError, shown
from seqconv_jax.data.files.origin import Origin, sha256_file
from seqconv_jax.data.text.columns import Chosen, choose_columns
from seqconv_jax.data.text.delimited import Delimited
from seqconv_jax.data.text.frame import FrameRows
from seqconv_jax.data.text.json_lines import JsonLines
from seqconv_jax.data.text.labelled_lines import MARK, LabelledLines, has_marks
from seqconv_jax.data.text.parquet import ParquetRows
from seqconv_jax.data.text.texts import (
    Batch,
    Label,
    Texts,
    label_name,
    labels_of_row,
    text_of_cell,
)

__all__ = [
    "KINDS",
    "PACKED",
    "frame_options",
    "labels_of_cells",
    "texts_of_frame",
    "texts_of_table",
]

PACKED = (".gz", ".zip")
KINDS = (".csv", ".tsv", ".tab", ".txt", ".data", ".jsonl", ".ndjson", ".json")
_SAMPLE = 2000  # rows that columns are found in

Table = Delimited | JsonLines | LabelledLines | ParquetRows | FrameRows


def texts_of_table(place: Path, columns: dict[str, Any], form: dict[str, Any]) -> Texts:
    """Return the texts of a table.

    Args:
        place: the file.
        columns: the options of `read_texts` that say which columns to read, and how.
        form: those that say how the file is written.

    Raises:
        UserError: for a file of another kind, and where columns cannot be found.
    """
    table = _table(place, **form)
    origin = Origin(place, "file", sha256_file(place))
    return _texts(table, columns, origin, str(place))


def frame_options(reading: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the options of reading that a frame is read by too."""
    names = ("text", "label", "several", "label_separator", "unlabelled")
    return {name: reading[name] for name in names if name in reading}


def texts_of_frame(frame: Any, where: str, **columns: Any) -> Texts:
    """Return the texts of a pandas frame.

    Args:
        frame: the frame.
        where: what messages call it.
        **columns: the options of `read_texts` that say which columns to read, and how.

    Raises:
        UserError: where columns cannot be found, and for other options.
    """
    defaults: dict[str, Any] = {"text": None, "label": None, "several": False}
    defaults |= {"label_separator": None, "unlabelled": "error", "labelled": True}
    if unknown := sorted(columns.keys() - defaults.keys()):
        raise UserError(f"{where}: a frame is not read by {', '.join(unknown)}")
    return _texts(FrameRows(frame, where), defaults | columns, Origin(), where)


def _texts(table: Table, columns: dict[str, Any], origin: Origin, where: str) -> Texts:
    sample = next(table.chunks(rows=_SAMPLE), (0, {}))[1]
    if not any(sample.values()):
        raise UserError(f"{where} has no rows")
    text, labels, several, labelled = (
        columns[name] for name in ("text", "label", "several", "labelled")
    )
    if isinstance(table, LabelledLines):
        text, labels = text or "text", labels or "label"
    if labelled is None:
        names = [labels] if isinstance(labels, str) else list(labels or ())
        labelled = bool(names) and all(name in sample for name in names)
    chosen = choose_columns(
        sample,
        where,
        text=text,
        label=labels if labelled else None,
        several=several,
        separator=columns["label_separator"],
        labelled=labelled,
    )
    options = {
        "text": _one_or_list(chosen.texts),
        "label": _one_or_list(chosen.labels),
        "several": several,
        "label_separator": chosen.separator,
        "unlabelled": columns["unlabelled"],
        **table.options,
    }
    drop = columns["unlabelled"] == "drop"
    return Texts(
        source=lambda wanted: _batches(table, chosen, several, drop, wanted),
        labelled=labelled,
        several=several,
        options=options,
        notes=(*table.notes, *chosen.notes),
        origin=origin,
        where=where,
    )


def _table(place: Path, *, encoding: str, max_bytes: int, **form: Any) -> Table:
    name = place.name.lower()
    if name.endswith(".parquet"):
        return ParquetRows(place)
    for ending in PACKED:
        name = name.removesuffix(ending)
    if os.path.splitext(name)[1] in (".jsonl", ".ndjson", ".json"):
        return JsonLines(place, encoding, max_bytes)
    separator = form["separator"]
    if separator is None and has_marks(place, max_bytes):
        notes = (f"labels found behind {MARK}, as fastText has them",)
        return LabelledLines(place, encoding, max_bytes, notes=notes)
    if separator in (MARK, " "):
        return LabelledLines(place, encoding, max_bytes, separator)
    return Delimited(place, encoding, max_bytes, **form).found()


def _batches(
    table: Table, chosen: Chosen, several: bool, drop: bool, wanted: bool
) -> Iterator[Batch]:
    asked = chosen.labels if wanted else ()
    for first, cells in table.chunks([*chosen.texts, *asked]):
        columns = [
            _texts_of_column(cells[name], f"{table.path}: column {name!r}")
            for name in chosen.texts
        ]
        texts = columns[0]
        if len(columns) > 1:
            rows = zip(*columns, strict=True)
            texts = ["\n".join(filter(None, row)) for row in rows]
        if not asked:
            yield Batch(texts)
            continue
        labels = labels_of_cells(cells, chosen, several, f"{table.path}, row ", first)
        if not several and not all(labels):
            row = labels.index("")
            if not drop:
                raise UserError(
                    f"{table.path}, row {first + row:,}: column {chosen.labels[0]!r} "
                    "has no label; unlabelled='drop' leaves such rows out"
                )
            texts = [text for text, label in zip(texts, labels, strict=True) if label]
            labels = [label for label in labels if label]
        yield Batch(texts, labels)


def _texts_of_column(cells: list[Any], where: str) -> list[str]:
    return [
        cell if isinstance(cell, str) else text_of_cell(cell, where) for cell in cells
    ]


def _one_or_list(names: tuple[str, ...]) -> str | list[str]:
    return names[0] if len(names) == 1 else list(names)


def labels_of_cells(
    cells: dict[str, list], chosen: Chosen, several: bool, where: str, first: int
) -> list[Label]:
    """Return the labels of rows.

    Args:
        cells: those of the columns of labels, by their names.
        chosen: which those are.
        several: whether an example may have several labels.
        where: what messages call a row, up to its number.
        first: the number of the first row.

    Raises:
        UserError: for a cell that is no mark, or no list, where one is expected.
    """
    columns = [cells[name] for name in chosen.labels]
    if not several:
        return [
            _only(cell, f"{where}{first + row:,}")
            if isinstance(cell, list)
            else label_name(cell)
            for row, cell in enumerate(columns[0])
        ]
    if len(columns) == 1:
        return [
            labels_of_row(cell, chosen.separator, f"{where}{first + row:,}")
            for row, cell in enumerate(columns[0])
        ]
    rows: list[Label] = []
    for row, marks in enumerate(zip(*columns, strict=True)):
        names = [_MARKS.get(label_name(mark).lower()) for mark in marks]
        if None in names:
            wrong = names.index(None)
            raise UserError(
                f"{where}{first + row:,}: column {chosen.labels[wrong]!r} must be 0 or "
                f"1, got {shown(marks[wrong])}"
            )
        rows.append(
            tuple(
                name
                for name, is_one in zip(chosen.labels, names, strict=True)
                if is_one
            )
        )
    return rows


def _only(labels: list, where: str) -> str:
    """Return the one label of a list; an empty one for none."""
    if len(labels) > 1:
        raise UserError(
            f"{where}: one label is expected, got {shown(labels)}; several=True reads "
            "several"
        )
    return label_name(labels[0]) if labels else ""


_MARKS = {"0": False, "1": True, "0.0": False, "1.0": True}
_MARKS |= {"false": False, "true": True}
