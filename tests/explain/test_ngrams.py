"""What filters look for: planted bigrams, counts, thresholds, families."""

import numpy as np
import pytest
from explain.networks import VOCABULARY, planted_texts, random_params

import seqconv_jax as sc
from seqconv_jax import UserError, explain, nn
from seqconv_jax.explain.families import carrying, threshold
from seqconv_jax.models import ConvBlock, TextConvNet

IDS = np.random.default_rng(0).integers(1, VOCABULARY, (30, 8))
IDS[3, 4:], IDS[4] = 0, 0


def test_planted_bigrams_are_on_top_of_a_trained_network(words_run):
    predictor = sc.runs.load(words_run)
    texts, labels = planted_texts(seed=5)
    found = explain.ngrams(predictor, texts)
    best = found.top(1).set_index("filter")
    strong = found.filters[found.filters["effect"] > 0.5]["filter"]
    planted = {"not good": "neg", "very good": "pos", "not bad": "pos"}
    planted["very bad"] = "neg"
    for number in strong[:3]:
        row = best.loc[number]
        assert planted[row["strongest"]] == row["pushes to"]
        if row["family"] == "1+2":  # in the 60 texts that have it
            assert row["count"] == 60 and row["pattern"] == row["strongest"]
    assert len({*best.loc[strong, "strongest"]} & planted.keys()) >= 3
    assert found.texts == len(texts)
    common = explain.ngrams(predictor, texts, least=30).ngrams
    assert all(count >= 30 for count in common["count"]) and len(common) > 8


MODELS = {
    "masked, same": TextConvNet(
        VOCABULARY, 4, (ConvBlock(3, 3, padding="same"),), mask_id=0
    ),
    "one-hot": TextConvNet(VOCABULARY, 0, (ConvBlock(3, 3),)),
    "one-hot, masked, same": TextConvNet(
        VOCABULARY, 0, (ConvBlock(3, 3, padding="same"),), mask_id=0
    ),
    "dilated": TextConvNet(VOCABULARY, 4, (ConvBlock(3, 2, dilation=2),)),
}


@pytest.mark.parametrize("name", MODELS)
def test_each_text_counts_once_with_the_window_of_its_maximum(name):
    model = MODELS[name]
    params = random_params(model, IDS)
    found = explain.ngrams(model, IDS, params=params, top=99)
    conv = params["Conv1D_0" if model.embedding else "OneHotConv1D_0"]
    kernel, bias, vectors = conv["kernel"], conv["bias"], np.eye(VOCABULARY)
    if model.embedding:
        vectors = params["Embedding_0"]["embedding"]
    taps, dilation = kernel.shape[0], model.blocks[0].dilation
    for number in range(3):
        best = []
        for row in IDS:
            if model.mask_id is not None:
                row = np.pad(row[row != 0], 1, constant_values=-1)
            windows = [
                row[t : t + dilation * taps : dilation]
                for t in range(len(row) - dilation * (taps - 1))
            ]
            sums = [
                bias[number]
                + sum(
                    vectors[i] @ kernel[k, :, number] for k, i in enumerate(w) if i >= 0
                )
                for w in windows
                if (w >= 0).any()
            ]
            best.append(max(sums, default=-1.0))
        fires = np.array(best) > 0
        rows = [r for r in found.ngrams.to_dict("records") if r["filter"] == number]
        said = found.filters.set_index("filter").loc[number]
        assert sum(row["count"] for row in rows) == fires.sum() > 3
        assert said["fires"] == pytest.approx(fires.mean())
        strongest = [row["max"] for row in rows]
        assert strongest[0] == pytest.approx(max(best), rel=1e-5)
        assert strongest == sorted(strongest, reverse=True)
        total = sum(row["mean"] * row["count"] for row in rows)
        weight = params["Dense_0"]["kernel"][number, 0]
        assert said["effect"] == pytest.approx(abs(weight) * total / 30, rel=1e-5)
        assert said["pushes to"] == ("above 0" if weight > 0 else "below 0")


def test_labels_set_the_threshold():
    model = MODELS["dilated"]
    params = random_params(model, IDS)
    params["Dense_0"]["kernel"] = np.array([[1.0], [-1], [0.5]], np.float32)
    right = explain.ngrams(model, IDS, params=params).filters
    activations = explain.ngrams(model, IDS, params=params, purity=0.01).filters
    pairs = zip(activations["texts"].tolist(), right["texts"].tolist(), strict=True)
    assert all(more >= fewer for more, fewer in pairs)
    labels = np.zeros(30, np.float32)
    task = sc.data.arrays_task(IDS, labels, validation=0.2)
    found = explain.ngrams(model, task, params=params)
    assert found.texts == len(task.train)
    least = found.filters.set_index("pushes to")["threshold"]
    assert np.isfinite(least["below 0"])  # which all of them are
    assert np.isinf(least["above 0"]).tolist() == [True, True]


def test_thresholds_and_families():
    falling, agrees = np.array([3.0, 2, 2, 1]), np.array([True, True, False, True])
    assert threshold(falling, agrees, 1.0) == 3
    assert threshold(falling, agrees, 0.75) == 1
    assert threshold(falling, ~agrees, 0.5) == np.inf
    assert threshold(np.zeros(0), np.zeros(0, bool), 0.5) == np.inf
    slots = np.array([[1.0, 1, 1], [9, 1, -5], [-1, -2, 0]])
    want = [[True, True, True], [True, False, False], [False, False, False]]
    assert carrying(slots).tolist() == want


def test_errors(words_run):
    deep = TextConvNet(VOCABULARY, 4, (ConvBlock(3, 3), ConvBlock(3, 3)))
    averaged = TextConvNet(VOCABULARY, 4, (ConvBlock(3, 3),), head="global_average")
    recurrent = nn.Sequential((nn.Embedding(9, 2), nn.GRU(2), nn.Dense(1)))
    for model, message in [
        (deep, "got Embedding, Conv1D, Conv1D, GlobalMaxPool1D, Dense; contrib"),
        (averaged, "must have a GlobalMaxPool1D .* got an average"),
        (recurrent, "got Embedding, GRU, Dense"),
    ]:
        params = random_params(model, IDS)
        with pytest.raises(UserError, match=message):
            explain.ngrams(model, IDS, params=params)
    predictor = sc.runs.load(words_run)
    with pytest.raises(UserError, match=r"`purity` must be a number in \(0, 1\]"):
        explain.ngrams(predictor, ["a"], purity=0.0)
    with pytest.raises(UserError, match="`top` must be a positive integer"):
        explain.ngrams(predictor, ["a"], top=0)
