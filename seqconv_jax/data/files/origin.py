"""Where data comes from: made once, where a file is found, and handed on whole."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["GENERATED", "DataSource", "Origin", "sha256_file"]

DataSource = Literal["file", "cache", "download", "generated"]


@dataclass(frozen=True)
class Origin:
    """The file that data was read from, or the news that there is none.

    A run records it, so that a later one can tell whether it sees the same data. The
    default is data that somebody has made in memory.

    >>> Origin()
    Origin(path=None, source='file', sha256=None)

    Attributes:
        path: the file; None where there is none.
        source: "file" for the user's own data, "cache" or "download" for a published
            file, "generated" for a stand-in.
        sha256: the hash of the file's bytes as they lie on disk, 64 hexadecimal
            digits; None where there is no file.
    """

    path: Path | None = None
    source: DataSource = "file"
    sha256: str | None = None

    @classmethod
    def of(cls, path: Path, source: DataSource = "file") -> "Origin":
        """Return the origin of a file, hashing it.

        Raises:
            OSError: if the file cannot be read.
        """
        return cls(path, source, sha256_file(path))


GENERATED = Origin(None, "generated")


def sha256_file(path: Path) -> str:
    """Return the sha256 of a file's bytes as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
