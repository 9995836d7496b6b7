"""Step directories: which are there, and how one appears or goes by a single rename.

`<step>/` is complete. What a process was doing when it was killed has a hidden name:
`.writing-<step>`, `.replaced-<step>` (making room for the same step), or
`.deleting-<step>`.
"""

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from seqconv_jax._best import best_of
from seqconv_jax._checks import UserError
from seqconv_jax._files import cannot_read, sync_directory
from seqconv_jax.checkpoint import manifest


def steps(directory: Path) -> list[int]:
    """Return the complete steps in order."""
    try:
        names = os.listdir(directory)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise cannot_read(directory, error) from error
    return sorted(int(n) for n in names if n.isdecimal() and str(int(n)) == n)


def best(
    directory: Path,
    monitor: str,
    mode: Literal["min", "max"],
    among: Iterable[int] | None = None,
) -> int | None:
    """Return the earliest step with the best finite `monitor`, or None.

    Args:
        directory: where the steps are.
        monitor: the metric.
        mode: whether a smaller or a larger one is better.
        among: the steps to look at, in order; by default all.
    """
    among = steps(directory) if among is None else among
    held = {step: manifest.read(directory / str(step))["metrics"] for step in among}
    scores = [(step, (metrics or {}).get(monitor)) for step, metrics in held.items()]
    return best_of(scores, mode)


def prepare(directory: Path) -> None:
    """Make the directory, and clear what a killed process left in it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"cannot make the checkpoint directory {directory}: {error.strerror}"
        ) from error
    restore(directory)
    for kind in ("writing", "deleting", "replaced"):
        for entry in directory.glob(f".{kind}-*"):
            _remove(entry)


def restore(directory: Path) -> None:
    """Bring back a step whose process was killed between the renames of `writing`."""
    for entry in directory.glob(".replaced-*"):
        step = directory / entry.name.removeprefix(".replaced-")
        try:
            if not os.path.lexists(step):
                entry.rename(step)
        except OSError as error:
            raise UserError(
                f"cannot bring back checkpoint {step}: {error.strerror}; rename "
                f"{entry.name} to {step.name} by hand"
            ) from error


@contextlib.contextmanager
def writing(directory: Path, step: int) -> Iterator[Path]:
    """Yield a hidden directory to fill; it becomes the step when the block ends well.

    A step of the same number is replaced. If the block raises, nothing changes.
    """
    hidden = directory / f".writing-{step}"
    final = directory / str(step)
    replaced = directory / f".replaced-{step}"
    _remove(hidden)
    try:
        hidden.mkdir()
        yield hidden
        if final.exists():
            final.rename(replaced)
        hidden.rename(final)
    except BaseException:
        _remove(hidden)
        restore(directory)
        raise
    sync_directory(directory)
    _remove(replaced)


def discard(directory: Path, step: int) -> None:
    """Remove a step, or leave it whole where that cannot be done.

    It is renamed first: a step that is half removed must not look like a whole one.
    """
    doomed = directory / f".deleting-{step}"
    _remove(doomed)
    with contextlib.suppress(OSError):
        (directory / str(step)).rename(doomed)
    _remove(doomed)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()  # a link or a file, which `rmtree` would leave
    shutil.rmtree(path, ignore_errors=True)
