"""What a run keeps on disk while it trains, and how it finds its place again."""

import contextlib
import warnings
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Protocol

from seqconv_jax._checks import UserError
from seqconv_jax.train.history import check_history, remedy
from seqconv_jax.train.same_fit import Settings, check_same_fit, versions
from seqconv_jax.train.selection import Best, ModelSelection, Record
from seqconv_jax.train.state import TrainState
from seqconv_jax.train.step import Metrics


class RunDirectory(Protocol):
    """Where a run keeps its history and checkpoints: `seqconv_jax.runs.Run`.

    It may have a `write_predictor` besides, which is told what a predictor is made of.
    """

    @property
    def checkpoint_dir(self) -> Any: ...  # noqa: D102
    def history(self) -> list[Record]: ...  # noqa: D102
    def write_history(self, records: list[Record]) -> None: ...  # noqa: D102


class NullStore:
    """Keeps nothing."""

    def restore(self, state: TrainState, totals: Metrics):
        """Return the fresh start unchanged, and an empty history."""
        return state, totals, []

    def best(self, state: TrainState, history: list[Record]) -> Best | None:
        """Return None: there is no epoch yet."""
        return None

    def save(self, state: TrainState, totals: Metrics, history: list[Record]) -> None:
        """Do nothing."""

    def wait(self) -> None:
        """Do nothing."""


class RunStore:
    """Keeps the history, the last checkpoint and the best one in a run directory.

    The history is written before the checkpoint that belongs to it, and carried by it.
    So after a crash the file may be one epoch ahead of the newest checkpoint, never
    behind, and restoring cuts it back.

    Args:
        run: the run directory.
        checkpoints: those in it.
        selection: how the best epoch is selected.
        settings: what the run's numbers depend on.
        steps: steps of an epoch.
        may_change: settings that a resumed run may change.
        predictor: what a predictor is made of besides the weights.
    """

    def __init__(
        self,
        run: RunDirectory,
        checkpoints: Any,
        selection: ModelSelection,
        settings: Settings,
        steps: int,
        may_change: Collection[str],
        predictor: Mapping[str, Any],
    ):
        """Keep the parts."""
        self._run, self._checkpoints, self._selection = run, checkpoints, selection
        self._settings, self._steps, self._may_change = settings, steps, may_change
        self._predictor = predictor
        self._directory = run.checkpoint_dir.parent

    def restore(self, state: TrainState, totals: Metrics):
        """Return the newest saved state, totals and history, or the fresh start."""
        step = self._checkpoints.latest
        if step is None:
            self._start()
            self._write_predictor()
            return state, totals, []
        info = self._checkpoints.info(step)
        check_same_fit(
            self._directory, info.get("fit"), self._settings, self._may_change
        )
        held = info.get("history")
        lines = self._lines(held)
        epochs = step // self._steps if held is None else len(held)
        if not epochs * self._steps <= step < (epochs + 1) * self._steps:
            raise UserError(
                f"the checkpoint in {self._directory} must lie at most {self._steps} "
                f"steps behind its epoch {epochs}, got step {step}: start a new run"
            )
        check_history(
            self._directory,
            lines,
            held,
            epochs=epochs,
            steps=self._steps,
            monitor=self._selection.monitor,
        )
        tree = self._checkpoints.load(step, {"state": state, "totals": totals})
        if len(lines) > epochs:
            self._run.write_history(lines[:epochs])
        self._write_predictor()
        return tree["state"], tree["totals"], lines[:epochs]

    def best(self, state: TrainState, history: list[Record]) -> Best | None:
        """Return the best epoch so far, or None where there is none."""
        if not history:
            return None
        record = self._selection.best(history)
        if record["step"] == state.steps_done:
            return Best.of(record, state)
        if self._selection.score(record) is None:
            return None  # of epochs without a score, the one that ends next
        if record["step"] not in self._checkpoints.steps:
            return self._best_of_rest(record, state, history)
        state = self._checkpoints.load(record["step"], {"state": state})["state"]
        return Best.of(record, state)

    def _best_of_rest(self, lost: Record, state: TrainState, history: list[Record]):
        """Return the epoch that ends here, if one does, where the best one is lost."""
        warnings.warn(
            f"the best epoch, {lost['epoch']}, is lost with its checkpoint "
            f"{self._run.checkpoint_dir / str(lost['step'])}: the best of this "
            "training is chosen among the epochs from here on",
            stacklevel=4,
        )
        ends_here = history[-1]["step"] == state.steps_done
        return Best.of(history[-1], state) if ends_here else None

    def save(self, state: TrainState, totals: Metrics, history: list[Record]) -> None:
        """Keep the state, with the scores of the epoch that it ends, if it ends one."""
        step = state.steps_done
        self._checkpoints.wait()  # else the history may get two epochs ahead
        self._run.write_history(history)
        scores = None
        if history and history[-1]["step"] == step:
            scores = {self._selection.monitor: history[-1][self._selection.monitor]}
        fit = {"settings": self._settings, "versions": versions()}
        info = {"fit": fit, "history": history}
        tree = {"state": state, "totals": totals}
        self._checkpoints.save(step, tree, scores, info)

    def wait(self) -> None:
        """Wait until the last save is on disk, for whoever is told that it is."""
        self._checkpoints.wait()

    def _start(self) -> None:
        """Begin an empty history, unless one tells of checkpoints that are gone."""
        lines = self._lines(None)
        if len(lines) > 1:
            raise UserError(
                f"{self._directory} has a history of {len(lines)} epochs and no "
                "checkpoint, expected both: put the checkpoints back, or start a new "
                "run"
            )
        self._run.write_history([])

    def _write_predictor(self) -> None:
        """Write it anew: what a resumed run may change may be part of it."""
        write = getattr(self._run, "write_predictor", None)
        if write is not None:
            write(self._predictor)

    def _lines(self, held: list[Record] | None) -> list[Record]:
        try:
            return self._run.history()
        except UserError as error:
            raise UserError(f"{error}; {remedy(self._directory, held)}") from None


@contextlib.contextmanager
def open_store(
    run: RunDirectory | None,
    selection: ModelSelection,
    settings: Settings,
    steps: int,
    may_change: Collection[str],
    predictor: Mapping[str, Any],
) -> Iterator[NullStore | RunStore]:
    """Open a run's checkpoints; what is still being written is finished at the end."""
    if run is None:
        yield NullStore()
        return
    from seqconv_jax.checkpoint import Checkpoints

    with Checkpoints(
        run.checkpoint_dir, monitor=selection.monitor, mode=selection.mode
    ) as checkpoints:
        yield RunStore(
            run, checkpoints, selection, settings, steps, may_change, predictor
        )
