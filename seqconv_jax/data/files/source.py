"""What a published data file is, how to recognise it, and the Jena climate series."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from seqconv_jax._checks import UserError
from seqconv_jax.data.files.archive import read_member

KERAS_DATASETS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


@dataclass(frozen=True, kw_only=True)
class Source:
    """A published data file and how to recognise it.

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


def _check_jena(path: Path) -> None:
    head = read_member(path, max_bytes=200_000_000)[:400].split(b"\n", 1)[0]
    columns = [name.strip(b'"\r') for name in head.split(b",")]
    if columns[0] != b"Date Time" or b"T (degC)" not in columns or len(columns) != 15:
        raise UserError(
            f"{path}: expected a table of 'Date Time' and 14 columns with 'T (degC)', "
            f"got {len(columns)} columns, {columns[0][:40]!r} first"
        )


JENA = Source(
    name="the Jena climate series",
    filename="jena_climate_2009_2016.csv.zip",
    url=KERAS_DATASETS + "jena_climate_2009_2016.csv.zip",
    suffixes=(".csv", ".zip", ".gz", ".parquet", ".txt"),
    max_bytes=100_000_000,
    check=_check_jena,
)

CSI300 = Source(
    name="the CSI 300 index",
    filename="000300.SH.csv",
    suffixes=(".csv", ".zip", ".gz", ".parquet", ".txt"),
    max_bytes=100_000_000,
)
