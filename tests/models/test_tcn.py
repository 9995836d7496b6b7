import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from models.networks import series
from numerics import (
    apply,
    assert_close,
    assert_same_bits,
    drawn,
    normal,
    quick_jit,
    values_and_gradients,
)

from seqconv_jax.models import TCN
from seqconv_jax.nn import Dense, ResidualBlock
from seqconv_jax.nn.required_steps import Steps, steps_under, union

KEY = jax.random.key(0)


@pytest.mark.parametrize(
    "kernel_size, dilations, field", [(3, (1, 2), 13), (2, (1, 2, 4), 15), (1, (9,), 1)]
)
def test_tcn_sees_its_receptive_field_and_no_more(kernel_size, dilations, field):
    model = TCN(4, kernel_size, dilations)
    assert model.receptive_field == field
    x = jnp.ones((1, 20, 2))
    params = jax.tree.map(lambda p: jnp.abs(p) + 0.1, drawn(model, x))
    gradient = quick_jit(jax.grad(lambda x: apply(model, params, x).sum()))(x)
    seen = np.flatnonzero(np.any(np.asarray(gradient[0]) != 0, axis=-1))
    assert (seen[0], seen[-1]) == (20 - field, 19)


def every_step(model, variables, x):
    """Compute every block at every step, and read off the last one."""
    params = variables["params"]
    for i, dilation in enumerate(model.dilations):
        block = ResidualBlock(model.features, model.kernel_size, dilation)
        x = apply(block, {"params": params[f"ResidualBlock_{i}"]}, x)
    return apply(Dense(model.outputs), {"params": params["Dense_0"]}, x[:, -1])


@pytest.mark.filterwarnings("ignore:TCN's receptive field")
@pytest.mark.parametrize(
    "kernel_size, dilations, lengths",
    [
        (3, (1, 2, 4), (29, 30, 64)),
        (3, (1, 2, 4, 8), (1, 2, 7, 28, 60)),
        (2, (3, 2, 6), (11, 12, 40)),
        (4, (4, 2, 1), (9, 45)),
        (1, (5,), (1, 6)),
        (2, (), (3,)),
    ],
)
def test_tcn_equals_its_blocks_at_every_step(kernel_size, dilations, lengths):
    model = TCN(4, kernel_size, dilations)
    series = [normal(2, length, 3) for length in lengths]
    variables = [drawn(model, x, scale=0.5) for x in series]
    got, expected = (
        values_and_gradients(
            [lambda v, x, run=run: run(model, v, x)] * len(series),
            list(zip(variables, series, strict=True)),
        )
        for run in (apply, every_step)
    )
    assert_close(got, expected, 2e-5)


def test_tcn_computes_a_fraction_of_the_steps():
    model = TCN(dilations=(1, 2, 4, 8, 16))
    wanted, inner, outputs = Steps(10_000), [], []
    for dilation in reversed(model.dilations):
        outputs.append(wanted.count)
        between = steps_under(wanted, 3, dilation)
        inner.append(between.count)
        wanted = union(steps_under(between, 3, dilation), wanted)
    assert (wanted.count, wanted.apart) == (model.receptive_field, 1)
    assert inner[::-1] == [123, 59, 27, 11, 3]
    assert outputs[::-1] == [61, 29, 13, 5, 1]
    x = series(10_000, 2)
    shapes = computed_shapes(model.apply, jax.eval_shape(model.init, KEY, x), x)
    steps = {shape[1] for shape in shapes if len(shape) == 3 and shape[0] == 2}
    assert {125, 123, 61, 59, 29, 27, 13, 11, 5, 3, 1} <= steps
    assert max(steps) <= 125 + 2  # What the first convolution pads to.


def computed_shapes(function, *arguments):
    """Return the shapes of all that a function computes, but its parts' inner ones."""
    program = jax.make_jaxpr(function)(*arguments)
    return [v.aval.shape for equation in program.eqns for v in equation.outvars]


def test_tcn_default_receptive_field():
    assert TCN().receptive_field == 1 + 2 * 2 * (1 + 2 + 4 + 8 + 16 + 32)


def test_tcn_ignores_what_lies_before_its_field_to_the_bit():
    model = TCN(4, 3, (1, 2))
    x = normal(2, 20, 2)
    variables = drawn(model, x)
    spoilt = x.copy()
    spoilt[:, : 20 - 13] = np.nan
    run = jax.jit(model.apply)
    assert_same_bits(run(variables, spoilt), run(variables, x))


def test_tcn_warns_where_its_field_is_wider_than_the_sequence():
    model = TCN(2, 3, (1, 2))
    message = "receptive field of 13 steps is wider than the sequence of 12"
    with pytest.warns(UserWarning, match=message):
        jax.eval_shape(model.init, KEY, series(12, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        jax.eval_shape(model.init, KEY, series(13, 2))
