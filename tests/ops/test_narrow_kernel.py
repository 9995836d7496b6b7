"""Two outputs side by side are the convolution, and have its derivative."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import oracles
import pytest
from jax.test_util import check_grads
from numerics import assert_close, assert_same_bits, normal, value_and_gradients

from seqconv_jax import ops
from seqconv_jax.ops.narrow_kernel import MOST_BYTES, is_narrow, narrow_convolve
from seqconv_jax.ops.wide_kernel import convolve


def plain(x, kernel):
    return convolve(x, kernel, stride=1, padding="valid", dilation=1)


def test_equals_the_formula():
    sizes = list(itertools.product([5, 8, 9], [2, 3, 4, 5]))
    given = [(normal(2, time, 3), normal(taps, 3, 4, seed=1)) for time, taps in sizes]
    got = jax.jit(lambda given: [narrow_convolve(*each) for each in given])(given)
    assert_close(got, [oracles.conv1d(*each) for each in given])


def test_is_what_conv1d_does_and_has_the_plain_derivative():
    x, kernel = jnp.asarray(normal(2, 9, 3)), jnp.asarray(normal(5, 3, 4))
    assert is_narrow(x, kernel, stride=1, dilation=1)
    assert_same_bits(ops.conv1d(x, kernel), narrow_convolve(x, kernel))
    assert_close(*(value_and_gradients(f, x, kernel) for f in (ops.conv1d, plain)))


def test_derivative_in_float64(x64):
    x, kernel = normal(2, 9, 3, dtype="float64"), normal(3, 3, 2, dtype="float64")
    check_grads(narrow_convolve, (x, kernel), order=2)


def test_a_derivative_computes_the_plain_way_alone():
    x, kernel = jnp.ones((2, 9, 3)), jnp.ones((5, 3, 4))
    step = jax.grad(lambda x, k: ops.conv1d(x, k).sum(), argnums=(0, 1))
    assert "conv_general_dilated" not in str(jax.make_jaxpr(ops.conv1d)(x, kernel))
    assert "gather" not in str(jax.make_jaxpr(step)(x, kernel))


def test_no_causal_output_touches_a_later_step():
    x, kernel = normal(1, 12, 3), normal(3, 3, 4)
    x[:, 9:] = np.nan
    y = ops.conv1d(jnp.asarray(x), kernel, padding="causal")
    end = ops.causal_conv1d_end(jnp.asarray(x), kernel, outputs=6)
    for each in (y, end):
        assert np.isfinite(each[:, :-3]).all() and np.isnan(each[:, -3:]).all()


def test_vmap_over_kernels_equals_one_after_the_other():
    x, kernels = jnp.asarray(normal(2, 9, 3)), jnp.asarray(normal(4, 3, 3, 2))
    together = jax.vmap(lambda k: narrow_convolve(x, k))(kernels)
    alone = [plain(x, kernel) for kernel in kernels]
    np.testing.assert_allclose(together, np.stack(alone), atol=1e-5)


@pytest.mark.parametrize(
    ("features", "taps", "filters", "expected"),
    [
        (14, 5, 32, True),
        (1, 3, 64, True),
        (14, 4, 32, False),  # 56 floats, seven packets
        (1, 3, 65, False),
        (14, 5, 37, False),
        (16, 5, 8, False),
        (3, 1, 8, False),
        (3, 21, 8, False),  # longer than the sequence
    ],
)
def test_where_it_is_the_faster_way(features, taps, filters, expected):
    x, kernel = normal(2, 20, features), normal(taps, features, filters)
    assert is_narrow(x, kernel, stride=1, dilation=1) == expected


def test_what_was_not_measured_goes_the_plain_way(monkeypatch):
    x, kernel = jnp.asarray(normal(2, 20, 3)), jnp.asarray(normal(5, 3, 4))

    def asked(x):
        assert not is_narrow(x, kernel, stride=1, dilation=1)
        return x

    assert not is_narrow(x, kernel, stride=2, dilation=1)
    assert not is_narrow(x, kernel, stride=1, dilation=2)
    assert not is_narrow(x.astype(jnp.bfloat16), kernel, stride=1, dilation=1)
    assert not is_narrow(x[:0], kernel, stride=1, dilation=1)
    many = jnp.zeros((MOST_BYTES // (20 * 3 * 6 * 2) + 1, 20, 3))
    assert is_narrow(many[1:], kernel, stride=1, dilation=1)
    assert not is_narrow(many, kernel, stride=1, dilation=1)
    for shape in ("batch, 20, 3", "2, time, 3"):
        late = jax.export.symbolic_shape(shape)
        jax.eval_shape(asked, jax.ShapeDtypeStruct(late, jnp.float32))
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert not is_narrow(x, kernel, stride=1, dilation=1)
