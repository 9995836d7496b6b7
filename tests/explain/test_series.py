"""What steps and columns add: planted lags, masked steps, lines with known slopes."""

import jax
import numpy as np
import optax
import pytest
from explain.networks import LINE, forecasts, new_load, random_params

import seqconv_jax as sc
from seqconv_jax import UserError, explain, nn

RNG = np.random.default_rng(0)


def test_both_find_a_planted_lag_and_column():
    x = RNG.normal(size=(400, 12, 3)).astype(np.float32)
    task = sc.data.arrays_task(x, np.tanh(x[:, 7, 1]) + 0.05 * x[:, 2, 0], test=0.2)
    layers = (nn.Conv1D(8, 3, activation="relu"), nn.Flatten(), nn.Dense(1))
    model = nn.Sequential(layers)
    result = sc.train.fit(
        model, task, optimizer=optax.adam(1e-2), loss=sc.losses.mse, epochs=12
    )
    params = result.best.params
    for row in np.argsort(-np.abs(x[task.test, 7, 1]))[:2]:
        hidden = explain.occlusion(model, task, params=params, row=row, window=1)
        shared = explain.integrated_gradients(model, task, params=params, row=row)
        for found in (hidden, shared):
            assert found.values.shape == (12, 3)
            assert np.unravel_index(np.abs(found.values).argmax(), (12, 3)) == (7, 1)
            assert found.table()[["column", "from"]].values[0].tolist() == [
                "column 1",
                7,
            ]
        assert shared.gap is not None and hidden.gap is None
        change = shared.output - shared.baseline
        assert abs(shared.gap) < 0.03 * np.abs(shared.values).sum()
        assert shared.values.sum() + shared.gap == pytest.approx(change, abs=1e-9)


@pytest.mark.parametrize("predict", ["value", "change"])
def test_effects_of_a_line_are_its_slopes_in_the_unit(predict):
    task = forecasts(predict=predict)
    params = random_params(LINE, task.example)
    x = task.gather(task.test[3:4])[0][0]
    slopes = params["layers_1"]["kernel"].reshape(6, 2, 2)
    want = x * slopes[..., 1] * task.unit_scale
    outputs = (x.reshape(1, -1) @ params["layers_1"]["kernel"]).astype(np.float32)
    forecast = task.restore(task.test[3:4], outputs)[0, 1, 0]
    options = {"params": params, "row": 3, "ahead": 2}
    for found in (
        explain.occlusion(LINE, task, window=1, **options),
        explain.integrated_gradients(LINE, task, **options),
    ):
        np.testing.assert_allclose(found.values, want, atol=1e-4)
        assert found.output == pytest.approx(forecast, abs=1e-4)
        assert found.output - found.baseline == pytest.approx(want.sum(), abs=1e-4)
        assert (found.target, found.unit) == ("load (MW), 2h ahead", "MW")
        assert found.columns == ("load (MW)", "temp (degC)")
        assert found.steps.tolist() == [-5, -4, -3, -2, -1, 0]
        assert task.times is not None
        newest = task.times[task.test[3] + task.past_offsets[-1]]
        assert found.bounds[-1] == newest + np.timedelta64(1, "h")


def test_spans_end_with_the_newest_step():
    task = forecasts()
    params = random_params(LINE, task.example)
    single = explain.occlusion(LINE, task, params=params, window=1)
    spans = explain.occlusion(LINE, task, params=params, window=4)
    assert spans.edges.tolist() == [0, 2, 6] and len(spans.bounds) == 3
    added = np.add.reduceat(single.values, [0, 2], axis=0)
    np.testing.assert_allclose(spans.values, added, atol=1e-4)
    whole = explain.occlusion(LINE, task, params=params, window=99)
    assert whole.edges.tolist() == [0, 6]


def test_another_baseline():
    task = forecasts()
    params = random_params(LINE, task.example)
    x = task.gather(task.test[:1])[0][0]
    found = explain.occlusion(LINE, task, params=params, window=1, baseline=x[0])
    slopes = params["layers_1"]["kernel"].reshape(6, 2, 2)[..., 0]
    want = (x - x[0]) * slopes * task.unit_scale
    np.testing.assert_allclose(found.values, want, atol=1e-4)
    assert not found.values[0].any()


def test_what_is_hidden_ahead_adds_nothing():
    task = forecasts(future=("temp (degC)",))
    params = random_params(LINE, task.example)
    for method in (explain.occlusion, explain.integrated_gradients):
        found = method(LINE, task, params=params)
        assert found.steps.tolist() == [*range(-5, 1), 1, 2]
        assert found.columns == ("load (MW)", "temp (degC)", "observed")
        hidden = found.values[6:, [0, 2]]
        assert not hidden.any() and found.values[6:, 1].all()


def test_padded_steps_add_exactly_nothing_to_a_class():
    series = [RNG.normal(size=(length, 2)) for length in (9, 5, 7, 9, 6, 8)]
    task = sc.data.classification_task(series, list("aabbcc"), test=3 / 6)
    assert task.mask_value is not None
    layers = (
        nn.Masking(task.mask_value),
        nn.Conv1D(4, 3, padding="same", activation="tanh"),
        nn.GlobalAvgPool1D(),
        nn.Dense(3),
    )
    model = nn.Sequential(layers)
    params = random_params(model, task.example)
    rows = task.test.tolist()
    for place, row in enumerate(rows):
        length = task.lengths[row]
        for method in (explain.occlusion, explain.integrated_gradients):
            found = method(model, task, params=params, row=place)
            values = found.values
            assert not values[length:].any() and values[:length].all()
            assert found.unit == "logit" and found.target.startswith("logit of ")
            assert abs(found.gap or 0) < 1e-4
    outputs = np.asarray(jax.jit(model.apply)({"params": params}, task.gather(rows)[0]))
    found = explain.occlusion(model, task, params=params, output="c")
    assert found.output == pytest.approx(outputs[0, 2], abs=1e-5)


def test_a_run_takes_new_series(load_run):
    predictor = sc.runs.load(load_run)
    new = new_load()
    said = predictor.predict(new)["load (MW)"]
    for ahead in (1, 2):
        found = explain.integrated_gradients(predictor, new, ahead=ahead)
        assert found.output == pytest.approx(said[ahead - 1], abs=1e-4)
    every = predictor.predict(new, windows="all")["load (MW)"]
    first = explain.occlusion(predictor, (new, "all"), row=0)
    assert first.output == pytest.approx(every[0], abs=1e-4)
    assert first.times is not None and first.times[0] == new.index[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ahead": 3}, "`ahead` must be at most 2, got 3"),
        ({"output": "temp"}, r"`output` must be one of 'load \(MW\)', got 'temp'"),
        ({"row": 99}, "`row` must be below "),
        ({"window": 0}, "`window` must be a positive integer, got 0"),
        ({"baseline": np.ones(3)}, r"`baseline` must be .* that fits \(6, 2\)"),
        ({"baseline": np.nan}, "`baseline` must be a finite number"),
    ],
)
def test_errors(options, message):
    task = forecasts()
    params = random_params(LINE, task.example)
    with pytest.raises(UserError, match=message):
        explain.occlusion(LINE, task, params=params, **options)


def test_ids_are_no_series():
    with pytest.raises(UserError, match="got ids; explain.contributions is for texts"):
        explain.occlusion(LINE, np.ones((1, 4), int), params={})
    with pytest.raises(UserError, match="`ahead` is for forecasters, got 1"):
        x = np.ones((1, 6, 2), np.float32)
        params = random_params(LINE, x)
        explain.integrated_gradients(LINE, x, params=params, ahead=1)
