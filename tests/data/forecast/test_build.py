import numpy as np
import pandas as pd
import pytest
from data.forecast.ramps import START, noise, ramp_task, rows_in, series_of

from seqconv_jax._checks import UserError
from seqconv_jax.data import forecast_task


def test_a_ramp_shows_exactly_which_rows_are_read():
    task = ramp_task()
    x, y = task.gather(np.array([6, 25]))
    assert rows_in(task, x[..., 0]).tolist() == [[0, 2, 4], [19, 21, 23]]
    assert rows_in(task, y).tolist() == [[9], [28]]
    assert rows_in(task, task.last[[6, 25]]).tolist() == [[4], [23]]
    assert task.train.tolist() == list(range(6, 20))
    assert task.validation.tolist() == list(range(27, 40))
    assert task.test.tolist() == list(range(47, 56))
    assert task.inputs.dtype == task.targets.dtype == task.last.dtype == np.float32
    assert task.train.dtype == np.int32 and task.example.shape == (1, 3, 1)


def test_exact_horizon_ends_at_the_row_itself():
    task = ramp_task(exact_horizon=True)
    x, y = task.gather(np.array([25]))
    assert rows_in(task, x[0, :, 0]).tolist() == [21, 23, 25]
    assert rows_in(task, y).tolist() == [[28]]
    assert rows_in(task, task.last[25]).tolist() == [25]
    assert (task.horizon_rows, task.horizon) == (3, "30min")
    assert (ramp_task().horizon_rows, ramp_task().horizon) == (5, "50min")


def test_no_input_lies_after_the_newest_and_targets_lie_ahead():
    for exact in (False, True):
        task = ramp_task(exact_horizon=exact)
        for name in ("train", "validation", "test"):
            rows = task.rows(name)
            x, y = task.gather(rows)
            newest = rows_in(task, x[..., 0]).max(axis=1)
            assert (newest == rows_in(task, task.last[rows])[:, 0]).all()
            assert (rows_in(task, y)[:, 0] - newest == task.horizon_rows).all()


def test_shuffling_the_future_changes_no_earlier_window():
    values = noise(80, 2)
    future = values.copy()
    future[40:] = future[40:][::-1]
    tasks = [
        forecast_task(
            series_of(table), target="b", lookback=6, every=2, delay=3, split=(30, 50)
        )
        for table in (values, future)
    ]
    rows = np.arange(6, 41)  # their inputs end at row 38
    np.testing.assert_array_equal(tasks[0].gather(rows)[0], tasks[1].gather(rows)[0])


def test_durations_dates_and_metadata():
    series = series_of(noise(900), ("T (degC)",))
    task = forecast_task(
        series,
        target="T (degC)",
        lookback="1d",
        every="30min",
        delay="2h",
        split=("2020-01-02 12:00", "2020-01-04"),
        purge="1h",
    )
    assert (task.lookback, task.every, task.delay) == (144, 3, 12)
    # cuts at rows 216 and 432; a target is at most row 216 - 6
    assert task.train.tolist() == list(range(144, 216 + 1 - 6 - 12))
    assert task.validation.tolist() == list(range(217 + 144, 432 + 1 - 6 - 12))
    assert task.test.tolist() == list(range(433 + 144, 900 - 12 - 1))
    assert (task.horizon, task.horizon_rows) == ("2h 30min", 15)
    assert task.unit == "degC" and task.data_source == "file"
    assert (task.data_path, task.data_sha256) == (None, None)
    assert task.times is not None and task.times[1] == START + np.timedelta64(10, "m")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (dict(lookback=0), "`lookback` must be a positive integer, got 0"),
        (dict(every=0), "`every` must be a positive integer, got 0"),
        (dict(every=7), r"`every` must be at most `lookback` \(6 rows\), got 7 rows"),
        (dict(delay=-1), "`delay` must be an integer of at least 0, got -1"),
        (
            dict(every="5min"),
            "`every` = 5min is finer than .*10min; give at least 10min",
        ),
        (dict(delay="25min"), "`delay` = 25min is no whole.* 20min and 30min"),
        (dict(purge=-1), "`purge` must be an integer of at least 0, got -1"),
        (dict(split=(20, 4000)), "row 4,000 lies past the end of .*60 rows"),
        (dict(split=(6, 40)), "leaves the train split 6 rows"),
        (
            dict(target="z"),
            "`target` = 'z' is no column of the series; it has 'a'",
        ),
        (dict(inputs=["a", "B"]), "`inputs` = 'B' is no column"),
        (dict(inputs=["a", "a"]), "`inputs` must name one column or more, each once"),
        (dict(inputs=[]), "`inputs` must name one column or more"),
        (dict(inputs="a"), "`inputs` must name one column or more"),
        (dict(inputs={"a"}), "`inputs` must name one .* in a list, got {'a'}"),
        (dict(inputs=iter("a")), "`inputs` must name one column or more"),
        (dict(inputs=[["a"]]), r"`inputs` = \['a'\] is no column"),
        (dict(inputs=3), "`inputs` must name one .*, got 3"),
        (dict(exact_horizon="no"), "`exact_horizon` must be a bool, got 'no'"),
        (dict(replacement=None), "`replacement` must be a bool, got None"),
        (dict(scale_rows=21), "`scale_rows` must be in 1 to 20, .* got 21"),
        (dict(scale_rows=0), "`scale_rows` must be in 1 to 20"),
        (dict(gaps="fill"), "`gaps` must be one of 'keep', 'drop'"),
        (dict(predict="chang"), "did you mean 'change'"),
        (dict(length=1), r"row 20 lies past the end"),
        (dict(length=5, split=(1, 2)), r"5 rows.*lookback \+ delay \+ 1 .*= 10 rows"),
    ],
)
def test_errors_name_the_argument_and_the_numbers(options, match):
    with pytest.raises(UserError, match=match):
        ramp_task(**options)


@pytest.mark.parametrize("series", [pd.DataFrame({"a": [1.0]}), np.zeros((60, 1))])
def test_only_a_series_makes_a_task(series):
    with pytest.raises(UserError, match="`series` must be a Series, got .*from_pandas"):
        forecast_task(series, target="a", lookback=6, every=2, delay=3, split=(20, 40))
