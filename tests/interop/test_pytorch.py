"""Layers of PyTorch's compute here what they compute there, and go back."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from interop.torch_states import BOTH, GRU, OURS, random, without, zeros
from numerics import assert_close, assert_same_bits, normal, values_and_gradients

from seqconv_jax import nn
from seqconv_jax.interop import pytorch as interop

X = normal(3, 8, 4)


IDS = np.random.default_rng(0).integers(0, 7, (3, 8))


def series(layer, x):
    """PyTorch's convolution wants the features before the steps."""
    return layer(x.mT).mT


def states(layer, x):
    return layer(x)[0]


def last_state(layer, x):
    state = layer(x)[1]
    state = state[0] if isinstance(state, tuple) else state  # of an LSTM, h of h and c
    return state.transpose(0, 1).flatten(1)


CONVOLUTIONS = [
    (6, 3, {}),
    (6, 5, {"padding": "same"}),
    (6, 4, {"padding": "same", "dilation": 2}),
    (6, 2, {"stride": 3, "bias": False}),
]


RECURRENT = [
    ({}, True),
    ({"bias": False}, False),
    ({"bidirectional": True}, True),
    ({"bidirectional": True, "bias": False}, False),
]


def pairs(torch) -> Any:
    """Return PyTorch's layer, a call of it, ours, our map, and the input."""
    for filters, size, options in CONVOLUTIONS:
        theirs = torch.nn.Conv1d(4, filters, size, **options)
        use = {"use_bias": options.get("bias", True)}
        ours = nn.Conv1D(filters, size, **without(options, "bias"), **use)
        yield theirs, series, ours, "conv1d", X
    for bias in (True, False):
        theirs, ours = torch.nn.Linear(4, 6, bias), nn.Dense(6, use_bias=bias)
        yield theirs, lambda layer, x: layer(x), ours, "dense", X
    for options, sequences in RECURRENT:
        theirs = torch.nn.GRU(4, 5, batch_first=True, **options)
        ours = nn.GRU(
            5,
            reset_after=True,
            return_sequences=sequences,
            use_bias=options.get("bias", True),
        )
        ours = nn.Bidirectional(ours) if "bidirectional" in options else ours
        yield theirs, states if sequences else last_state, ours, "gru", X
    for options, sequences in RECURRENT:
        use: Any = {"use_bias": options.get("bias", True)}
        use["return_sequences"] = sequences
        for name, module, ours, how in [
            ("lstm", torch.nn.LSTM, nn.LSTM(5, **use), {}),
            ("rnn", torch.nn.RNN, nn.SimpleRNN(5, **use), {}),
            (
                "rnn",
                torch.nn.RNN,
                nn.SimpleRNN(5, activation="relu", **use),
                {"nonlinearity": "relu"},
            ),
        ]:
            theirs = module(4, 5, batch_first=True, **options, **how)
            ours = nn.Bidirectional(ours) if "bidirectional" in options else ours
            yield theirs, states if sequences else last_state, ours, name, X
    theirs, ours = torch.nn.LayerNorm(4), nn.LayerNorm(epsilon=1e-5)
    yield theirs, lambda layer, x: layer(x), ours, "layer_norm", X
    theirs, ours = torch.nn.Embedding(7, 3), nn.Embedding(7, 3)
    yield theirs, lambda layer, ids: layer(ids), ours, "embedding", IDS


def run_torch(torch, layer, call, x):
    """Return the output, and the gradients of its `weighted_sum`: state, then input."""
    x = torch.tensor(x)
    if x.is_floating_point():
        x.requires_grad_()
    y = call(layer, x)
    weights = np.sin(1.0 + np.arange(y.numel())).reshape(y.shape)
    (y * torch.tensor(weights, dtype=y.dtype)).sum().backward()
    gradients = {name: p.grad for name, p in layer.named_parameters()}
    return y.detach().numpy(), gradients, x.grad


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_and_gradients_equal_pytorch(dtype, x64):
    torch = pytest.importorskip("torch", reason="PyTorch is an extra")
    torch.manual_seed(0)
    functions, arguments, expected = [], [], []
    for theirs, call, ours, name, x in pairs(torch):
        from_torch = getattr(interop, f"{name}_from_torch")
        theirs = theirs.to(getattr(torch, dtype))
        params = from_torch(theirs.state_dict())
        ids = x is IDS
        x = x if ids else x.astype(dtype)
        shapes = jax.eval_shape(ours.init, jax.random.key(0), x)["params"]
        assert jax.tree.map(np.shape, params) == jax.tree.map(np.shape, shapes)

        def run(params, *inputs, ours=ours, x=x):
            return ours.apply({"params": params}, *(inputs or [x]))

        functions.append(run)
        arguments.append((params,) if ids else (params, x))
        # The map only moves values about: it carries gradients as it does weights.
        y, gradients, dx = run_torch(torch, theirs, call, x)
        if name in ("lstm", "rnn"):  # two biases that are one here: add up to its own
            halved = {n: g / 2 for n, g in gradients.items() if "bias" in n}
            gradients = {**gradients, **halved}
        gradients = from_torch(gradients)
        expected.append((y, (gradients,) if ids else (gradients, dx.numpy())))
    got = values_and_gradients(functions, arguments)
    assert {str(y.dtype) for y, _ in got} == {dtype}
    assert_close(got, expected)


def test_batch_norm_equals_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch is an extra")
    theirs, ours = torch.nn.BatchNorm1d(4), nn.BatchNorm(momentum=0.9, epsilon=1e-5)
    x = normal(64, 8, 4)
    theirs(torch.tensor(x).mT)  # averages other than those that it began with
    variables = interop.batch_norm_from_torch(theirs.state_dict())
    theirs.eval()
    y = theirs(torch.tensor(x).mT).mT.detach().numpy()
    assert_close(np.asarray(ours.apply(variables, x)), y)
    state = interop.batch_norm_to_torch(**variables)
    theirs.load_state_dict({n: torch.as_tensor(a) for n, a in state.items()})
    assert_same_bits(theirs(torch.tensor(x).mT).mT.detach().numpy(), y)


@pytest.mark.parametrize(
    "name, state, shapes",
    [
        ("conv1d", zeros(weight=(6, 4, 3)), {"kernel": (3, 4, 6)}),
        (
            "conv1d",
            zeros(weight=(6, 4, 3), bias=(6,)),
            {"kernel": (3, 4, 6), "bias": (6,)},
        ),
        ("dense", zeros(weight=(6, 4), bias=(6,)), {"kernel": (4, 6), "bias": (6,)}),
        ("dense", zeros(weight=(6, 4)), {"kernel": (4, 6)}),
        ("embedding", zeros(weight=(7, 3)), {"embedding": (7, 3)}),
        ("gru", GRU, jax.tree.map(np.shape, OURS)),
        (
            "gru",
            BOTH,
            dict.fromkeys(["forward", "backward"], jax.tree.map(np.shape, OURS)),
        ),
        (
            "gru",
            without(GRU, "bias_ih_l0", "bias_hh_l0"),
            {"kernel": (4, 15), "recurrent_kernel": (5, 15)},
        ),
        (
            "lstm",
            zeros(weight_ih_l0=(20, 4), weight_hh_l0=(20, 5)),
            {"kernel": (4, 20), "recurrent_kernel": (5, 20)},
        ),
        (
            "rnn",
            zeros(weight_ih_l0=(5, 4), weight_hh_l0=(5, 5)),
            {"kernel": (4, 5), "recurrent_kernel": (5, 5)},
        ),
        ("layer_norm", zeros(weight=(4,), bias=(4,)), {"scale": (4,), "bias": (4,)}),
        ("layer_norm", zeros(weight=(4,)), {"scale": (4,)}),
    ],
)
def test_round_trips_to_the_bit(name, state, shapes):
    state = random(state)
    there = getattr(interop, f"{name}_from_torch")
    back = getattr(interop, f"{name}_to_torch")
    params = there(state)
    assert jax.tree.map(np.shape, params) == shapes
    again = back(jax.tree.map(jnp.asarray, params))
    assert list(again) == list(state)
    for key, array in state.items():
        assert_same_bits(again[key], array)
    # Copies: PyTorch trains in place.
    for array in state.values():
        assert not any(np.shares_memory(array, p) for p in jax.tree.leaves(params))


@pytest.mark.parametrize("name, gates", [("lstm", 4), ("rnn", 1)])
def test_two_biases_become_one(name, gates):
    rows = 5 * gates
    state = random(
        zeros(weight_ih_l0=(rows, 4), weight_hh_l0=(rows, 5))
        | zeros(bias_ih_l0=(rows,), bias_hh_l0=(rows,))
    )
    params = getattr(interop, f"{name}_from_torch")(state)
    assert_same_bits(params["bias"], state["bias_ih_l0"] + state["bias_hh_l0"])
    assert_same_bits(params["kernel"], state["weight_ih_l0"].T)  # the gates in order
    assert_same_bits(params["recurrent_kernel"], state["weight_hh_l0"].T)
    again = getattr(interop, f"{name}_to_torch")(params)
    assert list(again) == list(state) and not again["bias_hh_l0"].any()
    assert_same_bits(again["bias_ih_l0"], params["bias"])
    both = interop.lstm_to_torch if name == "lstm" else interop.rnn_to_torch
    assert len(both({"forward": params, "backward": params})) == 8


def test_gates_and_rows_lie_where_they_should():
    state = zeros(
        weight_ih_l0=(3, 2), weight_hh_l0=(3, 1), bias_ih_l0=(3,), bias_hh_l0=(3,)
    )
    for i, array in enumerate(state.values()):
        array += 10 * i + np.arange(3).reshape(-1, *[1] * (array.ndim - 1))
    state["weight_ih_l0"][:, 1] += 0.5
    params = interop.gru_from_torch(state)
    assert params["kernel"].tolist() == [[1, 0, 2], [1.5, 0.5, 2.5]]
    assert params["recurrent_kernel"].tolist() == [[11, 10, 12]]
    assert params["bias"].tolist() == [[21, 20, 22], [31, 30, 32]]
