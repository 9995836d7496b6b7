"""The parts of `gpu.py`: each measures, and puts what it finds into the report."""

import os
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import _data
import _gpu_report
import _machine
import compare
from _gpu_programs import Key, Programs
from _workloads import WORKLOADS

import seqconv_jax as sc


class Measurement:
    """The parts, which share examples and compiled programs.

    Args:
        settings: of the script.
        report: what is found, as the JSON file holds it.
        write: writes the files.
    """

    def __init__(self, settings: Any, report: dict[str, Any], write: Any):
        """Start the clock."""
        self._settings, self._report = settings, report
        self._started = time.perf_counter()
        self._write = write
        self._problems: dict[str, _data.Problem] = {}
        together = settings.warm_up == "together"
        self._programs = Programs(self._problem, settings.scan_steps, together)

    def run(self, part: str) -> None:
        """Do the part of that name."""
        with self._naming_failure(part):
            getattr(self, part)()
        self._write()

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
            turn_seconds=settings.turn_seconds,
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
        implementations = ("fused", "xla") if _default() == "fused" else ("xla",)
        if _default() == "xla":
            self.say("kernels: the fused one needs a Hopper GPU and is left out")
        names = [name for name in self._settings.workloads if _has_gru(name)]
        keys = [
            Key(name, implementation=implementation, precision=precision)
            for name in names
            for precision in (*_precisions(), None)  # None: the whole training step
            for implementation in implementations
        ]
        self._make("kernels", keys)
        for key in keys:
            alone = f"GRU alone, {key.precision}"
            what = alone if key.precision else "training step"
            self._keep_seconds(
                "kernels", f"{key.workload}, {what}, {key.implementation}", key
            )

    def seeds(self) -> None:
        """Time training steps of several seeds at once."""
        chosen = self._settings.seeds_workloads
        for name in self._settings.workloads:
            if name not in chosen:
                continue
            # Not all workloads at once: the states of many seeds take memory.
            keys = [_steps_of(name, seeds) for seeds in self._settings.seeds]
            self._make(f"seeds of {name}", keys)
            for key in keys:
                self._keep_seconds("seeds", f"{name}, {key.seeds}", key)
                if key.seeds > 1:
                    self._programs.forget(key)

    def profile(self) -> None:
        """Profile a stretch of training steps of each workload."""
        from _gpu_parts import profile_of

        settings = self._settings
        for seeds in settings.profile_seeds:
            names = settings.workloads if seeds == 1 else settings.seeds_workloads
            # Not several numbers at once: the states of many seeds take memory.
            keys = [_steps_of(name, seeds) for name in names]
            self._make(f"profile of {seeds}", keys)
            for key in keys:
                file = key.workload if seeds == 1 else f"{key.workload}-{seeds}"
                self._keep(
                    "profile",
                    file,
                    lambda key=key, file=file: profile_of(
                        self._programs[key],
                        settings.rounds,
                        settings.out / "profile" / file,
                    ),
                )
                if seeds > 1:
                    self._programs.forget(key)

    def scatter(self) -> None:
        """Time an embedding's gradient."""
        from _gpu_parts import scatter_seconds

        workload = next(each for each in WORKLOADS.values() if each.is_text)
        rounds = self._settings.rounds
        self._keep("scatter", "seconds", lambda: scatter_seconds(workload, rounds))

    def _make(self, what: str, keys: list[Key]) -> None:
        made = self._programs.make(keys)
        self.say(f"{what}: {made} programs compiled")

    def _keep_seconds(self, part: str, name: str, key: Key) -> None:
        rounds = self._settings.rounds
        self._keep(
            part,
            name,
            lambda: {**key._asdict(), "seconds": self._programs[key].seconds(rounds)},
        )

    def _keep(self, part: str, name: str, measure: Callable[[], Any]) -> None:
        """Put what is measured, or why it failed, into the files."""
        with self._naming_failure(f"{part}: {name}"):
            found = measure()
            self._report["parts"].setdefault(part, {})[name] = found
            self.say(f"{part}: {name}{_gpu_report.brief(found)}")
        self._write()

    @contextmanager
    def _naming_failure(self, what: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if os.environ.get("SEQCONV_TRACEBACK"):
                traceback.print_exc()
            words = " ".join(f"{type(error).__name__}: {error}".split())[:500]
            self._report["failed"][what] = words
            self.say(f"{what} failed: {words}")

    def _problem(self, name: str) -> _data.Problem:
        if name not in self._problems:
            problem, source = _data.load(WORKLOADS[name])
            self._problems[name] = problem
            self._report["data"][name] = source
        return self._problems[name]


def _has_gru(name: str) -> bool:
    return any(isinstance(layer, sc.nn.GRU) for layer in WORKLOADS[name].layers)


def _default() -> str:
    """Return the implementation of a GRU's loop that is chosen here by itself."""
    from seqconv_jax.ops.gru.implementation import has_hopper_gpu

    return "fused" if has_hopper_gpu() else "xla"


def _steps_of(name: str, seeds: int = 1) -> Key:
    return Key(name, seeds, _default() if _has_gru(name) else None)


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
