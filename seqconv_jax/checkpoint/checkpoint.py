"""Checkpoints: the latest and the best state of a run, complete or not there at all.

A step is a directory `<step>/` with `arrays/`, a plain Orbax checkpoint of host arrays,
`variables.bin` (see `checkpoint.variables`), and `manifest.json` with the metrics, the
shape and dtype of every leaf and the SHA-256 of every file. All are written under a
hidden name and appear by one rename, so a process killed at any instant leaves only
complete steps. The hashes are there because Orbax returns wrong numbers for some
flipped bytes. Host arrays make a checkpoint independent of the devices it was saved
from.
"""

import os
import warnings
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal, Self

import jax
import numpy as np

from seqconv_jax._checks import UserError, expect, non_negative_int, one_of
from seqconv_jax._json import plain
from seqconv_jax._leaves import named_leaves
from seqconv_jax.checkpoint import leaves as _leaves
from seqconv_jax.checkpoint import manifest as _manifest
from seqconv_jax.checkpoint import steps as _steps
from seqconv_jax.checkpoint.arrays import read_arrays, reason_of, write_arrays
from seqconv_jax.checkpoint.variables import write_variables


class Checkpoints:
    """The checkpoints in one directory: the latest, and the best by one metric.

    Saving copies the tree to the host before it returns, so its buffers may be donated
    at once; a thread writes the files meanwhile, and everything else here waits for
    it. Leave the `with` block, or call `close`, before the process ends.

    Args:
        directory: where the steps are; made by the first `save`.
        monitor: the metric that says which step is best; the earliest wins a tie.
        mode: whether a smaller ("min") or a larger ("max") metric is better.

    Raises:
        UserError: if `directory` exists and is not a directory.

    Example:
        >>> import tempfile
        >>> state = {"w": np.zeros(2), "step": 5}
        >>> with Checkpoints(tempfile.mkdtemp()) as checkpoints:
        ...     checkpoints.save(5, state, {"val_loss": 0.25})
        ...     checkpoints.save(10, {"w": np.ones(2), "step": 10}, {"val_loss": 0.5})
        ...     checkpoints.latest, checkpoints.best, checkpoints.load(10, state)
        (10, 5, {'step': 10, 'w': array([1., 1.])})
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        monitor: str = "val_loss",
        mode: Literal["min", "max"] = "min",
    ) -> None:
        """Look at the directory."""
        self.directory = Path(directory).absolute()
        self.monitor = monitor
        one_of("mode", mode, ("min", "max"))
        self.mode: Literal["min", "max"] = mode
        if os.path.lexists(self.directory) and not os.path.isdir(self.directory):
            raise UserError(f"`directory` must be a directory, got file {directory}")
        self._pending: Future[None] | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._damage: dict[int, _manifest.DamagedError | None] = {}  # by step, if known
        _steps.restore(self.directory)

    @property
    def steps(self) -> list[int]:
        """The steps that can be loaded, in order.

        Those that were there before are read once, to the last byte. A damaged one is
        passed over with a warning, and stays where it is.

        Raises:
            UserError: if there are steps and none is whole, or one cannot be read, or
                has another name, where to rename it loses nothing.
        """
        self.wait()
        there = _steps.steps(self.directory)
        unknown = [step for step in there if step not in self._damage]
        for step in unknown:
            self._damage[step] = _manifest.damage(self.directory / str(step))
        damaged = [error for step in there if (error := self._damage[step])]
        for error in filter(attrgetter("mends"), damaged):
            raise error
        whole = self._whole(there)
        if there and not whole:
            raise UserError(
                "no checkpoint is whole, so start a new run in its place: "
                f"{damaged[-1].damage}"
            )
        for error in filter(None, map(self._damage.get, unknown)):
            warnings.warn(f"{error}; got steps {whole} to go on with", stacklevel=3)
        return whole

    @property
    def latest(self) -> int | None:
        """The last step, or None."""
        return max(self.steps, default=None)

    @property
    def best(self) -> int | None:
        """The step with the best metric, or None if no step has a finite one."""
        return _steps.best(self.directory, self.monitor, self.mode, self.steps)

    def metrics(self, step: int) -> dict[str, float | None] | None:
        """Return the metrics that a step was saved with, or None."""
        self.wait()
        return _manifest.read(self.directory / str(step))["metrics"]

    def info(self, step: int) -> dict[str, Any]:
        """Return what the caller kept beside a step's arrays; `{}` for nothing."""
        self.wait()
        return _manifest.read(self.directory / str(step)).get("info") or {}

    def save(
        self,
        step: int,
        tree: Any,
        metrics: dict[str, float] | None,
        info: Mapping[str, Any] | None = None,
    ) -> None:
        """Save a pytree of arrays; once that is complete, drop what need not be kept.

        The latest and the best step are kept. A step without metrics is never the best,
        so a later one ends it. Saving the latest step again replaces it, unless only
        the one that is there has metrics: then nothing is done.

        Args:
            step: the step, not before the latest.
            tree: arrays and numbers in any nesting; copied before this returns.
            metrics: what the step scored; None in the middle of an epoch.
            info: what else to keep, such as JSON can hold.

        Raises:
            UserError: if a leaf cannot be saved, `metrics` lacks `monitor`, or the
                *previous* save failed; the steps that were complete stay so.
        """
        non_negative_int("step", step)
        if metrics is not None:
            wanted = f"a mapping with {self.monitor!r}"
            expect(self.monitor in metrics, "metrics", wanted, sorted(metrics))
            for name, value in metrics.items():
                number = value is None or hasattr(value, "__float__")
                expect(number, f"metrics[{name!r}]", "a number", value)
        latest = self.latest
        if latest is not None:
            expect(step >= latest, "step", f"at least the latest ({latest})", step)
            if step == latest and metrics is None and self.metrics(step) is not None:
                return
        leaves = _leaves.host_copies(tree)
        kept = {"metrics": metrics, "info": plain(info or {}, "info")}
        if self._thread is None:
            _steps.prepare(self.directory)
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._pending = self._thread.submit(self._write, step, leaves, kept)

    def load(self, step: int, like: Any) -> Any:
        """Load a step into the structure of `like`, bit for bit.

        Args:
            step: one of `steps`.
            like: a pytree of arrays, `jax.ShapeDtypeStruct` or numbers. A NumPy leaf
                comes back as NumPy, a number as a number, any other as a `jax.Array`,
                on the sharding that `like` is committed to, if any. A dict may leave
                out top-level keys of what was saved.

        Returns:
            The saved values in the structure of `like`.

        Raises:
            UserError: if the step is missing, damaged, or does not fit `like`.
        """
        self.wait()
        where = self.directory / str(step)
        manifest = _manifest.read(where)
        expected = named_leaves(like)
        _leaves.compare(where, _leaves.below(like, manifest["leaves"]), expected)
        values = read_arrays(where, manifest)
        leaves = [_leaves.like(leaf, values[k]) for k, leaf in expected.items()]
        return jax.tree.unflatten(jax.tree.structure(like), leaves)

    def wait(self) -> None:
        """Wait for the save under way, and raise its `UserError` if it failed."""
        if self._pending is not None:
            try:
                self._pending.result()
            finally:
                if self._pending.done():  # not so if a signal cut the wait short
                    self._pending = None

    def close(self) -> None:
        """Wait, and end the thread; a later `save` starts another."""
        try:
            self.wait()
        finally:
            if self._thread is not None:
                self._thread.shutdown()
                self._thread = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _write(
        self, step: int, leaves: dict[str, np.ndarray], kept: dict[str, Any]
    ) -> None:
        """Write one step, then drop those that are neither the latest nor the best."""
        described = {name: _leaves.describe(leaf) for name, leaf in leaves.items()}
        watched = {"monitor": self.monitor, "mode": self.mode}
        content = {"step": step, **kept, **watched, "leaves": described}
        try:
            with _steps.writing(self.directory, step) as hidden:
                write_arrays(hidden, leaves)
                write_variables(hidden, leaves)
                _manifest.write(hidden, content)
        except Exception as error:  # Orbax's failures have no common type
            whole = max(_steps.steps(self.directory), default=None)
            intact = "" if whole is None else f"; step {whole} is intact"
            raise UserError(
                f"could not write checkpoint {self.directory / str(step)}: "
                f"{reason_of(error)}{intact}. Free some space or fix the permissions, "
                "then resume"
            ) from error
        self._damage[step] = None
        whole = self._whole(_steps.steps(self.directory))
        best = _steps.best(self.directory, self.monitor, self.mode, whole)
        for old in set(whole) - {step, best}:
            _steps.discard(self.directory, old)

    def _whole(self, steps: list[int]) -> list[int]:
        """Return those of the steps that are known to be whole."""
        return [step for step in steps if self._damage.get(step, self) is None]
