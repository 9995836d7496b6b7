from typing import Any

import jax
import jax.numpy as jnp
import keras
import keras_reference
import numpy as np
import oracles
import pytest
from flax import linen as linen
from numerics import (
    apply,
    assert_close,
    assert_same_bits,
    drawn,
    normal,
    quick_jit,
    values_and_gradients,
)

from seqconv_jax import UserError
from seqconv_jax.nn import GRU, LSTM, Bidirectional, Dense, Sequential, SimpleRNN

KEY = jax.random.key(0)
X = normal(4, 6, 3)
MASK: Any = np.arange(6) >= np.array([[0], [2], [5], [6]])


def oracle(variables, x, **options):
    p = variables["params"]
    return oracles.gru(x, p["kernel"], p["recurrent_kernel"], p["bias"], **options)


def test_bidirectional_is_two_layers_side_by_side():
    layer = Bidirectional(GRU(5, return_sequences=True))
    variables = drawn(layer, X)
    assert sorted(variables["params"]) == ["backward", "forward"]
    forward, backward = (
        oracle(
            {"params": variables["params"][name]},
            X,
            mask=MASK,
            return_sequences=True,
            reverse=name == "backward",
        )
        for name in ("forward", "backward")
    )
    got = quick_jit(layer.apply)(variables, X, mask=MASK)
    expected = np.concatenate([forward, backward], axis=-1)
    assert_close(got, np.where(MASK[:, :, None], expected, 0))


BEFORE, AFTER = {"reset_after": False}, {"reset_after": True}
BIDIRECTIONAL: list[tuple[Any, ...]] = [
    # Our layer and Keras's, their options, merge, Keras's name, all states, mask.
    (
        GRU,
        keras.layers.GRU,
        {"reset_after": False},
        "concatenate",
        "concat",
        True,
        MASK,
    ),
    (GRU, keras.layers.GRU, {"reset_after": True}, "sum", "sum", False, None),
    (GRU, keras.layers.GRU, {"reset_after": False}, "average", "ave", False, MASK),
    (GRU, keras.layers.GRU, {"reset_after": True}, "multiply", "mul", True, None),
    (LSTM, keras.layers.LSTM, {}, "concatenate", "concat", True, MASK),
    (LSTM, keras.layers.LSTM, {}, "sum", "sum", False, MASK),
    (SimpleRNN, keras.layers.SimpleRNN, {}, "average", "ave", True, MASK),
    (SimpleRNN, keras.layers.SimpleRNN, {}, "concatenate", "concat", False, None),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_bidirectional_values_and_gradients_equal_keras(dtype, x64):
    ours, theirs, arguments = [], [], []
    x = normal(*X.shape, dtype=dtype)
    for kind, keras_kind, options, merge, name, sequences, mask in BIDIRECTIONAL:
        options = {**options, "return_sequences": sequences}
        layer = Bidirectional(kind(5, **options), merge=merge)
        reference = keras.layers.Bidirectional(
            keras_kind(5, dtype=dtype, **options), merge_mode=name, dtype=dtype
        )
        params = jax.tree.map(lambda p: np.asarray(p, dtype), drawn(layer, X)["params"])
        arguments.append((params, x))
        mask = None if mask is None else jnp.asarray(mask)

        def run(params, x, layer=layer, mask=mask):
            return layer.apply({"params": params}, x, mask=mask)

        def run_keras(params, x, layer=reference, mask=mask):
            weights = [
                params[direction][part]
                for direction in ("forward", "backward")
                for part in ("kernel", "recurrent_kernel", "bias")
            ]
            function = keras_reference.function(layer, weights, x, mask=mask)
            return function(weights, x)

        ours.append(run)
        theirs.append(run_keras)
    got = values_and_gradients(ours, arguments)
    assert {str(y.dtype) for y, _ in got} == {dtype}
    with keras_reference.exact():
        assert_close(got, values_and_gradients(theirs, arguments))


MERGES = {
    "sum": lambda a, b: a + b,
    "average": lambda a, b: (a + b) / 2,
    "multiply": lambda a, b: a * b,
}


@pytest.mark.parametrize("merge", MERGES)
def test_bidirectional_merges(merge):
    layer = Bidirectional(GRU(5, reset_after=True), merge=merge)
    variables = drawn(layer, X)
    forward, backward = (
        oracle(
            {"params": variables["params"][name]},
            X,
            reset_after=True,
            reverse=name == "backward",
        )
        for name in ("forward", "backward")
    )
    assert_close(quick_jit(layer.apply)(variables, X), MERGES[merge](forward, backward))


def test_bidirectional_of_a_reversed_layer_swaps_the_directions():
    variables = drawn(Bidirectional(GRU(5)), X)
    params = variables["params"]
    swapped = {"forward": params["backward"], "backward": params["forward"]}
    got = Bidirectional(GRU(5, reverse=True)).apply({"params": swapped}, X)
    first, second = np.split(np.asarray(got), 2, axis=-1)
    expected = Bidirectional(GRU(5)).apply(variables, X)
    assert_same_bits(np.concatenate([second, first], axis=-1), expected)


def test_bidirectional_drops_differently_in_each_direction():
    layer = Bidirectional(GRU(5, dropout=0.5))
    params = drawn(GRU(5), X)["params"]
    x = jnp.asarray(np.broadcast_to(X[:, :1], X.shape))  # The same both ways.
    both = {"params": {"forward": params, "backward": params}}
    y = apply(layer, both, x, train=True, rngs={"dropout": KEY})
    assert np.any(y[:, :5] != y[:, 5:])
    still = apply(layer, both, x)
    assert_close(still[:, :5], still[:, 5:])


class Decay(linen.Module):
    """A stranger's recurrent layer, without `reverse` and without a base class."""

    all_states: bool = False

    @linen.compact
    def __call__(self, x, mask=None):
        """Average the inputs, the older the less; stay the same at masked steps."""
        rate = jax.nn.sigmoid(self.param("rate", linen.initializers.ones, ()))
        mask = jnp.ones(x.shape[:2], bool) if mask is None else mask

        def step(state, at):
            v, real = at
            new = rate * state + (1 - rate) * v
            state = jnp.where(real[:, None], new, state)
            return state, state

        inputs = jnp.swapaxes(jnp.asarray(x), 0, 1), jnp.swapaxes(mask, 0, 1)
        last, states = jax.lax.scan(step, jnp.zeros_like(x[:, 0]), inputs)
        return jnp.swapaxes(states, 0, 1) if self.all_states else last


class Around(linen.Module):
    """A stranger's module around a layer."""

    inner: Any

    @linen.compact
    def __call__(self, x, *, mask=None):
        """Scale the input before it."""
        scale = self.param("scale", linen.initializers.ones, ())
        return self.inner(x * scale, mask=mask)


@pytest.mark.parametrize("mask", [None, jnp.asarray(MASK)], ids=["no mask", "mask"])
@pytest.mark.parametrize(
    "layer",
    [
        GRU(5),
        LSTM(5),
        LSTM(5, return_sequences=True),
        SimpleRNN(5),
        SimpleRNN(5, return_sequences=True),
        Decay(),
        Decay(all_states=True),
        Sequential((Dense(4), LSTM(5))),
        Sequential((Bidirectional(GRU(2, return_sequences=True)), SimpleRNN(5))),
        Around(GRU(5)),
    ],
    ids=lambda layer: " ".join(repr(layer).split()),
)
def test_any_layer_equals_its_reversal_by_hand(layer, mask):
    """Run it on reversed steps, and turn the states round again."""
    both = Bidirectional(layer, merge="concatenate")
    params = drawn(both, X)["params"]
    assert sorted(params) == ["backward", "forward"]

    def run(params):
        turned = {} if mask is None else {"mask": mask[:, ::-1]}
        straight = {} if mask is None else {"mask": mask}
        forward = layer.apply({"params": params["forward"]}, X, **straight)
        backward = layer.apply({"params": params["backward"]}, X[:, ::-1], **turned)
        if forward.ndim == 3:
            backward = backward[:, ::-1]
        by_hand = jnp.concatenate([forward, backward], axis=-1)
        if mask is not None and forward.ndim == 3:
            by_hand = jnp.where(mask[:, :, None], by_hand, 0)
        return both.apply({"params": params}, X, **straight), by_hand

    got, expected = quick_jit(run)(params)
    assert_close(got, expected, 1e-6)


@pytest.mark.parametrize("all_states", [False, True])
def test_what_a_strangers_layer_leaves_of_a_mask_is_read_off_its_output(all_states):
    layer = Bidirectional(Decay(all_states))
    after = (GRU(2),) if all_states else (Dense(2),)
    model = Sequential((layer, *after))
    variables = drawn(model, X)
    y = apply(model, variables, X, mask=jnp.asarray(MASK))
    spoilt = np.where(MASK[:, :, None], X, np.float32(3))
    got = apply(model, variables, spoilt, mask=jnp.asarray(MASK))
    assert_same_bits(got, y)
    bare = apply(model, variables, X[1:2, 2:])
    assert_close(y[1:2], bare)


def test_output_length_and_windows_are_those_of_the_layer():
    for layer, left in [
        (GRU(5), None),
        (LSTM(5, return_sequences=True), 9),
        (Decay(True), None),
    ]:
        both = Bidirectional(layer)
        assert both.output_length(9) == left and both.windows is None


def test_errors():
    message = "`merge` must be one of .*'concat'; did you mean 'concatenate'"
    with pytest.raises(UserError, match=message):
        jax.eval_shape(Bidirectional(GRU(5), merge="concat").init, KEY, X)
