"""A process for each seed: what goes there, and what comes back."""

import json
import os
import pickle
import runpy
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from seqconv_jax._checks import UserError, first_line
from seqconv_jax._files import replace_file
from seqconv_jax._processes import (
    Ended,
    Job,
    places_on_cores,
    python,
    run_together,
    stop_with_parent,
)
from seqconv_jax._sent import receive, send
from seqconv_jax.train.diagnose import NonFiniteError
from seqconv_jax.train.interrupt import TrainingInterrupted
from seqconv_jax.train.loop import Result, fit
from seqconv_jax.train.reporter import NullReporter
from seqconv_jax.train.selection import Best, Record

_GIVEN = "given"  # the file of what goes to all of them
_WORK = "from seqconv_jax.train.seed_process import work; work()"
_WITHIN = "SEQCONV_SEED_PROCESS"  # set in the environment of these processes
_EPOCH = "\x1eepoch "  # begins a line that tells of an epoch
# What compiled programs, and their numbers, depend on; flags of the environment are
# inherited.
_CONFIG = (
    *("jax_platforms", "jax_enable_x64", "jax_default_prng_impl"),
    *("jax_threefry_partitionable", "jax_default_matmul_precision"),
    *("jax_numpy_rank_promotion", "jax_debug_nans", "jax_compilation_cache_dir"),
    "jax_persistent_cache_min_compile_time_secs",
    "jax_persistent_cache_min_entry_size_bytes",
)


def check_not_within() -> None:
    """Raise in a seed's own process: the script that began it was run again there."""
    if _WITHIN in os.environ:
        raise UserError(
            "a script that trains several seeds in processes must do so behind "
            '`if __name__ == "__main__":`, since each of them imports it'
        )


def fit_in_processes(
    model: Any,
    task: Any,
    options: Mapping[str, Any],
    openers: Mapping[int, Any],
    on_epoch: Callable[[int, Record], None],
    at_once: int,
) -> dict[int, Any]:
    """Return by seed the result of `fit`, a `NonFiniteError`, or what went wrong.

    Raises:
        UserError: as `fit`, and for what cannot be sent to another process.
        TrainingInterrupted: after SIGINT or SIGTERM.
    """
    given = {"model": model, "task": task, "options": dict(options)}
    sent = {name: send(value, name) for name, value in given.items()}
    with tempfile.TemporaryDirectory(prefix="seqconv-seeds-") as name:
        directory = Path(name)
        (directory / _GIVEN).write_bytes(pickle.dumps((_surroundings(sent), sent)))
        jobs = []
        for seed, opener in openers.items():
            (directory / f"opener-{seed}").write_bytes(send(opener, "run"))
            jobs.append(Job(str(seed), python("-c", _WORK, name, str(seed))))
        outcome = run_together(
            jobs,
            places_on_cores(min(len(jobs), at_once)),
            _Listener(on_epoch),
            environ={_WITHIN: "1"},
        )
        ends = {
            int(name): _read_end(directory / f"end-{name}", end)
            for name, end in outcome.ended.items()
        }
    if outcome.signum is not None:
        saved = not any(opener is nullcontext for opener in openers.values())
        steps = [end.step for end in ends.values() if isinstance(end, _Stopped)]
        raise TrainingInterrupted(outcome.signum, sum(steps), saved)
    if mistakes := [end for end in ends.values() if isinstance(end, UserError)]:
        raise mistakes[0]
    return {seed: ends[seed] for seed in openers}


class _Stopped(NamedTuple):
    step: int


class _Listener:
    """Tells of epochs, and prints whatever else a process says with its seed."""

    def __init__(self, on_epoch: Callable[[int, Record], None]):
        self._on_epoch = on_epoch

    def line(self, name: str, line: str, is_error: bool) -> None:
        if line.startswith(_EPOCH) and not is_error:
            self._on_epoch(int(name), json.loads(line.removeprefix(_EPOCH)))
        elif line:
            stream = sys.stderr if is_error else sys.stdout
            print(f"seed {name}: {line}", file=stream, flush=True)

    def ended(self, name: str, end: Ended) -> None:
        pass


def _surroundings(sent: Mapping[str, bytes]) -> dict[str, Any]:
    """Return what a process must know before it can receive anything.

    The script is run again there, as `multiprocessing` does it, if what is sent is
    defined in it.
    """
    main = sys.modules["__main__"]
    module = getattr(main.__spec__, "name", None)  # of `python -m`
    needed = any(b"__main__" in content for content in sent.values())
    return {
        "config": {name: getattr(jax.config, name, None) for name in _CONFIG},
        "main": (module, getattr(main, "__file__", None)) if needed else None,
    }


def _read_end(file: Path, end: Ended) -> Any:
    if not file.exists():
        status = end.status
        name = f"signal {status - 128}" if status > 128 else f"exit status {status}"
        return f"its process ended with {name}" + (
            f": {end.error}" if end.error else ""
        )
    ended = pickle.loads(file.read_bytes())
    return _with_arrays(ended, jnp.asarray) if isinstance(ended, Result) else ended


def _with_arrays(result: Result, convert: Callable[[Any], Any]) -> Result:
    state = jax.tree.map(convert, result.state)
    kept = jax.tree.map(convert, (result.best.params, result.best.batch_stats))
    return Result(state, result.history, Best(result.best.record, *kept))


def work() -> None:
    """Train one seed in this process, and leave how it ended."""
    stop_with_parent()
    directory, seed = Path(sys.argv[1]), int(sys.argv[2])
    try:
        end: Any = _with_arrays(_fit(directory, seed), np.asarray)
    except TrainingInterrupted as stop:
        end = _Stopped(stop.step)
    except (UserError, NonFiniteError) as error:
        end = error
    except Exception as error:
        if os.environ.get("SEQCONV_TRACEBACK") == "1":
            traceback.print_exc()
        end = f"{type(error).__name__}: {first_line(error)}"
    replace_file(directory / f"end-{seed}", send(end, "result"))


def _fit(directory: Path, seed: int) -> Result:
    surroundings, sent = pickle.loads((directory / _GIVEN).read_bytes())
    for name, value in surroundings["config"].items():
        if hasattr(jax.config, name):
            jax.config.update(name, value)
    if surroundings["main"] is not None:
        _run_main(*surroundings["main"])
    given = {name: receive(content) for name, content in sent.items()}
    opener = receive((directory / f"opener-{seed}").read_bytes())
    with opener() as run:
        return fit(
            given["model"],
            given["task"],
            seed=seed,
            run=run,
            reporter=_Teller(),
            **given["options"],
        )


def _run_main(module: str | None, file: str) -> None:
    """Run the script again under another name, so that what it defines is there."""
    name = "__mp_main__"  # that of `multiprocessing`, which does the same
    if module is None:
        content = runpy.run_path(file, run_name=name)
    else:
        content = runpy.run_module(module, run_name=name, alter_sys=True)
    main = ModuleType(name)
    vars(main).update(content)
    sys.modules["__main__"] = sys.modules[name] = main


class _Teller(NullReporter):
    def end(self, record: Record) -> None:
        print(_EPOCH + json.dumps(record), flush=True)
