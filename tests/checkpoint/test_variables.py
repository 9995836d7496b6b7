"""What a model is called with is read without Orbax, and is what was saved."""

import shutil
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from seqconv_jax import UserError
from seqconv_jax.checkpoint import Checkpoints, load_params, load_variables
from seqconv_jax.checkpoint import manifest as manifests
from seqconv_jax.checkpoint.variables import FILE

PARAMS = {
    "Dense_0": {
        "bias": jnp.arange(3.0),
        "kernel": jnp.arange(6, dtype="bfloat16").reshape(2, 3),
    },
    "empty": jnp.zeros((0, 2)),
    "number": jnp.float32(2.5),
}
STATS = {"mean": jnp.full(3, 0.5)}
STATE = {"params": PARAMS, "batch_stats": STATS, "opt_state": {"nu": jnp.ones(3)}}


def assert_same(got, expected):
    assert jax.tree.structure(got) == jax.tree.structure(expected)
    for left, right in zip(
        jax.tree.leaves(got), jax.tree.leaves(expected), strict=True
    ):
        assert left.dtype == right.dtype and left.shape == right.shape
        assert left.tobytes() == right.tobytes()


@pytest.fixture
def saved(tmp_path):
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(5, {"state": STATE}, {"val_loss": 0.5})
    return tmp_path


def test_they_are_what_was_saved(saved):
    step, params, batch_stats = load_variables(saved)
    assert step == 5
    assert_same(params, PARAMS)
    assert_same(batch_stats, STATS)
    assert_same(load_params(saved), PARAMS)
    kernel = load_params(saved, part="state/params/Dense_0")["kernel"]
    assert_same(kernel, PARAMS["Dense_0"]["kernel"])
    with pytest.raises(UserError, match="holds no 'state/params_ema'"):
        load_params(saved, part="state/params_ema")


def test_a_moving_average_comes_first(tmp_path):
    average = {"Dense_0": jnp.full(3, 7.0)}
    with Checkpoints(tmp_path) as checkpoints:
        state = {"params": {"Dense_0": jnp.ones(3)}, "ema_params": average}
        checkpoints.save(1, {"state": state}, {"val_loss": 0.5})
    assert_same(load_variables(tmp_path).params, average)


def test_orbax_is_not_imported_for_them(saved):
    code = f"""
import sys
from seqconv_jax.checkpoint import load_variables
load_variables({str(saved)!r})
print("orbax" in sys.modules)
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_step_of_a_version_before_has_orbax_files_alone(saved):
    (saved / "5" / FILE).unlink()
    _seal_again(saved / "5")
    assert_same(load_variables(saved).params, PARAMS)
    assert_same(load_variables(saved).batch_stats, STATS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content[:-1], "holds no state/params/number"),
        (lambda content: content + b"1", "holds more than manifest.json says"),
    ],
)
def test_another_length_is_damage(saved, change, message):
    path = saved / "5" / FILE
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(UserError, match=f"{FILE} does not match its checksum"):
        load_variables(saved)
    _seal_again(saved / "5")
    with pytest.raises(UserError, match=message):
        load_variables(saved)


def test_a_dtype_that_is_none_is_damage(saved):
    def change(content):
        content["leaves"]["state/params/number"]["dtype"] = "object"

    _seal_again(saved / "5", change)
    with pytest.raises(UserError, match="holds no state/params/number"):
        load_variables(saved)


def test_a_tree_without_parameters_has_no_such_file(tmp_path):
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(1, {"w": np.ones(2)}, {"val_loss": 0.5})
    assert not (tmp_path / "1" / FILE).exists()
    with pytest.raises(UserError, match="holds no 'state/params'"):
        load_variables(tmp_path)


def _seal_again(where, change=lambda content: None):
    content = manifests.read(where)
    del content["files"], content["format"]
    change(content)
    manifests.write(where, content)


def test_copied_elsewhere_they_are_the_same(saved, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "run"
    shutil.copytree(saved, elsewhere)
    assert_same(load_variables(elsewhere).params, PARAMS)
