"""A table with a column of texts and one of labels, or several."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seqconv_jax._checks import UserError, shown
from seqconv_jax.data.files.origin import Origin, sha256_file
from seqconv_jax.data.text.columns import Chosen, choose_columns
from seqconv_jax.data.text.delimited import Delimited
from seqconv_jax.data.text.json_lines import JsonLines
from seqconv_jax.data.text.parquet import ParquetRows
from seqconv_jax.data.text.texts import (
    Batch,
    Label,
    Texts,
    label_name,
    labels_of_row,
    text_of_cell,
)

__all__ = ["KINDS", "PACKED", "labels_of_cells", "texts_of_table"]

PACKED = (".gz", ".zip")
KINDS = (".csv", ".tsv", ".tab", ".txt", ".data", ".jsonl", ".ndjson", ".json")
_SAMPLE = 2000  # rows that columns are found in

Table = Delimited | JsonLines | ParquetRows


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
    sample = next(table.chunks(rows=_SAMPLE), (0, {}))[1]
    if not any(sample.values()):
        raise UserError(f"{place} has no rows")
    labels, several, labelled = (
        columns[name] for name in ("label", "several", "labelled")
    )
    if labelled is None:
        names = [labels] if isinstance(labels, str) else list(labels or ())
        labelled = bool(names) and all(name in sample for name in names)
    chosen = choose_columns(
        sample,
        str(place),
        text=columns["text"],
        label=labels if labelled else None,
        several=several,
        separator=columns["label_separator"],
        labelled=labelled,
    )
    options = {
        "text": chosen.text,
        "label": chosen.labels[0] if len(chosen.labels) == 1 else list(chosen.labels),
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
        origin=Origin(place, "file", sha256_file(place)),
        where=str(place),
    )


def _table(place: Path, *, encoding: str, max_bytes: int, **form: Any) -> Table:
    name = place.name.lower()
    if name.endswith(".parquet"):
        return ParquetRows(place)
    for ending in PACKED:
        name = name.removesuffix(ending)
    ending = os.path.splitext(name)[1]
    if ending in (".jsonl", ".ndjson", ".json"):
        return JsonLines(place, encoding, max_bytes)
    if ending and ending not in KINDS:
        raise UserError(
            "`path` must be a folder, or end in .csv, .tsv, .txt, .jsonl (.gz or .zip "
            f"behind it) or .parquet, got {str(place)!r}"
        )
    return Delimited(place, encoding, max_bytes, **form).found()


def _batches(
    table: Table, chosen: Chosen, several: bool, drop: bool, wanted: bool
) -> Iterator[Batch]:
    where = f"{table.path}: column {chosen.text!r}"
    asked = chosen.labels if wanted else ()
    for first, cells in table.chunks([chosen.text, *asked]):
        texts = [
            cell if isinstance(cell, str) else text_of_cell(cell, where)
            for cell in cells[chosen.text]
        ]
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
        return [label_name(cell) for cell in columns[0]]
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


_MARKS = {"0": False, "1": True, "0.0": False, "1.0": True}
_MARKS |= {"false": False, "true": True}
