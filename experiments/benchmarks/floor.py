"""How far from this machine's limits is a training step?

    python experiments/benchmarks/floor.py

Counts the arithmetic of each workload's training step and the bytes that it must move
(`_work.py` has the formulas), measures the machine's rate of large float32 matrix
products and of copying, and divides: a step can't be faster than the larger of the two
times. Then times our step. A GRU's products must wait for each other, one of each time
step after the other, and are too small for the full rate: their number is stated.

A step's products are narrower than those that reach the full rate. So each is timed
alone too (`_products.py`): the second floor, of what XLA's products allow.

Leaves floor.json and floor.md in --out. Takes two minutes on two CPU cores.
"""

import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import _data
import _machine
from _cli import launch
from _output import check_names, write_json
from _peers import OURS
from _report import limits, markdown, number
from _timing import quartiles
from _work import bytes_moved, operations, sequential
from _worker import Worker
from _workloads import WORKLOADS, Workload


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Flags of this script."""

    workloads: tuple[str, ...] = tuple(WORKLOADS)
    """Which: S2, S7a, S8a, S8b, S9, TCN."""
    rounds: int = 15
    """How often each step is timed."""
    steps: int = 8
    """Training steps of a round."""
    matrix: int = 3_000
    """Rows and columns of the matrices."""
    megabytes: int = 512
    """Size of the array that is copied."""
    threads: int | None = None
    """Cores and threads; by default all."""
    out: Path = Path("runs/benchmarks")
    """Where the files go."""


def main(settings: Settings) -> dict[str, Any]:
    """Count, measure, print, and write the files."""
    check_names("--workloads", settings.workloads, WORKLOADS)
    threads = _machine.pin(settings.threads)
    measured = {
        name: step_seconds(settings, WORKLOADS[name]) for name in settings.workloads
    }
    import jax
    from _products import seconds_of_products
    from _rates import best_seconds

    rates = {
        "flop_per_second": matrix_rate(settings.matrix),
        "bytes_per_second": copy_rate(settings.megabytes),
    }
    floors = {
        name: floor(WORKLOADS[name], rates)
        | {
            "products_seconds": seconds_of_products(WORKLOADS[name], best_seconds),
            "seconds": seconds,
        }
        for name, seconds in measured.items()
    }
    machine = _machine.description(threads, jax.devices()[0].device_kind)
    report = {
        "settings": asdict(settings),
        "machine": machine,
        "rates": rates,
        "workloads": floors,
    }
    write_json(settings.out / "floor.json", report)
    text = (
        f"{machine['processor']}, {machine['device']}, {threads} threads: "
        f"{number(rates['flop_per_second'] / 1e9)} GFLOP/s in float32 matrix products, "
        f"{number(rates['bytes_per_second'] / 1e9)} GB/s read and written in copies\n\n"
        f"{table(floors)}\n"
    )
    (settings.out / "floor.md").write_text(text, encoding="utf-8")
    print(f"{text}\nfiles: {settings.out}")
    return report


def step_seconds(settings: Settings, workload: Workload) -> list[float]:
    """Return seconds of our training step, one of each round."""
    problem, _ = _data.load(workload)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "problem.npz"
        problem.save(path)
        with Worker(OURS, workload, path) as worker:
            worker.ask("train", settings.steps)
            return [worker.ask("train", settings.steps) for _ in range(settings.rounds)]


def floor(workload: Workload, rates: dict[str, float]) -> dict[str, float]:
    """Return the counts of a step, and the seconds that they take at least."""
    flop, size = operations(workload), bytes_moved(workload)
    arithmetic = flop / rates["flop_per_second"]
    moving = size / rates["bytes_per_second"]
    return {
        "flop": flop,
        "bytes": size,
        "sequential": sequential(workload),
        "arithmetic_seconds": arithmetic,
        "moving_seconds": moving,
        "floor_seconds": max(arithmetic, moving),
    }


def table(floors: dict[str, Any]) -> str:
    """Return a row for each workload."""
    head = ["workload", "GFLOP", "MB", "arithmetic, ms", "moving, ms", "floor, ms"]
    head += ["products alone, ms", "our step, ms", "times the floor"]
    head += ["times the products", "products in sequence"]
    rows = []
    for name, each in floors.items():
        spread = quartiles(each["seconds"])
        times = (each[f"{kind}_seconds"] for kind in ("arithmetic", "moving", "floor"))
        rows.append(
            [
                f"{name} {WORKLOADS[name].title}",
                number(each["flop"] / 1e9),
                number(each["bytes"] / 1e6),
                *(number(seconds * 1e3) for seconds in times),
                number(each["products_seconds"] * 1e3),
                limits(spread, 1e-3),
                number(spread.median / each["floor_seconds"]),
                number(spread.median / each["products_seconds"]),
                f"{each['sequential']:,}",
            ]
        )
    return markdown(head, rows)


def matrix_rate(size: int) -> float:
    """Return the floating-point operations a second of a large matrix product."""
    from _rates import best_seconds, matrix_call

    return 2 * size**3 / best_seconds(matrix_call(size))


def copy_rate(megabytes: int) -> float:
    """Return the bytes read and written a second when a large array is negated."""
    from _rates import best_seconds, copy_call

    return 2 * (megabytes << 20) / best_seconds(copy_call(megabytes))


if __name__ == "__main__":
    launch(Settings, main)
