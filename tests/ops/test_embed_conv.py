import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from numerics import assert_close, normal, value_and_gradients

from seqconv_jax import UserError
from seqconv_jax.ops import embed_conv
from seqconv_jax.ops.embed_conv import embed_conv_reference, is_projected

RNG = np.random.default_rng(0)
IDS: Any = RNG.integers(0, 5, (3, 11)).astype(np.int32)
TABLE: Any
TABLE, BIAS = normal(5, 4, seed=1), normal(2, seed=3)


def kernel(taps, dtype="float32"):
    return normal(taps, 4, 2, seed=2, dtype=dtype)


@pytest.mark.parametrize(
    ("dtype", "backend"), [("float32", "cpu"), ("float64", "cpu"), ("float64", "gpu")]
)
def test_values_and_gradients_equal_the_plain_way(dtype, backend, x64, monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    assert is_projected(IDS, TABLE)
    options = [
        {"stride": stride, "dilation": dilation}
        for stride, dilation in itertools.product([1, 2, 3], [1, 3])
    ]
    weights = [a.astype(dtype) for a in (TABLE, kernel(3), BIAS)]

    def all_of(operation):
        return value_and_gradients(
            lambda *w: jnp.concatenate(
                [operation(IDS, *w, **o).reshape(-1) for o in options]
            ),
            *weights,
        )

    assert_close(all_of(embed_conv), all_of(embed_conv_reference))


@pytest.mark.parametrize("taps", [1, 2, 7, 11])
def test_kernels_up_to_the_whole_sequence(taps):
    expected = embed_conv_reference(IDS, TABLE, kernel(taps))
    assert_close(embed_conv(IDS, TABLE, kernel(taps)), expected)


@pytest.mark.parametrize("padding", ["same", "causal"])
def test_padding_goes_the_plain_way(padding):
    expected = embed_conv_reference(IDS, TABLE, kernel(3), padding=padding)
    assert_close(embed_conv(IDS, TABLE, kernel(3), padding=padding), expected)


def test_few_ids_go_the_plain_way():
    few = IDS[:1, :4]
    assert not is_projected(few, TABLE)
    expected = embed_conv_reference(few, TABLE, kernel(3))
    assert_close(embed_conv(few, TABLE, kernel(3)), expected)


def test_derivative_in_float64(x64):
    weights = [jnp.asarray(a, jnp.float64) for a in (TABLE, kernel(3))]
    check_grads(lambda *w: embed_conv(IDS, *w), weights, 1, modes=["rev"])


@pytest.mark.parametrize("unknown", [5, 2**31 - 1, -1, -(2**31)])
def test_an_unknown_id_gives_nan_where_it_is_seen(unknown):
    ids = IDS.copy()
    ids[1, 4] = unknown
    y = np.asarray(embed_conv(ids, TABLE, kernel(3), BIAS))
    touched = np.zeros(y.shape[:2], bool)
    touched[1, 2:5] = True
    assert np.isnan(y[touched]).all()
    assert_close(
        y[~touched], np.asarray(embed_conv(IDS, TABLE, kernel(3), BIAS))[~touched]
    )


def test_an_unknown_id_moves_no_word():
    ids = IDS.copy()
    ids[1, 4], ids[2, 0] = 7, -3

    def of_known(table, operation):
        y = operation(ids, table, kernel(3))
        return jnp.where(jnp.isnan(y), 0.0, y).sum()

    got = jax.grad(of_known)(TABLE, embed_conv)
    assert_close(got, jax.grad(of_known)(TABLE, embed_conv_reference))


def test_wide_ids_are_not_narrowed(x64):
    ids = IDS.astype(np.int64)
    ids[0, 0] = 2**32 + 1
    assert np.isnan(np.asarray(embed_conv(ids, TABLE, kernel(3)))[0, 0]).all()


def test_vmap_over_models_equals_one_after_the_other():
    tables = normal(3, 5, 4)
    got = jax.vmap(embed_conv, in_axes=(None, 0, None))(IDS, tables, kernel(3))
    expected = [embed_conv(IDS, table, kernel(3)) for table in tables]
    assert_close(got, jnp.stack(expected))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_stays_near_float32(dtype):
    half = [jnp.asarray(a, dtype) for a in (TABLE, kernel(3), BIAS)]
    got = embed_conv(IDS, *half)
    assert got.dtype == dtype
    assert_close(
        got, embed_conv(IDS, *(a.astype("float32") for a in half)).astype(dtype)
    )
    gradient = jax.grad(lambda t: embed_conv(IDS, t, *half[1:]).sum())(half[0])
    assert gradient.dtype == dtype


@pytest.mark.parametrize(
    "ids, table, options, message",
    [
        (IDS[0], TABLE, {}, r"`ids` must have shape \(batch, time\), got \(11,\)"),
        (IDS * 1.0, TABLE, {}, "`ids` must be integers, got 'float"),
        (IDS, TABLE[:, :3], {}, r"`kernel` must have shape \(any, 3, any\), got"),
        (IDS, TABLE, {"dilation": 9}, "needs at least 19 steps, got 11"),
        (IDS, TABLE, {"stride": 0}, "`stride` must be a positive integer, got 0"),
        (IDS, TABLE, {"padding": "full"}, "`padding` must be one of"),
    ],
)
def test_wrong_arguments_raise(ids, table, options, message):
    with pytest.raises(UserError, match=message):
        embed_conv(ids, table, kernel(3), **options)
    with pytest.raises(UserError, match=r"`bias` must have shape \(2,\), got \(3,\)"):
        embed_conv(IDS, TABLE, kernel(3), normal(3))
