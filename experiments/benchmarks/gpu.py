"""What does this GPU give, and where does its time go?

    pip install -e '.[experiments,benchmarks]'
    python experiments/benchmarks/gpu.py

In minutes, of each workload and by parts:

- device: how fast arrays are copied and matrices multiplied, and from `_work.py`'s
  counts the time that a training step takes at least;
- peers: a training step, a forward pass and an epoch beside other libraries, as
  `compare.py` does, in fewer rounds;
- kernels: a GRU in one fused kernel, which needs a Hopper GPU, and in XLA's loop, alone
  and in a training step;
- seeds: training steps of 1, 8 and 64 seeds at once, by `jax.vmap`;
- profile: the kernels of a training step, how long they take, the time between them;
- scatter: the gradient of an embedding, which adds to few rows or to many.

What fails is named, and the rest goes on. gpu.json and gpu.md in --out are written
after each measurement, gpu.png at the end; profile/ there has the raw profiles and the
compiled programs. Runs on a CPU too, with small --matrix, --megabytes and --scan-steps.
"""

import sys
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import _gpu_report
import _machine
from _cli import launch
from _gpu_measurement import Measurement
from _output import check_names, write_json
from _peers import OURS, PEERS
from _workloads import WORKLOADS

from seqconv_jax import UserError

PARTS = ("device", "peers", "kernels", "seeds", "profile", "scatter")
MAIN_PEERS = (OURS, "torch", "torch-compile", "keras-jax", "keras-torch")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Flags of this script."""

    parts: tuple[str, ...] = PARTS
    """Which, in this order: device, peers, kernels, seeds, profile, scatter."""
    workloads: tuple[str, ...] = tuple(WORKLOADS)
    """Which: S2, S7a, S8a, S8b, S9, TCN."""
    peers: tuple[str, ...] = MAIN_PEERS
    """Which: ours, flax, torch, torch-compile, keras-jax, keras-torch, and others."""
    rounds: int = 7
    """How often everything is timed."""
    steps: int = 20
    """Training steps of a peer's turn, a call each."""
    calls: int = 10
    """Forward passes of a peer's turn."""
    turn_seconds: float = 1.0
    """Seconds of a peer's turn, in which slow ones do less."""
    epoch_rounds: int = 3
    """How often each peer has its turn with an epoch."""
    epoch_steps: int = 100
    """Steps of a peer's epoch."""
    scan_steps: int = 25
    """Steps of a call in kernels, seeds and profile."""
    seeds: tuple[int, ...] = (1, 8, 64)
    """How many are trained at once."""
    seeds_workloads: tuple[str, ...] = ("S2", "S7a", "S8a", "S9")
    """Which of the workloads are trained with several seeds."""
    profile_seeds: tuple[int, ...] = (1,)
    """How many are trained at once while it is profiled; a profile of each."""
    matrix: int = 8_192
    """Rows and columns of the matrices."""
    megabytes: int = 1_024
    """Size of the array that is copied."""
    precision: Literal["float32", "tf32"] = "float32"
    """What everyone multiplies float32 arrays in."""
    warm_up: Literal["together", "in-turn"] = "together"
    """Whether peers, and our programs, are compiled all at once, which is quicker, or
    one after the other, so that nothing else runs while a compiler tries what is fast.
    """
    timeout: float = 150.0
    """Seconds that a peer may take for an answer, its compilation included."""
    threads: int | None = None
    """Cores and threads; by default all."""
    out: Path = Path("runs/gpu")
    """Where the files go."""


def main(settings: Settings) -> dict[str, Any]:
    """Measure part by part, and write what is known after each."""
    check_names("--parts", settings.parts, PARTS)
    check_names("--workloads", settings.workloads, WORKLOADS)
    check_names("--seeds-workloads", settings.seeds_workloads, WORKLOADS)
    check_names("--peers", settings.peers, PEERS)
    if OURS not in settings.peers:
        raise UserError(f"--peers must hold {OURS!r}, got {settings.peers}")
    threads = _machine.pin(settings.threads)
    import jax

    jax.config.update(
        "jax_default_matmul_precision", _machine.JAX_PRECISIONS[settings.precision]
    )
    report: dict[str, Any] = {
        "settings": asdict(settings),
        "machine": _machine.description(threads, jax.devices()[0].device_kind),
        "data": {},
        "parts": {},
        "failed": {},
    }
    measurement = Measurement(settings, report, partial(_write, settings, report))
    for part in PARTS:
        if part in settings.parts:
            measurement.run(part)
    measurement.say("done")
    _finish(settings, report)
    return report


def _write(settings: Settings, report: dict[str, Any]) -> None:
    write_json(settings.out / "gpu.json", report)
    (settings.out / "gpu.md").write_text(_gpu_report.text(report), encoding="utf-8")


def _finish(settings: Settings, report: dict[str, Any]) -> None:
    """Draw, and print all tables."""
    _write(settings, report)
    print(f"\n{_gpu_report.text(report)}")
    try:
        from _gpu_charts import draw
    except ImportError as error:
        print(f"no figure: {error}")
    else:
        draw(report, settings.out / "gpu.png")
    print(f"files: {settings.out}")


if __name__ == "__main__":
    launch(Settings, main)
