import jax
import jax.numpy as jnp
import numpy as np
import oracles
import pytest
from numerics import apply, assert_close, assert_same_bits, drawn, normal, quick_jit

from seqconv_jax import UserError
from seqconv_jax.nn import ResidualBlock

KEY = jax.random.key(0)
X = normal(2, 12, 3)


def relu(x):
    return np.maximum(x, 0)


@pytest.mark.parametrize("features, dilation", [(3, 1), (4, 2)])
def test_equals_its_formula(features, dilation):
    block = ResidualBlock(features, 3, dilation)
    params = drawn(block, X)["params"]
    names = ["Conv1D_0", "Conv1D_1"] + ["shortcut"] * (features != 3)
    assert sorted(params) == names
    options = {"padding": "causal", "dilation": dilation}
    y = X
    for name in names[:2]:
        assert params[name]["kernel"].shape == (3, y.shape[-1], features)
        y = relu(
            oracles.conv1d(y, *map(params[name].get, ("kernel", "bias")), **options)
        )
    shortcut = X
    if features != 3:
        assert params["shortcut"]["kernel"].shape == (1, 3, features)
        shortcut = oracles.conv1d(X, *map(params["shortcut"].get, ("kernel", "bias")))
    assert_close(block.apply({"params": params}, X), relu(shortcut + y))


@pytest.mark.parametrize("dilation", [1, 4])
def test_outputs_ignore_later_inputs_to_the_bit(dilation):
    block = ResidualBlock(4, 3, dilation)
    run, variables = quick_jit(block.apply), drawn(block, X)
    before = run(variables, X)
    for step in range(11):
        changed = X.copy()
        changed[:, step + 1 :] = np.nan
        after = run(variables, changed)
        assert_same_bits(after[:, : step + 1], before[:, : step + 1])
        assert np.isnan(after[:, step + 1 :]).all()


def test_output_sees_two_kernels_back():
    block = ResidualBlock(3, 3, 2)
    params = jax.tree.map(lambda p: jnp.abs(p) + 0.1, drawn(block, X)["params"])
    gradient = quick_jit(
        jax.grad(lambda x: apply(block, {"params": params}, x)[0, -1].sum())
    )(jnp.ones((1, 12, 3)))
    seen = np.flatnonzero(np.any(np.asarray(gradient[0]) != 0, axis=-1))
    assert seen.tolist() == [3, 5, 7, 9, 11]


def test_dropout_drops_channels_in_training_only():
    block = ResidualBlock(8, 3, dropout=0.5)
    params = drawn(block, X)["params"]
    # The second convolution shows its mask: bias one, kernel and shortcut zero.
    zero = jax.tree.map(jnp.zeros_like, params)
    zero["Conv1D_1"]["bias"] += 1
    run = quick_jit(block.apply, static_argnames="train")
    still = run({"params": zero}, X)
    assert_same_bits(still, np.ones((2, 12, 8), np.float32))
    y = run({"params": zero}, X, train=True, rngs={"dropout": KEY})
    assert set(np.unique(y)) == {0.0, 2.0}
    assert_same_bits(y, np.broadcast_to(y[:, :1], y.shape).copy())
    other = run({"params": zero}, X, train=True, rngs={"dropout": jax.random.key(1)})
    assert np.any(y != other)


def test_errors():
    with pytest.raises(UserError, match="`dilation` must be a positive integer, got 0"):
        ResidualBlock(4, 3, 0).init(KEY, X)
    with pytest.raises(
        UserError, match=r"`rate` must be a number in \[0, 1\), got 1.0"
    ):
        ResidualBlock(4, 3, dropout=1.0).init(KEY, X)
