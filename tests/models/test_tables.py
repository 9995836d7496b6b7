import jax
import pytest
from models.networks import S7B, S10, ids, series

from seqconv_jax.models import TCN, ConvGRU, GRURegressor, SeriesConvNet, TextConvNet
from seqconv_jax.nn import ConvBlock
from seqconv_jax.nn.summary import count_parameters, layers

KEY = jax.random.key(0)

TABLES = {
    "S1": (
        TextConvNet(vocabulary=32),
        ids(1000),
        [
            ("Embedding_0", (1000, 128), 4_096),
            ("Conv1D_0", (994, 32), 28_704),
            ("MaxPool1D_0", (198, 32), 0),
            ("Conv1D_1", (192, 32), 7_200),
            ("GlobalMaxPool1D_0", (32,), 0),
            ("Dense_0", (1,), 33),
        ],
        40_033,
    ),
    "S2": (
        TextConvNet(),
        ids(500),
        [
            ("Embedding_0", (500, 128), 1_280_000),
            ("Conv1D_0", (494, 32), 28_704),
            ("MaxPool1D_0", (98, 32), 0),
            ("Conv1D_1", (92, 32), 7_200),
            ("GlobalMaxPool1D_0", (32,), 0),
            ("Dense_0", (1,), 33),
        ],
        1_315_937,
    ),
    "S7a": (
        SeriesConvNet(),
        series(240, 14),
        [
            ("Conv1D_0", (236, 32), 2_272),
            ("MaxPool1D_0", (78, 32), 0),
            ("Conv1D_1", (74, 32), 5_152),
            ("MaxPool1D_1", (24, 32), 0),
            ("Conv1D_2", (20, 32), 5_152),
            ("GlobalMaxPool1D_0", (32,), 0),
            ("Dense_0", (1,), 33),
        ],
        12_609,
    ),
    "S7b": (
        S7B,
        series(240, 14),
        [
            ("Conv1D_0", (236, 32), 2_272),
            ("MaxPool1D_0", (78, 32), 0),
            ("Conv1D_1", (74, 32), 5_152),
            ("MaxPool1D_1", (37, 32), 0),
            ("GlobalMaxPool1D_0", (32,), 0),
            ("Dense_0", (1,), 33),
        ],
        7_457,
    ),
    "S8a": (
        ConvGRU(),
        series(240, 14),
        [
            ("Conv1D_0", (236, 32), 2_272),
            ("MaxPool1D_0", (78, 32), 0),
            ("Conv1D_1", (74, 32), 5_152),
            ("GRU_0", (32,), 6_240),
            ("Dense_0", (1,), 33),
        ],
        13_697,
    ),
    "S8b, reset after": (
        ConvGRU(reset_after=True),
        series(480, 14),
        [
            ("Conv1D_0", (476, 32), 2_272),
            ("MaxPool1D_0", (158, 32), 0),
            ("Conv1D_1", (154, 32), 5_152),
            ("GRU_0", (32,), 6_336),
            ("Dense_0", (1,), 33),
        ],
        13_793,
    ),
    "S9": (
        GRURegressor(),
        series(240, 14),
        [("GRU_0", (32,), 3 * 32 * (14 + 32 + 1)), ("Dense_0", (1,), 33)],
        4_545,
    ),
    "S9, both directions": (
        GRURegressor(bidirectional=True),
        series(240, 14),
        [("Bidirectional_0", (64,), 2 * 4_512), ("Dense_0", (1,), 65)],
        9_089,
    ),
    "S10": (
        S10,
        series(60, 6),
        [
            ("Conv1D_0", (54, 128), 5_504),
            ("Conv1D_1", (48, 32), 28_704),
            ("MaxPool1D_0", (9, 32), 0),
            ("Conv1D_2", (3, 32), 7_200),
            ("GlobalMaxPool1D_0", (32,), 0),
            ("Dense_0", (1,), 33),
        ],
        41_441,
    ),
    "TCN": (
        TCN(8, dilations=(1, 2)),
        series(20, 3),
        [
            ("ResidualBlock_0", (20, 8), (72 + 8) + (192 + 8) + (24 + 8)),
            ("ResidualBlock_1", (20, 8), 2 * (192 + 8)),
            ("LastStep_0", (8,), 0),
            ("Dense_0", (1,), 9),
        ],
        721,
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_table_of_layers(name):
    model, x, rows, total = TABLES[name]
    assert layers(model, x) == rows
    assert sum(row[2] for row in rows) == total
    variables = jax.eval_shape(model.init, KEY, x)
    assert list(variables) == ["params"]
    assert count_parameters(variables) == total
    assert jax.eval_shape(model.apply, variables, x).shape == (2, 1)


@pytest.mark.parametrize("pooling", ["max", "average"])
@pytest.mark.parametrize(
    "head, shape",
    [("global_max", (4,)), ("global_average", (4,)), ("flatten", (8 * 4,))],
)
def test_pooling_family_and_heads(pooling, head, shape):
    block = ConvBlock(4, 5, pool=2, pooling=pooling)
    for model, x in [
        (TextConvNet(9, 3, (block,), head), ids(20)),
        (SeriesConvNet((block,), head), series(20, 3)),
    ]:
        rows = layers(model, x)[-4:]
        pool = {"max": "MaxPool1D_0", "average": "AvgPool1D_0"}[pooling]
        last = {
            "global_max": "GlobalMaxPool1D_0",
            "global_average": "GlobalAvgPool1D_0",
            "flatten": "Flatten_0",
        }[head]
        assert [row.layer for row in rows] == ["Conv1D_0", pool, last, "Dense_0"]
        assert rows[2].shape == shape
        assert rows[3].parameters == shape[0] + 1
