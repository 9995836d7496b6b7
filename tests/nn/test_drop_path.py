"""Branches that an example does without in training."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numerics import apply

from seqconv_jax import UserError
from seqconv_jax.models.config import decode, encode
from seqconv_jax.nn import Activation, Parallel

BRANCHES = (), (Activation("tanh"),)
X = jnp.linspace(0.5, 2, 64)[:, None]
RNGS = {"dropout": jax.random.key(0)}


@pytest.mark.parametrize(("merge", "parts"), [("sum", 1), ("average", 2)])
def test_each_example_has_one_of_the_branches_or_all(merge, parts):
    layer = Parallel(BRANCHES, merge, drop_path=0.5)
    one, other = X, jnp.tanh(X)
    whole = apply(layer, {}, X)
    np.testing.assert_allclose(whole, (one + other) / parts, rtol=1e-6)
    y = np.asarray(apply(layer, {}, X, train=True, rngs=RNGS))
    found = np.stack([np.isclose(y, each, rtol=1e-6) for each in (one, other, whole)])
    assert (found.sum(axis=0) == 1).all() and found.any(axis=(1, 2)).all()


def test_branches_count_as_their_weights_say():
    layer = Parallel(BRANCHES, "average", 0.5, weights=(0.5, 1.5))
    one, other = X, jnp.tanh(X)
    whole = apply(layer, {}, X)
    np.testing.assert_allclose(whole, 0.25 * one + 0.75 * other, rtol=1e-6)
    y = np.asarray(apply(layer, {}, X, train=True, rngs=RNGS))
    found = np.stack([np.isclose(y, each, rtol=1e-6) for each in (one, other, whole)])
    assert (found.sum(axis=0) == 1).all() and found.any(axis=(1, 2)).all()
    assert decode(encode(layer)) == layer


def test_without_a_rate_nothing_is_drawn_and_nothing_is_written():
    layer = Parallel(BRANCHES, "sum")
    np.testing.assert_array_equal(apply(layer, {}, X, train=True), apply(layer, {}, X))
    assert "drop_path" not in encode(layer)
    dropping = Parallel(BRANCHES, "sum", drop_path=0.5)
    assert decode(encode(dropping)) == dropping


def test_errors():
    with pytest.raises(UserError, match="`drop_path` must be 0 but for .* got 'max"):
        apply(Parallel(BRANCHES, "maximum", 0.5), {}, X, train=True, rngs=RNGS)
    with pytest.raises(UserError, match="`drop_path` must be"):
        apply(Parallel(BRANCHES, "sum", 1.5), {}, X, train=True, rngs=RNGS)
    for merge, weights in [("sum", (1, 2)), ("average", (1,)), ("average", (1, 0))]:
        with pytest.raises(UserError, match="`weights` must be"):
            apply(Parallel(BRANCHES, merge, weights=weights), {}, X)
