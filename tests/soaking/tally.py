"""What was tried and how it ended, as a table, as JSON and as inputs to look at."""

import contextlib
import json
import shutil
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from soaking.cases import OUTCOMES, Result

MOST_SAVED = 3  # inputs of one fault


@dataclass
class Row:
    """One kind's line of the table."""

    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    memory: int = 0


class Tally:
    """Adds up results, and keeps the inputs of those that must not be.

    Args:
        out: where the log, the JSON and the inputs go.
        seed: for the command that repeats a case.
    """

    def __init__(self, out: Path, seed: int):
        """Make the directory."""
        self._out, self._seed = out, seed
        self._rows: dict[str, Row] = {}
        self._counts: Counter[str] = Counter()
        self._faults: dict[tuple[str, str, str], list[Result]] = {}
        self._lock = threading.Lock()
        self.reader_bytes: list[int] = []  # what the reading process had, now and then
        self._started = time.monotonic()
        out.mkdir(parents=True, exist_ok=True)

    @property
    def faults(self) -> int:
        """How many results must not be."""
        return sum(map(len, self._faults.values()))

    def add(self, result: Result, folder: Path) -> None:
        """Count a result; `folder` holds its input."""
        with self._lock:
            row = self._rows.setdefault(result.kind, Row())
            row.outcomes[result.outcome] += 1
            row.seconds = max(row.seconds, result.seconds)
            row.memory = max(row.memory, result.memory)
            self._counts.update(dict(result.counts))
            if not result.is_fault:
                return
            same = self._faults.setdefault(
                (result.kind, result.outcome, result.place), []
            )
            same.append(result)
            if len(same) <= MOST_SAVED:
                self._save(result, folder)

    def repeat(self, result: Result) -> str:
        """Return the command that runs a case again."""
        return (
            f"python tests/soak.py --seed {self._seed} --only {result.kind} "
            f"--case {result.number}"
        )

    def table(self) -> str:
        """Return what was tried, a line for each kind."""
        titles = ("kind", "tried", *OUTCOMES, "worst s", "peak MiB")
        total = Row()
        rows = []
        with self._lock:
            for kind, row in sorted(self._rows.items()):
                rows.append(_cells(kind, row))
                total.outcomes.update(row.outcomes)
                total.seconds = max(total.seconds, row.seconds)
                total.memory = max(total.memory, row.memory)
            counts = ", ".join(f"{n} {name}" for name, n in self._counts.items())
        rows.append(_cells("all", total))
        widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
        lines = [_line(cells, widths) for cells in (titles, *rows)]
        if self.reader_bytes:
            counts += f"; the reader has {max(self.reader_bytes) >> 20} MiB"
        minutes = (time.monotonic() - self._started) / 60
        return "\n".join([*lines, f"{minutes:.1f} minutes; {counts or 'no process'}"])

    def findings(self) -> list[str]:
        """Return a line for each fault that is not the same as another."""
        return [
            f"{len(same)} × {kind} {outcome} at {place}: {same[0].how} | "
            f"{same[0].what} | {self.repeat(same[0])}"
            for (kind, outcome, place), same in sorted(self._faults.items())
        ]

    def write(self) -> None:
        """Write the table to the log, and everything as JSON."""
        with (self._out / "soak.log").open("a") as log:
            log.write(f"{self.table()}\n\n")
        with self._lock:
            content: dict[str, Any] = {
                "seed": self._seed,
                "minutes": (time.monotonic() - self._started) / 60,
                "kinds": {
                    kind: {"outcomes": row.outcomes, "worst_seconds": row.seconds}
                    | {"peak_bytes": row.memory}
                    for kind, row in sorted(self._rows.items())
                },
                "counts": self._counts,
                "findings": self.findings(),
            }
        (self._out / "soak.json").write_text(json.dumps(content, indent=1) + "\n")

    def _save(self, result: Result, folder: Path) -> None:
        where = self._out / "findings" / f"{result.kind}-{result.number}"
        shutil.rmtree(where, ignore_errors=True)
        with contextlib.suppress(OSError, shutil.Error):  # a pipe cannot be copied
            shutil.copytree(folder, where, symlinks=True)
        where.mkdir(parents=True, exist_ok=True)
        words = (self.repeat(result), result.outcome, result.how, result.what)
        (where / "finding.txt").write_text("\n".join([*words, "", result.detail]))


def _cells(kind: str, row: Row) -> tuple[str, ...]:
    counts = [str(row.outcomes[outcome]) for outcome in OUTCOMES]
    peak = f"{row.memory / (1 << 20):.0f}"
    tried = str(sum(row.outcomes.values()))
    return (kind, tried, *counts, f"{row.seconds:.2f}", peak)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    first, *rest = zip(cells, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(c.rjust(w) for c, w in rest)])
