"""The layers `LSTM` and `SimpleRNN`: their parameters, settings and dropout."""

from typing import Any

import jax
import jax.numpy as jnp
import keras
import keras_reference
import numpy as np
import pytest
from flax import linen as linen
from numerics import (
    apply,
    assert_close,
    assert_same_bits,
    drawn,
    normal,
    quick_jit,
    value_and_gradients,
)
from recurrent_oracles import lstm, simple_rnn

from seqconv_jax import UserError, models, nn

KEY = jax.random.key(0)
X = normal(4, 6, 3)
MASK: Any = np.arange(6) >= np.array([[0], [2], [5], [6]])
LAYERS: dict[str, Any] = {"LSTM": nn.LSTM, "SimpleRNN": nn.SimpleRNN}
ORACLES: dict[str, Any] = {"LSTM": lstm, "SimpleRNN": simple_rnn}
GATES = {"LSTM": 4, "SimpleRNN": 1}


def oracle(name, variables, x, **options):
    p = variables["params"]
    parts = p["kernel"], p["recurrent_kernel"], p.get("bias")
    return ORACLES[name](x, *parts, **options)


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("name", LAYERS)
def test_names_and_shapes_of_the_parameters(name, use_bias):
    width = 5 * GATES[name]
    expected = {"kernel": (3, width), "recurrent_kernel": (5, width), "bias": (width,)}
    if not use_bias:
        expected.pop("bias")
    variables = jax.eval_shape(LAYERS[name](5, use_bias=use_bias).init, KEY, X)
    assert jax.tree.map(jnp.shape, variables) == {"params": expected}


@pytest.mark.parametrize("name", LAYERS)
def test_parameters_begin_as_keras_begins_them(name):
    params = quick_jit(LAYERS[name](32).init)(KEY, jnp.ones((1, 2, 30)))["params"]
    kernel, recurrent = params["kernel"], np.asarray(params["recurrent_kernel"])
    width = 32 * GATES[name]
    assert np.abs(kernel).max() == pytest.approx(np.sqrt(6 / (30 + width)), rel=1e-2)
    # Orthogonal as one matrix, not gate by gate.
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(32), atol=1e-5)
    with jax.numpy_rank_promotion("allow"):
        theirs = getattr(keras.layers, name)(32)
        theirs.build((1, 2, 30))
    bias = np.asarray(theirs.trainable_variables[2].value)
    assert_same_bits(params["bias"], bias)
    assert set(np.unique(bias)) == ({0.0, 1.0} if name == "LSTM" else {0.0})


@pytest.mark.parametrize(
    "name, settings",
    [
        ("LSTM", {}),
        ("LSTM", {"gate_activation": "hard_sigmoid", "return_sequences": True}),
        ("LSTM", {"gate_activation": "hard_sigmoid_keras2", "reverse": True}),
        ("SimpleRNN", {"return_sequences": True}),
        ("SimpleRNN", {"activation": "relu", "reverse": True}),
    ],
    ids=str,
)
def test_passes_its_settings_on(name, settings):
    layer = LAYERS[name](5, dropout=0.3, recurrent_dropout=0.3, **settings)
    state: Any = normal(4, 5)
    state = (state, normal(4, 5, seed=1)) if name == "LSTM" else state
    variables = drawn(layer, X)
    got = layer.apply(variables, X, mask=MASK, initial_state=state)
    expected = oracle(name, variables, X, mask=MASK, initial_state=state, **settings)
    assert_close(got, expected)


class Masks(linen.Module):
    """Draw what a layer draws: the masks of its inputs, then those of its state."""

    shapes: tuple[tuple[int, ...], ...]

    def __call__(self):
        masks = []
        for rate, shape in zip((0.3, 0.5), self.shapes, strict=True):
            kept = jax.random.bernoulli(self.make_rng("dropout"), 1 - rate, shape)
            masks.append(jnp.where(kept, 1 / (1 - rate), 0))
        return masks


@pytest.mark.parametrize("name", LAYERS)
def test_dropout_is_one_mask_a_gate_for_all_steps(name):
    layer = LAYERS[name](5, dropout=0.3, recurrent_dropout=0.5, return_sequences=True)
    variables, rngs = drawn(layer, X), {"dropout": jax.random.key(3)}
    got = quick_jit(layer.apply, static_argnames="train")(
        variables, X, train=True, rngs=rngs
    )
    lead = (4, 4) if name == "LSTM" else (4,)
    masks = apply(Masks(((*lead, 3), (*lead, 5))), {}, rngs=rngs)
    dropped = dict(
        zip(("input_dropout_mask", "recurrent_dropout_mask"), masks, strict=True)
    )
    expected = oracle(name, variables, X, return_sequences=True, **dropped)
    assert_close(got, expected)
    still = oracle(name, variables, X, return_sequences=True)
    assert_close(apply(layer, variables, X), still)


@pytest.mark.parametrize("name", LAYERS)
def test_equals_keras_in_a_model_with_convolutions(name):
    recurrent = LAYERS[name](4, dropout=0.2, recurrent_dropout=0.2)
    model = models.ConvRNN(recurrent, (nn.ConvBlock(4, 3, pool=2),))
    x = normal(3, 20, 3)
    reference = keras_reference.sequential(
        x.shape[1:],
        [
            keras.layers.Conv1D(4, 3, activation="relu"),
            keras.layers.MaxPooling1D(2),
            getattr(keras.layers, name)(4),
            keras.layers.Dense(1),
        ],
    )
    params = drawn(model, x, scale=0.5)["params"]
    weights = keras_reference.in_order(model, params, x)
    leaves, tree = jax.tree.flatten(params)
    places = [next(i for i, w in enumerate(weights) if w is leaf) for leaf in leaves]

    def ours(weights, x):
        tree_of = jax.tree.unflatten(tree, [weights[place] for place in places])
        return model.apply({"params": tree_of}, x)

    got = value_and_gradients(ours, weights, x)
    assert_close(got, keras_reference.value_and_gradients(reference, weights, x))


@pytest.mark.parametrize(
    "layer, message",
    [
        (nn.LSTM(0), "`units` must be a positive integer, got 0"),
        (nn.SimpleRNN(True), "`units` must be a positive integer, got True"),
        (nn.LSTM(5, gate_activation="gelu"), "`gate_activation` must be one of"),
        (nn.SimpleRNN(5, activation="gelu"), "`activation` must be one of 'tanh'"),
        (nn.LSTM(5, dropout=1.0), r"`dropout` must be a number in \[0, 1\), got 1.0"),
        (nn.SimpleRNN(5, recurrent_dropout=-1), "`recurrent_dropout` must be a number"),
    ],
    ids=str,
)
def test_errors(layer, message):
    with pytest.raises(UserError, match=message):
        jax.eval_shape(layer.init, KEY, X)
    with pytest.raises(UserError, match=r"`x` must have shape \(batch, time, features"):
        jax.eval_shape(type(layer)(5).init, KEY, X[0])
