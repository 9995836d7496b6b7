"""The linear map against windows in memory, and on the published benchmark."""

from typing import Any

import numpy as np
import pytest
from baselines.forecasts import small_series, small_task

from seqconv_jax import UserError, baselines, losses
from seqconv_jax.baselines.window_products import runs_of, window_products
from seqconv_jax.data import Series, load_weather


@pytest.mark.parametrize("rows", [[0], [0, 1, 2, 3], [1, 2, 5, 6, 7, 9], [24]])
def test_products_are_sums_over_all_windows(rows):
    z = np.random.default_rng(0).normal(size=30)
    windows = np.stack([z[row : row + 6] for row in rows])
    found = window_products(z, *runs_of(np.array(rows)), 6)
    np.testing.assert_allclose(found, windows.T @ windows, atol=1e-12)


def differences(task, rows, column):
    x = task.inputs[:, column].astype(float)
    newest = rows + int(task.past_offsets[-1])
    past = x[rows[:, None] + task.past_offsets] - x[newest][:, None]
    return past, x[newest[:, None] + task.ahead_rows] - x[newest][:, None]


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("every", [1, 2])
def test_it_is_the_least_squares_of_all_windows(every, shared):
    series = small_series()
    assert series.times is not None
    times = series.times + np.where(np.arange(240) < 60, 0, 5) * np.timedelta64(1, "h")
    gap = Series(values=series.values, columns=series.columns, times=times)
    options = {"step": 2, "horizon": 6, "every": every, "gaps": "drop"}
    task = small_task(gap, target=("b", "a (m)"), **options)
    assert len(runs_of(task.train)[0]) == 2
    line = baselines.linear_map(task, penalty=0.3, shared=shared)
    outputs = task.restore(task.test, line.outputs(task, task.test))
    columns = [1, 0]
    pairs: Any = [differences(task, task.train, column) for column in columns]
    products: Any = [(x.T @ x, x.T @ y) for x, y in pairs]
    if shared:
        products = [tuple(map(sum, zip(*products, strict=True)))] * 2
    for k, (column, (xx, xy)) in enumerate(zip(columns, products, strict=True)):
        kernel = np.linalg.solve(xx + 0.3 * np.eye(len(xx)), xy)
        past = differences(task, task.test, column)[0]
        changes = past @ kernel * task.target_std[0, k]
        newest = task.last[task.test, k].astype(float) * task.target_std[0, k]
        expected = changes + newest[:, None] + task.target_mean[0, k]
        np.testing.assert_allclose(outputs[:, :, k], expected, atol=1e-6)


def test_the_penalty_is_the_best_on_validation():
    task = small_task()
    line = baselines.linear_map(task)
    found = baselines.scores(line, task, "validation", {"mae": losses.mae})["mae"]
    assert line.tried[line.penalty] == pytest.approx(found, rel=1e-5)
    assert found == pytest.approx(min(line.tried.values()), rel=1e-5)


def test_a_target_must_be_an_input():
    with pytest.raises(UserError, match="`inputs` must have the target 'a \\(m\\)'"):
        baselines.linear_map(small_task(inputs=("b",)))


def test_weather_has_the_published_protocols_figures(data_file):
    task = load_weather(data_file("jena2020", "weather.csv.zip"))
    assert [len(task.rows(s)) for s in ("train", "validation", "test")] == [
        *(36_280, 5_175, 10_444),
    ]
    line = baselines.linear_map(task, penalty=1e-3)
    metrics = {"mse": losses.mse, "mae": losses.mae}
    found = baselines.scores(line, task, "test", metrics)
    assert (round(found["mse"], 3), round(found["mae"], 3)) == (0.141, 0.191)
