import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from nn.stacks import Scale

import seqconv_jax as sc
from seqconv_jax.models import GRURegressor, TextConvNet
from seqconv_jax.nn import BatchNorm, Dense, Sequential
from seqconv_jax.nn.summary import count_parameters, layers, summary


def test_table_of_the_small_vocabulary_network():
    example = np.zeros((1, 1000), np.int32)
    expected = """\
        TextConvNet, input (1000,)
        Layer              Output shape  Parameters
        -------------------------------------------
        Embedding_0        (1000, 128)        4,096
        Conv1D_0           (994, 32)         28,704
        MaxPool1D_0        (198, 32)              0
        Conv1D_1           (192, 32)          7,200
        GlobalMaxPool1D_0  (32,)                  0
        Dense_0            (1,)                  33
        -------------------------------------------
        Total                                40,033"""
    assert summary(TextConvNet(vocabulary=32), example) == textwrap.dedent(expected)


def test_top_level_name_is_the_function():
    model, example = GRURegressor(4), np.zeros((1, 9, 2), np.float32)
    assert sc.summary(model, example) == summary(model, example)


@pytest.mark.parametrize("batch", [0, 1, 128])
def test_batch_size_and_values_do_not_matter(batch):
    model = GRURegressor(4)
    x = np.full((batch, 9, 2), np.nan, np.float32)
    assert layers(model, x) == [("GRU_0", (4,), 84), ("Dense_0", (1,), 5)]


def test_nothing_is_computed():
    # Its weights alone would take 512 GiB.
    model = TextConvNet(vocabulary=2**30)
    rows = layers(model, jax.ShapeDtypeStruct((128, 500), jnp.int32))
    assert rows[0].parameters == 2**30 * 128


class Twice(nn.Module):
    """Call one layer twice."""

    @nn.compact
    def __call__(self, x):
        layer = Dense(3)
        return layer(layer(x))


def test_a_layer_called_twice_counts_once():
    x = np.zeros((1, 3), np.float32)
    assert layers(Twice(), x) == [("Dense_0", (3,), 12), ("Dense_0", (3,), 0)]
    assert summary(Twice(), x).splitlines()[-1].split() == ["Total", "12"]


def test_a_model_in_a_model_is_one_row():
    inner = Sequential((Scale(), Sequential((Dense(2), BatchNorm()))))
    model = Sequential((inner, GRURegressor(3, outputs=4), Dense(1)))
    x = np.zeros((1, 9, 3), np.float32)
    rows = [(3 + 8 + 4), 3 * 3 * (2 + 3 + 1) + 16, 5]
    assert layers(model, x) == [
        ("layers_0", (9, 2), rows[0]),
        ("layers_1", (4,), rows[1]),
        ("layers_2", (1,), rows[2]),
    ]
    table = summary(model, x).splitlines()
    assert [row.split()[:2] for row in table[3:6]] == [
        ["layers_0", "Sequential"],
        ["layers_1", "GRURegressor"],
        ["layers_2", "Dense"],
    ]
    assert table[-1].split() == ["Total", str(sum(rows))]
    params = jax.eval_shape(model.init, jax.random.key(0), x)["params"]
    assert count_parameters(params) == sum(rows)


def test_a_strangers_model_of_layers_under_lifts():
    model = Sequential((nn.remat(Scale)(), nn.remat(Sequential)((Dense(2),))))
    x = np.zeros((1, 9, 3), np.float32)
    assert layers(model, x) == [("layers_0", (9, 3), 3), ("layers_1", (9, 2), 8)]


def test_count_parameters():
    tree = {"a": np.zeros((2, 3)), "b": [jnp.zeros(()), np.zeros((4, 0))]}
    assert count_parameters(tree) == 7
    assert count_parameters({}) == 0


def test_wide_numpy_types_are_seen_as_jax_will_see_them():
    rows = layers(TextConvNet(vocabulary=32), np.zeros((1, 1000), np.int64))
    assert rows[0].shape == (1000, 128)
