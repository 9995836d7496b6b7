"""Programs that JAX has compiled, kept for the next start of a command."""

import errno
import hashlib
import os
import platform
import sys
import zlib
from pathlib import Path

_MOST = 2**27  # bytes that are kept


def keep_compiled(chosen: Path | None) -> None:
    """Let JAX keep the programs that it compiles in a directory.

    Args:
        chosen: the directory; None for $JAX_COMPILATION_CACHE_DIR, else one in the
            user's cache directory, where no command fails for want of it.

    Raises:
        UserError: if the chosen directory cannot be written.
    """
    import jax

    from seqconv_jax._checks import UserError

    if chosen is None and os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        directory = None
    elif chosen is None:
        directory = default_directory()
        try:
            _make(directory)
            _tidy(directory)
        except OSError as error:
            reason = f"cannot write in {directory}: {error.strerror}"
            print(f"compiled programs are not kept: {reason}", file=sys.stderr)
            return
    else:
        directory = chosen
        try:
            _make(directory)
        except OSError as error:
            raise UserError(
                f"cannot write in {directory}: {error.strerror}; choose another "
                "directory"
            ) from error
    if directory is not None:
        jax.config.update("jax_compilation_cache_dir", str(directory))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def default_directory() -> Path:
    """Return where programs for this processor are kept; they run on no other."""
    from seqconv_jax.data.files.cache import cache_dir

    processor = f"{platform.machine()} {platform.processor()}"
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor += "".join(
            dict.fromkeys(x for x in lines if x.startswith(("model name", "flags")))
        )
    except OSError:  # there is none but on Linux
        pass
    name = hashlib.sha256(processor.encode()).hexdigest()[:12]
    return cache_dir() / "compiled" / name


def _make(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    if not os.access(directory, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _tidy(directory: Path) -> None:
    """Drop what a killed process left, and the oldest where there is much.

    JAX never writes an entry twice, so a part of one would stay and be warned of.
    """
    held = 0
    for path in sorted(directory.glob("*-cache"), key=os.path.getmtime, reverse=True):
        content = path.read_bytes()
        if _is_part(content) or held + len(content) > _MOST:
            path.unlink()
        else:
            held += len(content)


def _is_part(content: bytes) -> bool:
    """Return whether an entry, where it is one of zlib's, is not whole."""
    if content[:1] != b"\x78":
        return not content
    try:
        zlib.decompress(content)
    except zlib.error:
        return True
    return False
