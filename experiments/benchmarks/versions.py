"""How fast is this version of the library beside another one?

    git worktree add ../before v0.1.0
    python experiments/benchmarks/versions.py --before ../before

Every round starts a process for either checkout, on the same cores, and asks for the
first training step, which compiles it, for the peak memory of a process that has done
that step and an epoch, and then in turns for training steps, epochs and forward
passes, as `compare.py` times them. Of the turns of a round the medians count. Ratios
are medians over rounds with a 95 % interval: below 1, this version takes less.

Both sides run the code of this folder, which uses what the two have in common. Leaves
versions.json and versions.md in --out.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import _data
import _machine
from _cli import launch
from _output import check_names, write_json
from _peers import OURS
from _report import limits, markdown
from _timing import quartiles, ratio
from _worker import Worker, take_turns
from _workloads import WORKLOADS, Workload

from seqconv_jax import UserError

# What is measured: the title of its row, the unit, its size.
MEASURES = {
    "train": ("training step", "ms", 1e-3),
    "epoch": ("epoch", "s", 1.0),
    "batch": ("forward pass of a batch, from host to host", "ms", 1e-3),
    "one": ("forward pass of one example", "ms", 1e-3),
    "first_step": ("first step, with its compilation", "s", 1.0),
    "peak": ("peak memory", "MB", 1.0),
}
Figures = dict[str, dict[str, list[float]]]  # by measure and side, one a round


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Flags of this script."""

    before: Path
    """A checkout of the other version."""
    after: Path = Path(__file__).resolve().parents[2]
    """A checkout of this version."""
    workloads: tuple[str, ...] = tuple(WORKLOADS)
    """Which: S2, S7a, S8a, S8b, S9, TCN."""
    rounds: int = 10
    """How often either starts afresh."""
    turns: int = 5
    """How often in a round each has its turn with steps, an epoch, forward passes."""
    steps: int = 8
    """Training steps of a turn."""
    calls: int = 10
    """Forward passes of a turn."""
    epoch_steps: int = 40
    """Steps of an epoch."""
    threads: int | None = None
    """Cores and threads; by default all."""
    out: Path = Path("runs/benchmarks")
    """Where the files go."""


def main(settings: Settings) -> dict[str, Any]:
    """Compare, print, and write the files."""
    check_names("--workloads", settings.workloads, WORKLOADS)
    for flag, folder in checkouts(settings).items():
        if not (folder / "seqconv_jax").is_dir():
            raise UserError(f"--{flag} must hold a folder seqconv_jax, got {folder}")
    threads = _machine.pin(settings.threads)
    report: dict[str, Any] = {"settings": asdict(settings), "workloads": {}}
    tables = []
    for name in settings.workloads:
        workload = WORKLOADS[name]
        problem, origin = _data.load(workload)
        figures, device = compare(settings, workload, problem)
        report["workloads"][name] = figures
        report["machine"] = _machine.description(threads, device)
        tables.append(f"{name} {workload.title}, {origin}\n\n{table(figures)}\n")
        print(f"\n{tables[-1]}", flush=True)
        write_json(settings.out / "versions.json", report)
    text = "\n".join(tables)
    (settings.out / "versions.md").write_text(text, encoding="utf-8")
    print(f"files: {settings.out}")
    return report


def checkouts(settings: Settings) -> dict[str, Path]:
    """Return the folders of both sides, in the order of their turns."""
    sides = {"before": settings.before, "after": settings.after}
    return {side: folder.resolve() for side, folder in sides.items()}


def compare(
    settings: Settings, workload: Workload, problem: _data.Problem
) -> tuple[Figures, str]:
    """Return one workload's figures, and the device."""
    figures: Figures = {name: {"before": [], "after": []} for name in MEASURES}
    device = ""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "problem.npz"
        problem.save(path)
        for _ in range(settings.rounds):
            with ExitStack() as stack:
                workers = {
                    side: stack.enter_context(worker)
                    for side, worker in start(settings, workload, path)
                }
                for name, found in one_round(settings, workload, workers).items():
                    for side, value in found.items():
                        figures[name][side].append(value)
                device = workers["after"].ask("device")
    return figures, device


def start(
    settings: Settings, workload: Workload, path: Path
) -> Iterator[tuple[str, Worker]]:
    """Yield a new process of either side.

    Raises:
        UserError: if it imports the package from anywhere else.
    """
    for side, checkout in checkouts(settings).items():
        steps = settings.epoch_steps
        worker = Worker(OURS, workload, path, epoch_steps=steps, checkout=checkout)
        yield side, worker
        if (found := worker.ask("checkout")) != checkout:
            raise UserError(f"--{side} must be what is imported, got {found}")


def one_round(
    settings: Settings, workload: Workload, workers: dict[str, Worker]
) -> dict[str, dict[str, float]]:
    """Return a figure of each measure for either side."""
    first = take_turns(workers, 1, "train", 1)
    take_turns(workers, 1, "epoch")  # compiles the engine's step
    memory = take_turns(workers, 1, "memory")
    asked = {
        "train": ("train", settings.steps),
        "epoch": ("epoch",),
        "batch": ("infer", workload.batch_size, settings.calls),
        "one": ("infer", 1, settings.calls),
    }
    timed = {
        name: take_turns(workers, settings.turns, *request)
        for name, request in asked.items()
    }
    return {
        name: {side: quartiles(each).median for side, each in found.items()}
        for name, found in timed.items()
    } | {
        "first_step": {side: each[0] for side, each in first.items()},
        "peak": {side: each[0]["peak"] for side, each in memory.items()},
    }


def table(figures: Figures) -> str:
    """Return a row for each measure: medians over rounds, and the ratio."""
    head = ["", "before", "after", "after / before (95 %)"]
    rows = []
    for name, (title, unit, scale) in MEASURES.items():
        before, after = figures[name]["before"], figures[name]["after"]
        medians = (limits(quartiles(each), scale) for each in (before, after))
        rows.append([f"{title}, {unit}", *medians, limits(ratio(after, before))])
    return markdown(head, rows)


if __name__ == "__main__":
    launch(Settings, main)
