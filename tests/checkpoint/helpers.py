"""A tree such as training saves, and how two of them are compared."""

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax


class State(NamedTuple):
    step: Any
    params: Any
    opt_state: Any


OPTIMIZERS = {
    "adam": optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3)),
    "rmsprop": optax.rmsprop(1e-3, momentum=0.9),
    "sgd": optax.sgd(1e-2),
}


def make_tree(seed=0, optimizer="adam", features=64, step=7):
    rng = np.random.default_rng(seed)
    params = {
        "Conv_0": {"kernel": np.zeros((5, 3, features), np.float32)},
        "Dense_0": {
            "kernel": np.zeros((features, 1), np.float32),
            "bias": np.zeros(1, np.float32),
        },
    }
    state = State(np.int32(step), params, OPTIMIZERS[optimizer].init(params))
    tree = {"state": state, "totals": {"loss": np.float32(0)}}
    return jax.tree.map(
        lambda x: jnp.array(rng.normal(size=x.shape).astype(x.dtype) * 100), tree
    )


def host(tree):
    return jax.tree.map(np.array, tree)


def assert_same(got, expected):
    assert jax.tree.structure(got) == jax.tree.structure(expected)
    for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        assert np.shape(a) == np.shape(b)
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes()


def files_below(directory):
    files = (path for path in directory.rglob("*") if path.is_file())
    return sorted(path for path in files if path.stat().st_size)


def run_python(code, *arguments, **options):
    """Run code in another process and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        **options,
    )
    assert done.returncode == 0, done.stderr
    return done
