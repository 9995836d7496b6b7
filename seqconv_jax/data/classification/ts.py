"""The `.ts` files of the UCR/UEA archive of time series classification."""

import contextlib
import os
from pathlib import Path

import numpy as np

from seqconv_jax._checks import UserError, shown
from seqconv_jax._checks import path as check_path
from seqconv_jax.data.classification.labelled import LabelledSeries
from seqconv_jax.data.classification.ts_header import Header, header_line
from seqconv_jax.data.files.origin import Origin

__all__ = ["open_lines", "read_ts", "values_of"]

_MISSING = ("?", "nan")


def read_ts(path: str | os.PathLike[str]) -> LabelledSeries:
    r"""Read a `.ts` file of the UCR/UEA archive.

    Lines of `#` are comments, those of `@` the header, up to `@data`. Then a case is a
    line: its channels separated by `:`, their values by `,`, the class last, where
    `@classLabel true` says so. `?` and `NaN` are missing values. Channels of one case
    that end earlier than others are missing there.

    Args:
        path: the file.

    Returns:
        The series, with a label each if the file has them.

    Raises:
        UserError: for a file that cannot be read, with the line at fault; where header
            and data contradict each other; and for values with times.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "two.ts"
        >>> text = "@problemName two\n@classLabel true a b\n@data\n1,2:5,6:a\n3:7:b\n"
        >>> _ = path.write_text(text)
        >>> data = read_ts(path)
        >>> data.channels, data.lengths.tolist(), data.labels
        (2, [2, 1], ('a', 'b'))

    Reference:
        Bagnall et al., arXiv:1811.00075.
    """
    header, in_data, notes = Header(), False, []
    series: list[np.ndarray] = []
    labels: list[str] = []
    for where, line in open_lines(path):
        if in_data:
            case, label = _case(line, header, where)
            series.append(case)
            labels.append(label)
        elif line.lower().split() == ["@data"]:
            in_data = True
        elif line.startswith("@"):
            if note := header_line(header, line, where):
                notes.append(note)
        else:
            raise UserError(
                f"{where} must be a comment (#), a header line (@...) or come after "
                f"@data, got {shown(line[:60])}"
            )
    if not series:
        raise UserError(
            f"{path} has no case behind @data" if in_data else f"{path} has no @data"
        )
    return LabelledSeries.of(
        series,
        labels if header.labelled else None,
        classes=header.classes,
        name=header.name or Path(path).stem,
        origin=Origin.of(Path(path)),
        notes=notes,
    )


def open_lines(path: str | os.PathLike[str]):
    """Yield the place and the text of each line that is neither empty nor a comment.

    Raises:
        UserError: for a file that cannot be opened, and a line that is not UTF-8.
    """
    check_path("path", path)
    try:
        with open(path, "rb") as file:
            for number, raw in enumerate(file, 1):
                raw = raw.removeprefix(b"\xef\xbb\xbf").strip()
                if not raw or raw.startswith((b"#", b"%")):
                    continue  # comments may be in any encoding
                where = f"{path} line {number:,}"
                try:
                    yield where, raw.decode("utf-8")
                except UnicodeDecodeError as error:
                    raise UserError(f"{where} is not UTF-8 text") from error
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error


def values_of(cells: list[str], where: str) -> np.ndarray:
    """Return texts as `(time,)` float64, NaN for those that are missing.

    Raises:
        UserError: naming the first that is neither a finite number nor missing.
    """
    with contextlib.suppress(ValueError):
        values = np.fromiter(map(float, cells), np.float64, len(cells))
        if np.isfinite(values).all() and "_" not in "".join(cells):
            return values
    return np.array([_value(cell, where) for cell in cells])


def _value(cell: str, where: str) -> float:
    text = cell.strip()
    if text.lower() in _MISSING:
        return np.nan
    try:
        value = float(text)
        if np.isfinite(value) and "_" not in text:
            return value
    except ValueError:
        pass
    raise UserError(f"{where}: {shown(text[:40])} is no finite number; ? is missing")


def _case(line: str, header: Header, where: str) -> tuple[np.ndarray, str]:
    """Return the `(time, channels)` and the label of a line."""
    if header.labelled is None:
        raise UserError(
            f"{where}: the header must say @classLabel true, and the classes, or "
            "@classLabel false, above @data"
        )
    *parts, last = line.split(":")
    label = ""
    if header.labelled:
        label = last.strip()
    else:
        parts.append(last)
    if not parts or not all(map(str.strip, parts)):
        raise UserError(f"{where} must be channels between ':' and the class, got none")
    channels = [values_of(part.split(","), where) for part in parts]
    header.check_case(len(channels), [len(each) for each in channels], where)
    if header.labelled:
        header.check_label(label, where)
    case = np.full((max(map(len, channels)), len(channels)), np.nan)
    for column, values in enumerate(channels):
        case[: len(values), column] = values
    if header.missing is False and any(_has_gap(each) for each in channels):
        raise UserError(
            f"{where} has a missing value, but the header says @missing false"
        )
    return case, label


def _has_gap(values: np.ndarray) -> bool:
    """Say whether a value is missing that is not the padding of a shorter series."""
    known = np.flatnonzero(~np.isnan(values))
    return len(known) == 0 or len(known) <= known[-1]
