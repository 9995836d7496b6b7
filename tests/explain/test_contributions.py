"""What words add: exactly the logit, by an oracle, and by integrated gradients."""

import jax
import numpy as np
import pytest
from explain.networks import VOCABULARY, random_params
from flax import linen

import seqconv_jax as sc
from seqconv_jax import UserError, explain, nn
from seqconv_jax.models import ConvBlock, ConvGRU, TextConvNet

IDS = np.array(
    [
        [3, 4, 5, 6, 7, 8, 9, 3, 4, 5],
        [3, 4, 5, 6, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 7, 8, 9, 3, 4],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ]
)
GLOBAL_MAX = TextConvNet(VOCABULARY, 4, (ConvBlock(6, 3),))
SIDE_BY_SIDE = nn.Sequential(
    (
        nn.Embedding(VOCABULARY, 4, mask_id=0),
        nn.Parallel(
            (
                (nn.Conv1D(3, 2, activation="relu"), nn.GlobalMaxPool1D()),
                (
                    nn.Conv1D(2, 4, padding="same"),
                    nn.Activation("relu"),
                    nn.Parallel(((nn.GlobalMaxPool1D(),), (nn.GlobalAvgPool1D(),))),
                ),
            )
        ),
        nn.Dropout(0.5),
        nn.Dense(3),
    )
)
ONE_HOT = TextConvNet(
    VOCABULARY, 0, (ConvBlock(6, 3, padding="same"),), "global_max_average", mask_id=0
)
SUMS = {"global max": GLOBAL_MAX, "side by side": SIDE_BY_SIDE, "one-hot": ONE_HOT}


def explained(model, row=0, **options):
    params = random_params(model, IDS)
    return explain.contributions(model, IDS, params=params, row=row, **options)


@pytest.mark.parametrize("name", SUMS)
def test_contributions_add_up_to_the_logit(name):
    model = SUMS[name]
    params = random_params(model, IDS)
    outputs = np.asarray(jax.jit(model.apply)({"params": params}, IDS))
    for row in range(len(IDS)):
        index = int(np.argmax(outputs[row]))
        found = explain.contributions(
            model, IDS, params=params, row=row, output=index, method="exact"
        )
        total = found.values.sum() + found.padding + found.rest
        assert abs(total - outputs[row, index]) < 1e-5
        assert abs(found.gap) < 1e-5 and found.method == "exact"
        assert len(found.tokens) == (IDS[row] != 0).sum()
        if name != "global max":  # the others mask padding
            assert found.padding == 0


def test_each_word_gets_what_the_filters_windows_give_it():
    params = random_params(GLOBAL_MAX, IDS)
    table = params["Embedding_0"]["embedding"]
    kernel, bias = params["Conv1D_0"]["kernel"], params["Conv1D_0"]["bias"]
    weights, rest = params["Dense_0"]["kernel"][:, 0], params["Dense_0"]["bias"][0]
    adds = np.zeros(10)
    for f in range(6):
        windows = [
            [table[IDS[0, t + k]] @ kernel[k, :, f] for k in range(3)] for t in range(8)
        ]
        best = int(np.argmax(np.sum(windows, axis=1)))
        if sum(windows[best]) + bias[f] > 0:
            adds[best : best + 3] += weights[f] * np.array(windows[best])
            rest += weights[f] * bias[f]
    found = explained(GLOBAL_MAX)
    np.testing.assert_allclose(found.values, adds, atol=1e-6)
    assert found.rest == pytest.approx(rest, abs=1e-6)
    assert found.tokens[:2] == ("#3", "#4") and found.target == "output 0"
    table = found.table()
    assert sum(table["adds"].tolist()) == pytest.approx(found.output, abs=1e-9)


def with_line(drop_path=0.0, blocks=GLOBAL_MAX.blocks):
    """A network beside a line through n-grams, its variables, and the n-grams."""
    task = sc.data.arrays_task(IDS.repeat(5, axis=0), np.arange(20.0) % 2)
    table = sc.baselines.ngram_table(task, order=2)
    model = TextConvNet(
        VOCABULARY,
        4,
        blocks,
        ngrams=table.count,
        ngram_order=2,
        drop_path=drop_path,
        ngram_weight=0.25,
    )
    return model, sc.nn.ngram_stats(model, IDS[:1], table)


def test_a_line_beside_it_is_exact_as_well():
    model, stats = with_line(drop_path=0.5)
    params = random_params(model, IDS)
    [branch] = params
    options = {"params": params, "batch_stats": stats}
    whole = explain.contributions(model, IDS, **options)
    assert whole.method == "exact" and abs(whole.gap) < 1e-5
    line = params[branch]["branches_1_0"]
    weights = line["kernel"][:, 0] * stats[branch]["branches_1_0"]["ratio"][:, 0]
    line["kernel"] = np.zeros_like(line["kernel"])
    without = explain.contributions(model, IDS, **options)
    branch = stats[branch]["branches_1_0"]
    tree = branch["tokens"], branch["first"]
    numbers = jax.jit(sc.ops.ngram_numbers, static_argnames="order")(
        IDS[:1], *tree, order=2
    )
    adds = np.zeros(10)
    times = np.bincount(np.concatenate(numbers, axis=1)[0], minlength=len(weights) + 1)
    for size, of_size in enumerate(np.asarray(n)[0] for n in numbers):
        for t, n in enumerate(of_size):
            if n < len(weights):
                adds[t : t + size + 1] += weights[n] / times[n] / (size + 1)
    np.testing.assert_allclose(whole.values - without.values, 0.25 * adds, atol=1e-6)
    assert np.abs(adds).min() > 0.01


def test_a_deeper_network_is_explained_by_integrated_gradients():
    deep = (ConvBlock(6, 3, activation="tanh"), ConvBlock(3, 3, activation="tanh"))
    model, stats = with_line(blocks=deep)
    params = random_params(model, IDS)
    options = {"params": params, "batch_stats": stats}
    found = explain.contributions(model, IDS, **options)
    assert found.method == "integrated_gradients"
    assert abs(found.gap) < 0.02 * np.abs(found.values).sum()
    coarse = explain.contributions(model, IDS, points=1, **options)
    assert abs(coarse.gap) > abs(found.gap)
    total = found.values.sum() + found.padding + found.rest + found.gap
    assert total == pytest.approx(found.output, abs=1e-9)
    message = "exact sum over places .* got Embedding, Conv1D, Conv1D, .*integrated_"
    with pytest.raises(UserError, match=message):
        explain.contributions(model, IDS, method="exact", **options)


def test_masked_padding_has_no_part_in_integrated_gradients():
    model = nn.Sequential((nn.Embedding(VOCABULARY, 4, 0), nn.GRU(3), nn.Dense(1)))
    short, long = explained(model, row=1), explained(model)
    assert short.method == "integrated_gradients" and short.padding == 0
    assert abs(short.gap) < 1e-5 and abs(long.gap) < 1e-5
    assert np.abs(short.values).min() > 0


def test_words_of_a_trained_network(words_run):
    predictor = sc.runs.load(words_run)
    found = explain.contributions(predictor, "The zebra was NOT good, with music!")
    assert found.tokens == ("the", "zebra", "was", "not", "good", "with", "music")
    assert found.target == "logit of pos" and found.output < 0
    assert {*np.argsort(found.values)[:2]} == {3, 4}  # "not good" lowers it most
    other = explain.contributions(predictor, ["x", "not good music"], row=1, output=0)
    assert other.target == "logit of neg" and other.output > 0
    want = predictor.outputs("not good music")[0, 0]
    assert -other.output == pytest.approx(want, abs=1e-5)


class TwoEmbeddings(linen.Module):
    @linen.compact
    def __call__(self, x):
        one = nn.Embedding(VOCABULARY, 4)(x) + nn.Embedding(VOCABULARY, 4)(x)
        return one.mean(axis=1)


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (GLOBAL_MAX, {"row": 4}, "`row` must be below 4"),
        (GLOBAL_MAX, {"output": 1}, "`output` must be below 1"),
        (GLOBAL_MAX, {"output": "good"}, "`output` must be one of '0', got 'good'"),
        (GLOBAL_MAX, {"method": "gradient"}, "`method` must be one of 'auto', 'exact'"),
        (TwoEmbeddings(), {}, "must call one embedding, once, .* got 2 calls"),
        (TwoEmbeddings(), {"method": "exact"}, "got TwoEmbeddings; contributions"),
    ],
)
def test_errors(model, options, message):
    with pytest.raises(UserError, match=message):
        explained(model, **options)


def test_errors_of_what_is_explained(words_run):
    with pytest.raises(UserError, match="`params` must be given with a module"):
        explain.contributions(GLOBAL_MAX, IDS)
    with pytest.raises(UserError, match="`network` must be a Predictor or a Flax"):
        explain.contributions("runs/reviews", IDS)
    predictor = sc.runs.load(words_run)
    with pytest.raises(UserError, match="`params` must be left out"):
        explain.contributions(predictor, "a", params={})
    predictor.members = (sc.runs.load(words_run),)
    with pytest.raises(UserError, match="got an ensemble of 2, .* `network.members`"):
        explain.contributions(predictor, "a")
    series = ConvGRU(features=4, units=4)
    with pytest.raises(UserError, match="`text` must be integers"):
        explain.contributions(series, np.ones((1, 20, 2), np.float32), params={})
