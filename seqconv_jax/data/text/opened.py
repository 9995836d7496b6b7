"""Opening text files: packed or plain, within a limit, in the encoding they have."""

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from seqconv_jax._checks import UserError, shown
from seqconv_jax.data.files.archive import open_zip

__all__ = [
    "bad_bytes",
    "cannot_read",
    "check_encoding",
    "decoded",
    "opened",
    "opened_text",
]

_CHUNK = 1 << 20


def check_encoding(encoding: str) -> str:
    """Return an encoding that Python knows; UTF-8 may have a byte order mark.

    >>> check_encoding("UTF8"), check_encoding("latin-1")
    ('utf-8-sig', 'latin-1')
    """
    try:
        name = codecs.lookup(encoding).name
        "".encode(encoding)  # such as "zip" encode no text
    except (LookupError, TypeError, ValueError):
        raise UserError(
            "`encoding` must be one that Python knows, such as 'utf-8', 'utf-16' or "
            f"'latin-1', got {shown(encoding)}"
        ) from None
    return "utf-8-sig" if name == "utf-8" else encoding


@contextmanager
def opened(path: Path, max_bytes: int) -> Iterator[BinaryIO]:
    """Open a plain file, a `.gz` or a `.zip` with one member, as a stream of bytes.

    Raises:
        UserError: for one that is damaged or cannot be read, and, while it is read,
            past `max_bytes`.
    """
    name = path.name.lower()
    try:
        with ExitStack() as stack:
            if name.endswith(".zip"):
                archive = stack.enter_context(open_zip(path))
                members = [
                    member
                    for member in archive.namelist()
                    if not member.endswith("/")
                    and not member.rsplit("/")[-1].startswith(".")
                    and "__MACOSX" not in member.split("/")
                ]
                if len(members) != 1:
                    raise UserError(
                        f"{path} must hold one file, got {len(members)}; unpack it"
                    )
                raw = stack.enter_context(archive.open(members[0]))
            else:
                opener = gzip.open if name.endswith(".gz") else open
                raw = stack.enter_context(opener(path, "rb"))
            yield io.BufferedReader(_Bounded(raw, path, max_bytes), _CHUNK)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UserError(f"{path} is damaged, or not packed so: {error}") from error
    except OSError as error:
        raise cannot_read(path, error) from error


@contextmanager
def opened_text(
    path: Path, encoding: str, max_bytes: int
) -> Iterator[io.TextIOWrapper]:
    """Open a file as `opened` does, as a stream of text.

    Raises:
        UserError: as `opened` does, and, while it is read, naming the line whose bytes
            are not of the encoding.
    """
    try:
        with opened(path, max_bytes) as file:
            yield io.TextIOWrapper(file, check_encoding(encoding), newline="")
    except UnicodeError as error:
        raise _bad_line(path, encoding, max_bytes) from error


def decoded(content: bytes, encoding: str, path: Path) -> str:
    """Return a whole file's text.

    Raises:
        UserError: naming the file and the line whose bytes are not of the encoding.
    """
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise bad_bytes(path, line, error, encoding) from error
    except UnicodeError as error:
        raise UserError(f"{path} is not {encoding}: {error}") from error


def cannot_read(path: Path, error: OSError) -> UserError:
    """Return the error for what the system does not give out."""
    return UserError(f"cannot read {path}: {error.strerror or error}")


def bad_bytes(
    path: Path, line: int, error: UnicodeDecodeError, encoding: str
) -> UserError:
    """Return the error for bytes that are not of the encoding."""
    byte = error.object[error.start]
    name = encoding.removesuffix("-sig")
    return UserError(
        f"{path}, line {line:,}: byte 0x{byte:02X} is not of {name.upper()}; give the "
        "file's encoding, such as encoding='latin-1' or 'utf-16'"
    )


def _bad_line(path: Path, encoding: str, max_bytes: int) -> UserError:
    """Find the line that cannot be decoded; only ever called for such a file."""
    encoding = check_encoding(encoding)
    decoder, line = codecs.getincrementaldecoder(encoding)(), 1
    with opened(path, max_bytes) as file:
        while part := file.readline(_CHUNK):
            try:
                line += decoder.decode(part).count("\n")
            except UnicodeDecodeError as error:
                return bad_bytes(path, line, error, encoding)
            except UnicodeError as error:
                return UserError(f"{path}, line {line:,}, is not {encoding}: {error}")
    return UserError(f"{path} ends within a character of {encoding}")


class _Bounded(io.RawIOBase):
    """A stream that raises past so many bytes."""

    def __init__(self, file, path: Path, max_bytes: int):
        self._file, self._path = file, path
        self._left = self._most = max_bytes

    def readable(self) -> bool:
        """Return that it is."""
        return True

    def readinto(self, buffer) -> int:
        """Read what comes next."""
        data = self._file.read(min(len(buffer), self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise UserError(
                f"{self._path} holds more than {self._most:,} bytes; raise `max_bytes` "
                "to read it"
            )
        buffer[: len(data)] = data
        return len(data)
