"""Which epoch is the best, and when to stop waiting for a better one."""

import math
from typing import Any, Literal, NamedTuple

from seqconv_jax import _checks

Record = dict[str, Any]
"""One epoch: `epoch`, `step`, `loss`, `val_loss`, metrics, `seconds`, ..."""


class Choice(NamedTuple):
    """How the best epoch is chosen: a function of the history alone.

    Attributes:
        monitor: the score that decides.
        mode: `"min"` or `"max"`.
        patience: epochs without a better one before training stops; None for never.
    """

    monitor: str
    mode: Literal["min", "max"]
    patience: int | None

    @classmethod
    def of(
        cls,
        monitor: str | None,
        mode: Literal["min", "max"],
        patience: int | None,
        names: tuple[str, ...],
        validated: bool,
    ) -> "Choice":
        """Check the settings against the scores `names` that a run reports."""
        known = [f"val_{name}" for name in names] if validated else list(names)
        if monitor is None:
            monitor = known[0]
        _checks.one_of("monitor", monitor, known)
        _checks.one_of("mode", mode, ("min", "max"))
        if patience is not None:
            _checks.positive_int("patience", patience)
        return cls(monitor, mode, patience)

    def best(self, history: list[Record]) -> Record:
        """Return the best epoch's record, the earliest of equals.

        A score that is not finite, which a file keeps as null, is worse than any other.
        """
        sign = 1 if self.mode == "min" else -1

        def cost(record: Record) -> float:
            score = self.score(record)
            return math.inf if score is None else sign * score

        return min(history, key=cost)

    def score(self, record: Record) -> float | None:
        """Return an epoch's score if it is a finite number, else None."""
        score = record[self.monitor]
        return score if score is not None and math.isfinite(score) else None

    def is_stale(self, history: list[Record]) -> bool:
        """Return whether the best epoch lies more than `patience` epochs back."""
        if self.patience is None or not history:
            return False
        return history[-1]["epoch"] - self.best(history)["epoch"] >= self.patience
