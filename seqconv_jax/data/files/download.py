"""One verified download over HTTPS that never hangs and never leaves half a file."""

from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from pathlib import Path

from seqconv_jax._checks import UserError
from seqconv_jax.data.files import cache
from seqconv_jax.data.files.stream import BrokenOffError, stream

__all__ = ["download"]


def download(
    url: str,
    target: Path,
    *,
    max_bytes: int,
    verify: Callable[[Path], None],
    schemes: Collection[str] = ("https",),
    connect_timeout: float = 4.0,
    patience: float = 8.0,
) -> None:
    """Fetch `url` into `target`, which appears only when it is whole and verified.

    A transfer that breaks off is started again once.

    Args:
        url: where the file is.
        target: where it goes; its directory is made if needed.
        max_bytes: the most that is accepted.
        verify: called with the finished temporary file; raises `UserError` to reject
            it, and then the file is kept as `<target>.rejected`.
        schemes: URL schemes that may be used, redirects included.
        connect_timeout: seconds to wait for one address and for one read.
        patience: seconds without any progress, name lookup included, to give up after.

    Raises:
        NoNetworkError: if the server could not be reached.
        UserError: if it answered with an error or a web page, sent too much or the
            wrong bytes, broke off twice, or if the directory cannot be written.
    """
    for last in (False, True):
        try:
            with closing(stream(url, schemes, connect_timeout, patience)) as chunks:
                return _save(chunks, url, target, max_bytes, verify)
        except BrokenOffError as error:
            if last:
                raise UserError(
                    f"{url}: the download broke off twice ({error}); run again, or "
                    f"place the file by hand as {target}"
                ) from error


def _save(
    chunks: Iterator[bytes],
    url: str,
    target: Path,
    max_bytes: int,
    verify: Callable[[Path], None],
) -> None:
    first = next(chunks, b"")  # reach the server before touching the disk
    try:
        with cache.replacing(target) as temporary:
            _write(temporary, first, chunks, url, max_bytes)
            try:
                verify(temporary)
            except UserError as error:
                aside = cache.set_aside(temporary, target)
                raise UserError(f"{error}; {aside}") from error
    except OSError as error:
        raise UserError(
            f"{target.parent}: the cache directory must be writable, got "
            f"{error.strerror or error}; set $SEQCONV_CACHE to another directory"
        ) from error


def _write(
    path: Path, first: bytes, chunks: Iterator[bytes], url: str, max_bytes: int
) -> None:
    with open(path, "wb") as file:
        chunk = first
        while chunk:
            if file.tell() + len(chunk) > max_bytes:
                raise UserError(
                    f"{url}: the file must have at most {max_bytes:,} bytes, got more; "
                    "nothing was kept"
                )
            file.write(chunk)
            chunk = next(chunks, b"")
