"""Ctrl-C and SIGTERM as a request, to be looked at where it suits."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator


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
