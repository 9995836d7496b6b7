"""The run directory: what a run was asked, how each epoch went, and how it ended.

`config.json`, `history.jsonl` (a line per epoch), `summary.json`, pictures and
`checkpoints/`. All JSON is strict: a NaN or infinity is stored as null. Every write is
atomic, and a lock keeps a second process out.
"""

import os
import platform
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Self

from seqconv_jax._checks import UserError
from seqconv_jax._files import parse_object, plain, replace_file, to_json
from seqconv_jax.runs.lock import DirectoryLock
from seqconv_jax.runs.same_run import check_same_run

CONFIG, HISTORY, SUMMARY = "config.json", "history.jsonl", "summary.json"
CHECKPOINTS = "checkpoints"
PICTURES = ("loss.png", "accuracy.png", "mae.png", "forecast.png")
PACKAGES = (
    "jax",
    "jaxlib",
    "flax",
    "optax",
    "orbax-checkpoint",
    "numpy",
    "pandas",
    "seqconv-jax",
)

_LOCK = ".lock"
_FORMAT_KEY, _FORMAT = "run_format", 1  # marks a config.json as one of ours


@dataclass(frozen=True)
class Run:
    """An open run directory; made by `open`.

    Attributes:
        path: the directory.
        config: the settings, as written to `config.json`.
        resumed: whether there was a run before.
    """

    path: Path
    config: dict[str, Any]
    resumed: bool
    _lock: DirectoryLock = field(repr=False, compare=False)

    @property
    def checkpoint_dir(self) -> Path:
        """Where the run's checkpoints go; made by the first one."""
        return self.path / CHECKPOINTS

    def history(self) -> list[dict[str, Any]]:
        """Return the records, one for each epoch.

        Raises:
            UserError: naming the line that is not a JSON object.
        """
        return _read_lines(self.path / HISTORY)

    def write_history(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Replace the whole history."""
        replace_file(self.path / HISTORY, "".join(map(to_json, records)))

    def append(self, record: Mapping[str, Any]) -> None:
        """Add the record of one epoch."""
        self.write_history([*self.history(), record])

    def truncate_history(self, step: int) -> None:
        """Drop the records of epochs that ended after `step`."""
        records = self.history()
        kept = [record for record in records if record["step"] <= step]
        if len(kept) < len(records):
            self.write_history(kept)

    def summary(self) -> dict[str, Any] | None:
        """Return how the run ended, or None if it has not."""
        path = self.path / SUMMARY
        return parse_object(path.read_bytes(), str(path)) if path.exists() else None

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """Write how the run ended."""
        replace_file(self.path / SUMMARY, to_json(summary, indent=2))

    def close(self) -> None:
        """Let another process open the directory; the end of this one does so too."""
        self._lock.release()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


def open(
    path: str | os.PathLike[str],
    *,
    config: Mapping[str, Any] | None = None,
    resume: bool = False,
    overwrite: bool = False,
) -> Run:
    """Open a run directory and write its `config.json`.

    A directory with a run in it needs `resume` or `overwrite`. `resume` where there is
    none yet starts one, so that a job that may be cut off has one command. `overwrite`
    removes the files a run writes and nothing else, and only if `config.json` says that
    it is a run.

    Resuming needs the config of the run. Free to change are `epochs`, `out`, `resume`,
    `overwrite` and the path of the data (`data`, `data_file`; not its `data_sha256`).
    `versions`, `python`, `platform` and `device` may change with a warning: the numbers
    may then differ in the last bits.

    Args:
        path: the directory, made if it is not there; `~` is the home directory.
        config: all settings, resolved, and the `environment`; None for none, or for
            those of the run that is resumed.
        resume: go on with the run that is there.
        overwrite: start anew in its place.

    Returns:
        The open run; a context manager.

    Raises:
        UserError: if there is a run and no flag, the config differs, the directory
            holds something else, cannot be written, or is in use.
    """
    if resume and overwrite:
        raise UserError("`resume` and `overwrite` exclude each other, got both")
    directory = Path(path).expanduser().absolute()
    settings = {**plain(config or {}, "config"), _FORMAT_KEY: _FORMAT}
    _check_content(directory, resume, overwrite)
    lock = DirectoryLock(directory, _LOCK)
    try:
        # Again: another process may have come and gone before the lock was ours.
        has_run = _check_content(directory, resume, overwrite)
        if has_run and overwrite:
            _remove_run(directory)
        if has_run and resume:
            before = _read_config(directory)
            settings = before if config is None else settings
            check_same_run(directory, before, settings)
        replace_file(directory / CONFIG, to_json(settings, indent=2))
    except BaseException:
        lock.release()
        raise
    return Run(directory, settings, has_run and resume, lock)


def environment(*, device: str | None = None) -> dict[str, Any]:
    """Return the part of a config that says where it ran; nothing is imported for it.

    Args:
        device: what the arrays are on, such as `jax.devices()[0].device_kind`.
    """
    return {
        "versions": {name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": device,
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _check_content(directory: Path, resume: bool, overwrite: bool) -> bool:
    """Return whether there is a run; raise unless it, or nothing, may be there."""
    try:
        names = set(os.listdir(directory)) - {_LOCK, f".{CONFIG}.tmp"}
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
    _read_config(directory)
    if not resume and not overwrite:
        raise UserError(
            f"{directory} already holds a run; go on with it (--resume), replace it "
            "(--overwrite) or choose another directory"
        )
    return True


def _read_config(directory: Path) -> dict[str, Any]:
    path = directory / CONFIG
    config = parse_object(path.read_bytes(), str(path))
    if config.get(_FORMAT_KEY) != _FORMAT:
        raise UserError(
            f"{directory / CONFIG} is not the config of a run that this version can "
            f"read, expected {_FORMAT_KEY} {_FORMAT}, got {config.get(_FORMAT_KEY)!r}; "
            "choose another directory"
        )
    return config


def _remove_run(directory: Path) -> None:
    """Remove what a run writes; the config goes last, for until then it is a run."""
    try:
        checkpoints = directory / CHECKPOINTS
        if checkpoints.is_symlink():
            checkpoints.unlink()
        elif checkpoints.exists():
            shutil.rmtree(checkpoints)
        for name in (HISTORY, SUMMARY, *PICTURES, CONFIG):
            (directory / name).unlink(missing_ok=True)
    except OSError as error:
        raise UserError(
            f"cannot remove the old run in {directory}: {error.strerror}: "
            f"{error.filename}; remove it by hand or choose another directory"
        ) from error


def _read_lines(path: Path) -> list[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [parse_object(s, f"{path}, line {i}") for i, s in enumerate(lines, start=1)]


def _some(names: set[str]) -> str:
    shown = ", ".join(sorted(names)[:3])
    return f"{shown}, …" if len(names) > 3 else shown
