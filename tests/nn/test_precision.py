"""In which types layers and models keep their parameters, and compute."""

import jax
import jax.numpy as jnp
import optax
import pytest
from numerics import apply, quick_jit

from seqconv_jax import models, nn
from seqconv_jax._checks import UserError
from seqconv_jax.interop.model_config import decode, encode
from seqconv_jax.nn import ConvBlock

KEY = jax.random.key(0)
SERIES, IDS = jnp.ones((2, 12, 3)), jnp.ones((2, 12), jnp.int32)
BLOCKS = (ConvBlock(2, 3, pool=2), ConvBlock(2, 3))
KINDS = {
    "Conv1D": lambda **types: nn.Conv1D(2, 3, **types),
    "Dense": lambda **types: nn.Dense(2, **types),
    "Embedding": lambda **types: nn.Embedding(9, 2, **types),
    "OneHotConv1D": lambda **types: nn.OneHotConv1D(2, 9, 3, **types),
    "LayerNorm": lambda **types: nn.LayerNorm(**types),
    "BatchNorm": lambda **types: nn.BatchNorm(**types),
    "GRU": lambda **types: nn.GRU(2, reset_after=True, **types),
    "LSTM": lambda **types: nn.LSTM(2, **types),
    "SimpleRNN": lambda **types: nn.SimpleRNN(2, **types),
    "ResidualBlock": lambda **types: nn.ResidualBlock(2, **types),
    "TextConvNet": lambda **types: models.TextConvNet(9, 2, BLOCKS, **types),
    "SeriesConvNet": lambda **types: models.SeriesConvNet(BLOCKS, **types),
    "ConvGRU": lambda **types: models.ConvGRU(2, 3, 2, 2, **types),
    "ConvRNN": lambda **types: models.ConvRNN(
        nn.Bidirectional(nn.LSTM(2)), BLOCKS, **types
    ),
    "GRURegressor": lambda **types: models.GRURegressor(2, bidirectional=True, **types),
    "TCN": lambda **types: models.TCN(2, 2, (1, 2), **types),
}


def types_of(kind, **types):
    """The types of a layer's parameters, by name, and of its output."""
    x = IDS if kind in ("Embedding", "OneHotConv1D", "TextConvNet") else SERIES
    y, variables = jax.eval_shape(KINDS[kind](**types).init_with_output, KEY, x)
    params = jax.tree_util.tree_leaves_with_path(variables["params"])
    return {jax.tree_util.keystr(path): p.dtype.name for path, p in params}, y.dtype


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_are_float32_and_settable(kind, x64):
    usual, y = types_of(kind)
    assert (set(usual.values()), y) == ({"float32"}, jnp.float32)
    half, y = types_of(kind, dtype=jnp.bfloat16)
    assert (half, y) == (usual, jnp.bfloat16)
    double, y = types_of(kind, param_dtype="float64")
    assert (set(double.values()), double.keys()) == ({"float64"}, usual.keys())


def test_running_averages_are_never_in_half_precision(x64):
    norm, half = nn.BatchNorm(dtype="bfloat16", param_dtype="bfloat16"), jnp.bfloat16
    variables = jax.eval_shape(norm.init, KEY, SERIES.astype(half))
    kept = {leaf.dtype.name for leaf in jax.tree.leaves(variables["batch_stats"])}
    assert kept == {"float32"}


def test_statistics_of_half_precision_are_those_of_float32():
    x = (1000 + jnp.arange(8.0)).reshape(1, 8)
    norm = nn.LayerNorm(dtype="bfloat16")
    variables = norm.init(KEY, x)
    half = x.astype("bfloat16")
    expected = apply(nn.LayerNorm(), variables, half.astype("float32"))
    assert jnp.allclose(apply(norm, variables, half), expected, atol=0.02)


def test_a_network_in_half_precision_trains_a_step():
    model = KINDS["ConvGRU"](dtype="bfloat16")
    x = jax.random.normal(KEY, SERIES.shape)
    params = quick_jit(model.init)(KEY, x)["params"]

    @quick_jit
    def step(params):
        def loss(params):
            rngs = {"dropout": KEY}
            y = model.apply({"params": params}, x, train=True, rngs=rngs)
            return jnp.square(y.astype(jnp.float32) - 1).mean()

        before, gradient = jax.value_and_grad(loss)(params)
        new = optax.apply_updates(params, jax.tree.map(lambda g: -0.05 * g, gradient))
        return before, loss(new), gradient

    before, after, gradient = step(params)
    assert after < before
    assert {leaf.dtype for leaf in jax.tree.leaves(gradient)} == {jnp.dtype("float32")}


def test_a_layer_of_its_own_types_keeps_them():
    recurrent = models.ConvRNN(nn.LSTM(2, dtype="float32"), dtype="bfloat16").recurrent
    assert recurrent.dtype == "float32"


@pytest.mark.parametrize(
    ("types", "message"),
    [
        ({"dtype": "int32"}, "`dtype` must be a type of floats, .* got 'int32'"),
        ({"dtype": "half-ish"}, "`dtype` must be a type of floats"),
        ({"param_dtype": None}, "`param_dtype` must be a type of floats"),
        (
            {"param_dtype": "float64"},
            "`param_dtype` must be float32 unless jax_enable_x64 is set, got 'float64'",
        ),
    ],
)
def test_other_types(types, message):
    with pytest.raises(UserError, match=message):
        nn.Dense(2, **types).init(KEY, SERIES)


def test_types_are_saved_where_they_are_not_the_usual():
    assert "dtype" not in encode(nn.Dense(2))
    saved = encode(nn.Dense(2, dtype=jnp.bfloat16))
    assert decode(saved) == nn.Dense(2, dtype="bfloat16")
