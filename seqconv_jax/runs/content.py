"""What a run directory holds, and how it is told from any other directory."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from seqconv_jax._checks import UserError
from seqconv_jax._files import parse_object

CONFIG, HISTORY, SUMMARY = "config.json", "history.jsonl", "summary.json"
CHECKPOINTS = "checkpoints"
LOCK = ".lock"
FORMAT_KEY, FORMAT = "run_format", 1  # marks a config.json as one of ours


def check_content(directory: Path, resume: bool, overwrite: bool) -> bool:
    """Return whether there is a run.

    Raises:
        UserError: if there is something else, or a run that must be left alone.
    """
    try:
        names = set(os.listdir(directory)) - {LOCK, f".{CONFIG}.tmp"}
    except FileNotFoundError:
        return False
    except NotADirectoryError:
        raise UserError(f"{directory} is a file, expected a directory") from None
    except OSError as error:
        raise UserError(f"cannot read {directory}: {error.strerror}") from error
    if not names:
        return False
    if CONFIG not in names:
        raise UserError(
            f"{directory} is not empty and holds no {CONFIG}, expected a run or an "
            f"empty directory, got {_some(names)}; choose another directory"
        )
    read_config(directory)
    if not resume and not overwrite:
        raise UserError(
            f"{directory} already holds a run; go on with it (resume=True), replace it "
            "(overwrite=True) or choose another directory"
        )
    return True


def read_config(directory: Path) -> dict[str, Any]:
    """Return the config of a run.

    Raises:
        UserError: if it is damaged, or not that of a run.
    """
    path = directory / CONFIG
    config = parse_object(path.read_bytes(), str(path))
    if config.get(FORMAT_KEY) != FORMAT:
        raise UserError(
            f"{directory / CONFIG} is not the config of a run that this version can "
            f"read, expected {FORMAT_KEY} {FORMAT}, got {config.get(FORMAT_KEY)!r}; "
            "choose another directory"
        )
    return config


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
        for name in (HISTORY, SUMMARY, *files, CONFIG):
            (directory / name).unlink(missing_ok=True)
    except OSError as error:
        raise UserError(
            f"cannot remove the old run in {directory}: {error.strerror}: "
            f"{error.filename}; remove it by hand or choose another directory"
        ) from error


def _some(names: set[str]) -> str:
    shown = ", ".join(sorted(names)[:3])
    return f"{shown}, …" if len(names) > 3 else shown
