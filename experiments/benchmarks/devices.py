"""What do more devices promise, and what do two of this machine's give?

    python experiments/benchmarks/devices.py
    python experiments/benchmarks/devices.py --workloads S2 S7a --step-ms 0.377 0.177

On paper: the work of a training step, what its all-reduce carries, and how much of each
device's time is left for the work where every device has a batch as large as the
workload's: step / (step + all-reduce), with `_all_reduce.py`'s times. --step-ms has the
step on one device; by default it is measured here. Nothing of this is a measurement of
so many devices.

Measured, unless --devices is 1: examples a second on this machine over that many
devices (on a CPU its cores), each with its part of the same batch, against one device,
in turn, each training in a process of its own.

Leaves devices.json and devices.md in --out. Takes five minutes on two CPU cores.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import _data
from _all_reduce import Links
from _cli import launch
from _output import check_names, write_json
from _report import limits, markdown, number
from _timing import quartiles, ratio
from _work import bytes_moved, layer_work, operations
from _workloads import WORKLOADS, Workload

MANY = (8, 64, 512)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Flags of this script."""

    workloads: tuple[str, ...] = ("S2", "S7a", "S8a", "S8b", "S9", "TCN")
    """Which: S2, S7a, S8a, S8b, S9, TCN."""
    step_ms: tuple[float, ...] = ()
    """Milliseconds of each one's step on one device; by default measured here."""
    devices: int = 2
    """How many devices of this machine to measure; 1 for none."""
    rounds: int = 3
    """How often one and several are timed, in turn."""
    steps: int = 100
    """Training steps of an epoch."""
    inside: int = 8
    """Devices of a machine, on paper."""
    bandwidth: float = 400.0
    """GB/s of a device to the others of its machine, in one direction."""
    latency: float = 3.0
    """Microseconds of a message there."""
    net_bandwidth: float = 50.0
    """GB/s of a machine to the others."""
    net_latency: float = 5.0
    """Microseconds of a message there."""
    out: Path = Path("runs/benchmarks")
    """Where the files go."""


def main(settings: Settings) -> dict[str, Any]:
    """Time, print, and write the files."""
    from seqconv_jax import UserError

    names = settings.workloads
    check_names("--workloads", names, WORKLOADS)
    if settings.step_ms and len(settings.step_ms) != len(names):
        raise UserError(
            f"--step-ms must have {len(names)} numbers, one for each of --workloads, "
            f"got {len(settings.step_ms)}"
        )
    counts = [1, settings.devices] if settings.devices > 1 else [1]
    if settings.devices == 1 and settings.step_ms:
        counts = []
    measured = {name: measure(settings, name, counts) for name in names}
    links = Links(
        inside=settings.inside,
        bandwidth=settings.bandwidth * 1e9,
        latency=settings.latency * 1e-6,
        net_bandwidth=settings.net_bandwidth * 1e9,
        net_latency=settings.net_latency * 1e-6,
    )
    if settings.step_ms:
        steps = {n: ms / 1e3 for n, ms in zip(names, settings.step_ms, strict=True)}
    else:
        steps = {name: quartiles(each[1]).median for name, each in measured.items()}
    paper = {name: on_paper(WORKLOADS[name], steps[name], links) for name in names}
    content = {"settings": asdict(settings), "paper": paper, "seconds": measured}
    write_json(settings.out / "devices.json", content)
    text = _paper_table(paper)
    if settings.devices > 1:
        text += "\n\n" + _measured_table(measured, settings.devices)
    (settings.out / "devices.md").write_text(text + "\n")
    print(text)
    return content


def on_paper(workload: Workload, step: float, links: Links) -> dict[str, Any]:
    """Return a workload's counts, and the rate of work on many devices."""
    carried = 4.0 * sum(row.parameters for row in layer_work(workload))
    return {
        "flop": operations(workload),
        "bytes": bytes_moved(workload),
        "all_reduce_bytes": carried,
        "step_seconds": step,
        "efficiency": {n: step / (step + links.seconds(carried, n)) for n in MANY},
    }


def measure(settings: Settings, name: str, counts: list[int]) -> dict[int, list[float]]:
    """Return the seconds of a step by the number of devices, a round each."""
    seconds: dict[int, list[float]] = {count: [] for count in counts}
    for _ in range(settings.rounds):
        for count in counts:
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                done = pool.submit(train, name, count, settings.steps)
                seconds[count].append(done.result())
    return seconds


def train(name: str, devices: int, steps: int) -> float:
    """Return the seconds of a training step over some devices of this machine."""
    import seqconv_jax as sc

    mesh = sc.train.data_mesh(devices) if devices > 1 else None
    workload = WORKLOADS[name]
    problem, _ = _data.load(workload)
    losses = sc.losses
    result = sc.train.fit(
        workload.model(),
        problem.task(),
        optimizer=sc.optim.rmsprop(1e-3),
        loss=losses.binary_cross_entropy if workload.is_text else losses.mae,
        epochs=2,
        steps_per_epoch=steps,
        batch_size=workload.batch_size,
        mesh=mesh,
    )
    return workload.batch_size / result.history[-1]["examples_per_second"]


def _paper_table(paper: dict[str, Any]) -> str:
    head = ["workload", "GFLOP a step", "MB moved", "KB all-reduced", "step, ms"]
    head += [f"of each of {n} devices" for n in MANY]
    rows = [
        [
            name,
            *(number(each["flop"] / 1e9), number(each["bytes"] / 1e6)),
            *(
                number(each["all_reduce_bytes"] / 1e3),
                number(each["step_seconds"] * 1e3),
            ),
            *(f"{each['efficiency'][n]:.0%}" for n in MANY),
        ]
        for name, each in paper.items()
    ]
    return markdown(head, rows)


def _measured_table(measured: dict[str, Any], devices: int) -> str:
    head = ["workload", "one device, ms", f"{devices} devices, ms", "one takes"]
    rows = [
        [
            name,
            limits(quartiles([each * 1e3 for each in seconds[1]])),
            limits(quartiles([each * 1e3 for each in seconds[devices]])),
            f"{limits(ratio(seconds[1], seconds[devices]))} ×",
        ]
        for name, seconds in measured.items()
    ]
    return markdown(head, rows)


if __name__ == "__main__":
    launch(Settings, main)
