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
from jax import lax
from jax.test_util import check_grads
from numerics import (
    assert_close,
    assert_same_bits,
    normal,
    quick_jit,
    value_and_gradients,
    values_and_gradients,
    weighted_sum,
)
from pool_cases import GLOBAL, MASK, POOLS, WINDOWS

from seqconv_jax import UserError
from seqconv_jax.ops import (
    avg_pool,
    global_avg_pool,
    global_max_pool,
    max_pool,
    pool_mask,
)


def over_windows(function):
    """Compile a function of `x, window, stride` for all `WINDOWS` at once."""
    return quick_jit(lambda *args: [function(*args, *window) for window in WINDOWS])


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("mask", [None, MASK], ids=["unmasked", "masked"])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_equals_the_formula(pool, padding, mask):
    ours, oracle = POOLS[pool]
    x = normal(5, 11, 2) - 3
    options = {"padding": padding, "mask": mask}
    got = over_windows(lambda x, w, s: ours(x, w, stride=s, **options))(x)
    expected = [oracle(x, w, stride=s, **options) for w, s in WINDOWS]
    assert got[0].dtype == jnp.float32
    assert_close(got, expected)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_mask_of_the_outputs(padding):
    got = over_windows(lambda m, w, s: pool_mask(m, w, stride=s, padding=padding))(MASK)
    for mask, (w, s) in zip(got, WINDOWS, strict=True):
        assert mask.dtype == bool
        expected = oracles.pool_mask(MASK, w, stride=s, padding=padding)
        assert mask.tolist() == expected.tolist()


KERAS = {
    "max": (keras.layers.MaxPooling1D, keras.layers.GlobalMaxPooling1D),
    "avg": (keras.layers.AveragePooling1D, keras.layers.GlobalAveragePooling1D),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("pool", POOLS)
def test_values_and_gradients_equal_keras(pool, dtype, x64):
    local, whole = KERAS[pool]
    ours, layers, inputs = [], [], []
    grid = itertools.product(WINDOWS, ["valid", "same"], [11, 12])
    for (window, stride), padding, length in grid:
        options = {"padding": padding, "strides": stride, "dtype": dtype}
        run = functools.partial(
            POOLS[pool][0], window=window, stride=stride, padding=padding
        )
        ours.append(run)
        layers.append(local(window, **options))
        inputs.append(normal(3, length, 2, dtype=dtype))
    ours.append(GLOBAL[pool][0])
    layers.append(whole(dtype=dtype))
    inputs.append(normal(3, 11, 2, dtype=dtype))
    got = values_and_gradients(ours, [(x,) for x in inputs])
    assert {str(y.dtype) for y, _ in got} == {dtype}
    expected = keras_reference.values_and_gradients(layers, [([], x) for x in inputs])
    assert_close(got, [(y, (gradient,)) for y, (_, gradient) in expected])


def reduce_window_max(x, window, stride, padding):
    return lax.reduce_window(
        x, -jnp.inf, lax.max, (1, window, 1), (1, stride or window, 1), padding.upper()
    )


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_max_gradient_equals_xla_with_ties(padding):
    # Whole numbers of a small range: most windows hold their maximum twice.
    x = np.random.default_rng(0).integers(-2, 1, (4, 11, 3)).astype("float32")

    def gradients(pool):
        def gradient(x, window, stride):
            loss = lambda x: weighted_sum(pool(x, window, stride, padding))  # noqa: E731
            return jax.value_and_grad(loss)(x)

        return over_windows(gradient)(x)

    got = gradients(lambda x, w, s, p: max_pool(x, w, stride=s, padding=p))
    assert_close(got, gradients(reduce_window_max))


def test_max_gradient_goes_to_the_first_of_equals():
    x = jnp.array([7.0, 7.0, 1.0, 2.0, 5.0, 5.0]).reshape(1, 6, 1)

    @quick_jit
    def gradients(x):
        return [
            jax.grad(lambda x, s=s: max_pool(x, 3, stride=s).sum())(x) for s in (3, 1)
        ]

    apart, overlapping = gradients(x)
    assert apart[0, :, 0].tolist() == [1, 0, 0, 0, 1, 0]
    assert overlapping[0, :, 0].tolist() == [1, 1, 0, 0, 2, 0]


def test_max_of_a_window_wider_than_a_byte_finds_the_place():
    x = jnp.arange(260.0).reshape(1, 260, 1)
    y, gradient = jax.value_and_grad(lambda x: max_pool(x, 130).sum())(x)
    assert y == 129 + 259
    assert np.flatnonzero(gradient).tolist() == [129, 259]


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("mask", [None, MASK], ids=["unmasked", "masked"])
def test_derivative_in_float64(pool, padding, mask):
    x = normal(5, 11, 2, dtype="float64")
    run = functools.partial(
        POOLS[pool][0], window=3, stride=2, padding=padding, mask=mask
    )
    check_grads(jax.jit(run), (x,), order=1, modes=["rev"])


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("pool", POOLS)
def test_window_of_padding_is_zero_with_zero_gradient(pool, padding):
    x = normal(1, 9, 2) - 5
    mask = jnp.array([[False] * 3 + [True] * 3 + [False] * 3])
    y, (gradient,) = value_and_gradients(
        functools.partial(POOLS[pool][0], window=3, padding=padding, mask=mask), x
    )
    assert not np.any(y[0, [0, 2]]) and np.all(y[0, 1] < 0)
    assert not np.any(gradient[0, :3]) and not np.any(gradient[0, 6:])
    assert np.any(gradient[0, 3:6], axis=0).all()


@functools.partial(quick_jit, static_argnames="window")
def every_pool(x, mask, window):
    local = [
        pool(x, window, padding=padding, mask=mask)
        for pool in (max_pool, avg_pool)
        for padding in ("valid", "same")
    ]
    return [*local, global_max_pool(x, mask=mask), global_avg_pool(x, mask=mask)]


@given(
    padded=st.lists(st.booleans(), min_size=9, max_size=9),
    junk=st.sampled_from([0.0, 1e30, -1e30, np.inf, -np.inf, np.nan]),
    window=st.sampled_from([2, 3]),
)
def test_what_lies_under_the_mask_changes_nothing(padded, junk, window):
    x, mask = normal(1, 9, 2), ~np.array([padded])
    spoilt = np.where(mask[:, :, None], x, np.float32(junk))
    for expected, got in zip(
        every_pool(x, mask, window), every_pool(spoilt, mask, window), strict=True
    ):
        assert_same_bits(got, expected)


@functools.partial(quick_jit, static_argnames=("window", "stride"))
def both_pools(x, window, stride):
    return [pool(x, window, stride=stride) for pool in (max_pool, avg_pool)]


@given(
    shift=st.integers(1, 4),
    window=st.sampled_from([2, 3]),
    stride=st.sampled_from([1, 2]),
)
def test_pools_move_with_their_input(shift, window, stride):
    x = normal(2, 20, 2)
    moved = both_pools(np.roll(x, -shift * stride, axis=1), window, stride)
    for got, whole in zip(moved, both_pools(x, window, stride), strict=True):
        assert_close(np.asarray(got)[:, :-shift], np.asarray(whole)[:, shift:], 1e-6)


def test_nan_at_a_real_step_is_not_swallowed():
    x = jnp.array([1.0, jnp.nan, 3.0, 4.0]).reshape(1, 4, 1)
    assert np.isnan(max_pool(x, 2)[0, :, 0]).tolist() == [True, False]
    assert np.isnan(avg_pool(x, 2)[0, :, 0]).tolist() == [True, False]
    assert np.isnan(global_max_pool(x)) and np.isnan(global_avg_pool(x))


@pytest.mark.parametrize("pool", POOLS)
def test_jit_and_vmap_equal_the_plain_call(pool):
    x, mask = normal(3, 5, 11, 2), np.stack([MASK, ~MASK, MASK[::-1]])

    def run(x, mask):
        y = POOLS[pool][0](x, 3, padding="same", mask=mask)
        return jnp.sum(jnp.square(y)), y

    run = quick_jit(jax.value_and_grad(run, has_aux=True))
    plain = [run(a, m) for a, m in zip(x, mask, strict=True)]
    mapped = jax.vmap(run)(x, mask)
    assert_close(mapped, jax.tree.map(lambda *parts: np.stack(parts), *plain))


@pytest.mark.parametrize("pool", [max_pool, avg_pool])
@pytest.mark.parametrize(
    "x, window, options, message",
    [
        ((4, 5), 2, {}, r"`x` must have shape \(batch, time, features\), got \(4, 5\)"),
        ((1, 0, 2), 2, {}, r"`x` must have shape \(batch, at least 1 step, features\)"),
        ((1, 4, 2), 0, {}, "`window` must be a positive integer, got 0"),
        ((1, 4, 2), 2.0, {}, "`window` must be a positive integer, got 2.0"),
        ((1, 4, 2), 2, {"stride": 0}, "`stride` must be a positive integer, got 0"),
        ((1, 4, 2), 2, {"padding": "causal"}, "`padding` must be one of 'valid', 'sam"),
        ((1, 4, 2), 5, {}, "a window of 5 and valid padding needs at least 5 steps, g"),
        (
            (2, 4, 2),
            2,
            {"mask": np.ones((2, 3), bool)},
            r"`mask` must have shape \(2, 4\), got \(2, 3\)",
        ),
    ],
)
def test_wrong_arguments_raise(pool, x, window, options, message):
    with pytest.raises(UserError, match=message):
        pool(jnp.zeros(x), window, **options)


def test_mask_of_the_outputs_needs_two_axes():
    with pytest.raises(UserError, match=r"`mask` must have shape \(batch, time\), got"):
        pool_mask(jnp.ones((2, 4, 1), bool), 2)
