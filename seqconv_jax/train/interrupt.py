"""Ctrl-C and SIGTERM as a request to stop between two steps."""

import signal
from collections.abc import Sequence
from typing import Any

from seqconv_jax._signals import stop_on_signals

__all__ = ["TrainingInterrupted", "stop_on_signals"]


class TrainingInterrupted(KeyboardInterrupt):
    """Training was stopped by a signal, after its state had been saved.

    Attributes:
        signum: the signal's number.
        step: updates done when it stopped.
        saved: whether there was a run directory to save them to.
        state: the state when it stopped, a `TrainState`.
        history: a record for each whole epoch.
        best: the best epoch, with its parameters; None before the first one's end.

    Example:
        >>> try:
        ...     raise TrainingInterrupted(signal.SIGINT, 12, saved=False)
        ... except TrainingInterrupted as stop:
        ...     print(stop, stop.best)
        stopped by SIGINT after step 12 (not saved, for want of a run directory) None
    """

    def __init__(
        self,
        signum: int,
        step: int,
        saved: bool,
        *,
        state: Any = None,
        history: Sequence[dict[str, Any]] = (),
        best: Any = None,
    ):
        """Word what happened."""
        kept = "saved" if saved else "not saved, for want of a run directory"
        name = signal.Signals(signum).name
        super().__init__(f"stopped by {name} after step {step:,} ({kept})")
        self.signum, self.step, self.saved = signum, step, saved
        self.state, self.history, self.best = state, list(history), best
