import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import oracles
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numerics import (
    quick_jit,
)

from seqconv_jax import UserError
from seqconv_jax.ops import (
    conv1d,
    conv_output_length,
    receptive_field,
)

PADDINGS = ("valid", "same", "causal")


layers = st.lists(
    st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(1, 3)),
    min_size=1,
    max_size=3,
)


@settings(max_examples=10)
@given(layers=layers, output=st.integers(0, 1))
def test_receptive_field_is_the_span_of_the_gradient(layers, output):
    field = receptive_field(layers)
    jump = int(np.prod([stride for _, stride, _ in layers]))
    length = field + 2 * jump
    assume(length <= 40)

    def stack(x):
        for kernel_size, stride, dilation in layers:
            kernel = jnp.ones((kernel_size, 1, 1))
            x = conv1d(x, kernel, stride=stride, dilation=dilation)
        return x[0, output, 0]

    seen = np.flatnonzero(quick_jit(jax.grad(stack))(jnp.zeros((1, length, 1))))
    assert seen[0] == output * jump
    assert seen[-1] - seen[0] + 1 == field


@pytest.mark.parametrize(
    "layers, field",
    [
        ([], 1),
        ([(7, 1, 1)], 7),
        ([(7, 1, 1), (5, 5, 1), (7, 1, 1)], 41),
        ([(3, 1, d) for d in (1, 1, 2, 2, 4, 4)], 29),
    ],
)
def test_receptive_field_of_known_stacks(layers, field):
    assert receptive_field(layers) == field


def test_output_length_of_every_combination():
    grid = itertools.product(
        range(1, 10), range(1, 5), range(1, 4), range(1, 4), PADDINGS
    )
    for length, kernel_size, stride, dilation, padding in grid:
        options = {"stride": stride, "padding": padding, "dilation": dilation}
        expected = oracles.output_length(length, kernel_size, **options)
        if expected == 0:
            with pytest.raises(
                UserError, match=rf"needs at least \d+ steps, got {length}"
            ):
                conv_output_length(length, kernel_size, **options)
            continue
        assert conv_output_length(length, kernel_size, **options) == expected
        y = jax.eval_shape(
            functools.partial(conv1d, **options),
            jax.ShapeDtypeStruct((1, length, 1), jnp.float32),
            jax.ShapeDtypeStruct((kernel_size, 1, 1), jnp.float32),
        )
        assert y.shape == (1, expected, 1)


def test_a_negative_length_raises():
    with pytest.raises(UserError, match="`length` must be an integer of at least 0"):
        conv_output_length(-1, 1)
