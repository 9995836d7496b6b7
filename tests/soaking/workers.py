"""The other end of a worker: asks, watches the clock, starts it anew."""

import os
import selectors
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from soaking.cases import CRASH, HANG, ROOT, TESTS, Result

LIMIT = 10.0  # seconds that a reader may take
TRAINING_LIMIT = 60.0  # seconds that it may take to go on with a run
START_LIMIT = 180.0  # seconds for the first case of a kind, with all that it imports


def environment(scratch: Path) -> dict[str, str]:
    """Return what the processes of a soak see: nothing of the user's, all local."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SEQCONV_")}
    return kept | {
        "PYTHONPATH": f"{ROOT}{os.pathsep}{TESTS}",
        "JAX_PLATFORMS": "cpu",
        "JAX_COMPILATION_CACHE_DIR": str(scratch / "compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "SEQCONV_CACHE": str(scratch / "cache"),
        "SEQCONV_OFFLINE": "1",
        "TMPDIR": str(scratch),
    }


class Worker:
    """A process that runs cases of any kind.

    Args:
        scratch: a directory of its own.
        seed: what the cases follow from.
    """

    def __init__(self, scratch: Path, seed: int):
        """Start nothing yet."""
        self.scratch, self._seed = scratch, seed
        self._process: subprocess.Popen[bytes] | None = None
        self._ready: set[str] = set()

    @property
    def folder(self) -> Path:
        """Where the input of the last case lies."""
        return self.scratch / "case"

    def run(self, kind: str, number: int) -> Result:
        """Run a case; a process that dies or does not answer is a result too.

        Raises:
            RuntimeError: if not even the valid files of the kind are read.
        """
        if self._process is None or kind not in self._ready:
            ready = self._ask(kind, -1, START_LIMIT)
            if ready.is_fault:
                raise RuntimeError(f"{kind} cannot be made ready: {ready.detail}")
            self._ready.add(kind)
        trains = kind.startswith("resume")
        return self._ask(kind, number, TRAINING_LIMIT if trains else LIMIT)

    def _ask(self, kind: str, number: int, limit: float) -> Result:
        process = self._started()
        assert process.stdin is not None and process.stdout is not None
        with suppress(BrokenPipeError):
            process.stdin.write(f"{kind} {number}\n".encode())
            process.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            answered = bool(selector.select(limit))
        line = process.stdout.readline() if answered else b""
        if line:
            return Result.from_json(line.decode())
        if not answered:
            self.close()
            return Result(
                *(kind, number, HANG, self._how()), "no answer", "hang", limit
            )
        what = f"the process ended with {process.wait()}"
        self.close()
        log = (self.scratch / "worker.log").read_text(errors="replace")[-3000:]
        return Result(kind, number, CRASH, self._how(), what, place=what, detail=log)

    def _how(self) -> str:
        with suppress(OSError):
            return (self.scratch / "how.txt").read_text()
        return ""

    def resident(self) -> int:
        """Return the bytes that the process has now, where the system tells."""
        if self._process is None or sys.platform != "linux":
            return 0
        status = Path(f"/proc/{self._process.pid}/statm").read_text()
        return int(status.split()[1]) * os.sysconf("SC_PAGESIZE")

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            self._ready.clear()

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            self.scratch.mkdir(parents=True, exist_ok=True)
            with (self.scratch / "worker.log").open("wb") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "soaking.worker"]
                    + [str(self.scratch), str(self._seed)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    env=environment(self.scratch),
                    cwd=self.scratch,
                )
        return self._process
