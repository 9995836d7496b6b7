"""How fast are we beside Keras, PyTorch and plainly written Flax?

    pip install -e '.[experiments,benchmarks]'
    python experiments/benchmarks/compare.py

Times a training step, a forward pass from host to host of 1 and of 128 examples, and an
epoch with its data, in rounds that go from peer to peer, each in a process of its own
on the same cores. First all must compute the same outputs from the same weights.

An epoch is `--epoch-steps` batches without validation: ours by `train.fit`, Keras by
`fit` over the book's generator (arrays for the reviews), PyTorch by a DataLoader,
Flax over batches that NumPy gathers. Ratios are medians over rounds with a 95 %
interval. Start-up is what building the network takes, and its first epoch longer than
later ones: the weights and the programs. Peak memory is that of a process that has
trained one epoch.

Data is searched in $SEQCONV_DATA and the cache, then downloaded; without it, word ids
follow Zipf's law and the climate is generated. Peers that are not installed are left
out. Leaves compare.json, compare.md and compare.png in --out. Takes about half an hour
on two CPU cores.
"""

import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import _data
import _machine
from _cli import launch
from _output import check_names, write_json
from _peers import INSTALL, OURS, PEERS, USUAL
from _report import peer_table, summary_table
from _worker import Worker, take_turns
from _workloads import WORKLOADS, Workload

from seqconv_jax import UserError

# What outputs may differ by, by what they are multiplied in, in units of the largest.
TOLERANCE = {"float32": 1e-5, "tf32": 1e-2}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Flags of this script."""

    workloads: tuple[str, ...] = tuple(WORKLOADS)
    """Which: S2, S7a, S8a, S8b, S9, TCN."""
    peers: tuple[str, ...] = USUAL
    """Which: ours, flax, torch, keras-jax, keras-torch, keras-tensorflow; and
    torch-compile, which needs a C++ compiler."""
    rounds: int = 15
    """How often each peer has its turn with steps and forward passes."""
    steps: int = 8
    """Training steps of a turn."""
    calls: int = 10
    """Forward passes of a turn."""
    turn_seconds: float | None = None
    """Seconds of a turn, in which slow peers do less; by default all do the same."""
    epoch_rounds: int = 5
    """How often each peer has its turn with an epoch."""
    epoch_steps: int = 40
    """Steps of an epoch."""
    precision: Literal["float32", "tf32"] = "float32"
    """What everyone multiplies float32 arrays in on a GPU."""
    threads: int | None = None
    """Cores and threads; by default all."""
    out: Path = Path("runs/benchmarks")
    """Where the files go."""


def main(settings: Settings) -> dict[str, Any]:
    """Compare, print, and write the files."""
    check_names("--workloads", settings.workloads, WORKLOADS)
    check_names("--peers", settings.peers, PEERS)
    if OURS not in settings.peers:
        raise UserError(f"--peers must hold {OURS!r}, got {settings.peers}")
    threads = _machine.pin(settings.threads)
    _machine.multiply_in(settings.precision)
    peers = installed(settings.peers)
    results: dict[str, Any] = {}
    report: dict[str, Any] = {"settings": asdict(settings), "workloads": results}
    for name in settings.workloads:
        workload = WORKLOADS[name]
        problem, source = _data.load(workload)
        print(f"\n{name} {workload.title}, {source}", flush=True)
        results[name], device = compare(settings, workload, problem, peers)
        results[name]["data"] = source
        print(peer_table(results[name]), flush=True)
        report["machine"] = _machine.description(threads, device)
        write_json(settings.out / "compare.json", report)
    finish(settings, report)
    return report


def installed(peers: tuple[str, ...]) -> list[str]:
    """Return the peers that are there; say what to install for the others."""
    for peer in peers:
        if not PEERS[peer].is_installed:
            print(f"{PEERS[peer].title} is not installed and left out: {INSTALL}")
    return [peer for peer in peers if PEERS[peer].is_installed]


def compare(
    settings: Settings, workload: Workload, problem: _data.Problem, peers: list[str]
) -> tuple[dict[str, Any], str]:
    """Return one workload's figures and the device of ours."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        path = Path(folder) / "problem.npz"
        problem.save(path)
        workers = {
            peer: stack.enter_context(
                Worker(peer, workload, path, epoch_steps=settings.epoch_steps)
            )
            for peer in peers
        }
        with Worker(OURS, workload, path) as ours:
            device = ours.ask("device")
            references = {
                reset_after: ours.ask("reference", reset_after)
                for reset_after in {PEERS[peer].reset_after for peer in peers}
            }
        # Memory is that of a process which has trained an epoch, and nothing else.
        first = {peer: worker.ask("epoch") for peer, worker in workers.items()}
        memory = {peer: worker.ask("memory") for peer, worker in workers.items()}
        deviations = check(workers, references, TOLERANCE[settings.precision])
        for worker in workers.values():
            worker.ask("train", 1)
        return {
            "title": workload.title,
            "seconds": in_turns(settings, workers),
            "build_seconds": {p: w.ask("build_seconds") for p, w in workers.items()},
            "first_epoch_seconds": first,
            "memory_megabytes": memory,
            "import_seconds": {p: w.ask("import_seconds") for p, w in workers.items()},
            "deviation": deviations,
            "notes": {peer: PEERS[peer].note(workload) for peer in peers},
        }, device


def check(
    workers: dict[str, Worker],
    references: dict[bool, tuple[Any, Any, Any]],
    tolerance: float,
) -> dict[str, float]:
    """Return each peer's largest deviation from our outputs with our weights.

    Args:
        workers: by peer.
        references: inputs, weights and outputs, by where the reset gate acts.
        tolerance: the largest that passes, in units of the largest output.

    Raises:
        UserError: where one is larger.
    """
    deviations = {}
    for peer, worker in workers.items():
        x, weights, expected = references[PEERS[peer].reset_after]
        found = worker.ask("outputs", weights, x)
        scale = max(1.0, float(np.abs(expected).max()))
        deviations[peer] = float(np.abs(found - expected).max()) / scale
        if found.shape != expected.shape or not deviations[peer] <= tolerance:
            raise UserError(
                f"{PEERS[peer].title} must compute our outputs to {tolerance:g}, got a "
                f"difference of {deviations[peer]:.2g}"
            )
    worst = max(deviations.values())
    print(f"the same outputs from the same weights, to {worst:.1g}", flush=True)
    return deviations


def in_turns(
    settings: Settings, workers: dict[str, Worker]
) -> dict[str, dict[str, list[float]]]:
    """Return seconds by measure and peer, one of each round."""
    rounds, calls, within = settings.rounds, settings.calls, settings.turn_seconds
    return {
        "train": take_turns(workers, rounds, "train", settings.steps, within),
        "infer_1": take_turns(workers, rounds, "infer", 1, calls, within),
        "infer_128": take_turns(workers, rounds, "infer", 128, calls, within),
        "epoch": take_turns(workers, settings.epoch_rounds, "epoch"),
    }


def finish(settings: Settings, report: dict[str, Any]) -> None:
    """Write the table and the figure, and print the summary."""
    from _charts import bars

    results, machine = report["workloads"], report["machine"]
    versions = ", ".join(f"{k} {v}" for k, v in machine["versions"].items())
    about = (
        f"{machine['processor']}, {machine['device']}, {machine['threads']} threads, "
        f"products in {settings.precision}; "
        f"{versions}; an epoch is {settings.epoch_steps} steps"
    )
    tables = [
        f"{name} {result['title']}, {result['data']}\n\n{peer_table(result)}"
        for name, result in results.items()
    ]
    summary = summary_table(results)
    text = "\n\n".join([about, summary, *tables]) + "\n"
    (settings.out / "compare.md").write_text(text, encoding="utf-8")
    bars(results, settings.out / "compare.png")
    print(f"\n{about}\n\n{summary}\n\nfiles: {settings.out}")


if __name__ == "__main__":
    launch(Settings, main)
