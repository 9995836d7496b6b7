import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import oracles
import pytest
from jax.test_util import check_grads
from numerics import (
    assert_close,
    normal,
    value_and_gradients,
    values_and_gradients,
)

from seqconv_jax import UserError
from seqconv_jax.ops import conv_max_pool
from seqconv_jax.ops.conv_max_pool import (
    MOST_FILTERS,
    conv_max_pool_reference,
    is_product,
)


def arguments(time, taps, dtype="float32") -> Any:
    return normal(3, time, 2, dtype=dtype), normal(taps, 2, 4, seed=1, dtype=dtype)


# Steps left over behind the last window: none, one, two; rows that reach into one,
# two and three windows.
SHAPES = [
    (time, taps, window)
    for time, taps, window in itertools.product([12, 13, 14], [1, 2, 5], [2, 3, 4])
    if window <= taps + 1
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_and_gradients_equal_the_plain_way(dtype, x64):
    given = [arguments(time, taps, dtype) for time, taps, _ in SHAPES]
    if jax.default_backend() == "cpu":  # elsewhere XLA's own convolution is the faster
        pairs = zip(given, SHAPES, strict=True)
        assert all(is_product(g[0], g[1], s[2]) for g, s in pairs)
    got, expected = (
        values_and_gradients(
            [lambda x, k, w=w, op=op: op(x, k, w) for _, _, w in SHAPES], given
        )
        for op in (conv_max_pool, conv_max_pool_reference)
    )
    assert_close(got, expected)


def test_values_equal_plain_numpy():
    x, kernel = arguments(14, 5)
    expected = oracles.max_pool(oracles.conv1d(x, kernel), 3)
    assert_close(conv_max_pool(x, kernel, 3), expected)


def test_derivative_in_float64(x64):
    given = [jnp.asarray(a) for a in arguments(13, 3, "float64")]
    check_grads(jax.jit(lambda x, k: conv_max_pool(x, k, 3)), given, 1, modes=["rev"])


def test_of_equal_steps_the_first_gets_the_gradient():
    x, kernel = jnp.ones((1, 4, 1)), jnp.ones((1, 1, 1))
    gradient = jax.grad(lambda x: conv_max_pool(x, kernel, 2).sum())(x)
    assert gradient[0, :, 0].tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize("spoilt", [0, 1])
def test_a_nan_shows_where_it_belongs(spoilt):
    # The first weight also decides a branch, of two that are the same.
    x, kernel = arguments(13, 3)
    kernel[0, 0, spoilt] = np.nan
    y = np.asarray(conv_max_pool(x, kernel, 3))
    assert np.isnan(y[..., spoilt]).all()
    expected = np.asarray(conv_max_pool_reference(x, kernel, 3))
    assert_close(np.delete(y, spoilt, 2), np.delete(expected, spoilt, 2))


@pytest.mark.parametrize(
    "x, kernel, window",
    [
        (normal(3, 13, 2), normal(3, 2, 4), 5),
        (normal(3, 13, 2), normal(3, 2, 4), 1),
        (normal(3, 13, 2), normal(3, 2, MOST_FILTERS + 1), 3),
        (normal(0, 13, 2), normal(3, 2, 4), 3),
    ],
    ids=["wide window", "no window", "many filters", "no example"],
)
def test_the_rest_goes_the_plain_way(x, kernel, window):
    assert not is_product(x, kernel, window)
    got = value_and_gradients(lambda x, k: conv_max_pool(x, k, window), x, kernel)
    plain = value_and_gradients(
        lambda x, k: conv_max_pool_reference(x, k, window), x, kernel
    )
    assert_close(got, plain)


def test_another_device_goes_the_plain_way(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert not is_product(normal(3, 13, 2), normal(3, 2, 4), 3)


def test_vmap_over_models_equals_one_after_the_other():
    x, kernels = normal(3, 13, 2), normal(4, 3, 2, 4)

    def run(kernel):
        return jnp.sum(jnp.square(conv_max_pool(x, kernel, 3)))

    run = jax.jit(jax.value_and_grad(run))
    expected = jax.tree.map(lambda *parts: np.stack(parts), *map(run, kernels))
    assert_close(jax.vmap(run)(kernels), expected)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_stays_near_float32(dtype):
    half: Any = [jnp.asarray(a, dtype) for a in arguments(13, 3)]
    got, gradients = value_and_gradients(lambda x, k: conv_max_pool(x, k, 3), *half)
    assert got.dtype == gradients[1].dtype == dtype
    wide = [a.astype("float32") for a in half]
    assert_close(got, conv_max_pool(wide[0], wide[1], 3).astype(dtype))


@pytest.mark.skipif(
    jax.default_backend() != "cpu", reason="of the program that XLA makes for a CPU"
)
def test_only_the_maxima_and_their_places_are_kept():
    # The convolution's output is three times as large as its maxima.
    x, kernel = normal(4, 302, 2), normal(3, 2, 8)

    def loss(kernel, operation):
        y = jnp.tanh(operation(x, kernel, 3))
        return jnp.sum(jnp.tanh(y @ jnp.ones((8, 8))) @ jnp.ones((8, 1)))

    _, vjp = jax.vjp(lambda kernel: conv_max_pool(x, kernel, 3), kernel)
    kept = [leaf.shape for leaf in jax.tree.leaves(vjp)]
    assert (4, 300, 8) not in kept and (4, 100, 24) not in kept
    program: Any = jax.jit(jax.grad(loss), static_argnums=1)
    text = program.lower(kernel, conv_max_pool).compile().as_text()
    entry = text[text.index("\nENTRY ") :]
    assert "s8[4,100,8]" in entry  # XLA would rather keep all and compare again


@pytest.mark.parametrize(
    "x, kernel, window, message",
    [
        (normal(3, 13), normal(3, 2, 4), 3, r"`x` must have shape \(batch, time"),
        (normal(3, 13, 3), normal(3, 2, 4), 3, r"`kernel` must have shape \(any, 3"),
        (normal(3, 4, 2), normal(5, 2, 4), 2, "needs at least 5 steps, got 4"),
        (normal(3, 6, 2), normal(5, 2, 4), 3, "needs at least 3 steps, got 2"),
        (
            normal(3, 6, 2),
            normal(5, 2, 4),
            0,
            "`window` must be a positive integer, got 0",
        ),
    ],
)
def test_wrong_arguments_raise(x, kernel, window, message):
    with pytest.raises(UserError, match=message):
        conv_max_pool(x, kernel, window)
