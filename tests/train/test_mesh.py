"""Several devices give the numbers of one, to rounding."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from train import mesh_cases

import seqconv_jax as sc

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def found(once):
    """What the cases gave in a process with four devices."""
    return once("mesh_cases", run_cases)


def run_cases():
    paths = [str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH", "")]
    environ = os.environ | {
        "PYTHONPATH": os.pathsep.join(paths),
        "XLA_FLAGS": "--xla_backend_optimization_level=0",  # compiled more than run
        "JAX_PLATFORMS": "cpu",  # which has as many devices as are asked for
    }
    config: Any = jax.config
    cache = config.jax_compilation_cache_dir
    command = [sys.executable, "-m", "train.mesh_cases", str(cache)]
    done = subprocess.run(command, capture_output=True, text=True, env=environ)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("case", mesh_cases.CASES, ids=lambda case: case.__name__)
def test_the_numbers_are_those_of_one_device(case, found):
    alone, *spread = found[case.__name__]
    assert alone and spread
    for numbers in spread:
        for row, expected in zip(numbers, alone, strict=True):
            np.testing.assert_allclose(row, expected, rtol=1e-5, atol=1e-6)


def test_what_is_not_finite_is_named(found):
    expected = "training stopped at step 2 (epoch 1, batch 2): the loss is not finite"
    assert found["not_finite"].startswith(expected)


def test_results_lie_on_one_device_and_nothing_is_traced_twice(found):
    devices, traced = found["placed"]
    assert devices == [1] and len(traced) == 4
    assert 0 < traced[0] == traced[-1]


def test_wrong_meshes(found):
    too_many, none, other, no_mesh, other_axis = found["wrong"]
    assert "`devices` must be at most 4" in too_many
    assert 'jax.config.update("jax_num_cpu_devices", 5)' in too_many
    assert "`devices` must be a positive integer, got 0" in none
    assert "`mesh` must be" in other and "('model',)" in other
    assert "`mesh` must be" in no_mesh and no_mesh.endswith("got 2")
    assert "`batch_axis` must be" in other_axis


def test_a_mesh_of_devices_that_are_there():
    assert sc.train.data_mesh("all").size == len(jax.devices())
    assert sc.train.data_mesh(jax.devices()[:1]).axis_names == ("data",)
    with pytest.raises(sc.UserError, match=r"some of jax.devices\(\)"):
        sc.train.data_mesh(["cpu"])
