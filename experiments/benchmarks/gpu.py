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

import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import _data
import _gpu_report
import _machine
import compare
from _cli import launch
from _output import check_names, write_json
from _peers import OURS, PEERS
from _workloads import WORKLOADS

import seqconv_jax as sc
from seqconv_jax import UserError

PARTS = ("device", "peers", "kernels", "seeds", "profile", "scatter")
MAIN_PEERS = (OURS, "torch", "torch-compile", "keras-jax", "keras-torch")
IMPLEMENTATIONS = ("fused", "xla")
MAX_COMPILE_THREADS = 8


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
    measurement = Measurement(settings, report)
    for part in PARTS:
        if part in settings.parts:
            getattr(measurement, part)()
    measurement.say("done")
    _finish(settings, report)
    return report


class Measurement:
    """The parts, which share examples and compiled programs.

    Args:
        settings: of the script.
        report: what is found, as the JSON file holds it.
    """

    def __init__(self, settings: Settings, report: dict[str, Any]):
        """Start the clock."""
        self._settings, self._report = settings, report
        self._started = time.perf_counter()
        self._problems: dict[str, _data.Problem] = {}
        together = settings.warm_up == "together"
        self._pool = ThreadPoolExecutor(
            min(MAX_COMPILE_THREADS, os.cpu_count() or 1) if together else 1
        )
        self._programs: dict[Any, Future[Any]] = {}

    def say(self, text: str) -> None:
        """Print a line with the seconds since the start."""
        print(f"[{time.perf_counter() - self._started:6.1f} s] {text}", flush=True)

    def device(self) -> None:
        """Measure rates, and count the work of the workloads."""
        from _gpu_parts import counts, device_rates

        settings = self._settings
        self._keep(
            "device",
            "rates",
            lambda: device_rates(settings.matrix, settings.megabytes, settings.rounds),
        )
        for name in settings.workloads:
            self._keep("device", name, partial(counts, name))

    def peers(self) -> None:
        """Compare each workload with the peers that are installed."""
        from _gpu_peers import beside_peers

        settings = self._settings
        peers = compare.installed(settings.peers)
        turns = compare.Settings(
            rounds=settings.rounds,
            steps=settings.steps,
            calls=settings.calls,
            epoch_rounds=settings.epoch_rounds,
            epoch_steps=settings.epoch_steps,
            precision=settings.precision,
        )
        with _children_multiply_in(settings.precision):
            for name in settings.workloads:
                self._keep(
                    "peers",
                    name,
                    lambda name=name: beside_peers(
                        turns,
                        WORKLOADS[name],
                        self._problem(name),
                        peers,
                        timeout=settings.timeout,
                        together=settings.warm_up == "together",
                    ),
                )

    def kernels(self) -> None:
        """Time GRUs in one kernel and in XLA's loop, alone and in a training step."""
        from seqconv_jax.ops.gru.implementation import has_hopper_gpu

        implementations = IMPLEMENTATIONS
        if not has_hopper_gpu():
            implementations = IMPLEMENTATIONS[1:]
            self.say("kernels: the fused one needs a Hopper GPU and is left out")
        names = [name for name in self._settings.workloads if _has_gru(name)]
        kinds = [*_precisions(), None]  # None: the whole training step
        keys = [
            (name, 1, implementation, precision)
            for name in names
            for implementation in implementations
            for precision in kinds
        ]
        self._compile("kernels", keys)
        for name, _, implementation, precision in keys:
            what = f"GRU alone, {precision}" if precision else "training step"
            key = (name, 1, implementation, precision)
            self._keep(
                "kernels",
                f"{name}, {what}, {implementation}",
                lambda key=key: {
                    "workload": key[0],
                    "implementation": key[2],
                    "precision": key[3],
                    "seconds": self._seconds(key),
                },
            )

    def seeds(self) -> None:
        """Time training steps of several seeds at once."""
        chosen = self._settings.seeds_workloads
        names = [name for name in self._settings.workloads if name in chosen]
        for name in names:
            # Not all workloads at once: the states of many seeds take memory.
            keys = [(name, count, None, None) for count in self._settings.seeds]
            self._compile(f"seeds of {name}", keys)
            for key in keys:
                self._keep(
                    "seeds",
                    f"{name}, {key[1]}",
                    lambda key=key: {
                        "workload": key[0],
                        "seeds": key[1],
                        "seconds": self._seconds(key),
                    },
                )
                if key[1] > 1:
                    del self._programs[key]

    def profile(self) -> None:
        """Profile a stretch of training steps of each workload."""
        from _gpu_parts import profile_of

        settings = self._settings
        keys = [(name, 1, None, None) for name in settings.workloads]
        self._compile("profile", keys)
        for key in keys:
            self._keep(
                "profile",
                key[0],
                lambda key=key: profile_of(
                    self._programs[key].result(),
                    settings.rounds,
                    settings.out / "profile" / key[0],
                ),
            )

    def scatter(self) -> None:
        """Time an embedding's gradient."""
        from _gpu_parts import scatter_seconds

        workload = next(each for each in WORKLOADS.values() if each.is_text)
        rounds = self._settings.rounds
        self._keep("scatter", "seconds", lambda: scatter_seconds(workload, rounds))

    def _keep(self, part: str, name: str, measure: Callable[[], Any]) -> None:
        """Put what is measured, or why it failed, into the files."""
        try:
            found = measure()
        except Exception as error:
            if os.environ.get("SEQCONV_TRACEBACK"):
                traceback.print_exc()
            words = " ".join(f"{type(error).__name__}: {error}".split())[:500]
            self._report["failed"][f"{part}: {name}"] = words
            self.say(f"{part}: {name} failed: {words}")
        else:
            self._report["parts"].setdefault(part, {})[name] = found
            self.say(f"{part}: {name}{_gpu_report.brief(found)}")
        _write(self._settings, self._report)

    def _problem(self, name: str) -> _data.Problem:
        if name not in self._problems:
            problem, source = _data.load(WORKLOADS[name])
            self._problems[name] = problem
            self._report["data"][name] = source
        return self._problems[name]

    def _compile(self, what: str, keys: list[Any]) -> None:
        """Have the programs of these keys made, and wait for them."""
        from _stretch import GRUStretch, Stretch

        made = []
        for key in keys:
            name, seeds, implementation, precision = key
            if key in self._programs:
                continue
            steps = self._settings.scan_steps
            if precision is None:
                make = partial(
                    Stretch,
                    WORKLOADS[name],
                    self._problem(name),
                    steps=steps,
                    seeds=seeds,
                    implementation=implementation,
                )
            else:
                make = partial(
                    GRUStretch,
                    WORKLOADS[name],
                    steps=steps,
                    implementation=implementation,
                    precision=_machine.JAX_PRECISIONS[precision],
                )
            self._programs[key] = self._pool.submit(make)
            made.append(key)
        for key in made:
            self._programs[key].exception()
        self.say(f"{what}: compiled {len(made)} programs")

    def _seconds(self, key: Any) -> list[float]:
        return self._programs[key].result().seconds(self._settings.rounds)


def _has_gru(name: str) -> bool:
    return any(isinstance(layer, sc.nn.GRU) for layer in WORKLOADS[name].layers)


def _precisions() -> tuple[str, ...]:
    """Return what products may be made in here; a CPU knows no TF32."""
    import jax

    return ("float32",) if jax.default_backend() == "cpu" else ("float32", "tf32")


@contextmanager
def _children_multiply_in(precision: str) -> Iterator[None]:
    """Set it for processes that are started, and not for this one's libraries."""
    before = dict(os.environ)
    _machine.multiply_in(precision)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


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
