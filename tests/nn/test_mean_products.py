"""Products of means of the newest steps."""

import jax.numpy as jnp
import numpy as np
import pytest

from seqconv_jax import UserError, nn


def test_the_inputs_then_the_products_of_all_pairs_of_means():
    x = np.random.default_rng(0).normal(size=(3, 5, 2)).astype(np.float32)
    found = nn.MeanProducts((1, 3)).apply({}, jnp.asarray(x))
    means = np.concatenate([x[:, -1], x[:, -3:].mean(axis=1)], axis=1)
    pairs = [means[:, i] * means[:, j] for i in range(4) for j in range(i, 4)]
    expected = np.concatenate([x.reshape(3, 10), np.stack(pairs, axis=1)], axis=1)
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-5, atol=1e-6)


def test_masked_steps_count_as_zeros():
    x = jnp.array([[[np.nan], [2.0], [4.0]]])
    mask = jnp.array([[False, True, True]])
    found = nn.MeanProducts((3,)).apply({}, x, mask=mask)
    np.testing.assert_array_equal(np.asarray(found), [[2.0, 4.0, 0.0, 4.0]])


@pytest.mark.parametrize("span", [0, 4, 1.5])
def test_a_span_that_does_not_fit(span):
    with pytest.raises(UserError, match="`spans` must be"):
        nn.MeanProducts((span,)).apply({}, jnp.ones((1, 3, 1)))
