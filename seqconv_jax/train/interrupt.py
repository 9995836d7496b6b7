"""Ctrl-C and SIGTERM as a request to stop between two steps."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator


class TrainingInterrupted(KeyboardInterrupt):
    """Training was stopped by a signal, after its state had been saved.

    Attributes:
        signum: the signal's number.
        step: updates done when it stopped.
        saved: whether there was a run directory to save them to.
    """

    def __init__(self, signum: int, step: int, saved: bool):
        """Word what happened."""
        kept = "saved" if saved else "not saved, for want of a run directory"
        name = signal.Signals(signum).name
        super().__init__(f"stopped by {name} after step {step:,} ({kept})")
        self.signum, self.step, self.saved = signum, step, saved


class StopRequest:
    """Holds the signal that asked for a stop, if one did."""

    signum: int | None = None


@contextlib.contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Turn the first SIGINT or SIGTERM into a request; the second exits at once.

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
    before = {
        signum: signal.signal(signum, handle)
        for signum in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield request
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
