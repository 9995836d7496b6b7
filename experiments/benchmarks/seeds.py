"""How long do several seeds take together, and how long one?

    python experiments/benchmarks/seeds.py

Trains each workload from one seed, which has the whole machine, then from several at
once, and so on in turn. A seed's time is that of its epochs but for the first, which
compiles; that of several is the longest of theirs. On a CPU each seed has a process on
cores of its own; on a GPU all are one program. `wall` counts all: processes that start,
data that are sent, programs that are compiled.

Leaves seeds.json and seeds.md in --out. Takes some five minutes on two CPU cores.
"""

import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import _data
from _cli import launch
from _output import check_names, write_json
from _report import limits, markdown
from _timing import quartiles, ratio
from _workloads import WORKLOADS, Workload


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Flags of this script."""

    workloads: tuple[str, ...] = ("S8a", "S8b", "S9")
    """Which: S2, S7a, S8a, S8b, S9, TCN."""
    seeds: int = 2
    """How many seeds at once."""
    how: Literal["processes", "vmap", "one by one"] | None = None
    """The way they train together; by default that of `train.fit_seeds`."""
    rounds: int = 3
    """How often one and several are timed, in turn."""
    steps: int = 200
    """Training steps of an epoch."""
    epochs: int = 3
    """Epochs of a training, of which the first is not counted."""
    out: Path = Path("runs/benchmarks")
    """Where the files go."""


def main(settings: Settings) -> dict[str, Any]:
    """Time, print, and write the files."""
    check_names("--workloads", settings.workloads, WORKLOADS)
    import jax

    measured = {name: measure(settings, WORKLOADS[name]) for name in settings.workloads}
    device = jax.devices()[0].device_kind
    write_json(
        settings.out / "seeds.json",
        {"settings": asdict(settings), "device": device, "seconds": measured},
    )
    head = ["workload", "one seed, s", f"{settings.seeds} seeds, s", "ratio", "of wall"]
    table = markdown(head, [[name, *_row(each)] for name, each in measured.items()])
    (settings.out / "seeds.md").write_text(table + "\n")
    print(table)
    return measured


def measure(settings: Settings, workload: Workload) -> dict[str, list[float]]:
    """Return the seconds of one seed and of several, and all in all, a round each."""
    problem, _ = _data.load(workload)
    seconds: dict[str, list[float]] = {}
    for _ in range(settings.rounds):
        for name, seeds in (("one", 1), ("several", settings.seeds)):
            trained, wall = fit(settings, workload, problem, seeds)
            seconds.setdefault(name, []).append(trained)
            seconds.setdefault(f"{name}_wall", []).append(wall)
    return seconds


def fit(
    settings: Settings, workload: Workload, problem: _data.Problem, seeds: int
) -> tuple[float, float]:
    """Train some seeds; return the seconds of their epochs, and of all."""
    import jax

    import seqconv_jax as sc

    losses = sc.losses
    how = settings.how or ("processes" if jax.default_backend() == "cpu" else "vmap")
    started = time.perf_counter()
    trained = sc.train.fit_seeds(
        workload.model(),
        problem.task(),
        seeds=range(seeds),
        how=how,
        optimizer=sc.optim.rmsprop(1e-3),
        loss=losses.binary_cross_entropy if workload.is_text else losses.mae,
        epochs=settings.epochs,
        steps_per_epoch=settings.steps,
        batch_size=workload.batch_size,
    )
    wall = time.perf_counter() - started
    each = [
        sum(record["seconds"] for record in result.history[1:])
        for result in trained.results.values()
    ]
    return sum(each) if how == "one by one" else max(each), wall


def _row(seconds: dict[str, list[float]]) -> list[str]:
    one, several = seconds["one"], seconds["several"]
    return [
        limits(quartiles(one)),
        limits(quartiles(several)),
        limits(ratio(several, one)),
        limits(ratio(seconds["several_wall"], seconds["one_wall"])),
    ]


if __name__ == "__main__":
    launch(Settings, main)
