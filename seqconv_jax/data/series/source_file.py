"""The file that a series is read from: is it there, and its plain bytes."""

import gzip
import os
import zlib
from pathlib import Path

from seqconv_jax._checks import UserError, shown
from seqconv_jax.data.files.archive import read_member
from seqconv_jax.data.files.kinds import check_text

__all__ = ["MAX_BYTES", "existing_file", "text_bytes", "too_large"]

MAX_BYTES = 2**30
# The first of these kinds that a zip has one member of is the one read.
_TEXT = (".csv", ".tsv", ".txt", ".dat", ".tab", ".data")
_EXCEL = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods")


def existing_file(path: str | os.PathLike[str] | None) -> Path:
    """Return `path` as a `Path` if it is a file, else raise `UserError`."""
    if path is None:
        raise UserError("`path` must name a CSV or Parquet file, got generated data")
    if not isinstance(path, (str, os.PathLike)):
        raise UserError(
            f"`path` must name a CSV or Parquet file, got {shown(path)}; a pandas "
            "frame is for Series.from_pandas"
        )
    path = Path(path)
    if not os.path.isfile(path):
        what = "is a folder" if os.path.isdir(path) else "is no regular file"
        what = what if os.path.exists(path) else "does not exist"
        raise UserError(f"`path` must name a CSV or Parquet file; {path} {what}")
    return path


def text_bytes(path: Path, max_bytes: int) -> bytes:
    """Return the plain bytes of a text file, packed by gzip or alone in a zip, or not.

    Raises:
        UserError: for a file that is damaged, of another kind, or larger than
            `max_bytes` once unpacked.
    """
    name = path.name.lower()
    if name.endswith(".zip"):
        return read_member(path, suffix=_TEXT, max_bytes=max_bytes)
    if name.endswith(_EXCEL):
        raise UserError(
            f"{path} is a spreadsheet, which is not read; save the sheet as CSV, or "
            "use pandas.read_excel and Series.from_pandas"
        )
    if not name.endswith((*_TEXT, ".gz")):
        raise UserError(
            f"`path` must end in .csv, .tsv, .txt, .dat, .csv.gz, .zip or .parquet, "
            f"got {str(path)!r}"
        )
    if not name.endswith(".gz") and path.stat().st_size > max_bytes:
        raise too_large(path, max_bytes)
    try:
        with gzip.open(path) if name.endswith(".gz") else path.open("rb") as file:
            # One byte more than allowed is enough to know, and bounds the memory.
            data = file.read(max_bytes + 1)
    except gzip.BadGzipFile as error:
        with path.open("rb") as file:
            check_text(file.read(1 << 16), str(path))
        raise UserError(f"{path} is damaged, or no gzip file: {error}") from error
    except (EOFError, zlib.error) as error:
        raise UserError(f"{path} is damaged, or no gzip file: {error}") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error
    if len(data) > max_bytes:
        raise too_large(path, max_bytes)
    return data


def too_large(path: Path, max_bytes: int) -> UserError:
    """Return the error for a file of more than `max_bytes` bytes."""
    return UserError(
        f"{path} holds more than {max_bytes:,} bytes; raise `max_bytes` to read it"
    )
