"""Ctrl-C and SIGTERM as a request to stop between two steps."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from typing import Any


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


class StopRequest:
    """Holds the signal that asked for a stop, if one did."""

    signum: int | None = None


@contextlib.contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Turn the first SIGINT or SIGTERM into a request; the second exits at once.

    Look at the request again behind the block: only there none can be missed.

    Outside the main thread, where Python allows no handlers, nothing is caught.
    """
    request = StopRequest()

    def handle(signum, frame):
        if request.signum is not None:
            os._exit(128 + signum)
        request.signum = signum

    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {}
    try:
        for signum in (signal.SIGINT, signal.SIGTERM):
            # One that is ignored, as under nohup, stays so; one that is None was not
            # set from Python, which could not put it back.
            if signal.getsignal(signum) not in (signal.SIG_IGN, None):
                before[signum] = signal.signal(signum, handle)
        yield request
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
