"""What a run directory holds, and how it is told from any other directory."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from seqconv_jax._checks import UserError
from seqconv_jax._files import cannot_read, link_error
from seqconv_jax.runs.sealed import PREDICTOR, read_config

CONFIG, HISTORY, SUMMARY = "config.json", "history.jsonl", "summary.json"
TEST_SCORES = "test_scores.npz"
CALIBRATION = "calibration.json"
TEST_ANSWERS = "test_answers.json"
CHECKPOINTS = "checkpoints"
LOCK = ".lock"


def check_place(directory: Path) -> None:
    """Raise if there is something else than a run, before anything is written.

    A run may be replaced by another process while this looks at it, so where there is
    a lock the decision is left to `check_content`, which wants the lock held.
    """
    names = _names(directory)
    if LOCK not in names and _check_names(directory, names):
        read_config(directory / CONFIG)


def check_content(directory: Path, resume: bool, overwrite: bool) -> bool:
    """Return whether there is a run, with the lock held.

    Raises:
        UserError: if there is something else, or a run that must be left alone.
    """
    names = _names(directory)
    if not _check_names(directory, names):
        return False
    read_config(directory / CONFIG)
    if not resume and not overwrite:
        raise UserError(
            f"{directory} already holds a run; go on with it (resume=True), replace it "
            "(overwrite=True) or choose another directory"
        )
    checkpoints = directory / CHECKPOINTS
    if resume and checkpoints.is_symlink():
        raise link_error(checkpoints, "directory")
    return True


def remove_run(directory: Path, files: Iterable[str]) -> None:
    """Remove what a run writes; the config goes last, for until then it is a run.

    Args:
        directory: the run directory.
        files: names of the files that the caller writes in it.

    Raises:
        UserError: if something cannot be removed.
    """
    try:
        checkpoints = directory / CHECKPOINTS
        if checkpoints.is_symlink():
            checkpoints.unlink()
        elif checkpoints.exists():
            shutil.rmtree(checkpoints)
        written = (HISTORY, SUMMARY, PREDICTOR, TEST_SCORES, TEST_ANSWERS, CALIBRATION)
        for name in (*written, *files, CONFIG):
            (directory / name).unlink(missing_ok=True)
    except OSError as error:
        raise UserError(
            f"cannot remove the old run in {directory}: {error.strerror}: "
            f"{error.filename}; remove it by hand or choose another directory"
        ) from error


def _names(directory: Path) -> set[str]:
    try:
        return set(os.listdir(directory))
    except FileNotFoundError:
        return set()
    except NotADirectoryError:
        raise UserError(f"{directory} is a file, expected a directory") from None
    except OSError as error:
        raise cannot_read(directory, error) from error


def _check_names(directory: Path, names: set[str]) -> bool:
    """Return whether there may be a run; raise if there is something else."""
    names = names - {LOCK, f".{CONFIG}.tmp"}
    if names and CONFIG not in names:
        raise UserError(
            f"{directory} is not empty and holds no {CONFIG}, expected a run or an "
            f"empty directory, got {_some(names)}; choose another directory"
        )
    return bool(names)


def _some(names: set[str]) -> str:
    shown = ", ".join(sorted(names)[:3])
    return f"{shown}, …" if len(names) > 3 else shown
