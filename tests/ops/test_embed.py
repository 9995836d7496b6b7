from typing import Any

import jax
import jax.numpy as jnp
import keras
import keras_reference
import numpy as np
import pytest
from jax.test_util import check_grads
from numerics import assert_close, assert_same_bits, normal, values_and_gradients

from seqconv_jax import UserError
from seqconv_jax.ops import embed

IDS: Any = np.array([[0, 6, 2, 2], [5, 2, 0, 1]], np.int32)


@pytest.mark.parametrize("dtype", ["int32", "int8", "uint8", "uint16"])
@pytest.mark.parametrize("shape", [(8,), (2, 4), (2, 2, 2)])
def test_takes_rows_to_the_bit(shape, dtype):
    table, ids = normal(7, 3), IDS.reshape(shape).astype(dtype)
    assert_same_bits(jax.jit(embed)(ids, table), table[ids])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_and_gradients_equal_keras(dtype, x64):
    cases = [(7, 3, IDS), (40, 16, IDS.reshape(-1)), (7, 1, np.tile(IDS, (3, 5)))]
    ours, theirs, tables = [], [], []
    for vocabulary, features, ids in cases:
        table = normal(vocabulary, features, dtype=dtype)
        tables.append((table,))
        ours.append(lambda table, ids=ids: embed(ids, table))
        layer = keras.layers.Embedding(vocabulary, features, dtype=dtype)
        with keras_reference.exact():
            run = keras_reference.function(layer, [table], ids)
        theirs.append(lambda table, ids=ids, run=run: run([table], ids))
    got = values_and_gradients(ours, tables)
    assert {str(y.dtype) for y, _ in got} == {dtype}
    with keras_reference.exact():
        assert_close(got, values_and_gradients(theirs, tables))


def test_gradient_adds_up_repeated_ids():
    gradient = jax.grad(lambda table: embed(IDS, table).sum())(jnp.zeros((7, 2)))
    assert gradient[:, 0].tolist() == [2, 1, 3, 0, 0, 1, 1]


@pytest.mark.usefixtures("x64")
def test_derivative_in_float64():
    table = normal(7, 3, dtype="float64")
    check_grads(jax.jit(lambda t: embed(IDS, t)), (table,), order=1, modes=["rev"])


@pytest.mark.parametrize("bad", [7, 8, -1, -7, 2**31 - 1, -(2**31)])
def test_an_id_outside_the_table_gives_nan_and_never_another_row(bad):
    ids = np.array([1, bad, 2], np.int32)
    y = np.asarray(jax.jit(embed)(ids, normal(7, 3)))
    assert np.isnan(y).all(axis=1).tolist() == [False, True, False]


@pytest.mark.parametrize(
    "dtype, bad",
    [
        ("uint32", 2**32 - 1),
        ("int64", 2**32 + 1),
        ("int64", -(2**32)),
    ],
)
def test_a_wide_id_outside_the_table_gives_nan(dtype, bad, x64):
    y = embed(jnp.asarray(np.array([bad], dtype)), jnp.ones((7, 3)))
    assert np.isnan(y).all()


def test_vmap_over_tables():
    tables = normal(3, 7, 2)
    got = jax.vmap(lambda table: embed(IDS, table))(tables)
    assert_same_bits(got, np.stack([table[IDS] for table in tables]))


def test_bfloat16_table_is_kept():
    table = jnp.asarray(normal(7, 3), jnp.bfloat16)
    assert_same_bits(embed(IDS, table), np.asarray(table)[IDS])


def test_wrong_arguments_raise():
    with pytest.raises(UserError, match="`ids` must be integers, got 'float32'"):
        embed(jnp.ones((2, 3)), jnp.ones((7, 3)))
    with pytest.raises(UserError, match="`ids` must be integers, got 'bool'"):
        embed(jnp.ones((2, 3), bool), jnp.ones((7, 3)))
    with pytest.raises(UserError, match=r"`table` must have shape \(vocabulary, feat"):
        embed(IDS, jnp.ones(7))
