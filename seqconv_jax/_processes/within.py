"""What a command does that must not outlive the process that began it."""

import os
import signal
import threading
import time
from contextlib import suppress

PATIENCE = 60.0  # seconds to save what it has, when its parent is gone


def stop_with_parent() -> None:
    """In a command: stop, as at SIGTERM, when the process that began it has ended."""

    def watch():
        with suppress(OSError):
            while os.read(0, 1):
                pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(PATIENCE)
        os._exit(128 + signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
