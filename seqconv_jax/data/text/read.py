"""Reading texts and labels from what people keep them in."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from seqconv_jax._checks import (
    UserError,
    expect,
    flag,
    one_of,
    positive_int,
    shown,
)
from seqconv_jax.data.files.origin import Origin
from seqconv_jax.data.text.folder import TextFolder, part_of_name
from seqconv_jax.data.text.opened import check_encoding
from seqconv_jax.data.text.table import KINDS, PACKED, texts_of_table
from seqconv_jax.data.text.texts import Batch, Texts

__all__ = ["one_text", "read_texts"]

_MAX_BYTES = 1 << 34


def read_texts(
    path: str | os.PathLike[str],
    *,
    text: str | Sequence[str] | None = None,
    label: str | Sequence[str] | None = None,
    several: bool = False,
    label_separator: str | None = None,
    unlabelled: str = "error",
    labelled: bool | None = True,
    separator: str | None = None,
    header: bool | None = None,
    quotes: bool | None = None,
    encoding: str = "utf-8",
    max_bytes: int = _MAX_BYTES,
) -> Texts:
    r"""Read texts, with their labels, from a file or a folder.

    - A folder `train/LABEL/*.txt` and `test/LABEL/*.txt` (and `validation/`), or only
      `LABEL/*.txt`. Where a label's folder has no `.txt`, files without an ending are
      texts. Hidden files and links are left out; so is `unsup`, as in the archive of
      the IMDB reviews, which has no labels.
    - A folder with a file `train.csv` and one `test.csv`, or of another kind below.
    - A table: `.csv`, `.tsv`, `.txt` or a file with any other ending or none; `.jsonl`
      or `.json` with an object a line, or an array of objects; each also as `.gz` or as
      the one file in a `.zip`; `.parquet`.
    - A text a line behind its label, as fastText reads it: `__label__1 so good`.

    Columns that are not given are found in the first rows: texts by their words, labels
    by their few values or their name, separators and a header by what rows have in
    common. What is found is in the `notes`; where the choice is open, an error asks.
    The texts themselves are read, a part at a time, when they are asked for.

    Args:
        path: the file or folder.
        text: the column of texts, or several, such as title and body, that are joined
            as lines; columns without names are called "1", "2", ...
        label: the column of labels, numbers or text; with `several`, also a list of
            columns of 0 and 1, one a class.
        several: whether an example may have several labels: a list in JSON or
            Parquet, several in one cell, or a column of 0 and 1 for each class.
        label_separator: what separates several labels in one cell; None to find it.
        unlabelled: what to do about rows without a label: "error" or "drop".
        labelled: whether there are labels to read; None where the column is there.
        separator: what separates cells; `" "` where the first word of a line is its
            label and all else its text; None to find it.
        header: whether the first row names the columns; None to find out.
        quotes: whether a cell in double quotes may hold separators and line ends; None
            to find out where tabs separate cells, and for yes elsewhere.
        encoding: of the text, as Python calls it.
        max_bytes: most bytes to read, after unpacking.

    Returns:
        The texts; `data.text_task` makes a task of them.

    Raises:
        UserError: one line that names the file, the place and the remedy.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "reviews.csv")
        ...     _ = path.write_text(
        ...         "stars,review\n5,such a good film\n1,what a bad film\n"
        ...     )
        ...     texts = read_texts(path)
        ...     [batch.labels for batch in texts.batches()]
        [['5', '1']]
        >>> texts.notes
        ("text column found: 'review'", "label column found: 'stars'")
    """
    one_of("unlabelled", unlabelled, ("error", "drop"))
    positive_int("max_bytes", max_bytes)
    flag("several", several)
    expect(labelled in (None, True, False), "labelled", "True, False or None", labelled)
    check_encoding(encoding)
    place = _existing(path)
    columns = {
        "text": text,
        "label": label,
        "several": several,
        "label_separator": label_separator,
        "unlabelled": unlabelled,
        "labelled": labelled,
    }
    form = {"separator": separator, "header": header, "quotes": quotes}
    form |= {"encoding": encoding, "max_bytes": max_bytes}
    if not place.is_dir():
        return texts_of_table(place, columns, form)
    tables = _tables_of_parts(place)
    if "train" in tables and labelled is not False:
        return _of_tables(place, tables, columns, form)
    if several and labelled:
        raise UserError(f"{place} is a folder of files, which have one label each")
    folder = TextFolder.of(place, labelled=labelled)
    return Texts(
        source=lambda labels: folder.batches(encoding, max_bytes, labels),
        labelled=folder.labelled,
        options={"encoding": encoding},
        notes=folder.notes,
        origin=Origin(place, "file", folder.sha256()),
        where=str(place),
    )


def _existing(path: Any) -> Path:
    if not isinstance(path, str | os.PathLike) or not str(path):
        raise UserError(f"`path` must be a file or folder of texts, got {shown(path)}")
    path = Path(path).expanduser()
    if not os.path.exists(path):
        raise UserError(f"`path` must exist, got {str(path)!r}")
    if not path.is_dir() and not path.is_file():
        raise UserError(f"`path` must be a file or folder, got {str(path)!r}")
    return path


def _of_tables(
    folder: Path, files: dict[str, Path], columns: dict[str, Any], form: dict[str, Any]
) -> Texts:
    """Return the texts of one table a part; all are read as that of train is."""
    train = texts_of_table(files["train"], columns, form)
    others = {
        part: texts_of_table(file, {**columns, **_columns_of(train)}, form)
        for part, file in files.items()
        if part != "train"
    }

    def source(labels: bool) -> Iterator[Batch]:
        for part, texts in {"train": train, **others}.items():
            for batch in texts.batches(labels=labels):
                yield batch._replace(part=part)

    hashes = [str(texts.origin.sha256) for texts in (train, *others.values())]
    names = ", ".join(file.name for file in files.values())
    digest = hashlib.sha256("".join(hashes).encode()).hexdigest()
    return replace(
        train,
        source=source,
        notes=(f"files found: {names}", *train.notes),
        origin=Origin(folder, "file", digest),
        where=str(folder),
    )


def _columns_of(texts: Texts) -> dict[str, Any]:
    return {name: texts.options[name] for name in ("text", "label", "label_separator")}


def _tables_of_parts(folder: Path) -> dict[str, Path]:
    """Return the files of a folder that are named after a part and of a known kind."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        name = path.name.lower()
        for ending in PACKED:
            name = name.removesuffix(ending)
        stem, ending = os.path.splitext(name)
        part = part_of_name(stem)
        known = ending in (*KINDS, ".parquet") and not name.startswith(".")
        if part and known and path.is_file() and not path.is_symlink():
            if part in found:
                raise UserError(
                    f"{folder} has two files of {part}: {found[part].name} and "
                    f"{path.name}; pass the files themselves"
                )
            found[part] = path
    return found


def one_text(path: Path, encoding: str) -> Texts:
    """Return the one text that a whole file is."""
    place = _existing(path)
    folder = TextFolder(place.parent, ((place.name, None, None),), ())
    return Texts(
        source=lambda labels: folder.batches(encoding, _MAX_BYTES, False),
        labelled=False,
        options={"encoding": encoding},
        origin=Origin(place, "file", folder.sha256()),
        where=str(place),
    )
