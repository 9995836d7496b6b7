"""Examples that a command line names: a file, a folder, texts, standard input."""

import contextlib
import csv
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from seqconv_jax._checks import UserError

# What standard input holds, by the kind of the run's preprocessor.
_SUFFIXES = {"forecast": ".csv", "arrays": ".npy"}


@contextlib.contextmanager
def examples_of(
    predictor: Any, data: str | None, texts: Sequence[str] = ()
) -> Iterator[Any]:
    """Yield the examples that were given, as a predictor takes them.

    Args:
        predictor: that of the run.
        data: a path; `-` for standard input; None for texts.
        texts: texts in place of data.
    """
    if data is None:
        yield list(texts)
    elif data != "-":
        yield Path(data).expanduser()
    else:
        content = sys.stdin.buffer.read()
        suffix = _suffix(predictor.preprocessor, content)
        if suffix is None:
            yield _lines(content)
            return
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"stdin{suffix}")
            path.write_bytes(content)
            try:
                yield path
            except UserError as error:
                words = str(error).replace(str(path), "standard input")
                raise UserError(words) from error


def _suffix(preprocessor: Any, content: bytes) -> str | None:
    """Return that of the file that standard input is; None for a text a line."""
    if preprocessor.kind == "series":
        return ".ts" if content.lstrip()[:1] in (b"@", b"#") else ".tsv"
    if preprocessor.kind != "text":
        return _SUFFIXES[preprocessor.kind]
    head = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")[0]
    reading = preprocessor.settings().get("reading", {})
    return _suffix_of_texts(head.decode("utf-8", "replace").strip(), reading)


def _suffix_of_texts(head: str, reading: Mapping[str, Any]) -> str | None:
    """Return that of a table of texts whose first line has the column of training.

    >>> reading = {"text": "review", "header": True, "separator": ","}
    >>> _suffix_of_texts("id,review", reading), _suffix_of_texts("A review, I", reading)
    ('.csv', None)
    """
    given, separator = reading.get("text"), reading.get("separator")
    columns = [given] if isinstance(given, str) else list(given or ())
    if not columns:
        return None
    if separator == "__label__":  # fastText's lines
        return ".txt" if head.startswith(separator) else None
    if head.startswith(("{", "[")) and all(f'"{name}"' in head for name in columns):
        return ".jsonl"
    marks = (separator,) if separator else ("\t", ",", ";", "|")
    for mark in marks:
        cells = next(csv.reader([head], delimiter=mark), [])
        if reading.get("header") is False:  # columns are called 1, 2 and so on
            found = len(cells) >= max(map(int, columns)) > 1
        else:
            found = {*columns} <= {*cells}
        if found:
            return ".tsv" if mark == "\t" else ".csv"
    return None


def _lines(content: bytes) -> list[str]:
    """Return the lines of UTF-8 that hold something."""
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise UserError(f"standard input must be UTF-8, got {error}") from error
    texts = [line for line in lines if line.strip()]
    if not texts:
        raise UserError("standard input must hold a text a line, got none")
    return texts
