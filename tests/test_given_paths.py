"""Where a path, a run or a batch is asked for, and something else comes."""

# Arguments of wrong types are what is tested.
# pyright: reportArgumentType=false

import numpy as np
import pytest

import seqconv_jax as sc
from seqconv_jax import interop, nn, runs, train

X = np.ones((2, 3), np.float32)
DENSE = nn.Dense(1)


@pytest.mark.parametrize(
    ("run", "says"),
    [
        (lambda: runs.open(None), "`path` must be a path, got None"),
        (lambda: runs.open(""), "`path` must be a path, got ''"),
        (lambda: sc.checkpoint.load_params(None), "`directory` must be a path"),
        (lambda: sc.checkpoint.load_params(""), "`directory` must be a path"),
        (lambda: interop.load_safetensors(None), "`path` must be a path"),
        (lambda: interop.load_keras(None), "`path` must be a path"),
        (lambda: train.rebuild_history("runs/a"), "`run` must be an open run dir"),
        (
            lambda: interop.save_safetensors("a", {}, DENSE, X),
            "`model` must be a Flax Linen module, got dict",
        ),
        (
            lambda: interop.save_safetensors("a", DENSE, {}, (2, 3)),
            "`example` must be an array, got tuple",
        ),
    ],
)
def test_it_is_named(run, says):
    with pytest.raises(sc.UserError, match=says):
        run()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"resume": "no"}, "`resume` must be True or False"),
        ({"overwrite": 1}, "`overwrite` must be True or False"),
        ({"config": [1]}, "`config` must be a mapping"),
    ],
)
def test_nothing_is_made_for_a_run_of_wrong_settings(tmp_path, options, says):
    with pytest.raises(sc.UserError, match=says):
        runs.open(tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


def test_a_record_is_a_mapping(tmp_path):
    with runs.open(tmp_path / "run") as run:
        with pytest.raises(sc.UserError, match="`records` must be mappings"):
            run.append("epoch 1")
        with pytest.raises(sc.UserError, match="`records` must be mappings"):
            run.write_history(["epoch 1"])


def test_an_empty_file_is_said_to_have_no_header(tmp_path):
    (tmp_path / "a").touch()
    with pytest.raises(sc.UserError, match="its header must have bytes, got 0"):
        interop.load_safetensors(tmp_path / "a")
