"""Layers over columns, and layers between a normalisation and its inverse."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numerics import assert_close, drawn, normal, quick_jit

from seqconv_jax import UserError, nn

X = normal(2, 12, 3)
KEY = jax.random.key(0)


def test_a_line_is_the_same_for_all_columns_or_one_for_each():
    for shared, shape in ((True, (12, 4)), (False, (3, 12, 4))):
        layer = nn.LinearMap(4, shared=shared)
        variables = drawn(layer, X)
        kernel, bias = (
            np.asarray(variables["params"][name]) for name in ("kernel", "bias")
        )
        assert kernel.shape == shape and bias.shape == (*shape[:-2], 4)
        y = np.asarray(quick_jit(layer.apply)(variables, X))
        for c in range(3):
            k, b = (kernel, bias) if shared else (kernel[c], bias[c])
            assert_close(y[:, :, c], X[:, :, c] @ k + b, 1e-4)


def test_kernels_of_columns_are_drawn_as_if_alone():
    layers = nn.LinearMap(20), nn.LinearMap(20, shared=False)
    zero = nn.LinearMap(2, kernel_init="zeros")

    @quick_jit
    def largest(x):
        drawn: Any = [layer.init(KEY, x) for layer in (*layers, zero)]
        return [jnp.abs(each["params"]["kernel"]).max() for each in drawn]

    *spread, nothing = largest(jnp.ones((1, 40, 50)))
    np.testing.assert_allclose(spread, np.sqrt(6 / 60), rtol=1e-2)
    assert nothing == 0
    with pytest.raises(UserError, match="`kernel_init` must be one of"):
        jax.eval_shape(nn.LinearMap(2, kernel_init="ones").init, KEY, X)


def test_each_column_is_seen_by_itself_with_its_embedding():
    block = nn.EachColumn((nn.Conv1D(4, 3, stride=3), nn.GRU(2)), embedding=2)
    variables = drawn(block, X)
    params = variables["params"]
    inner = nn.Sequential(block.layers)
    y = np.asarray(quick_jit(block.apply)(variables, X))
    assert y.shape == (2, 2, 3)
    alone = {name: params[name] for name in ("layers_0", "layers_1")}
    alone_on = quick_jit(inner.apply)
    for c, shown in enumerate(np.asarray(params["embedding_table"])):
        x = np.concatenate(
            [X[:, :, c : c + 1], np.broadcast_to(shown, (2, 12, 2))], axis=2
        )
        assert_close(y[:, :, c], alone_on({"params": alone}, x))


def test_masked_steps_count_in_none_of_them():
    mask = np.arange(12) >= np.array([[0], [5]])
    hidden = np.where(mask[:, :, None], X, np.nan)
    over_time = nn.GlobalAvgPool1D()
    layers = [
        nn.LinearMap(2),
        nn.EachColumn((nn.GRU(2),)),
        nn.LastValue((over_time,)),
        nn.RevIN((over_time,)),
    ]
    variables = [drawn(layer, X) for layer in layers]

    @quick_jit
    def outputs(x, mask=None):
        pairs = zip(layers, variables, strict=True)
        return [layer.apply(params, x, mask=mask) for layer, params in pairs]

    y = outputs(X, mask)
    assert_close(outputs(hidden, mask), y)
    # The line has a weight for each step, so that a shorter window is another one.
    del layers[0], variables[0]
    assert_close([each[1:] for each in y[1:]], outputs(X[1:, 5:]))


@pytest.mark.parametrize("kind", [nn.LastValue, nn.RevIN])
def test_a_shift_of_the_columns_shifts_the_forecast_alone(kind):
    model = kind((nn.LinearMap(4), nn.Flatten()))
    variables = drawn(model, X)
    forecast = quick_jit(lambda x: model.apply(variables, x))
    y = forecast(X)
    assert_close(forecast(X + 7), np.asarray(y) + 7, 1e-3)
    if kind is nn.RevIN:
        assert_close(forecast(5 * X), 5 * np.asarray(y), 1e-3)


@pytest.mark.parametrize("kind", [nn.LastValue, nn.RevIN])
def test_columns_are_normalised_and_restored_in_their_order(kind):
    model = kind((nn.Columns((1, 2)),), columns=(2, 0))
    run = quick_jit(lambda x: model.apply(model.init(KEY, x), x))
    y = np.asarray(run(X))
    shift = X.mean(1) if kind is nn.RevIN else X[:, -1]
    scale = np.sqrt(X.var(1) + 1e-5) if kind is nn.RevIN else np.ones((2, 3))
    m, s = shift[:, None], scale[:, None]
    as_it_is, normal_2 = X[:, :, 1], (X[:, :, 2] - m[:, :, 2]) / s[:, :, 2]
    assert_close(y[:, :, 0], as_it_is * s[:, :, 2] + m[:, :, 2])
    assert_close(y[:, :, 1], normal_2 * s[:, :, 0] + m[:, :, 0])


def test_errors():
    with pytest.raises(UserError, match="`columns` must be integers below 3 in a tu"):
        nn.Columns((3,)).apply({}, X)
    with pytest.raises(UserError, match="`layers` of EachColumn must leave"):
        jax.eval_shape(nn.EachColumn((nn.Conv1D(2, 3),)).init, KEY, X)
    with pytest.raises(UserError, match="`layers` must leave .* of 3 columns, got 4"):
        jax.eval_shape(nn.LastValue((nn.GRU(4),)).init, KEY, X)
    with pytest.raises(UserError, match="`layers` must be Flax modules in a tuple"):
        nn.RevIN(nn.GRU(2))  # type: ignore
