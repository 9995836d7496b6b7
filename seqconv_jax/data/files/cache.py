"""The cache directory, and writes into it that are all or nothing."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["cache_dir", "replacing", "set_aside"]


def cache_dir() -> Path:
    """Return the user's cache directory, which need not exist yet.

    It is `$SEQCONV_CACHE`, else `$XDG_CACHE_HOME/seqconv_jax`, else
    `~/.cache/seqconv_jax`.
    """
    if chosen := os.environ.get("SEQCONV_CACHE"):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "seqconv_jax"


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a new temporary file beside `target` that takes its place at the end.

    The name is unique, so processes that write the same target do not disturb each
    other: the last one wins and every reader sees a whole file. If the block raises,
    the temporary file is removed and the target stays as it was. (A run's own files
    have one writer and must survive a power cut: `seqconv_jax._files.replace_file`.)

    Args:
        target: the file to create or replace; its directory is made if needed.

    Yields:
        The temporary file, empty.

    Raises:
        OSError: if the directory cannot be made or written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    temporary.touch(exist_ok=False)  # not mkstemp: a shared cache keeps its umask
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def set_aside(path: Path, target: Path) -> str:
    """Move a rejected file to `<target>.rejected` and say so in three or four words."""
    rejected = target.with_name(target.name + ".rejected")
    try:
        os.replace(path, rejected)
    except OSError:
        return "it could not be moved aside"
    return f"moved to {rejected}"
