import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checkpoint.helpers import make_tree

from seqconv_jax import UserError
from seqconv_jax.checkpoint import Checkpoints


class TestMismatch:
    def test_shape(self, saved):
        message = (
            r"checkpoint .*/20 holds state/params/Conv_0/kernel of shape \(5, 3, 64\), "
            r"the model expects \(5, 3, 32\); holds state/params/Dense_0/kernel of "
            r"shape \(64, 1\), the model expects \(32, 1\); .*and 1 more differences\. "
        )
        with pytest.raises(UserError, match=message):
            Checkpoints(saved).load(20, make_tree(features=32))

    def test_dtype(self, saved):
        like = make_tree()
        like["totals"]["loss"] = np.zeros((), np.float64)
        with pytest.raises(
            UserError,
            match="holds totals/loss of dtype float32, the model expects float64",
        ):
            Checkpoints(saved).load(20, like)

    def test_names(self, saved):
        like = make_tree()
        params = like["state"].params
        params["Dense_1"] = params.pop("Dense_0")
        with pytest.raises(
            UserError,
            match="lacks state/params/Dense_1/bias, which the model expects; .*"
            "holds state/params/Dense_0/bias, which the model does not have",
        ):
            Checkpoints(saved).load(20, like)

    def test_optimizer(self, saved):
        with pytest.raises(UserError, match="does not have.*start a new run"):
            Checkpoints(saved).load(20, make_tree(optimizer="sgd"))

    def test_missing_step(self, saved):
        with pytest.raises(UserError, match="checkpoint .*/15 is missing"):
            Checkpoints(saved).load(15, make_tree())

    def test_needs_64_bit(self, tmp_path):
        like = jax.ShapeDtypeStruct((2,), np.dtype("float64"))
        with Checkpoints(tmp_path) as checkpoints:
            checkpoints.save(0, {"a": np.ones(2)}, None)
            with pytest.raises(UserError, match="dtype float64 needs 64-bit JAX"):
                checkpoints.load(0, {"a": like})


class TestRejectedTrees:
    @pytest.mark.parametrize(
        ("leaf", "message"),
        [
            (jax.random.key(0), "`a` must be an array of numbers, got a random key"),
            (np.array("x"), "`a` must be an array of numbers, got dtype <U1"),
            (np.array([None]), "`a` must be an array of numbers, got dtype object"),
        ],
    )
    def test_leaves(self, tmp_path, leaf, message):
        with (
            Checkpoints(tmp_path) as checkpoints,
            pytest.raises(UserError, match=message),
        ):
            checkpoints.save(0, {"a": leaf}, None)
        assert os.listdir(tmp_path) == []

    def test_names_that_collide(self, tmp_path):
        tree = {"a": {"b": jnp.ones(1)}, "a/b": jnp.ones(1)}
        with (
            Checkpoints(tmp_path) as checkpoints,
            pytest.raises(UserError, match="distinct leaf names, got 'a/b' twice"),
        ):
            checkpoints.save(0, tree, None)

    def test_arguments(self, tmp_path):
        with pytest.raises(UserError, match="`mode` must be one of 'min', 'max'"):
            Checkpoints(tmp_path, mode="mim")  # type: ignore[arg-type]
        (tmp_path / "file").touch()
        with pytest.raises(
            UserError, match="`directory` must be a directory, got file"
        ):
            Checkpoints(tmp_path / "file")
        with pytest.raises(UserError, match="`step` must be an integer of at least 0"):
            Checkpoints(tmp_path).save(-1, {}, None)
