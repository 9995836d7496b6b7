"""Ridge on lags against windows in memory, and on the real series."""

import numpy as np
import pytest
from baselines.forecasts import small_series, small_task

from seqconv_jax import UserError, baselines, losses
from seqconv_jax.baselines.lags import PENALTIES
from seqconv_jax.data import Series, load_jena


def dense(task, features, penalty, change):
    """Return the forecasts of all rows by plain algebra."""
    x, y = features(task.train), task.truth(task.train).astype(float)
    last = np.tile(task.last.astype(float), (1, task.steps))
    y = y - last[task.train] * change
    mean, bias = x.mean(axis=0), y.mean(axis=0)
    left = (x - mean).T @ (x - mean) + penalty * np.eye(x.shape[1])
    kernel = np.linalg.solve(left, (x - mean).T @ (y - bias))
    return (features(task.test) - mean) @ kernel + bias + last[task.test] * change


@pytest.mark.parametrize("target", ["change", "value"])
def test_it_is_the_ridge_of_all_windows(target, monkeypatch):
    monkeypatch.setattr("seqconv_jax.baselines.contract._AT_ONCE", 200)
    task = small_task(target=("b", "a (m)"))
    times = task.times
    assert times is not None

    def features(rows):
        x = task.gather(rows)[0].reshape(len(rows), -1).astype(float)
        hours = (times[rows] - times[0]) / np.timedelta64(1, "h")
        day, year = 2 * np.pi * hours / 24, 2 * np.pi * hours / (24 * 366)
        angles = [day, 2 * day, year, 2 * year, 3 * year]
        waves = [wave(angle) for angle in angles for wave in (np.sin, np.cos)]
        return np.concatenate([x, np.stack(waves, axis=1)], axis=1)

    line = baselines.ridge_lags(task, target=target, penalty=2.0)
    expected = dense(task, features, 2.0, target == "change")
    np.testing.assert_allclose(line.outputs(task, task.test), expected, atol=1e-8)
    assert line.model.kernel.shape == (6 * 2 + 10, 6)


def test_columns_lags_and_calendar_are_chosen():
    task = small_task(calendar=True, every=2)
    options = {"columns": ("b",), "lags": 2, "calendar": {}}
    line = baselines.ridge_lags(task, **options, penalty=0.5)

    def features(rows):
        return task.inputs[rows[:, None] + np.array([-2, 0]), 1].astype(float)

    expected = dense(task, features, 0.5, True)
    np.testing.assert_allclose(line.outputs(task, task.test), expected, atol=1e-8)
    every = baselines.ridge_lags(task, penalty=0.5)
    assert every.cells[:, :2].all() and not every.cells[:, 2:].any()


def test_products_of_means_are_features_as_well():
    task = small_task()
    options = {"columns": ("b",), "calendar": {}, "products": (1, 3)}
    line = baselines.ridge_lags(task, **options, penalty=0.5)

    def features(rows):
        x = task.gather(rows)[0][:, :, list(task.columns).index("b")].astype(float)
        new, mean = x[:, -1], x[:, -3:].mean(axis=1)
        products = np.stack([new * new, new * mean, mean * mean], axis=1)
        return np.concatenate([x, products], axis=1)

    expected = dense(task, features, 0.5, True)
    np.testing.assert_allclose(line.outputs(task, task.test), expected, atol=1e-8)
    assert line.products == (1, 3)


def test_what_is_known_ahead_is_used():
    rows = np.arange(200)
    cause = np.random.default_rng(0).normal(size=200)
    values = np.stack([np.where(rows > 0, cause, 0), cause], axis=1)
    task = small_task(
        Series(values=values, columns=("a (m)", "b")), future=("b",), calendar=False
    )
    errors = baselines.ridge_lags(task, penalty=1e-6).outputs(task, task.test)
    np.testing.assert_allclose(errors, task.truth(task.test), atol=1e-4)


def test_the_penalty_is_the_best_on_validation():
    task = small_task()
    line = baselines.ridge_lags(task)
    for penalty in (line.penalty, PENALTIES[0]):
        fixed = baselines.ridge_lags(task, penalty=penalty)
        found = baselines.scores(fixed, task, "validation", {"mae": losses.mae})
        assert line.tried[penalty] == pytest.approx(found["mae"], rel=1e-5)
    assert line.tried[line.penalty] == min(line.tried.values())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "values"}, "did you mean 'value'"),
        ({"columns": ("c",)}, "`columns` must be input columns"),
        ({"columns": "b"}, "`columns` must be input columns"),
        ({"lags": 7}, "`lags` must be at most 6 inputs, got 7"),
        ({"lags": 0}, "`lags` must be a positive integer"),
        ({"calendar": {"hour": 1}}, "`calendar` must be one of 'hour of day'"),
        ({"calendar": {"hour of day": 0}}, "`calendar` must be a positive integer"),
        ({"penalty": 0}, "`penalty` must be a number above 0"),
    ],
)
def test_options_that_are_none(options, message):
    with pytest.raises(UserError, match=message):
        baselines.ridge_lags(small_task(), **options)


def test_a_calendar_needs_times():
    values = small_series().values
    task = small_task(Series(values=values, columns=("a (m)", "b")))
    assert baselines.ridge_lags(task).calendar == {}
    with pytest.raises(UserError, match="`calendar` must be {} for a task without"):
        baselines.ridge_lags(task, calendar={"hour of day": 1})
    with pytest.raises(UserError, match="`task.times` must be given for a climatology"):
        baselines.climatology(task)


def test_jena_a_day_ahead(data_file):
    path = data_file("jena", "jena_climate_2009_2016_hourly_6col.csv.zip")
    task = load_jena(path, lookback="5d", predict="change")
    line = baselines.ridge_lags(task, penalty=1000.0)
    assert line.model.kernel.shape == (120 * 6 + 10, 1)
    found = [
        baselines.scores(line, task, split, {"mae": losses.mae})["mae"]
        for split in ("validation", "test")
    ]
    np.testing.assert_allclose(found, [0.2604, 0.2764], atol=2e-4)
