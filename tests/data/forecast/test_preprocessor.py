"""A trained forecaster's way from new series to forecasts in the unit."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from data.forecast.ramps import START, noise, series_of

from seqconv_jax._checks import UserError
from seqconv_jax.data import (
    ForecastPreprocessor,
    Series,
    forecast_task,
)
from seqconv_jax.data.preprocessor import preprocessor_of
from seqconv_jax.data.series import BusinessDays

NAMES = ("a (m)", "b", "c")


def hours(rows=90, seed=0, names=NAMES, **changes):
    return series_of(noise(rows, len(names), seed), names, minutes=60, **changes)


def task_of(series=None, **options):
    settings: dict[str, Any] = dict(
        target=["a (m)", "b"], lookback=6, horizon=4, split=(40, 60)
    )
    return forecast_task(hours() if series is None else series, **(settings | options))


def kept(task, **changes) -> ForecastPreprocessor:
    """The preprocessor of a task, as a run keeps it."""
    settings = json.loads(json.dumps(task.preprocessor.settings(), allow_nan=False))
    made = preprocessor_of({**settings, **changes})
    assert isinstance(made, ForecastPreprocessor)
    return made


OPTIONS = [
    dict(),
    dict(predict="change", calendar=True),
    dict(predict="normalised", future=["c"], calendar=True),
    dict(target="b", horizon=None, delay=3, every=2),
    dict(target="b", horizon=None, delay=3, every=2, predict="change"),
    dict(target="b", horizon=3, exact_horizon=False, every=3, inputs=["a (m)", "c"]),
]


@pytest.mark.parametrize("options", OPTIONS)
def test_windows_of_the_training_file_are_those_of_training(options):
    task = task_of(**options)
    again = kept(task).task(hours(), targets=True)
    rows = np.concatenate([task.train, task.validation, task.test])
    assert set(rows) <= set(again.test) and len(again.train) == 0
    for one, other in zip(task.gather(rows), again.gather(rows), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(task.actual(rows), again.actual(rows))
    assert kept(task).settings() == kept(again).settings()


@pytest.mark.parametrize("options", OPTIONS)
def test_the_newest_window_ends_where_the_series_does(options):
    task, whole = task_of(**options), hours()
    horizon = task.horizon_rows
    values = whole.values[: 70 + horizon].copy()
    if "future" in options:
        values[70:, :2] = np.nan  # what is known ahead goes on
    else:
        values = values[:70]
    times = START + np.arange(len(values)) * np.timedelta64(1, "h")
    new = series_of(values, NAMES, times=times, allow=("missing",))
    made = kept(task).task(new)
    (row,) = made.test
    x = made.gather(made.test)[0]
    np.testing.assert_array_equal(x, task.gather(np.array([row]))[0])
    assert row + task.past_offsets[-1] == 69 and np.isfinite(x).all()
    outputs = np.arange(made.outputs, dtype=float)[None] / 10
    table = kept(task).answers(outputs, made)
    values = made.restore(made.test, outputs).reshape(made.steps, -1)
    ahead = task.ahead_rows
    expected = START + (69 + ahead) * np.timedelta64(1, "h")
    assert table["time"].tolist() == pd.to_datetime(expected).tolist()
    assert table["step"].tolist() == list(range(1, made.steps + 1))
    assert table["ahead"].tolist() == list(task.ahead)
    np.testing.assert_array_equal(table[list(task.target_columns)], values)
    every = kept(task).task((new, "all")).test
    assert every[-1] == row and every[0] == -task.past_offsets[0]


def test_quantiles_have_columns():
    task = task_of(target="b", horizon=2)
    fitted = kept(task, quantiles=[0.1, 0.5, 0.9])
    made = fitted.task(hours(70))
    table = fitted.answers(np.array([[-1.0, 0, 1, -2, 0, 2]]), made)
    assert list(table) == ["time", "step", "ahead", "b", "b q0.1", "b q0.5", "b q0.9"]
    mean, std = task.unit_shift, task.unit_scale
    np.testing.assert_allclose(table["b q0.1"], [mean - std, mean - 2 * std])
    assert table["b"].tolist() == table["b q0.5"].tolist()
    with pytest.raises(UserError, match="`quantiles` must be numbers between 0 and 1"):
        kept(task, quantiles=[10.0])


def test_several_series_keep_their_scales():
    parts = {"x": hours(80, 1), "y": hours(90, 2)}
    task = task_of(parts)
    made = kept(task).task({"y": hours(90, 2)})
    x = made.gather(made.test)[0]
    np.testing.assert_array_equal(x[0, -1], task.inputs[80 + 89])
    table = kept(task).answers(made.naive("test", "last"), made)
    assert table["series"].tolist() == ["y"] * 4
    np.testing.assert_allclose(table["b"], parts["y"].values[-1, 1], rtol=1e-5)
    both = kept(task).task(parts, targets=True)
    assert set(task.test) <= set(both.test)
    with pytest.raises(
        UserError, match="a scale of its own, got 'z'; it knows 'x', 'y'"
    ):
        kept(task).task({"z": hours()})
    shared = kept(task_of(parts, scale="all"))
    assert len(shared.task({"z": hours(70), "w": hours(75)}).test) == 2
    assert list(shared.answers(np.zeros((1, 8)), shared.task(hours())))[0] == "time"


def test_months_and_business_days_go_on_by_the_calendar():
    months = np.arange("2010-01", "2017-01", dtype="datetime64[M]")
    monthly = series_of(noise(84), times=months.astype("datetime64[us]"))
    fitted = kept(task_of(monthly, target="a", horizon="3 months"))
    made = fitted.task(monthly)
    table = fitted.answers(np.zeros((1, 3)), made)
    assert [str(time)[:10] for time in table["time"]] == [
        *("2017-01-01", "2017-02-01", "2017-03-01"),
    ]
    days = np.busday_offset(np.datetime64("2020-01-01"), np.arange(90)).astype(
        "datetime64[us]"
    )
    fitted = kept(task_of(series_of(noise(90), times=days), target="a"))
    assert fitted.every == BusinessDays(1)
    few = series_of(noise(8), times=days[:8])  # whose last day is a Friday
    table = fitted.answers(np.zeros((1, 4)), fitted.task(few))
    assert str(table["time"][0])[:10] == "2020-01-13"


def test_without_a_sampling_rows_and_no_times_are_told():
    untimed = Series(values=noise(90), columns=("a",))
    fitted = kept(task_of(untimed, target="a"))
    table = fitted.answers(np.zeros((1, 4)), fitted.task(untimed))
    assert table["row"].tolist() == [90, 91, 92, 93] and "time" not in table
    hour = np.timedelta64(1, "h")
    times = START + np.cumsum(np.tile([1, 2, 3], 30)) * hour
    fitted = kept(task_of(series_of(noise(90), times=times), target="a"))
    made = fitted.task(series_of(noise(90), times=times))
    assert fitted.answers(np.zeros((1, 4)), made)["time"].isna().tolist() == [True] * 4
    scored = fitted.task(series_of(noise(90), times=times), targets=True)
    table = fitted.answers(scored.naive("test", "last"), scored)
    assert not table["time"].isna().to_numpy().any()


def renamed(old, new):
    return hours(names=tuple(new if name == old else name for name in NAMES))


@pytest.mark.parametrize(
    ("raw", "match"),
    [
        (
            hours(names=("a (m)", "b")),
            "the series has no column 'c', which .* needs 'a .m.', 'b', 'c', and",
        ),
        (renamed("a (m)", "a (ft)"), r"has 'a \(ft\)', of another unit than 'a \(m\)'"),
        (hours(5), "has 5 rows, too few for the look-back of the model, which reads 6"),
        (
            series_of(noise(90, 3), NAMES),
            "is sampled every 10min, but .* rows every 1h",
        ),
        (Series(values=noise(90, 3), columns=NAMES), "has no times, which the model"),
        ("new.csv", "`series` must be a Series, got 'new.csv'"),
        ((hours(), "newest"), "`raw` must be one of 'latest', 'all', got 'newest'"),
    ],
)
def test_what_the_model_cannot_take(raw, match):
    with pytest.raises(UserError, match=match) as caught:
        kept(task_of()).task(raw)
    assert "\n" not in str(caught.value)


def test_too_few_rows_to_score_and_too_few_known_ahead():
    with pytest.raises(UserError, match="has 9 rows, .* reads 6 and 4 more to score"):
        kept(task_of()).task(hours(9), targets=True)
    assert len(kept(task_of()).task(hours(10), targets=True).test) == 1
    fitted = kept(task_of(future=["c"]))
    values = noise(40, 3)
    values[38:, :2] = np.nan
    with pytest.raises(
        UserError, match="must go on for 4 rows .* with 'c' .* got 2 row"
    ):
        fitted.task(series_of(values, NAMES, minutes=60, allow=("missing",)))
    values[20, 0] = np.nan
    with pytest.raises(UserError, match="1 missing cells, first row 20"):
        fitted.task(series_of(values, NAMES, minutes=60, allow=("missing",)))


def test_windows_over_gaps_are_dropped_as_in_training():
    keep = np.setdiff1d(np.arange(95), [80, 81])
    times = START + keep * np.timedelta64(1, "h")
    gapped = series_of(noise(93, 3), NAMES, times=times)
    fitted = kept(task_of(gaps="drop"))
    every = fitted.task((gapped, "all"))
    rows = every.test
    assert set(range(5, 97)) - set(rows) >= {80, 81} and every.spanning["test"] == 0
    short = series_of(noise(83, 3), NAMES, times=times[:83])
    with pytest.raises(UserError, match="no window without a gap in time, such as the"):
        fitted.task(short)
    loose = kept(task_of()).task(short)
    assert loose.spanning["test"] == 1
    assert (
        "windows over gaps in time: train 0, validation 0, test 1" in loose.describe()
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"window": {"lookback": 0}},
        {"window": None},
        {"mean": [[1.0]]},
        {"std": [[0.0] * 5]},
        {"predict": "sum"},
        {"targets": None},
        {"every": "soon"},
        {"quantiles": "many"},
        {"gaps": None},
        {"reading": 3},
        {"season": "x"},
    ],
)
def test_settings_that_are_none_of_a_forecast(changes):
    with pytest.raises(UserError):
        kept(task_of(), **changes)
