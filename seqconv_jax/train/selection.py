"""Which epoch is the best, and when to stop waiting for a better one."""

import math
from collections.abc import Collection
from typing import Any, NamedTuple

from seqconv_jax import _checks
from seqconv_jax._best import Mode, best_of, known_mode
from seqconv_jax.train.state import TrainState, copied

Record = dict[str, Any]
"""One epoch: `epoch`, `step`, `loss`, `val_loss`, metrics, `seconds`, ..."""


class ModelSelection(NamedTuple):
    """How the best epoch is selected: a function of the history alone.

    Attributes:
        monitor: the score that decides.
        mode: `"min"` or `"max"`.
        patience: epochs in a row without a better one that end training; None for
            never.

    Example:
        >>> selection = ModelSelection("val_loss", "min", patience=1)
        >>> history = [{"epoch": 1, "val_loss": 2.0}, {"epoch": 2, "val_loss": 3.0}]
        >>> selection.best(history)["epoch"], selection.is_stale(history)
        (1, True)
    """

    monitor: str
    mode: Mode
    patience: int | None

    @classmethod
    def of(
        cls,
        monitor: str | None,
        mode: Mode | None,
        patience: int | None,
        names: Collection[str],
        validated: bool,
    ) -> "ModelSelection":
        """Check what is watched against the scores `names` that a run reports."""
        known = [f"val_{name}" for name in names] if validated else list(names)
        if monitor is None:
            monitor = known[0]
        _checks.one_of("monitor", monitor, known)
        return cls(monitor, _mode(monitor, mode), patience)

    def best(self, history: list[Record]) -> Record:
        """Return the best epoch's record, the earliest of equals.

        Where no score is finite, that is the last, whose checkpoint is there.
        """
        best = self._scored_best(history)
        return history[-1] if best is None else best

    def score(self, record: Record) -> float | None:
        """Return an epoch's score if it is a finite number, else None."""
        score = record[self.monitor]
        return score if score is not None and math.isfinite(score) else None

    def is_stale(self, history: list[Record]) -> bool:
        """Return whether the best epoch lies `patience` epochs back, or more."""
        if self.patience is None or not history:
            return False
        best = self._scored_best(history) or history[0]
        return history[-1]["epoch"] - best["epoch"] >= self.patience

    def _scored_best(self, history: list[Record]) -> Record | None:
        scored = ((record, record[self.monitor]) for record in history)
        return best_of(scored, self.mode)


def _mode(monitor: str, mode: Mode | None) -> Mode:
    """Return the mode of a score: that of its name, or that given for another.

    A mode that contradicts the name would keep the worst epoch, so it is an error.
    """
    by_name = known_mode(monitor)
    if mode is not None:
        _checks.one_of("mode", mode, ("min", "max"))
    elif by_name is None:
        raise _checks.UserError(
            f"`mode` must be given for `monitor` {monitor!r}, whose name does not say "
            "whether the smallest ('min') or the largest ('max') is best"
        )
    if by_name not in (None, mode or by_name):
        raise _checks.UserError(
            f"`mode` must be {by_name!r} for `monitor` {monitor!r}, got {mode!r}; if "
            "that is what you mean, give the metric another name"
        )
    return by_name or mode  # type: ignore[return-value]


class Best(NamedTuple):
    """The best epoch.

    Attributes:
        record: its line of the history.
        params: the parameters at its end; their moving average where one is kept.
        batch_stats: the batch statistics at its end; empty where the model has none.
    """

    record: Record
    params: Any
    batch_stats: Any

    @classmethod
    def of(cls, record: Record, state: TrainState) -> "Best":
        """Return it with copies."""
        return cls(record, *copied((state.eval_params, state.batch_stats)))

    @property
    def epoch(self) -> int:
        """Its number, from 1."""
        return self.record["epoch"]

    @property
    def val_loss(self) -> float:
        """Its validation loss.

        Raises:
            UserError: if the task had no validation rows.
        """
        if "val_loss" not in self.record:
            raise _checks.UserError(
                "`val_loss` must be read of a run with validation rows, got one "
                "without; `record['loss']` is its training loss"
            )
        return self.record["val_loss"]
