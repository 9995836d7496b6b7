"""Find a data file: a given one, the cache, a verified download, or nowhere."""

import os
import warnings
from collections.abc import Callable
from pathlib import Path

from seqconv_jax._checks import UserError, shown
from seqconv_jax.data.files import cache
from seqconv_jax.data.files.download import download
from seqconv_jax.data.files.origin import GENERATED, Origin, sha256_file
from seqconv_jax.data.files.source import Source
from seqconv_jax.data.files.stream import NoNetworkError

__all__ = ["GeneratedDataWarning", "find"]


class GeneratedDataWarning(UserWarning):
    """Real data could not be had, and a generated stand-in takes its place."""


def find(
    source: Source,
    path: str | os.PathLike[str] | None = None,
    *,
    require_real: bool = False,
    fetch: Callable[..., None] = download,
) -> Origin:
    r"""Find a data file: `path`, `$SEQCONV_DATA`, the cache, then a download.

    `path` and `$SEQCONV_DATA` name a file or a directory that holds it, itself or one
    level below. What they name is the user's own and needs no particular hash; cached
    and downloaded files must be exactly the published ones. `$SEQCONV_OFFLINE`, if
    set, leaves the network alone.

    Args:
        source: the file to find.
        path: where the user says it is; never replaced by anything else.
        require_real: whether to raise where a stand-in would be needed.
        fetch: does the download; has the signature of `download.download`.

    Returns:
        The file with its hash, which is worked out here and nowhere after; or
        `Origin(None, "generated", None)` after a `GeneratedDataWarning`.

    Raises:
        UserError: if `path` or `$SEQCONV_DATA` does not exist or is of the wrong kind,
            a cached or downloaded file is not the published one (it is moved aside),
            the server answers with an error, the cache cannot be written, or
            `require_real` and there is no real file.

    Warns:
        GeneratedDataWarning: where the caller must generate a stand-in.

    Example:
        >>> import tempfile
        >>> source = Source(name="bars", filename="bars.csv", suffixes=(".csv",))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "bars.csv").write_text("close\n1\n")
        ...     origin = find(source, folder)
        >>> origin.source, origin.sha256[:8]
        ('file', '5fdb833a')
    """
    if path is not None:
        if not isinstance(path, (str, os.PathLike)):
            raise UserError(f"the data path must be a path, got {shown(path)}")
        return _given(_within(source, Path(path).expanduser(), "the data path"))
    if (named := _from_environment(source)) is not None:
        return _given(named)
    cached = cache.cache_dir() / source.filename
    if cached.exists():
        return Origin(cached, "cache", _verify_cached(source, cached))
    try:
        sha256 = _fetch(source, cached, fetch)
    except NoNetworkError as reason:
        if require_real:
            raise UserError(f"{source.name}: {reason}; {_remedy(source)}") from reason
        warnings.warn(_notice(source, str(reason)), GeneratedDataWarning, stacklevel=2)
        return GENERATED
    return Origin(cached, "download", sha256)


def _given(path: Path) -> Origin:
    try:
        return Origin.of(path)
    except OSError as error:
        raise UserError(
            f"{path}: the data file must be readable, got {error.strerror}"
        ) from error


def _within(source: Source, path: Path, what: str) -> Path:
    """Return the file that `path` names, itself or in that directory."""
    if not os.path.exists(path):  # pathlib's raises where a name is too long
        raise UserError(f"{what} must exist, got {str(path)!r}")
    if path.is_dir():
        if (found := _in_directory(source, path)) is not None:
            return found
        raise UserError(f"{what} must hold {source.filename}, got directory {path}")
    if not _is_kind(source, path):
        raise UserError(
            f"{what} must be a {' or '.join(source.suffixes)} file with {source.name}, "
            f"got {str(path)!r}"
        )
    return path


def _from_environment(source: Source) -> Path | None:
    """Look where `$SEQCONV_DATA` says.

    It may hold other data than what is looked for now, so a directory without the
    file or a file of another kind is passed over; a place that does not exist is not.
    """
    if not (named := os.environ.get("SEQCONV_DATA")):
        return None
    path = Path(named).expanduser()
    if os.path.isfile(path):
        if _is_kind(source, path):
            return path
        path = path.parent
    if not os.path.exists(path):
        raise UserError(f"$SEQCONV_DATA must name what exists, got {named!r}")
    return _in_directory(source, path)


def _in_directory(source: Source, folder: Path) -> Path | None:
    direct = folder / source.filename
    below = sorted(folder.glob(f"*/{source.filename}"))
    return next((path for path in [direct, *below] if path.is_file()), None)


def _is_kind(source: Source, path: Path) -> bool:
    return path.is_file() and path.name.lower().endswith(source.suffixes)


def _verify(source: Source, path: Path, label: str) -> str:
    """Return the file's hash if it is the published file, else raise."""
    sha256 = sha256_file(path)
    if source.sha256 is not None and sha256 != source.sha256:
        size = f"{source.size:,} bytes, " if source.size else ""
        raise UserError(
            f"{label}: {source.name} must have {size}sha256 {source.sha256}, got "
            f"{path.stat().st_size:,} bytes, sha256 {sha256}; a copy of your own "
            "is accepted by its path"
        )
    if source.check is not None:
        source.check(path)
    return sha256


def _verify_cached(source: Source, cached: Path) -> str:
    try:
        return _verify(source, cached, str(cached))
    except UserError as error:
        aside = cache.set_aside(cached, cached)
        raise UserError(f"{error}; {aside}") from error


def _fetch(source: Source, cached: Path, fetch: Callable[..., None]) -> str:
    """Download the file into the cache and return its hash."""
    if source.url is None:
        raise NoNetworkError("it is published nowhere that this library knows")
    if os.environ.get("SEQCONV_OFFLINE"):
        raise NoNetworkError("$SEQCONV_OFFLINE is set")
    url, hashes = source.url, []

    def verify(path: Path) -> None:
        hashes.append(_verify(source, path, url))

    fetch(url, cached, max_bytes=source.max_bytes, verify=verify)
    if not hashes:  # a `fetch` of somebody's own that left it out
        verify(cached)
    return hashes[-1]


def _remedy(source: Source) -> str:
    origin = f" from {source.url}" if source.url else ""
    return (
        f"get {source.filename}{origin} and place it in {cache.cache_dir()}, "
        "or pass its path"
    )


def _notice(source: Source, reason: str) -> str:
    rule = "=" * 72
    return (
        f"\n{rule}\n"
        f"GENERATED DATA: {source.name} could not be had ({reason}).\n"
        "A generated stand-in takes its place.\n"
        "Its scores are NOT comparable with any score on the real data.\n"
        f"For the real data, {_remedy(source)}.\n"
        f"{rule}"
    )
