"""What a published data file is, and how to recognise it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["KERAS_DATASETS", "Source"]

KERAS_DATASETS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


@dataclass(frozen=True, kw_only=True)
class Source:
    """A published data file and how to recognise it.

    >>> Source(name="my bars", filename="bars.csv", suffixes=(".csv",)).url is None
    True

    Attributes:
        name: what to call the data in messages.
        filename: its name in a directory.
        url: where it is published, or None where there is no such place.
        suffixes: endings that a file given by the user may have, lower case.
        sha256: its hash, or None where none is published.
        size: its size in bytes, or None where unknown.
        max_bytes: the most that is ever downloaded.
        check: called with the path of a file that was cached or downloaded; raises
            `UserError` if the content is wrong. For files without a published hash.
    """

    name: str
    filename: str
    url: str | None = None
    suffixes: tuple[str, ...]
    sha256: str | None = None
    size: int | None = None
    max_bytes: int = 2_000_000_000
    check: Callable[[Path], None] | None = None
