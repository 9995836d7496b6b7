"""Files of labelled series: which reader takes which, and where the test file lies."""

import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax._checks import path as check_path
from seqconv_jax.data.classification.labelled import LabelledSeries
from seqconv_jax.data.classification.ts import open_lines, read_ts, values_of
from seqconv_jax.data.files.archive import open_zip
from seqconv_jax.data.files.npz import read_npz
from seqconv_jax.data.files.origin import Origin

__all__ = ["read_labelled", "matching_test_file", "training_file"]

_SUFFIXES = (".ts", ".tsv", ".txt", ".npz")


def read_labelled(path: str | os.PathLike[str]) -> LabelledSeries:
    r"""Read series with labels from a file.

    `.ts`: see `read_ts`. `.tsv` and `.txt`, the older form of the UCR archive: a
    series of one channel a line, its label first, separated by tabs or spaces. `.npz`:
    arrays `x`, `(n, time, channels)` or `(n, time)`, and `y`, `(n,)` numbers, which may
    be left out; NaN at the end of a series is padding.

    Args:
        path: the file.

    Raises:
        UserError: for a file of another kind, and one that cannot be read, with the
            line at fault.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "two.tsv"
        >>> _ = path.write_text("1\t0.5\t0.25\n2\t1.5\tNaN\n")
        >>> data = read_labelled(path)
        >>> data.lengths.tolist(), data.labels
        ([2, 1], ('1', '2'))
    """
    check_path("path", path)
    suffix = Path(path).suffix.lower()
    if suffix == ".ts":
        return read_ts(path)
    if suffix in (".tsv", ".txt"):
        return _label_first(path)
    if suffix == ".npz":
        return _arrays(Path(path))
    hint = "; the archive has its sets as .ts files too" if suffix == ".arff" else ""
    known = ", ".join(_SUFFIXES)
    raise UserError(f"{path} must be one of {known}, got {suffix or 'no suffix'}{hint}")


def training_file(path: str | os.PathLike[str]) -> Path:
    """Return the file to train on: `path`, or the one `*_TRAIN.*` of a folder.

    Raises:
        UserError: for no such file or several, and for a file `*_TEST.*`.
    """
    check_path("path", path)
    path = Path(path).expanduser()
    if path.is_dir():
        inside = [p for p in sorted(path.iterdir()) if p.suffix.lower() in _SUFFIXES]
        found = [p for p in inside if p.stem.lower().endswith("_train")]
        if len(found) != 1:
            few = ", ".join(p.name for p in (found or inside)[:6]) or "none"
            raise UserError(
                f"{path} must hold one file NAME_TRAIN.ts, got {few}; give the file"
            )
        return found[0]
    if not path.is_file():
        raise UserError(f"{path} must be a file of labelled series, and does not exist")
    if path.stem.lower().endswith("_test"):
        raise UserError(
            f"{path} is a test file; give NAME_TRAIN{path.suffix} beside it"
        )
    return path


def matching_test_file(path: Path) -> Path | None:
    """Return `NAME_TEST.ts` beside `NAME_TRAIN.ts`; None if there is none."""
    name = re.sub(
        r"_train$",
        lambda found: "_test" if found[0].islower() else "_TEST",
        path.stem,
        flags=re.IGNORECASE,
    )
    beside = path.with_name(name + path.suffix)
    return beside if beside != path and beside.is_file() else None


def _label_first(path: str | os.PathLike[str]) -> LabelledSeries:
    series, labels = [], []
    for where, line in open_lines(path):
        label, *cells = line.split("\t") if "\t" in line else line.split()
        if not cells or not label.strip():
            raise UserError(f"{where} must be a label and values behind it")
        labels.append(_plain_label(label.strip()))
        series.append(values_of(cells, where))
    if not series:
        raise UserError(f"{path} holds no series")
    return _of_file(Path(path), series, labels)


def _plain_label(label: str) -> str:
    """Return `1.0000000e+00`, as the archive writes whole numbers, as `1`."""
    try:
        number = float(label)
    except ValueError:
        return label
    return str(int(number)) if number.is_integer() else label


def _arrays(path: Path) -> LabelledSeries:
    try:
        with open_zip(path) as archive:
            members = {name.removesuffix(".npy") for name in archive.namelist()}
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    names: dict[str, str] = {name.lower(): name for name in sorted(members)}
    if "x" not in names:
        few = ", ".join(sorted(members)[:8]) or "none"
        raise UserError(f"{path} must hold an array `x`, and `y`, got {few}")
    wanted = tuple(names[key] for key in ("x", "y") if key in names)
    arrays = read_npz(path, wanted)
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise UserError(
                f"{path}: `{name}` must be an array of numbers, got objects"
            )
    return _of_file(path, *(arrays[name] for name in wanted))


def _of_file(path: Path, x: Any, y: Any = None) -> LabelledSeries:
    name = re.sub(r"_(train|test)$", "", path.stem, flags=re.IGNORECASE)
    try:
        return LabelledSeries.of(x, y, name=name, origin=Origin.of(path))
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
