"""The line through n-grams against sums over sets of tuples, alone and in models."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numerics import apply, drawn, quick_jit
from train.helpers import fit
from train.test_resume import scores
from train.test_step import same

import seqconv_jax as sc
from seqconv_jax import UserError, baselines
from seqconv_jax.baselines.labels import label_signs
from seqconv_jax.data import arrays_task
from seqconv_jax.models.config import decode, encode
from seqconv_jax.nn import NGramLinear, TokenDropout, ngram_stats

RNGS = {"dropout": jax.random.key(1)}
CLASSES = 3


def make_task(classes=2):
    key = np.random.default_rng(0)
    ids = key.integers(1, 9, size=(48, 12)).astype(np.uint16)
    ids[::4, :5] = 0
    y = (ids[:, 7] % classes).astype(np.float32 if classes == 2 else np.int32)
    return arrays_task(ids, y, validation=0.25, test=0.25)


def called(layer, params, table, *inputs, **options):
    variables = {"params": params, "batch_stats": table.variables()}
    return quick_jit(layer.apply)(variables, *inputs, **options)


def windows(text, order):
    grams = (tuple(text[i : i + n]) for n in range(1, order + 1) for i in range(12))
    return {gram for gram in grams if 0 not in gram}


def expected(task, rows, kernel, bias, order=3, least=2):
    """The line as Wang and Manning write it, with Python's sets."""
    texts = [windows(text, order) for text in task.inputs[task.train].tolist()]
    grams = {gram for text in texts for gram in text}
    grams = [g for g in grams if sum(g in text for text in texts) >= least]
    grams.sort(key=lambda gram: (len(gram), gram))
    seen = np.array([[gram in text for gram in grams] for text in texts], float)
    signs = label_signs(task)[task.train] > 0
    p, q = 1 + seen.T @ signs, 1 + seen.T @ ~signs
    ratio = np.log(p / p.sum(axis=0) / (q / q.sum(axis=0)))
    texts = [windows(text, order) for text in task.inputs[rows].tolist()]
    has = np.array([[gram in text for gram in grams] for text in texts], float)
    return has @ (ratio * np.asarray(kernel, float)) + np.asarray(bias, float)


@pytest.mark.parametrize("classes", [2, CLASSES])
def test_the_line_is_a_sum_over_the_set_of_known_ngrams(classes):
    task = make_task(classes)
    table = baselines.ngram_table(task)
    layer = NGramLinear(table.count, outputs=table.ratio.shape[1])
    x = task.inputs[task.test]
    params = drawn(layer, x)["params"]
    got = called(layer, params, table, x)
    wanted = expected(task, task.test, **params)
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)


def test_with_the_baselines_weights_it_is_the_baseline():
    task = make_task()
    line = baselines.nb_svm(task, orders=(1, 2, 3), cost=0.1)
    table = baselines.ngram_table(task)
    kernel = line.model.kernel / np.where(table.ratio == 0, 1, table.ratio)
    params = {"kernel": jnp.asarray(kernel), "bias": jnp.asarray(line.model.bias)}
    got = called(NGramLinear(table.count), params, table, task.inputs[task.test])
    wanted = line.outputs(task, task.test)
    np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)


def test_dropout_keeps_each_ngram_or_not_and_the_gradient_is_their_ratio(x64):
    task, rate = make_task(), 0.4
    table = baselines.ngram_table(task)
    stats = jax.tree.map(jnp.asarray, table.variables())
    layer = NGramLinear(table.count, dropout=rate, param_dtype="float64")
    x = jnp.asarray(task.inputs[task.train[:5]])
    params = {"kernel": jnp.ones((table.count, 1)), "bias": jnp.zeros(1)}

    def outputs(params, train):
        variables = {"params": params, "batch_stats": stats}
        return layer.apply(variables, x, train=train, rngs=RNGS if train else None)

    def slopes(train):
        found = quick_jit(jax.jacobian(lambda params: outputs(params, train)))(params)
        return np.asarray(found["kernel"][:, 0, :, 0])

    whole, some = slopes(False), slopes(True)
    known = whole != 0
    np.testing.assert_allclose(whole[known], (known * table.ratio.T)[known])
    kept = some != 0
    assert not (kept & ~known).any() and 0.4 < kept.sum() / known.sum() < 0.8
    np.testing.assert_allclose(some[kept], whole[kept] / (1 - rate))


def test_masked_ids_are_in_no_ngram():
    task = make_task()
    table = baselines.ngram_table(task)
    layer = NGramLinear(table.count)
    x = task.inputs[task.train]
    params = drawn(layer, x)["params"]
    mask = np.arange(12) >= np.full((len(x), 1), 5)
    got = called(layer, params, table, x, mask=mask)
    wanted = called(layer, params, table, np.where(mask, x, 0))
    np.testing.assert_array_equal(got, wanted)


def test_a_run_goes_on_as_the_same_run_and_is_loaded_with_its_ngrams(tmp_path):
    task = make_task()
    table = baselines.ngram_table(task)
    model = NGramLinear(table.count, dropout=0.3)
    options = {
        "task": task,
        "optimizer": optax.adam(optax.cosine_decay_schedule(1e-2, 15)),
        "loss": sc.losses.binary_cross_entropy,
        "steps_per_epoch": None,
        "batch_stats": ngram_stats(model, task.example, table),
    }
    whole = fit(model, epochs=3, **options)
    with sc.runs.open(tmp_path / "run") as run:
        fit(model, epochs=1, run=run, **options)
    with sc.runs.open(tmp_path / "run", resume=True) as run:
        resumed = fit(model, epochs=3, run=run, **options | {"batch_stats": None})
    assert same(resumed.state, whole.state)
    assert scores(resumed.history) == scores(whole.history)
    predictor = sc.runs.load(tmp_path / "run")
    assert predictor.model == model
    best, rows = whole.best, task.test
    wanted = sc.train.predict(
        model, best.params, task, rows, batch_stats=best.batch_stats
    )
    np.testing.assert_array_equal(predictor.outputs(task), wanted)
    assert np.ptp(wanted) > 0


@pytest.mark.parametrize(("drop_path", "parts"), [(0.0, 1), (0.5, 2)])
def test_the_text_convnet_adds_up_or_averages_its_convnet_and_its_line(
    drop_path, parts
):
    task = make_task()
    table, x = baselines.ngram_table(task), task.inputs[task.test]
    options = {"vocabulary": 9, "embedding": 4, "blocks": (sc.nn.ConvBlock(4, 3),)}
    options |= {"head": "global_max_average"}
    model = sc.models.TextConvNet(
        **options, ngrams=table.count, drop_path=drop_path, token_dropout=0.2
    )
    assert decode(encode(model)) == model
    variables = {
        "params": drawn(model, x)["params"],
        "batch_stats": ngram_stats(model, task.example, table),
    }
    params = variables["params"]["Parallel_0"]
    names = ("Embedding_0", "Conv1D_0", "Dense_0")
    inner = (params[f"branches_0_{i}"] for i in (1, 2, 4))
    own = {"params": dict(zip(names, inner, strict=True))}
    convnet = apply(sc.models.TextConvNet(**options), own, x)
    line = called(NGramLinear(table.count), params["branches_1_0"], table, x)
    got = quick_jit(model.apply)(variables, x)
    np.testing.assert_allclose(got, (convnet + line) / parts, rtol=1e-5, atol=1e-5)


def test_training_without_the_ngrams_stops_at_its_first_step():
    model = NGramLinear(5)
    with pytest.raises(sc.train.NonFiniteError, match="batch statistic ratio"):
        fit(model, make_task(), steps_per_epoch=None)


def test_errors():
    task = make_task()
    table = baselines.ngram_table(task)
    with pytest.raises(UserError, match="`model` must be one with an NGramLinear"):
        ngram_stats(sc.nn.Flatten(), task.example, table)
    with pytest.raises(UserError, match=r"`table.tokens` must have shape \(5,\)"):
        ngram_stats(NGramLinear(5), task.example, table)
    with pytest.raises(UserError, match="`ngrams` must be a positive integer, got 0"):
        ngram_stats(NGramLinear(0), task.example, table)
    with pytest.raises(UserError, match="`order` must be a positive integer, got 0"):
        baselines.ngram_table(task, order=0)
    with pytest.raises(UserError, match="`least` must be small enough"):
        baselines.ngram_table(task, least=99)


def test_tokens_are_replaced_in_training_alone_and_padding_never():
    x = jnp.asarray(make_task().inputs)
    layer = TokenDropout(0.3, token=8)
    assert layer.apply({}, x) is x
    x, y = np.asarray(x), np.asarray(layer.apply({}, x, train=True, rngs=RNGS))
    changed = y != x
    assert y.dtype == x.dtype and (y[changed] == 8).all() and (y[x == 0] == 0).all()
    assert 0.2 < changed.sum() / ((x != 0) & (x != 8)).sum() < 0.4
