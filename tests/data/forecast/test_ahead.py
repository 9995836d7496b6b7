"""Many steps and targets at once: baselines, errors, the way back to the unit."""

from typing import Any

import numpy as np
import pytest
from data.forecast.ramps import noise, ramp_task, series_of

from seqconv_jax._checks import UserError
from seqconv_jax.data import Series, forecast_task
from seqconv_jax.data.series import BusinessDays


def two_targets(rows=120, **options):
    settings: dict[str, Any] = dict(
        target=["a (m)", "b (K)"],
        lookback="6h",
        horizon="5h",
        split=(60, 90),
        season="3h",
    )
    series = series_of(noise(rows, 2), ("a (m)", "b (K)"), minutes=60)
    return forecast_task(series, **(settings | options)), series.values


def baseline(values, task, rows, kind):
    """A baseline's forecasts in the unit, one number at a time."""
    found = np.zeros((len(rows), task.steps, values.shape[1]))
    for i, row in enumerate(rows):
        now, oldest = row + task.past_offsets[-1], row + task.past_offsets[0]
        for j, ahead in enumerate(task.ahead_rows):
            if kind == "last":
                found[i, j] = values[now]
            elif kind == "drift":
                slope = (values[now] - values[oldest]) / (now - oldest)
                found[i, j] = values[now] + ahead * slope
            else:
                at = now + ahead
                while at > now:
                    at -= 3
                found[i, j] = values[at]
    return found


@pytest.mark.parametrize("predict", ["value", "change", "normalised"])
@pytest.mark.parametrize("kind", ["last", "drift", "seasonal"])
def test_baselines_are_what_a_loop_forecasts(predict, kind):
    task, values = two_targets(predict=predict)
    rows = task.test
    expected = baseline(values, task, rows, kind)
    outputs = task.naive(rows, kind)
    assert outputs.shape == (len(rows), 10) == (len(rows), task.outputs)
    np.testing.assert_allclose(task.restore(rows, outputs), expected, atol=1e-5)
    ahead = rows[:, None] + task.past_offsets[-1] + task.ahead_rows
    difference = expected - values[ahead]
    scaled = np.abs(difference) / task.unit_scale
    assert task.baseline("test", kind) == pytest.approx(scaled.mean(), rel=1e-5)
    table = task.errors("test", outputs)
    assert table["target"].tolist() == ["a (m)"] * 5 + ["b (K)"] * 5
    assert table["unit"].tolist() == ["m"] * 5 + ["K"] * 5
    assert table["ahead"].tolist() == ["1h", "2h", "3h", "4h", "5h"] * 2
    mae, rmse = np.abs(difference).mean(axis=0), np.sqrt((difference**2).mean(axis=0))
    np.testing.assert_allclose(table["mae"], mae.T.ravel(), rtol=1e-4)
    np.testing.assert_allclose(table["rmse"], rmse.T.ravel(), rtol=1e-4)


def test_a_season_before_the_series_began_is_no_baseline():
    task, _ = two_targets(season=40)
    with pytest.raises(UserError, match="`rows` must .* season of 40 .* got 34 of 50"):
        task.baseline("train", "seasonal")
    assert task.baseline("test", "seasonal") > 0
    assert "as a season of 40 rows ago" in task.describe()
    task, _ = two_targets(season=80)
    assert "season of 80 rows ago): none, some rows" in task.describe()
    untimed = Series(values=noise(60), columns=("a",))
    task = forecast_task(untimed, target="a", lookback=4, horizon=2, split=(30, 45))
    with pytest.raises(UserError, match="`season` must be given for kind='seasonal'"):
        task.baseline("test", "seasonal")
    with pytest.raises(UserError, match="`kind` must be one of 'last', 'drift'"):
        task.baseline("test", "naive")  # pyright: ignore
    assert "no season follows from the sampling" in task.describe()


def times_every(step, rows=60):
    if isinstance(step, BusinessDays):
        days = np.busday_offset(
            np.datetime64("2020-01-01"), step.count * np.arange(rows)
        )
        return days.astype("datetime64[us]")
    unit = np.datetime_data(step.dtype)[0]
    start = np.datetime64("2020-01-01", unit)
    return (start + step * np.arange(rows)).astype("datetime64[us]")


@pytest.mark.parametrize(
    ("step", "season"),
    [
        (np.timedelta64(10, "m"), 144),
        (np.timedelta64(1, "h"), 24),
        (np.timedelta64(7, "h"), None),
        (np.timedelta64(12, "h"), 2),
        (np.timedelta64(1, "D"), 7),
        (np.timedelta64(7, "D"), 52),
        (np.timedelta64(1, "M"), 12),
        (np.timedelta64(3, "M"), 4),
        (np.timedelta64(12, "M"), None),
        (BusinessDays(1), 5),
    ],
)
def test_a_season_follows_from_the_sampling(step, season):
    series = series_of(noise(60), times=times_every(step))
    task = forecast_task(series, target="a", lookback=4, horizon=2, split=(30, 45))
    assert task.season == season


def test_quantiles_of_each_step_and_target():
    task, values = two_targets(predict="change")
    rows, levels = task.test, (0.1, 0.5, 0.9)
    outputs = np.random.default_rng(1).normal(size=(len(rows), 30))
    found = task.restore(rows, outputs, levels)
    assert found.shape == (len(rows), 5, 2, 3)
    now = values[rows + task.past_offsets[-1]][:, None, :, None]
    scale = np.array(task.unit_scale)[:, None]
    expected = outputs.reshape(-1, 5, 2, 3) * scale + now
    np.testing.assert_allclose(found, expected, atol=1e-5)
    table, actual = task.errors(rows, outputs, levels), task.actual(rows)
    loss = np.zeros((5, 2))
    for index, level in enumerate(levels):
        off = actual - expected[..., index]
        loss += np.where(off > 0, level * off, (level - 1) * off).mean(axis=0) / 3
    np.testing.assert_allclose(table["pinball"], loss.T.ravel(), rtol=1e-4)
    inside = (expected.min(-1) <= actual) & (actual <= expected.max(-1))
    np.testing.assert_allclose(table["coverage"], inside.mean(axis=0).T.ravel())
    mae = np.abs(actual - expected[..., 1]).mean(axis=0)
    np.testing.assert_allclose(table["mae"], mae.T.ravel(), rtol=1e-4)
    with pytest.raises(UserError, match=r"must have shape \(\d+, 30\), one .* 20\)"):
        task.restore(rows, outputs[:, :20], levels)
    one = ramp_task()
    made = one.restore(one.test, np.zeros((9, 2)), (0.2, 0.8))
    assert made.shape == (9, 1, 1, 2)


def test_a_ramp_ahead():
    task = ramp_task(delay=None, horizon=4, step=2, every=1)
    assert (task.horizon, task.horizon_rows, task.steps) == ("20min to 40min", 4, 2)
    rows = task.validation
    assert rows.tolist() == list(range(18, 36))
    np.testing.assert_allclose(
        task.actual(rows)[:, :, 0], rows[:, None] + [2, 4], rtol=1e-5
    )
    assert task.hit_rate(task.truth(rows), rows) == 1.0
    assert task.hit_rate(task.naive(rows, "last"), rows) == 0.0
    text = task.describe()
    assert (
        "real horizon: 20min to 40min after the newest input (rows: 2 to 4, 2" in text
    )
    assert "baseline (drift of the window): validation 0.0000" in text


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (dict(delay=None), "`horizon` must be given, how far ahead to forecast, or"),
        (dict(horizon=2), "`horizon` must be `delay`, 3 rows, and a whole number .* 2"),
        (dict(horizon=6, step=2), "a whole number of steps of 2 more, got 6 rows"),
        (dict(horizon=6, step=0), "`step` must be a positive integer, got 0"),
        (dict(horizon="25min"), "`horizon` = 25min is no whole multiple"),
        (
            dict(horizon=40),
            "leaves no train window in rows 0 to 19 of 60: one needs 38",
        ),
        (dict(target=[]), "`target` must name one column or more"),
        (dict(future=["z"]), "`future` = 'z' is no column"),
        (dict(future=["a"]), "`future` must be columns known ahead, got 'a', which"),
        (dict(calendar=1), "`calendar` must be a bool, or cycles in a list, got 1"),
        (dict(calendar=["hour"]), "`calendar` must be one of 'hour of day', .* 'hour'"),
        (dict(calendar=["hour of day"] * 2), "`calendar` must be cycles, each once"),
        (dict(season=0), "`season` must be a positive integer, got 0"),
        (dict(scale="rows"), "`scale` must be one of 'series', 'all'"),
    ],
)
def test_errors_name_the_argument(options, match):
    with pytest.raises(UserError, match=match):
        ramp_task(**options)


def test_the_calendar_needs_times_and_names_of_its_own():
    options: dict[str, Any] = dict(target="a", lookback=4, horizon=2, split=(30, 45))
    untimed = Series(values=noise(60), columns=("a",))
    with pytest.raises(
        UserError, match="`calendar` needs times, which the series does"
    ):
        forecast_task(untimed, calendar=True, **options)
    yearly = series_of(noise(60), times=times_every(np.timedelta64(12, "M")))
    with pytest.raises(
        UserError, match="`calendar` tells nothing of .* a year or more"
    ):
        forecast_task(yearly, calendar=True, **options)
    taken = series_of(noise(60, 2), ("a", "cos day of year"))
    with pytest.raises(UserError, match="must not name a column 'cos day of year'"):
        forecast_task(taken, calendar=True, **options)


def test_cycles_of_the_calendar_are_named():
    every, _ = two_targets(calendar=True)
    task, _ = two_targets(calendar=["day of week", "hour of day"])
    named = ["sin day of week", "cos day of week", "sin hour of day", "cos hour of day"]
    assert list(task.columns[2:]) == named and len(every.columns) == 8
    places = [every.columns.index(name) for name in named]
    np.testing.assert_array_equal(task.inputs[:, 2:], every.inputs[:, places])
    assert two_targets(calendar=[])[0].columns == task.columns[:2]


def test_several_series_that_do_not_go_together():
    options: dict[str, Any] = dict(target="a", lookback=4, horizon=2, split=(30, 45))
    good = series_of(noise(60))
    others: list[tuple[Any, str]] = [
        (series_of(noise(60), ("b",)), "series 'y': `column` = 'a' is no column"),
        (
            series_of(noise(60, 2)),
            "series 'y': columns that the first series lacks: 'b'",
        ),
        (series_of(noise(60), minutes=5), "that of the first series, 10min, got 5min"),
        (
            Series(values=noise(60), columns=("a",)),
            "'y': times must be given for every",
        ),
        (series_of(noise(20)), "series 'y': `split` row 30 lies past the end"),
        ("a.csv", "`series` 'y' must be a Series, got 'a.csv'"),
    ]
    for other, match in others:
        with pytest.raises(UserError, match=match):
            forecast_task({"x": good, "y": other}, **options)
    late = series_of(noise(60), times=good.times + np.timedelta64(1, "D"))  # pyright: ignore
    dates = ("2020-01-01 05:00", "2020-01-01 07:00")
    with pytest.raises(UserError, match="'y': no row lies before the first cut"):
        forecast_task({"x": good, "y": late}, **{**options, "split": dates})
    task = forecast_task(
        {"x": good, "y": late}, scale="all", **{**options, "split": dates}
    )
    assert set(task.series_of(task.train)) == {0} and len(task.test) == 17 + 55
    assert "series: 2, scale: one for all" in task.describe()
    with pytest.raises(UserError, match="leaves no train window in any of 2 series"):
        forecast_task({"x": good, "y": good}, **{**options, "split": (3, 40)})
