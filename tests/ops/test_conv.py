import functools
import itertools

import jax
import jax.numpy as jnp
import keras
import keras_reference
import numpy as np
import oracles
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.test_util import check_grads
from numerics import (
    assert_close,
    assert_same_bits,
    normal,
    quick_jit,
    value_and_gradients,
    values_and_gradients,
)

from seqconv_jax import UserError
from seqconv_jax.ops import (
    causal_conv1d_end,
    conv1d,
)

PADDINGS = ("valid", "same", "causal")
jitted = quick_jit(conv1d, static_argnames=("stride", "padding", "dilation"))


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize(
    "length, kernel_size, dilation", [(10, 1, 1), (13, 2, 1), (12, 3, 2), (13, 4, 3)]
)
def test_equals_the_formula(length, kernel_size, dilation, padding):
    x, bias = normal(2, length, 3), normal(4, seed=2)
    kernel = normal(kernel_size, 3, 4, seed=1)
    options = [
        {"stride": stride, "padding": padding, "dilation": dilation}
        for stride in (1, 2, 3)
    ]
    got = quick_jit(lambda *args: [conv1d(*args, **o) for o in options])(
        x, kernel, bias
    )
    assert got[0].dtype == jnp.float32
    assert_close(got, [oracles.conv1d(x, kernel, bias, **o) for o in options])


def test_without_a_bias_adds_nothing():
    x, kernel = normal(2, 6, 3), normal(3, 3, 4)
    assert_close(conv1d(x, kernel), oracles.conv1d(x, kernel))


def test_correlates_rather_than_convolves():
    x = jnp.array([1.0, 10.0, 100.0]).reshape(1, 3, 1)
    kernel = jnp.array([1.0, 2.0, 3.0]).reshape(3, 1, 1)
    assert conv1d(x, kernel).tolist() == [[[321.0]]]
    same = conv1d(x, kernel, padding="same")[0, :, 0].tolist()
    causal = conv1d(x, kernel, padding="causal")[0, :, 0].tolist()
    assert (same, causal) == ([32.0, 321.0, 210.0], [3.0, 32.0, 321.0])


# Every kernel over an even and an odd length; strides and dilations change with it
# (Keras rejects both at once).
GRID = [(size, 12 + odd, 1, 1) for size in range(1, 10) for odd in (0, 1)] + [
    (size, 16 + (size + (spread > 1)) % 2 + 8 * (dilation > 1), spread, dilation)
    for size in range(1, 10)
    for spread, dilation in [(2 + size % 2, 1), (1, 2 + size % 2)]
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("padding", PADDINGS)
def test_values_and_gradients_equal_keras(padding, dtype, x64):
    ours, layers, arguments = [], [], []
    for size, length, stride, dilation in GRID:
        ours.append(
            lambda w, x, s=stride, d=dilation: conv1d(
                x, *w, stride=s, padding=padding, dilation=d
            )
        )
        layers.append(
            keras.layers.Conv1D(
                4,
                size,
                strides=stride,
                padding=padding,
                dilation_rate=dilation,
                dtype=dtype,
            )
        )
        shapes = [(size, 3, 4), (4,)]
        weights = [normal(*s, seed=i, dtype=dtype) for i, s in enumerate(shapes)]
        arguments.append((weights, normal(2, length, 3, seed=size, dtype=dtype)))
    got = values_and_gradients(ours, arguments)
    assert {str(y.dtype) for y, _ in got} == {dtype}
    assert_close(got, keras_reference.values_and_gradients(layers, arguments))


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("padding", PADDINGS)
def test_derivative_in_float64(padding):
    arguments = (
        normal(2, 7, 2, dtype="float64"),
        normal(3, 2, 2, seed=1, dtype="float64"),
        normal(2, seed=2, dtype="float64"),
    )
    run = jax.jit(functools.partial(conv1d, stride=2, padding=padding, dilation=2))
    check_grads(run, arguments, order=1, modes=["rev"])


@given(
    kernel_size=st.integers(1, 4),
    dilation=st.integers(1, 4),
    stride=st.integers(1, 2),
    step=st.integers(0, 8),
    noise=st.sampled_from([1.0, -1e30, np.inf, np.nan]),
)
def test_causal_outputs_ignore_later_inputs_to_the_bit(
    kernel_size, dilation, stride, step, noise
):
    x, kernel = normal(2, 10, 2), normal(kernel_size, 2, 3, seed=1)
    options = {"stride": stride, "padding": "causal", "dilation": dilation}
    changed = x.copy()
    changed[:, step + 1 :] += np.float32(noise)
    outputs = step // stride + 1
    before, after = (np.asarray(jitted(a, kernel, **options)) for a in (x, changed))
    assert_same_bits(after[:, :outputs], before[:, :outputs])


@pytest.mark.parametrize("kernel_size, dilation", [(2, 1), (3, 2), (4, 3)])
def test_causal_jacobian_has_zero_blocks_above_the_diagonal(kernel_size, dilation):
    x, kernel = normal(1, 9, 2), np.abs(normal(kernel_size, 2, 3)) + 1
    run = functools.partial(conv1d, padding="causal", dilation=dilation)
    jacobian = quick_jit(jax.jacobian(lambda x: run(x, kernel)[0]))(x)[:, :, 0]
    for t, s in itertools.product(range(9), range(9)):
        lag = t - s
        seen = lag >= 0 and lag % dilation == 0 and lag // dilation < kernel_size
        assert np.all(np.asarray(jacobian[t, :, s] != 0) == seen), (t, s)


@given(shift=st.integers(1, 5), dilation=st.integers(1, 2), stride=st.integers(1, 2))
def test_valid_convolution_moves_with_its_input(shift, dilation, stride):
    x, kernel = normal(2, 20, 2), normal(3, 2, 3, seed=1)
    options = {"stride": stride, "dilation": dilation}
    whole = np.asarray(jitted(x, kernel, **options))
    moved = np.asarray(jitted(np.roll(x, -shift * stride, 1), kernel, **options))
    assert_close(moved[:, :-shift], whole[:, shift:])


def test_jit_and_vmap_equal_the_plain_call():
    x, kernel, bias = normal(3, 2, 9, 2), normal(3, 3, 2, 4, seed=1), normal(3, 4)
    run = functools.partial(conv1d, padding="causal", dilation=2)
    expected = np.stack(
        [run(*arguments) for arguments in zip(x, kernel, bias, strict=True)]
    )
    assert_close(jax.jit(jax.vmap(run))(x, kernel, bias), expected)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_stays_near_float32(dtype):
    x, kernel, bias = normal(2, 9, 3), normal(3, 3, 4, seed=1), normal(4, seed=2)
    halves = [jnp.asarray(a, dtype) for a in (x, kernel, bias)]
    y, gradients = value_and_gradients(conv1d, *halves)
    assert all(a.dtype == dtype for a in (y, *gradients))
    _, expected = value_and_gradients(conv1d, x, kernel, bias)
    assert_close(y, oracles.conv1d(x, kernel, bias), 0.1)
    assert_close(gradients, expected, 0.1)


def test_float16_sums_in_float32():
    x = jnp.full((1, 5, 1), 3e4, jnp.float16)
    kernel = jnp.array([1.0, 1.0, 1.0, -1.0, -1.0], jnp.float16).reshape(5, 1, 1)
    assert conv1d(x, kernel).tolist() == [[[3e4]]]


@pytest.mark.parametrize(
    "x, kernel, options, message",
    [
        ((4, 5), (3, 5, 2), {}, r"`x` must have shape \(batch, time, features\), got"),
        (
            (1, 4, 5),
            (3, 4, 2),
            {},
            r"`kernel` must have shape \(any, 5, any\), got \(3",
        ),
        ((1, 4, 5), (5, 2), {}, r"`kernel` must have shape .* got \(5, 2\)"),
        ((1, 4, 1), (5, 1, 1), {}, "a window of 5 and valid padding needs at least 5"),
        (
            (1, 6, 1),
            (4, 1, 1),
            {"dilation": 2},
            "a window of 4 with dilation 2 and valid padding needs at least 7 steps, "
            "got 6",
        ),
        ((1, 0, 1), (3, 1, 1), {"padding": "same"}, "at least 1 steps, got 0"),
        ((1, 4, 1), (0, 1, 1), {}, "`kernel_size` must be a positive integer, got 0"),
        ((1, 4, 1), (2, 1, 1), {"stride": 0}, "`stride` must be a positive integer"),
        ((1, 4, 1), (2, 1, 1), {"stride": 1.5}, "`stride` must be a positive integer"),
        ((1, 4, 1), (2, 1, 1), {"stride": True}, "integer, got True"),
        ((1, 4, 1), (2, 1, 1), {"dilation": -1}, "`dilation` must be a positive int"),
        (
            (1, 4, 1),
            (2, 1, 1),
            {"padding": "casual"},
            "`padding` must be one of 'valid', 'same', 'causal', got 'casual'; did you "
            "mean 'causal'",
        ),
    ],
)
def test_wrong_arguments_raise(x, kernel, options, message):
    with pytest.raises(UserError, match=message):
        conv1d(jnp.zeros(x), jnp.zeros(kernel), **options)


def test_a_bias_of_another_width_raises_also_under_jit():
    with pytest.raises(UserError, match=r"`bias` must have shape \(2,\), got \(3,\)"):
        jitted(jnp.zeros((1, 4, 1)), jnp.zeros((2, 1, 2)), jnp.zeros(3))


@pytest.mark.parametrize("taps, dilation", [(1, 1), (3, 1), (3, 4)])
@pytest.mark.parametrize("stride", [1, 3])
def test_the_end_of_a_causal_convolution(taps, dilation, stride):
    x, kernel, bias = normal(2, 8, 3), normal(taps, 3, 4, seed=1), normal(4, seed=2)
    whole = jitted(x, kernel, bias, padding="causal", dilation=dilation)
    every = np.asarray(whole)[:, ::-1][:, ::stride]
    counts = range(1, -(-8 // stride) + 1)

    @quick_jit
    def ends(*arrays):
        options = {"stride": stride, "dilation": dilation}
        return [causal_conv1d_end(*arrays, outputs=n, **options) for n in counts]

    for outputs, got in zip(counts, ends(x, kernel, bias), strict=True):
        assert_close(got, every[:, :outputs][:, ::-1])


def test_the_end_has_no_more_steps_than_the_sequence():
    with pytest.raises(UserError, match="`outputs` must be at most 3, got 4"):
        causal_conv1d_end(normal(2, 8, 3), normal(2, 3, 4), None, outputs=4, stride=3)
