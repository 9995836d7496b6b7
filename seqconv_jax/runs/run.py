"""The run directory: what a run was asked, how each epoch went, and how it ended.

`config.json`, `history.jsonl` (a line per epoch), `summary.json`, `checkpoints/`,
`predictor.json` (what `runs.load` makes a predictor of) and the caller's figures. All
JSON is strict: a NaN or infinity is stored as null. Every write is atomic, and a lock
keeps a second process out.
"""

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

from seqconv_jax._checks import UserError, expect, flag
from seqconv_jax._checks import path as check_path
from seqconv_jax._json import plain
from seqconv_jax.runs.content import (
    CHECKPOINTS,
    CONFIG,
    HISTORY,
    LOCK,
    PREDICTOR,
    SUMMARY,
    check_content,
    check_place,
    remove_run,
)
from seqconv_jax.runs.lock import DirectoryLock
from seqconv_jax.runs.same_run import check_same_run
from seqconv_jax.runs.sealed import (
    FORMAT,
    FORMAT_KEY,
    read_config,
    read_lines,
    read_predictor,
    read_summary,
    write_lines,
    write_sealed,
)


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
            UserError: naming the line that is damaged or in the wrong place.
        """
        return read_lines(self.path / HISTORY)

    def write_history(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Replace the whole history."""
        records = list(records)
        for record in records:
            what = "mappings, one for each epoch"
            expect(isinstance(record, Mapping), "records", what, record)
        write_lines(self.path / HISTORY, records)

    def append(self, record: Mapping[str, Any]) -> None:
        """Add the record of one epoch."""
        self.write_history([*self.history(), record])

    def summary(self) -> dict[str, Any] | None:
        """Return how the run ended, or None if it has not."""
        return read_summary(self.path / SUMMARY)

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """Write how the run ended."""
        write_sealed(self.path / SUMMARY, summary)

    def write_predictor(self, settings: Mapping[str, Any]) -> None:
        """Write what a predictor is made of besides the weights; `train.fit` does."""
        write_sealed(self.path / PREDICTOR, settings)

    def write_members(self, folders: Sequence[str]) -> None:
        """Make the run an ensemble: `load` has all of its networks answer as one.

        Args:
            folders: names of the folders of the run that hold the other networks' runs,
                or all of them, where the run has trained none of its own.

        Raises:
            UserError: where nothing has been trained in one of them.
        """
        members = [self._predictor(self.path / name) for name in folders]
        own = read_predictor(self.path / PREDICTOR)
        if own is None:
            expect(len(folders) > 0, "folders", "at least one", list(folders))
            own = {"format": members[0].get("format")}
        self.write_predictor({**own, "members": list(folders)})

    def opener(self, folder: str, **config: Any) -> Callable[[], "Run"]:
        """Return what opens the run in a folder of this one, in any process.

        It is begun anew where this one is, else gone on with.

        Args:
            folder: its name.
            **config: what its config says besides or in place of this one's.
        """
        settings = {**self.config, **config}
        return partial(
            open,
            self.path / folder,
            config=settings,
            resume=self.resumed,
            overwrite=not self.resumed,
            # What may change has been compared when this one was opened.
            may_change=tuple(settings.keys() - config.keys()),
        )

    def _predictor(self, directory: Path) -> dict[str, Any]:
        settings = read_predictor(directory / PREDICTOR)
        if settings is None:
            raise UserError(f"{directory} holds no {PREDICTOR}: train in it first")
        return settings

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
    may_change: Collection[str] = ("epochs",),
    files: Collection[str] = (),
) -> Run:
    """Open a run directory and write its `config.json`.

    A directory with a run in it needs `resume` or `overwrite`. `resume` where there is
    none yet starts one, so that a job that may be cut off has one command. `overwrite`
    removes what a run writes and nothing else, and only if `config.json` says that it
    is a run.

    Resuming needs the config of the run, except for the keys in `may_change`. The keys
    of `environment` may change with a warning: the numbers may then differ in the last
    bits. A `data_source` may change from one kind of real data to another, so record
    the `data_sha256` beside it.

    Args:
        path: the directory, made if it is not there; `~` is the home directory.
        config: all settings, resolved, and the `environment`; None for none, or for
            those of the run that is resumed.
        resume: go on with the run that is there.
        overwrite: start anew in its place.
        may_change: top-level keys of the config that a resumed run may change, such as
            where the data lies.
        files: names of files that the caller writes in the directory, such as
            `"loss.png"`, which `overwrite` removes too.

    Returns:
        The open run; a context manager.

    Raises:
        UserError: if there is a run and neither `resume` nor `overwrite`, the config
            differs, the directory holds something else, cannot be written, or is in
            use.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "run"
        >>> with open(path, config={"seed": 0}) as run:
        ...     run.append({"epoch": 1, "step": 5, "loss": 0.5})
        >>> with open(path, config={"seed": 0}, resume=True) as run:
        ...     run.resumed, run.history()
        (True, [{'epoch': 1, 'step': 5, 'loss': 0.5}])
    """
    check_path("path", path)
    for name, value in {"resume": resume, "overwrite": overwrite}.items():
        flag(name, value)
    mapped = config is None or isinstance(config, Mapping)
    expect(mapped, "config", "a mapping of settings", config)
    if resume and overwrite:
        raise UserError("`resume` and `overwrite` exclude each other, got both")
    for name in files:
        plain_name = Path(name).name == name != ".."
        expect(plain_name, "files", "names without a directory", name)
    directory = Path(path).expanduser().absolute()
    settings = {**plain(config or {}, "config"), FORMAT_KEY: FORMAT}
    check_place(directory)
    lock = DirectoryLock(directory, LOCK)
    try:
        has_run = check_content(directory, resume, overwrite)
        if has_run and overwrite:
            remove_run(directory, files)
        if has_run and resume:
            before = read_config(directory / CONFIG)
            _seal(directory, before)
            settings = {**before, FORMAT_KEY: FORMAT} if config is None else settings
            check_same_run(directory, before, settings, may_change)
        write_sealed(directory / CONFIG, settings)
    except BaseException:
        lock.release()
        raise
    return Run(directory, settings, has_run and resume, lock)


def _seal(directory: Path, config: Mapping[str, Any]) -> None:
    """Give what an older version wrote its checksums, before the config says so."""
    if config[FORMAT_KEY] < FORMAT:
        history, summary = directory / HISTORY, directory / SUMMARY
        if records := read_lines(history, sealed=False):
            write_lines(history, records)
        if (ended := read_summary(summary, sealed=False)) is not None:
            write_sealed(summary, ended)
