"""Reading zip files that may be damaged or hostile, under a byte cap."""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from seqconv_jax._checks import UserError

__all__ = ["open_zip", "read_bounded", "read_member"]

_CHUNK = 1 << 20
# LZMA takes the memory that the file asks for, up to 4 GB, before it reads a byte.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    UnicodeError,
    EOFError,
    OSError,
    NotImplementedError,
)


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip whose member names are all harmless.

    Nothing is ever extracted to a name from the archive; one that tries to leave its
    directory is an error all the same, because no honest data file has it.

    Args:
        path: the zip file.

    Yields:
        The open archive. Damage met while it is read is reported as `UserError`.

    Raises:
        UserError: if the file is not a zip, is damaged, encrypted or compressed in an
            unknown way, or if a member's name is absolute or climbs out.
    """
    if path.exists() and not path.is_file():  # a pipe would be waited for, for ever
        raise UserError(f"{path}: expected a zip file, got a folder or a device")
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                _check_member(path, member)
            yield archive
    except _DAMAGE as error:
        raise UserError(
            f"{path}: expected a whole zip file, got one that cannot be read "
            f"({error}); remove it and fetch it again"
        ) from error


def read_bounded(archive: zipfile.ZipFile, name: str, max_bytes: int) -> bytes:
    """Return a member's bytes, giving up as soon as they exceed `max_bytes`.

    Args:
        archive: an archive from `open_zip`.
        name: the member's name.
        max_bytes: the most that is ever unpacked.

    Returns:
        The whole member, whose CRC has been verified.

    Raises:
        UserError: if the member unpacks to more than `max_bytes`, or is compressed
            in a way whose memory has no bound.
    """
    method = archive.getinfo(name).compress_type
    if method not in _METHODS:
        raise UserError(
            f"{archive.filename}: member {name!r} must be stored or deflated, as zip "
            f"programs do, got method {method}; pack it anew"
        )
    content = io.BytesIO()
    with archive.open(name) as stream:
        while chunk := stream.read(_CHUNK):
            if content.tell() + len(chunk) > max_bytes:
                raise UserError(
                    f"{archive.filename}: member {name!r} must unpack to at most "
                    f"{max_bytes:,} bytes, got more; this is not the expected file"
                )
            content.write(chunk)
    return content.getvalue()


def read_member(
    path: Path,
    *,
    suffix: str | Sequence[str] = ".csv",
    max_bytes: int = 2_000_000_000,
) -> bytes:
    """Return the bytes of the one data file in a zip.

    Directories and the `__MACOSX` folder that macOS adds are ignored.

    Args:
        path: the zip file.
        suffix: how the member's name must end, in any case; of several, the first that
            any name ends in.
        max_bytes: the most that is ever unpacked.

    Returns:
        The member's bytes, whose CRC has been verified.

    Raises:
        UserError: if the zip is damaged or unsafe, holds none or several such files,
            or unpacks to more than `max_bytes`.
    """
    with open_zip(path) as archive:
        names = [name for name in archive.namelist() if _is_data(name)]
        endings = [suffix] if isinstance(suffix, str) else list(suffix)
        found = [
            [name for name in names if name.lower().endswith(ending.lower())]
            for ending in endings
        ]
        wanted = next(filter(None, found), [])
        if len(wanted) != 1:
            shown = ", ".join(map(repr, (wanted or names)[:5])) or "none"
            raise UserError(
                f"{path}: expected exactly one {' or '.join(endings)} member, "
                f"got {len(wanted)} (members: {shown}); unpack it and pass the file"
            )
        return read_bounded(archive, wanted[0], max_bytes)


def _is_data(name: str) -> bool:
    parts = name.split("/")
    return not (name.endswith("/") or "__MACOSX" in parts or parts[-1][:1] == ".")


def _check_member(path: Path, member: zipfile.ZipInfo) -> None:
    name = member.orig_filename
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or parts[0] == "" or re.match(r"[A-Za-z]:", name):
        raise UserError(
            f"{path}: member names must stay inside the archive, got {name!r}; "
            "do not use this file"
        )
    if member.flag_bits & 1:
        raise UserError(f"{path}: members must not be encrypted, got {name!r}")
