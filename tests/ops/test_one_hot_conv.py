import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from numerics import assert_close, normal, value_and_gradients

from seqconv_jax import UserError
from seqconv_jax.ops import global_max_pool, one_hot_conv, one_hot_conv_max
from seqconv_jax.ops.one_hot_conv import one_hot_conv_reference

RNG = np.random.default_rng(0)
IDS: Any = RNG.integers(0, 5, (4, 11)).astype(np.int32)
MASK: Any = np.ones(IDS.shape, bool)
MASK[1, :4] = MASK[2, 8:] = MASK[2, 2] = MASK[3] = False
BIAS: Any = normal(6, seed=3)
PADDINGS = ("valid", "same", "causal")


def kernel(taps: int, dtype="float32") -> Any:
    return normal(taps, 5, 6, seed=2, dtype=dtype)


def reference_max(ids, kernel, padding="valid"):
    return global_max_pool(one_hot_conv_reference(ids, kernel, padding=padding))


@pytest.mark.parametrize(
    ("dtype", "backend"), [("float32", "cpu"), ("float64", "cpu"), ("float64", "gpu")]
)
def test_values_and_gradients_equal_products_with_one_hot_vectors(
    dtype, backend, x64, monkeypatch
):
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    weights = [kernel(3, dtype), BIAS.astype(dtype)]
    cases = list(itertools.product(PADDINGS, (None, MASK)))

    def all_of(convolve, maximum):
        def function(kernel, bias):
            sequences = [
                convolve(IDS, kernel, bias, padding=padding, mask=mask)
                for padding, mask in cases
            ]
            best = [maximum(IDS, kernel, padding=padding) for padding in PADDINGS]
            return jnp.concatenate([x.reshape(-1) for x in (*sequences, *best)])

        return value_and_gradients(function, *weights)

    got = all_of(one_hot_conv, one_hot_conv_max)
    assert_close(got, all_of(one_hot_conv_reference, reference_max))


@pytest.mark.parametrize("taps", [1, 2, 4, 11])
def test_kernels_up_to_the_whole_sequence(taps):
    for padding in PADDINGS:
        expected = one_hot_conv_reference(IDS, kernel(taps), padding=padding)
        assert_close(one_hot_conv(IDS, kernel(taps), padding=padding), expected)
        best = one_hot_conv_max(IDS, kernel(taps), padding=padding)
        assert_close(best, reference_max(IDS, kernel(taps), padding))


def test_derivatives_in_float64(x64):
    weights = (kernel(3, "float64"),)
    for function in (one_hot_conv, one_hot_conv_max):
        check_grads(lambda k, f=function: f(IDS, k), weights, 2, modes=["rev", "fwd"])


def test_what_is_not_finite_is_seen():
    for value in (np.nan, np.inf, -np.inf):
        weights = kernel(1)
        weights[0, 3, 2] = value
        ids: Any = np.array([[3, 3, 3], [1, 3, 1], [1, 1, 1]])
        expected = np.max(weights[0][ids], axis=1)
        np.testing.assert_array_equal(one_hot_conv_max(ids, weights), expected)


def test_equal_words_share_a_maximum_as_one(x64):
    """Ties are of the same words, whose gradient adds up to the same rows."""
    ids: Any = np.array([[3, 1, 2, 3, 1, 2, 0], [4, 4, 4, 4, 4, 4, 4]])
    weights = (kernel(3, "float64"),)
    got = value_and_gradients(lambda k: one_hot_conv_max(ids, k), *weights)
    assert_close(got, value_and_gradients(lambda k: reference_max(ids, k), *weights))


@pytest.mark.parametrize("unknown", [5, 2**31 - 1, -1, -(2**31)])
@pytest.mark.parametrize("padding", PADDINGS)
def test_an_unknown_id_gives_nan_where_it_is_seen(unknown, padding):
    ids = IDS.copy()
    ids[1, 4] = unknown
    first = {"valid": 2, "same": 3, "causal": 4}[padding]
    y = np.asarray(one_hot_conv(ids, kernel(3), BIAS, padding=padding))
    touched = np.zeros(y.shape[:2], bool)
    touched[1, first : first + 3] = True
    assert np.isnan(y[touched]).all() and np.isfinite(y[~touched]).all()
    best = np.asarray(one_hot_conv_max(ids, kernel(3), padding=padding))
    assert np.isnan(best).all(axis=1).tolist() == [False, True, False, False]
    gradient = jax.grad(lambda k: jnp.sum(one_hot_conv(ids, k, padding=padding)[0]))
    assert np.isfinite(gradient(kernel(3))).all()


def test_masked_ids_may_be_any():
    ids: Any = np.where(MASK, IDS, 2**31 - 1).astype(np.int32)
    expected = one_hot_conv(IDS, kernel(3), BIAS, mask=MASK, padding="same")
    got = one_hot_conv(ids, kernel(3), BIAS, mask=MASK, padding="same")
    np.testing.assert_array_equal(got, expected)


def test_half_precision_adds_up_in_float32():
    narrow = kernel(7).astype(jnp.bfloat16)
    expected = one_hot_conv(IDS, narrow.astype(jnp.float32)).astype(jnp.bfloat16)
    np.testing.assert_array_equal(one_hot_conv(IDS, narrow), expected)
    assert one_hot_conv_max(IDS, narrow).dtype == jnp.bfloat16


def test_vmap_over_kernels_equals_one_after_the_other():
    kernels = jnp.stack([kernel(3), -kernel(3)])
    for function in (one_hot_conv, one_hot_conv_max):
        gradient = jax.grad(lambda k, f=function: jnp.sum(jnp.sin(f(IDS, k))))
        assert_close(jax.vmap(gradient)(kernels), jnp.stack([*map(gradient, kernels)]))


@pytest.mark.parametrize("function", [one_hot_conv, one_hot_conv_max])
@pytest.mark.parametrize(
    ("ids", "weights", "words"),
    [
        (IDS[0], kernel(3), "`ids` must have shape (batch, time)"),
        (IDS.astype("float32"), kernel(3), "`ids` must be integers"),
        (
            IDS,
            kernel(3)[0],
            "`kernel` must have shape (kernel_size, vocabulary",
        ),
        (IDS, kernel(3).astype(int), "`kernel` must be float"),
        (IDS, kernel(12), "a window of 12 and valid padding needs at least 12 steps"),
    ],
)
def test_wrong_arguments(function, ids, weights, words):
    with pytest.raises(UserError) as caught:
        function(ids, weights)
    assert words in str(caught.value)
