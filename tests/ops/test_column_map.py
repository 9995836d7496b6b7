"""The linear map over time, and the scale of windows, against NumPy."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from numerics import assert_close, normal, quick_jit

from seqconv_jax import UserError, ops

X = normal(2, 5, 3)


def looped(x, kernel, bias):
    """The sum as its formula has it, a column and a step at a time."""
    y = np.zeros((len(x), kernel.shape[-1], x.shape[2]))
    for c in range(x.shape[2]):
        own = (kernel, bias) if kernel.ndim == 2 else (kernel[c], bias[c])
        for h in range(y.shape[1]):
            y[:, h, c] = x[:, :, c].astype(float) @ own[0][:, h] + own[1][h]
    return y


@pytest.mark.parametrize("lead", [(), (3,)])
def test_each_column_is_mapped_by_itself(lead):
    kernel, bias = normal(*lead, 5, 4, seed=1), normal(*lead, 4, seed=2)
    assert_close(ops.column_map(X, kernel, bias), looped(X, kernel, bias))
    assert_close(ops.column_map(X, kernel), looped(X, kernel, 0 * bias))


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("lead", [(), (3,)])
def test_derivative_in_float64(lead):
    arguments = X.astype(float), normal(*lead, 5, 4).astype(float)
    check_grads(jax.jit(ops.column_map), arguments, order=1, modes=["rev"])


@pytest.mark.parametrize(
    ("kernel", "bias", "match"),
    [
        ((4, 2), None, r"`kernel` must have shape \(5, any\), got \(4, 2\)"),
        ((2, 5, 2), None, r"`kernel` must have shape \(3, 5, any\), got"),
        ((3, 5, 2), (2,), r"`bias` must have shape \(3, 2\), got \(2,\)"),
    ],
)
def test_shapes_that_do_not_fit(kernel, bias, match):
    bias = None if bias is None else jnp.ones(bias)
    with pytest.raises(UserError, match=match):
        ops.column_map(X, jnp.ones(kernel), bias)


def test_a_window_is_measured_over_its_real_steps():
    mask: Any = np.array([[0, 1, 1, 1, 0], [1, 1, 1, 1, 1]], bool)
    x = np.where(mask[:, :, None], X, np.nan)
    measure = quick_jit(
        lambda x: [ops.last_value_scale(x, mask), ops.moment_scale(x, mask)]
    )
    last, moments = jax.tree.map(np.asarray, measure(x))
    for row, real in enumerate(mask):
        bare = X[row][real].astype(float)
        assert_close(last.shift[row, 0], bare[-1].astype("float32"))
        assert_close(moments.shift[row, 0], bare.mean(0).astype("float32"))
        spread = np.sqrt(bare.var(0) + 1e-5)
        assert_close(moments.scale[row, 0], spread.astype("float32"))
    assert (last.scale == 1).all()


@pytest.mark.parametrize("measured", [ops.last_value_scale, ops.moment_scale])
def test_restored_is_the_inverse(measured):
    @quick_jit
    def there_and_back(x):
        scale = measured(x)
        return scale.restored(scale.normalised(x))

    assert_close(there_and_back(X), X)


def test_half_precision_does_not_overflow():
    x = np.full((1, 9, 1), 300.0, np.float16)
    x[0, :, 0] += np.arange(9)
    shift, scale = quick_jit(ops.moment_scale)(x)
    assert (shift.dtype, float(shift[0, 0, 0])) == (jnp.float16, 304.0)
    assert float(scale[0, 0, 0]) == pytest.approx(np.sqrt(60 / 9), rel=1e-3)


@pytest.mark.usefixtures("x64")
def test_no_gradient_flows_through_the_moments():
    def run(x):
        scale = ops.moment_scale(X.astype(float))
        return scale.restored(jnp.tanh(scale.normalised(x)))

    check_grads(jax.jit(run), (X.astype(float),), order=1, modes=["rev"])
