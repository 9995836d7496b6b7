"""Try for a long time, at random, to make the library lose or misread something.

    python tests/soak.py --minutes 60 --seed 1

Whole runs are killed, signalled, starved of disk and permissions, or damaged, then gone
on with, and must end as an uninterrupted run does, bit for bit. Readers get damaged
files, and must read what is right or raise a `UserError`. See `soaking/cases.py` for
the words of the table. Exit status 1 if anything was lost, crashed or hung; the inputs
are then in --out, with the command that repeats each.
"""

import argparse
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from soaking.cases import Result, answered  # noqa: E402
from soaking.directories import WEIGHTS  # noqa: E402
from soaking.process_cases import KINDS, ProcessCases  # noqa: E402
from soaking.readers import READERS  # noqa: E402
from soaking.tally import Tally  # noqa: E402
from soaking.workers import Worker, environment  # noqa: E402

READING = {name: reader.weight for name, reader in READERS.items()} | WEIGHTS
PROCESSES = {"kill": 10, "signal": 2, "disk": 2, "permission": 2, "damage": 2}
assert PROCESSES.keys() == set(KINDS)
TURN = 5.0  # seconds of reading between two runs, where one process does both

Lane = Callable[[Path], None]
Cases = Iterator[tuple[str, int]]


def order_of(weights: dict[str, int], seed: int) -> Cases:
    """Yield kinds and case numbers for ever, each kind as often as its weight."""
    rng = Random(seed)
    numbers = {kind: count() for kind in weights}
    while True:
        kinds = [kind for kind, weight in weights.items() for _ in range(weight)]
        rng.shuffle(kinds)
        yield from ((kind, next(numbers[kind])) for kind in kinds)


class Soak:
    """One soak: who does what until when.

    Args:
        options: from the command line.
        scratch: a directory for everything that is tried.
    """

    def __init__(self, options: argparse.Namespace, scratch: Path):
        """Start nothing yet."""
        self._options, self._scratch = options, scratch
        self.tally = Tally(options.out, options.seed)
        self._deadline = time.monotonic() + 60 * options.minutes
        self._errors: list[BaseException] = []
        self._lock = threading.Lock()

    def run(self) -> None:
        """Work until the time is up; a table every minute."""
        lanes = self._lanes()
        threads = [
            threading.Thread(target=self._guarded, args=(lane, i), daemon=True)
            for i, lane in enumerate(lanes)
        ]
        for thread in threads:
            thread.start()
        shown = time.monotonic()
        while any(thread.is_alive() for thread in threads) and not self._errors:
            time.sleep(0.5)
            if time.monotonic() - shown > 60:
                shown = time.monotonic()
                self.tally.write()
                print(f"{self.tally.table()}\n", flush=True)
        if self._errors:
            raise self._errors[0]

    def once(self, kind: str, number: int) -> Result:
        """Run one case, and keep its input if it is a fault."""
        seed = self._options.seed
        if kind in PROCESSES:
            result = ProcessCases(self._scratch, seed).run(kind, number)
        else:
            worker = Worker(self._scratch, seed)
            result = worker.run(kind, number)
            worker.close()
        self.tally.add(result, self._scratch / "case")
        return result

    def _lanes(self) -> list[Lane]:
        """Return what each worker does: the first reads, the others run processes."""
        only, workers = self._options.only, self._options.workers
        reading, processes = ({**READING}, {**PROCESSES})
        if only:
            reading = {kind: n for kind, n in reading.items() if kind == only}
            processes = {kind: n for kind, n in processes.items() if kind == only}
        if not processes:
            return [lambda where: self._read(where, reading)]
        runs = order_of(processes, self._options.seed)
        if not reading:
            return [lambda where: self._process(where, runs)] * workers
        if workers == 1:
            return [lambda where: self._both(where, reading, runs)]
        process: Lane = lambda where: self._process(where, runs)  # noqa: E731
        return [lambda where: self._read(where, reading), *[process] * (workers - 1)]

    def _guarded(self, lane: Lane, index: int) -> None:
        try:
            lane(self._scratch / f"lane-{index}")
        except BaseException as error:  # raised again in the main thread
            self._errors.append(error)

    def _read(self, where: Path, weights: dict[str, int]) -> None:
        """Fuzz readers until the time is up."""
        worker = Worker(where, self._options.seed)
        order = order_of(weights, self._options.seed)
        self._read_until(self._deadline, worker, order)
        worker.close()

    def _process(self, where: Path, order: Cases) -> None:
        """Run whole processes until the time is up."""
        runner = ProcessCases(where, self._options.seed, self._options.programs)
        while time.monotonic() < self._deadline:
            with self._lock:
                kind, number = next(order)
            self.tally.add(answered(runner.run, kind, number), where / "case")

    def _both(self, where: Path, weights: dict[str, int], runs: Cases) -> None:
        """Take turns."""
        worker = Worker(where, self._options.seed)
        reading = order_of(weights, self._options.seed)
        runner = ProcessCases(
            where / "runs", self._options.seed, self._options.programs
        )
        while time.monotonic() < self._deadline:
            self._read_until(time.monotonic() + TURN, worker, reading)
            result = answered(runner.run, *next(runs))
            self.tally.add(result, where / "runs" / "case")
        worker.close()

    def _read_until(self, until: float, worker: Worker, order: Cases) -> None:
        while time.monotonic() < min(until, self._deadline):
            kind, number = next(order)
            self.tally.add(answered(worker.run, kind, number), worker.folder)
        self.tally.reader_bytes.append(worker.resident())


def main() -> int:
    """Soak, and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2, help="processes at a time")
    parser.add_argument("--out", type=Path, default=Path("runs/soak"))
    parser.add_argument("--programs", type=int, help="only so many of those that train")
    parser.add_argument("--only", choices=[*READING, *PROCESSES], help="one kind")
    parser.add_argument("--case", type=int, help="with --only: this case alone")
    options = parser.parse_args()
    # Begun in the background of a shell, this process and what it starts would ignore
    # interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="soak-") as scratch:
        local = environment(Path(scratch))
        os.environ.update({k: v for k, v in local.items() if k != "PYTHONPATH"})
        soak = Soak(options, Path(scratch))
        if options.only and options.case is not None:
            result = soak.once(options.only, options.case)
            print(result.outcome, result.how, result.what, result.detail, sep="\n")
        else:
            soak.run()
    soak.tally.write()
    print(soak.tally.table(), *soak.tally.findings(), sep="\n")
    return 1 if soak.tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
