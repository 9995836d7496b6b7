"""A kernel that reaches further than the sequence gives what the plain sum gives."""

import jax
import jax.numpy as jnp
import jax.test_util
import numpy as np
import pytest
from jax import lax

from seqconv_jax.ops.wide_kernel import convolve


def plain(x, kernel, stride, padding, dilation):
    """The sum of its definition, tap by tap, in NumPy."""
    time, taps = x.shape[1], len(kernel)
    outputs = -(-time // stride)
    reach = (taps - 1) * dilation
    before = reach
    if padding == "same":
        before = max((outputs - 1) * stride + reach + 1 - time, 0) // 2
    y = np.zeros((len(x), outputs, kernel.shape[2]))
    for t in range(outputs):
        for k in range(taps):
            step = t * stride - before + k * dilation
            if 0 <= step < time:
                y[:, t] += x[:, step] @ kernel[k]
    return y


@pytest.mark.parametrize("padding", ["same", "causal"])
@pytest.mark.parametrize(
    ("time", "taps", "stride", "dilation"),
    [
        (1, 5, 1, 1),
        (1, 2, 1, 2),
        (7, 8, 1, 1),
        (7, 40, 1, 1),
        (9, 5, 2, 4),
        (6, 3, 3, 16),
    ],
)
def test_is_the_plain_sum(padding, time, taps, stride, dilation):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, time, 3)).astype(np.float32)
    kernel = rng.normal(size=(taps, 3, 4)).astype(np.float32)
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    expected = plain(x, kernel, **options)
    np.testing.assert_allclose(
        convolve(jnp.asarray(x), jnp.asarray(kernel), **options), expected, atol=2e-5
    )


@pytest.mark.parametrize("padding", ["same", "causal"])
def test_a_last_part_of_one_tap_reads_nothing_else(padding):
    """XLA read outside of the array; with this many features only."""
    rng = np.random.default_rng(0)
    x, kernel = (
        jnp.asarray(rng.normal(size=shape).astype(np.float32))
        for shape in ((2, 9, 32), (10, 32, 32))
    )
    options = {"stride": 1, "padding": padding, "dilation": 1}
    run = jax.jit(lambda x, kernel: convolve(x, kernel, **options))
    expected = plain(np.asarray(x), np.asarray(kernel), **options)
    np.testing.assert_allclose(run(x, kernel), expected, atol=1e-4)
    jax.test_util.check_grads(run, (x, kernel), 1, ["rev"], atol=0.02, rtol=0.02)


def test_no_part_is_wider_than_the_sequence(monkeypatch):
    widths, run = [], lax.conv_general_dilated

    def watched(x, kernel, **options):
        widths.append(kernel.shape[0])
        return run(x, kernel, **options)

    monkeypatch.setattr(lax, "conv_general_dilated", watched)
    x, kernel = jnp.ones((1, 24, 1)), jnp.ones((40, 1, 1))
    convolve(x, kernel, stride=1, padding="same", dilation=1)
    assert widths == [24, 16]
