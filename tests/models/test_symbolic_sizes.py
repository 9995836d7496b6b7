"""Models of any batch and any length, as `jax.export` wants them."""

import jax
import jax.numpy as jnp
import pytest
from jax.export import symbolic_shape
from numerics import quick_jit

from seqconv_jax import models, nn
from seqconv_jax.nn import ConvBlock

BLOCKS = (ConvBlock(4, 3, pool=2), ConvBlock(4, 3))
SAME = (ConvBlock(4, 3, pool=2, pooling="average", padding="same"),)
SERIES = {
    "SeriesConvNet": models.SeriesConvNet(BLOCKS),
    "average": models.SeriesConvNet(SAME, head="global_average"),
    "ConvGRU": models.ConvGRU(4, 3, 2, 4),
    "ConvRNN": models.ConvRNN(nn.Bidirectional(nn.LSTM(4)), BLOCKS),
    "GRURegressor": models.GRURegressor(4),
    "TCN": models.TCN(4, 3, (1, 2)),
}
TEXT = {
    "TextConvNet": models.TextConvNet(12, 4, BLOCKS),
    "masked": models.TextConvNet(12, 4, BLOCKS, mask_id=0),
}


def output(model, x):
    """The shape of a model's output, with parameters made for a small batch."""
    small = jnp.zeros((2, 16, *x.shape[2:]), x.dtype)
    variables = jax.eval_shape(model.init, jax.random.key(0), small)
    return jax.eval_shape(model.apply, variables, x).shape


LIMIT = ("time >= 16",)
# JAX's loops and its search for a first step want one step at least, for sure.
LIMITED = {"ConvGRU", "ConvRNN", "masked"}


@pytest.mark.parametrize(
    ("name", "limits"),
    [(name, LIMIT) for name in (*SERIES, *TEXT)]
    + [(name, ()) for name in (*SERIES, *TEXT) if name not in LIMITED],
)
def test_symbolic_batch_and_time(name, limits):
    batch, time = symbolic_shape("batch, time", constraints=limits)
    if name in SERIES:
        x = jax.ShapeDtypeStruct((batch, time, 3), jnp.float32)
    else:
        x = jax.ShapeDtypeStruct((batch, time), jnp.int32)
    assert output({**SERIES, **TEXT}[name], x) == (batch, 1)


def test_flattened_steps_of_a_symbolic_batch():
    (batch,) = symbolic_shape("batch")
    x = jax.ShapeDtypeStruct((batch, 16, 3), jnp.float32)
    model = models.SeriesConvNet(BLOCKS, head="flatten")
    assert output(model, x) == (batch, 1)


def test_what_is_surely_too_short_is_an_error():
    (time,) = symbolic_shape("time", constraints=["time <= 4"])
    x = jax.ShapeDtypeStruct((2, time, 3), jnp.float32)
    with pytest.raises(ValueError, match="needs at least 5 steps, got"):
        jax.eval_shape(nn.Conv1D(2, 5).init, jax.random.key(0), x)


def test_an_exported_model_equals_the_model():
    model, key = SERIES["average"], jax.random.key(0)
    x = jax.random.normal(key, (3, 20, 3))
    variables = quick_jit(model.init)(key, x)
    shape = symbolic_shape("batch, time, 3", constraints=LIMIT)
    exported = jax.export.export(jax.jit(lambda x: model.apply(variables, x)))(
        jax.ShapeDtypeStruct(shape, jnp.float32)
    )
    assert jnp.allclose(
        exported.call(x), quick_jit(model.apply)(variables, x), atol=1e-6
    )
