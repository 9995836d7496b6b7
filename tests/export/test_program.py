"""What is exported answers raw arrays as the predictor answers what they came from."""

from typing import Any

import jax
import numpy as np
import pytest
from export.predictors import of_forecasts, of_texts, series, untrained

import seqconv_jax as sc
from seqconv_jax.export.network import plain_model
from seqconv_jax.export.program import program_of


def answers(program, *arrays):
    return np.asarray(jax.jit(program.function)(*arrays))


@pytest.mark.parametrize("classes", [2, 3])
def test_ids_become_the_probabilities_of_texts(classes):
    predictor, texts = of_texts(classes)
    program = program_of(predictor)
    want = predictor.predict(texts).filter(like="p(").to_numpy()
    ids = predictor.preprocessor.task(texts).inputs.astype(np.int32)
    np.testing.assert_allclose(answers(program, ids), want, atol=1e-6)
    [output] = program.described()["outputs"]
    made: Any = predictor.preprocessor
    assert output["classes"] == list(made.classes.names)
    assert program.described()["vocabulary"]["tokens"]


def test_an_ensemble_says_the_mean_of_its_probabilities():
    first, texts = of_texts()
    task = first.preprocessor.task(texts)
    first.members = (untrained(task, first.model, seed=1),)
    want = first.predict(texts).filter(like="p(").to_numpy()
    got = answers(program_of(first), task.inputs.astype(np.int32))
    np.testing.assert_allclose(got, want, atol=1e-6)


SERIES = [np.sin(np.arange(n) / 3)[:, None] * [1, 50] + [0, 1000] for n in range(8, 14)]


@pytest.mark.parametrize("scale", ["series", "channel", "none"])
@pytest.mark.parametrize("unequal", [False, True])
def test_series_are_scaled_and_padded(scale, unequal):
    given = SERIES if unequal else [each[:8] for each in SERIES]
    labels = ["up", "down"] * 3
    task = sc.data.classification_task(given, labels, scale=scale)
    model = sc.models.FCN((4,), (3,), mask_value=task.mask_value)
    predictor = untrained(task, model)
    want = predictor.predict(given).filter(like="p(").to_numpy()
    padded = np.full((6, 13 if unequal else 8, 2), np.nan, np.float32)
    for row, each in zip(padded, given, strict=True):
        row[: len(each)] = each
    got = answers(program_of(predictor), padded)
    np.testing.assert_allclose(got, want, atol=2e-5)


BOTH = ["load (MW)", "temp (degC)"]
FORECASTS = {
    "one step": {"target": BOTH[0], "delay": 3, "every": 2, "lookback": 6},
    "changes": {"target": BOTH, "horizon": 3, "predict": "change"},
    "of no input": {
        **{"target": BOTH, "horizon": 3, "predict": "change"},
        "inputs": [BOTH[1]],
    },
    "normalised, known ahead": {
        **{"target": BOTH[0], "horizon": 4, "predict": "normalised"},
        **{"future": [BOTH[1]], "calendar": True},
    },
    "quantiles": {"target": BOTH[0], "horizon": 2, "quantiles": (0.1, 0.5, 0.9)},
}


def windows(predictor, program, given):
    """Return the arrays of all windows of a series, gathered from its raw values."""
    task = predictor.preprocessor.task((given, "all"))
    layout, rows = predictor.preprocessor.layout, task.test
    at = rows[:, None] + task.offsets[None]
    newest = rows + layout.window.newest
    arrays = {}
    for each in program.inputs:
        if each.name == "calendar":
            arrays[each.name] = task.inputs[at][..., len(layout.inputs) : -1]
            continue
        places = [given.columns.index(name) for name in each.about["columns"]]
        table = given.values[:, places]
        arrays[each.name] = table[at if each.name == "values" else newest]
    return [arrays[each.name].astype(np.float32) for each in program.inputs]


@pytest.mark.parametrize("name", FORECASTS)
def test_windows_become_forecasts_in_their_unit(name):
    predictor = of_forecasts(series(), **FORECASTS[name])
    program, new = program_of(predictor), series(40, shift=3.0)
    ahead = FORECASTS[name].get("future")
    made: Any = predictor.preprocessor
    steps = made.layout.window.steps
    if ahead:  # the rows ahead hold only what is known of them
        values = new.values.copy()
        values[-steps:, new.columns.index(BOTH[0])] = np.nan
        raw = sc.data.Series(
            values=values, columns=new.columns, times=new.times, allow=("missing",)
        )
        arrays = windows(predictor, program, raw)
        want = predictor.predict(raw, windows="all")
    else:
        arrays = windows(predictor, program, new)
        want = predictor.predict(new, windows="all")
    got = answers(program, *arrays)
    table = want.drop(columns=["time", "step", "ahead"]).to_numpy()
    if "quantiles" in FORECASTS[name]:
        table = table[:, 1:]  # the first is that nearest to the median, once more
    np.testing.assert_allclose(got.reshape(table.shape), table, atol=1e-3, rtol=1e-5)
    [output] = program.described()["outputs"]
    assert output["shape"] == ["batch", *got.shape[1:]] and output["units"][0] == "MW"


def test_each_series_has_its_own_scale():
    given = {"north": series(shift=100.0), "south": series()}
    predictor = of_forecasts(given, target=BOTH[0], horizon=2)
    program = program_of(predictor)
    values, which = program.inputs
    assert which.about["names"] == ["north", "south"]
    window = np.stack([one.values[-12:] for one in given.values()])
    got = answers(program, window.astype(np.float32), np.arange(2, dtype=np.int32))
    want = predictor.predict(given)[BOTH[0]].to_numpy()
    np.testing.assert_allclose(got.reshape(-1), want, rtol=1e-5)


def test_arrays_are_what_they_were():
    x = np.arange(24, dtype=np.uint8).reshape(6, 4)
    task = sc.data.arrays_task(x, x[:, 0])
    model = sc.nn.Sequential((sc.nn.Embedding(24, 2), sc.nn.Flatten(), sc.nn.Dense(3)))
    predictor = untrained(task, model)
    program = program_of(predictor)
    assert program.inputs[0].dtype == "int32" and program.output.shape == (3,)
    got = answers(program, x.astype(np.int32))
    np.testing.assert_allclose(got, predictor.outputs(x), atol=1e-6)


def test_no_layer_keeps_a_kernel_of_one_device():
    inner = sc.nn.Bidirectional(sc.nn.GRU(4))
    model = sc.nn.Sequential((sc.nn.Residual((sc.nn.GRU(4),)), inner))
    made = plain_model(model)
    assert made.layers[0].layers[0].implementation == "xla"
    assert made.layers[1].layer.implementation == "xla"
    assert made.rewrites == model.rewrites
