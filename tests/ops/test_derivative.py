"""Every derivative of every operation: reverse, forward, and of second order."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numerics import quick_jit

from seqconv_jax import ops
from seqconv_jax.ops.conv_max_pool import conv_max_pool_reference
from seqconv_jax.ops.derivative import with_backward
from seqconv_jax.ops.embed_conv import embed_conv_reference
from seqconv_jax.ops.lstm.op import lstm_reference
from seqconv_jax.ops.masking import shift, shift_reference
from seqconv_jax.ops.max_over_time import max_over_time, max_over_time_reference
from seqconv_jax.ops.narrow_kernel import narrow_convolve
from seqconv_jax.ops.pool import max_pool_reference
from seqconv_jax.ops.product import product
from seqconv_jax.ops.simple_rnn import simple_rnn_reference
from seqconv_jax.ops.wide_kernel import convolve

RNG = np.random.default_rng(0)
IDS = jnp.array([[0, 2, 1, 1, 0], [2, 2, 1, 0, 1]])
MASK = jnp.array([[True, True], [False, True]])


def gru_reference(x, kernel, recurrent_kernel):
    state = jnp.zeros((x.shape[0], recurrent_kernel.shape[0]), x.dtype)
    for projected in ops.project_inputs(x, kernel):
        state = ops.gru_cell(projected, state, recurrent_kernel)
    return state


# Name: the operation, what it must equal, and the shapes of its arguments.
CASES = {
    "product": (product, jnp.matmul, (3, 2), (2, 2)),
    "embed_conv": (
        lambda table, kernel: ops.embed_conv(IDS, table, kernel),
        lambda table, kernel: embed_conv_reference(IDS, table, kernel),
        *((3, 2), (2, 2, 2)),
    ),
    "conv1d with few filters": (
        narrow_convolve,
        lambda *arrays: convolve(*arrays, stride=1, padding="valid", dilation=1),
        *((2, 5, 1), (2, 1, 2)),
    ),
    "conv_max_pool": (
        lambda x, kernel: ops.conv_max_pool(x, kernel, 2),
        lambda x, kernel: conv_max_pool_reference(x, kernel, 2),
        *((2, 5, 1), (2, 1, 2)),
    ),
    "max_pool": (
        lambda x: ops.max_pool(x, 3, stride=2),
        lambda x: max_pool_reference(x, 3, 2),
        (2, 5, 2),
    ),
    "max_over_time": (max_over_time, max_over_time_reference, (2, 4, 2)),
    "shift": (
        lambda x: shift(x, jnp.array([1, -2]), 3),
        lambda x: shift_reference(x, jnp.array([1, -2]), 3),
        (2, 4, 1),
    ),
    "gru": (ops.gru, gru_reference, (2, 2, 1), (1, 3), (1, 3)),
    "lstm": (
        lambda *arrays: ops.lstm(*arrays, mask=MASK),
        lambda *arrays: lstm_reference(*arrays, mask=MASK),
        *((2, 2, 1), (1, 4), (1, 4)),
    ),
    "simple_rnn": (
        ops.simple_rnn,
        simple_rnn_reference,
        *((2, 2, 2), (2, 2), (2, 2)),
    ),
}


def hessian_ways(function, arrays):
    """The product of the Hessian with a direction, in every order of modes."""
    along = [jnp.asarray(RNG.normal(size=a.shape)) for a in arrays]

    def loss(*arrays):
        return jnp.sum(jnp.sin(function(*arrays)))

    gradient = jax.grad(loss, argnums=tuple(range(len(arrays))))

    def slope(*arrays):
        return jax.jvp(loss, arrays, tuple(along))[1]

    def dotted(*arrays):
        return sum(
            jnp.vdot(d, a) for d, a in zip(gradient(*arrays), along, strict=True)
        )

    every = tuple(range(len(arrays)))
    return {
        "value": function(*arrays),
        "tangent": jax.jvp(function, arrays, tuple(along))[1],
        "linear": jax.linearize(function, *arrays)[1](*along),
        "reverse": gradient(*arrays),
        "reverse over reverse": jax.grad(dotted, every)(*arrays),
        "forward over reverse": jax.jvp(gradient, arrays, tuple(along))[1],
        "reverse over forward": jax.grad(slope, every)(*arrays),
    }


@pytest.mark.parametrize("name", CASES)
def test_every_derivative_equals_the_reference(name, x64):
    function, reference, *shapes = CASES[name]
    arrays = tuple(jnp.asarray(RNG.normal(size=shape)) for shape in shapes)
    state = RNG.bit_generator.state
    ours = quick_jit(lambda arrays: hessian_ways(function, arrays))(arrays)
    RNG.bit_generator.state = state
    # Where XLA pools by the book: a GPU rounds that one's derivative in float64.
    there = jax.device_put(arrays, jax.devices("cpu")[0])
    theirs = quick_jit(lambda arrays: hessian_ways(reference, arrays))(there)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9),
        ours,
        theirs,
    )
    again = ours["reverse over reverse"]
    for way in ("forward over reverse", "reverse over forward"):
        jax.tree.map(
            lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9),
            again,
            ours[way],
        )


def forward(x, count):
    return jnp.sin(x) * count, (x, count)


def backward(saved, d_y):
    x, count = saved
    return 10 * d_y * jnp.cos(x) * count, None  # ten times, to be told apart


@with_backward(forward, backward)
def scaled_sine(x, count):
    return jnp.sin(x) * count


X, COUNT = jnp.array([0.5, 1.5]), jnp.array([2, 3])
SLOPE = COUNT * jnp.cos(X)


def test_the_way_back_is_the_one_given_and_forward_is_plain():
    ones = jnp.ones(2)
    along = jax.jvp(lambda x: scaled_sine(x, COUNT), (X,), (ones,))[1]
    np.testing.assert_allclose(along, SLOPE, rtol=1e-6)

    def loss(x):
        return scaled_sine(x, COUNT).sum()

    def mapped(x):
        return jax.vmap(scaled_sine)(x, COUNT).sum()

    def scanned(x):
        add = lambda total, each: (total + scaled_sine(*each), None)  # noqa: E731
        return jax.lax.scan(add, 0.0, (x, COUNT))[0]

    for way in (loss, jax.jit(loss), mapped, scanned, jax.checkpoint(loss)):
        np.testing.assert_allclose(jax.grad(way)(X), 10 * SLOPE, rtol=1e-6)
    each = jax.vmap(jax.grad(scaled_sine))(X, COUNT)
    np.testing.assert_allclose(each, 10 * SLOPE, rtol=1e-6)


def test_a_gradient_mapped_over_one_argument_alone():
    def loss(x):
        return jax.vmap(lambda count: scaled_sine(x, count))(COUNT).sum()

    expected = 10 * jnp.cos(0.5) * COUNT.sum()
    np.testing.assert_allclose(jax.grad(loss)(0.5), expected, rtol=1e-6)


def test_jacobians():
    forwards = jax.jacfwd(scaled_sine)(X, COUNT)
    np.testing.assert_allclose(forwards, jnp.diag(SLOPE), rtol=1e-6)
    backwards = jax.jacrev(scaled_sine)(X, COUNT)
    np.testing.assert_allclose(backwards, 10 * jnp.diag(SLOPE), rtol=1e-6)
