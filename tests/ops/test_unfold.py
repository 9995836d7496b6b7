"""A convolution of unfolded steps is the convolution, there and back."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from numerics import assert_close, normal, value_and_gradients

from seqconv_jax.ops.unfold import MOST_COLUMNS, is_unfolded, unfold, unfolded_convolve
from seqconv_jax.ops.wide_kernel import convolve

GEOMETRIES = [
    {"stride": stride, "padding": padding, "dilation": dilation}
    for stride, padding, dilation in itertools.product(
        [1, 2, 3], ["valid", "same", "causal"], [1, 3]
    )
]


@pytest.mark.parametrize("time", [7, 10])
def test_values_and_gradients_equal_the_plain_way(time, x64):
    x, kernel = normal(2, time, 3, dtype="float64"), normal(3, 3, 4, dtype="float64")

    def all_of(operation):
        return value_and_gradients(
            lambda x, kernel: jnp.concatenate(
                [operation(x, kernel, **o).reshape(-1) for o in GEOMETRIES]
            ),
            *(x, kernel),
        )

    assert_close(all_of(unfolded_convolve), all_of(convolve))


def test_derivative_in_float64(x64):
    x, kernel = normal(2, 9, 3, dtype="float64"), normal(3, 3, 2, dtype="float64")
    options = {"stride": 2, "padding": "same", "dilation": 2}
    check_grads(lambda *a: unfolded_convolve(*a, **options), (x, kernel), order=1)


def test_vmap_over_kernels_equals_one_after_the_other():
    x, kernels = jnp.asarray(normal(2, 9, 3)), jnp.asarray(normal(4, 3, 3, 2))
    options = {"stride": 1, "padding": "valid", "dilation": 1}
    together = jax.vmap(lambda k: unfolded_convolve(x, k, **options))(kernels)
    alone = [convolve(x, k, **options) for k in kernels]
    np.testing.assert_allclose(together, np.stack(alone), atol=1e-5)


def test_windows_side_by_side_are_not_copied():
    """As in patches: laying them out is a change of shape alone."""
    jaxpr = jax.make_jaxpr(lambda x: unfold(x, 3, stride=3))(jnp.ones((2, 9, 4)))
    assert not {"concatenate", "gather"} & {str(e.primitive) for e in jaxpr.eqns}


@pytest.mark.parametrize(
    ("backend", "features", "expected"),
    [("gpu", 14, True), ("cpu", 14, False), ("gpu", MOST_COLUMNS, False)],
)
def test_narrow_ones_on_a_gpu_are_unfolded(monkeypatch, backend, features, expected):
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    shapes = jnp.ones((2, 9, features)), jnp.ones((3, features, 4))
    assert is_unfolded(*shapes) is expected
