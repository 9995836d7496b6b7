"""What a run keeps on disk while it trains, and how it finds its place again."""

import contextlib
from collections.abc import Iterator
from typing import Any, Protocol

import jax
import jax.numpy as jnp

from seqconv_jax.train.selection import Choice, Record
from seqconv_jax.train.state import TrainState
from seqconv_jax.train.step import Metrics


class RunDirectory(Protocol):
    """Where a run keeps its history and checkpoints: `seqconv_jax.runs.Run`."""

    @property
    def checkpoint_dir(self) -> Any: ...  # noqa: D102
    def history(self) -> list[Record]: ...  # noqa: D102
    def write_history(self, records: list[Record]) -> None: ...  # noqa: D102
    def truncate_history(self, step: int) -> None: ...  # noqa: D102


class NoStore:
    """Keeps nothing."""

    def restore(self, state: TrainState, totals: Metrics):
        """Return the fresh start unchanged, and an empty history."""
        return state, totals, []

    def best_params(self, state: TrainState, history: list[Record]) -> Any:
        """Return the parameters as they are."""
        return state.params

    def save(self, state: TrainState, totals: Metrics, history: list[Record]) -> None:
        """Do nothing."""


class RunStore:
    """Keeps the history, the last checkpoint and the best one in a run directory.

    The history is written before the checkpoint that belongs to it. So after a crash
    it may run ahead of the newest checkpoint, never behind, and restoring cuts it back.
    """

    def __init__(self, run: RunDirectory, checkpoints: Any, choice: Choice):
        """Keep the parts."""
        self._run, self._checkpoints, self._choice = run, checkpoints, choice

    def restore(self, state: TrainState, totals: Metrics):
        """Return the newest saved state, totals and history, or the fresh start."""
        step = self._checkpoints.latest
        if step is None:
            self._run.write_history([])
            return state, totals, []
        tree = self._checkpoints.load(step, {"state": state, "totals": totals})
        self._run.truncate_history(step)
        return tree["state"], tree["totals"], self._run.history()

    def best_params(self, state: TrainState, history: list[Record]) -> Any:
        """Return the parameters of the best epoch so far."""
        if not history:
            return state.params
        best = self._choice.best(history)
        if self._choice.score(best) is None or best["step"] == int(state.step):
            # The training loop gives the state's buffers away.
            return jax.tree.map(jnp.copy, state.params)
        return self._checkpoints.load(best["step"], {"state": state})["state"].params

    def save(self, state: TrainState, totals: Metrics, history: list[Record]) -> None:
        """Keep the state, with the scores of the epoch that it ends, if it ends one."""
        step = int(state.step)
        self._run.write_history(history)
        scores = None
        if history and history[-1]["step"] == step:
            scores = {self._choice.monitor: history[-1][self._choice.monitor]}
        self._checkpoints.save(step, {"state": state, "totals": totals}, scores)


@contextlib.contextmanager
def open_store(
    run: RunDirectory | None, choice: Choice
) -> Iterator[NoStore | RunStore]:
    """Open a run's checkpoints; what is still being written is finished at the end."""
    if run is None:
        yield NoStore()
        return
    from seqconv_jax.checkpoint import Checkpoints

    with Checkpoints(
        run.checkpoint_dir, monitor=choice.monitor, mode=choice.mode
    ) as checkpoints:
        yield RunStore(run, checkpoints, choice)
