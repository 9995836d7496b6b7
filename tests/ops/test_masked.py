import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numerics import (
    assert_close,
    assert_same_bits,
    normal,
    quick_jit,
    value_and_gradients,
)
from window_cases import (
    CONVOLUTIONS,
    FEATURES,
    FILTERS,
    POOLS,
    SOME,
    TIME,
    WEIGHTS,
    every_padding,
    options,
    spoilt,
)

from seqconv_jax import UserError
from seqconv_jax.ops import (
    avg_pool,
    conv1d,
    embed,
    embed_conv,
    masked_avg_pool,
    masked_conv1d,
    masked_embed_conv,
    masked_max_pool,
    max_pool,
    window_mask,
    window_rows,
)


@pytest.mark.parametrize("geometry", CONVOLUTIONS)
def test_a_mask_of_ones_equals_none_to_the_bit(geometry):
    size, windows = options(geometry)
    x, ones = normal(3, TIME, FEATURES), np.ones((3, TIME), bool)
    kernel, bias = WEIGHTS[size], normal(FILTERS, seed=2)
    run = functools.partial(masked_conv1d, **windows)

    def every(x, kernel, bias, mask):
        plain = conv1d(x, kernel, bias, **windows)
        counts = window_mask(mask, size, **windows)
        y = run(x, kernel, bias, mask=mask), run(x, kernel, bias, mask=None)
        return *y, plain, counts

    masked, unmasked, plain, counts = jax.jit(every)(x, kernel, bias, ones)
    assert_same_bits(masked, plain)
    assert_same_bits(unmasked, plain)
    assert counts.all()


@pytest.mark.parametrize("geometry", POOLS)
def test_a_pool_with_a_mask_of_ones_equals_none_to_the_bit(geometry):
    size, windows = options(geometry)
    x, ones = normal(3, TIME, FEATURES), jnp.ones((3, TIME), bool)
    for masked, plain in [(masked_max_pool, max_pool), (masked_avg_pool, avg_pool)]:
        expected = plain(x, size, **windows)
        assert_same_bits(masked(x, size, mask=ones, **windows), expected)
        assert_same_bits(masked(x, size, mask=None, **windows), expected)


@pytest.mark.parametrize("geometry", SOME)
def test_gradients_equal_those_of_the_bare_sequence(geometry):
    size, windows = options(geometry)
    mask: Any = np.zeros((2, TIME), bool)
    mask[0, 3:9] = mask[1, 0:6] = True
    x = normal(2, TIME, FEATURES)
    bare = np.stack([x[0, 3:9], x[1, 0:6]])

    def total(y, counts):
        return jnp.sum(jnp.square(y) * counts[:, :, None])

    def padded(x, kernel):
        y = masked_conv1d(x, kernel, mask=mask, **windows)
        return total(y, window_mask(mask, size, **windows))

    def alone(x, kernel):
        y = conv1d(x, kernel, **windows)
        return total(y, jnp.ones(y.shape[:2]))

    kernel = WEIGHTS[size]
    value, (d_x, d_kernel) = value_and_gradients(padded, spoilt(x, mask), kernel)
    expected, (d_bare, d_kernel_alone) = value_and_gradients(alone, bare, kernel)
    assert_close(value, expected)
    assert_close(d_kernel, d_kernel_alone)
    assert_close(np.stack([d_x[0, 3:9], d_x[1, 0:6]]), d_bare)
    assert not np.any(d_x[~mask])


def test_a_row_of_padding_gives_finite_values_and_gradients():
    mask: Any = np.zeros((2, TIME), bool)
    mask[0, 4:] = True
    x = spoilt(normal(2, TIME, FEATURES), mask)

    def every(x, kernel):
        return jnp.concatenate(
            [
                masked_conv1d(x, kernel, mask=mask, **options(c)[1]).sum((1, 2))
                for c in CONVOLUTIONS
            ]
            + [
                pool(x, size, mask=mask, stride=stride, padding=padding).sum((1, 2))
                for pool in (masked_max_pool, masked_avg_pool)
                for size, stride, padding in POOLS
            ]
        )

    y, gradients = value_and_gradients(every, x, WEIGHTS[2])
    assert np.isfinite(y).all()
    assert all(np.isfinite(g).all() for g in gradients)
    assert not np.any(gradients[0][~mask])

    @quick_jit
    def counts(mask):
        return [window_mask(mask, c[0], **options(c)[1]) for c in CONVOLUTIONS]

    assert not any(each[1].any() for each in map(np.asarray, counts(mask)))


# Ids of one batch outnumber the rows of this table, but not those of the next.
@pytest.mark.parametrize("vocabulary", [5, 40])
@pytest.mark.parametrize("geometry", SOME)
def test_embedded_ids_equal_embedding_then_convolving(geometry, vocabulary):
    size, windows = options(geometry)
    mask = every_padding()[20:23]
    ids = np.random.default_rng(0).integers(0, 5, mask.shape).astype(np.uint8)
    ids = jnp.asarray(np.where(mask, ids, 200).astype(np.uint8))
    table, bias = normal(vocabulary, FEATURES), normal(FILTERS, seed=2)

    def plain(table, kernel, bias):
        x = embed(ids, table)
        return masked_conv1d(x, kernel, bias, mask=mask, **windows)

    def ours(table, kernel, bias):
        return masked_embed_conv(ids, table, kernel, bias, mask=mask, **windows)

    arguments = (table, WEIGHTS[size], bias)
    assert_close(*(value_and_gradients(f, *arguments) for f in (ours, plain)))


def test_an_unknown_id_at_a_real_step_gives_nan_and_masked_ones_none():
    table, kernel = normal(4, FEATURES), WEIGHTS[2]
    ids: Any = np.array([[9, 1, 2, 3, 0], [9, 1, 4, 1, 1], [9, 0, -1, 1, 1]])
    mask: Any = np.ones((3, 5), bool)
    mask[:, 0] = False
    y = masked_embed_conv(ids, table, kernel, mask=mask)
    expected = [[False] * 4, [True, True, False, False], [True, True, False, False]]
    assert np.isnan(y).all(-1).tolist() == expected
    plain = masked_embed_conv(ids[:, 1:], table, kernel, mask=None)
    assert_close(plain, embed_conv(ids[:, 1:], table, kernel))


@pytest.mark.parametrize("geometry", [CONVOLUTIONS[i] for i in (1, 4)])
def test_jit_and_vmap_equal_the_plain_call(geometry):
    size, windows = options(geometry)
    x = normal(3, 2, TIME, FEATURES)
    mask = np.random.default_rng(0).integers(0, 2, (3, 2, TIME)).astype(bool)

    def run(x, mask):
        y = masked_conv1d(x, WEIGHTS[size], mask=mask, **windows)
        return jnp.sum(jnp.square(y)), (y, window_mask(mask, size, **windows))

    run = quick_jit(jax.value_and_grad(run, has_aux=True))
    plain = [run(a, m) for a, m in zip(x, mask, strict=True)]
    mapped = jax.vmap(run)(x, mask)
    got, expected = mapped, jax.tree.map(lambda *parts: np.stack(parts), *plain)
    assert_close(jax.tree.map(np.float32, got), jax.tree.map(np.float32, expected))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_keeps_its_type(dtype):
    x, mask = jnp.asarray(normal(2, TIME, FEATURES), dtype), every_padding()[30:32]
    kernel = jnp.asarray(WEIGHTS[3], dtype)
    y, gradients = value_and_gradients(
        functools.partial(masked_conv1d, mask=mask, stride=2), x, kernel
    )
    assert {a.dtype for a in (y, *gradients)} == {jnp.dtype(dtype)}


@pytest.mark.parametrize(
    "call, message",
    [
        (
            lambda x, m: masked_conv1d(x, WEIGHTS[2], mask=m[:, 1:]),
            r"`mask` must have shape \(2, 3\), got \(2, 2\)",
        ),
        (
            lambda x, m: masked_conv1d(x[0], WEIGHTS[2], mask=m),
            r"`x` must have shape \(batch, time, features\), got \(3, 2\)",
        ),
        (
            lambda x, m: masked_conv1d(x, WEIGHTS[2][:, 1:], mask=m),
            r"`kernel` must have shape \(any, 2, any\), got \(2, 1, 3\)",
        ),
        (
            lambda x, m: masked_conv1d(x, WEIGHTS[4], mask=m),
            "a window of 4 and valid padding needs at least 4 steps, got 3",
        ),
        (
            lambda x, m: masked_embed_conv(
                x[..., 0], WEIGHTS[2][0], WEIGHTS[2], mask=m
            ),
            "`ids` must be integers, got 'float32'",
        ),
        (
            lambda x, m: masked_embed_conv(m * 1, WEIGHTS[2], WEIGHTS[2], mask=m),
            r"`table` must have shape \(vocabulary, features\), got",
        ),
        (
            lambda x, m: masked_max_pool(x, 2, mask=m, padding="causal"),
            "`padding` must be one of 'valid', 'same', got 'causal'",
        ),
        (
            lambda x, m: masked_avg_pool(x, 0, mask=m),
            "`window` must be a positive integer, got 0",
        ),
        (
            lambda x, m: masked_avg_pool(x, 2, mask=m, stride=0),
            "`stride` must be a positive integer, got 0",
        ),
        (
            lambda x, m: window_mask(x, 2),
            r"`mask` must have shape \(batch, time\), got",
        ),
        (lambda x, m: window_mask(m, 4), "needs at least 4 steps, got 3"),
        (
            lambda x, m: window_rows(x, m, 2, padding="casual"),
            "`padding` must be one of .* did you mean 'causal'",
        ),
        (
            lambda x, m: window_rows(x, m[:1], 2),
            r"`mask` must have shape \(2, 3\), got",
        ),
    ],
)
def test_wrong_arguments_raise(call, message):
    with pytest.raises(UserError, match=message):
        call(jnp.zeros((2, 3, FEATURES)), jnp.ones((2, 3), bool))
