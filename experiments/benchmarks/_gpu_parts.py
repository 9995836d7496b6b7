"""What `gpu.py` measures in its own process, a function for each part."""

import gzip
import shutil
import tempfile
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
from _profile import planes_of, summary
from _rates import copy_call, matrix_call, seconds_of
from _stretch import Stretch, timed
from _work import bytes_moved, operations
from _workloads import WORKLOADS, Workload

import seqconv_jax as sc

# What products are made in, by the name in the tables.
PRODUCTS = {
    "float32": ("float32", "highest"),
    "tf32": ("float32", "default"),
    "bfloat16": ("bfloat16", "default"),
}


def device_rates(matrix: int, megabytes: int, rounds: int) -> dict[str, Any]:
    """Return the seconds of a copy and of products, with their bytes and operations."""
    # So many that starting them takes no part in the time.
    calls = 10
    return {
        "copy": {
            "bytes": 2.0 * (megabytes << 20),
            "seconds": seconds_of(copy_call(megabytes), rounds=rounds, calls=calls),
        },
        "products": {
            name: {
                "flop": 2.0 * matrix**3,
                "seconds": seconds_of(
                    matrix_call(matrix, *kind), rounds=rounds, calls=calls
                ),
            }
            for name, kind in PRODUCTS.items()
        },
    }


def scatter_seconds(workload: Workload, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of an embedding's gradient, by what the ids are."""
    table = jnp.zeros((workload.vocabulary, workload.model().layers[0].features))
    shape = (workload.batch_size, workload.length)

    @jax.jit
    @jax.grad
    def gradient(table, ids, weights):
        return jnp.sum(sc.ops.embed(ids, table) * weights)

    weights = jax.random.normal(jax.random.key(0), (*shape, table.shape[-1]))
    drawn = jax.random.randint(jax.random.key(1), shape, 0, workload.vocabulary)
    kinds = {"all ids the same": jnp.zeros_like(drawn), "random ids": drawn}
    return {
        name: seconds_of(
            lambda ids=ids: gradient(table, ids, weights), rounds=rounds, calls=5
        )
        for name, ids in kinds.items()
    }


def counts(name: str) -> dict[str, float]:
    """Return the operations and bytes of a workload's training step."""
    workload = WORKLOADS[name]
    return {"flop": operations(workload), "bytes": bytes_moved(workload)}


def profile_of(stretch: Stretch, rounds: int, keep: Path) -> dict[str, Any]:
    """Return a profile's summary, and the seconds of a step without it.

    The raw profile and the compiled program, both compressed, go to `keep` with the
    suffixes `.xplane.pb.gz` and `.hlo.txt.gz`.
    """
    seconds = stretch.seconds(rounds)
    keep.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(keep.with_suffix(".hlo.txt.gz"), "wt") as file:
        file.write(stretch.compiled.as_text() or "")
    with tempfile.TemporaryDirectory() as folder:
        options = jax.profiler.ProfileOptions()
        options.python_tracer_level = 0
        with jax.profiler.trace(folder, profiler_options=options):
            traced = timed(stretch)
        (raw,) = Path(folder).glob("**/*.xplane.pb")
        with (
            raw.open("rb") as source,
            gzip.open(keep.with_suffix(".xplane.pb.gz"), "wb", 3) as target,
        ):
            shutil.copyfileobj(source, target)
        data = jax.profiler.ProfileData.from_file(str(raw))
    return {
        "seconds": seconds,
        "traced_ms": traced / stretch.steps * 1e3,
        **summary(planes_of(data), stretch.steps),
    }
