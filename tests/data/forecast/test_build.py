import warnings
from typing import Any

import numpy as np
import pytest

from seqconv_jax._checks import UserError
from seqconv_jax.data.forecast.build import forecast_task
from seqconv_jax.data.forecast.scaling import ScaleWarning
from seqconv_jax.data.series.series import Series

START = np.datetime64("2020-01-01", "us")


def series_of(values, columns=None, minutes=10, times=None):
    values = np.asarray(values, np.float64)
    values = values[:, None] if values.ndim == 1 else values
    columns = columns or tuple("abcdefgh"[: values.shape[1]])
    steps = np.arange(len(values)) * np.timedelta64(minutes, "m")
    return Series(
        values=values,
        columns=columns,
        times=START + steps if times is None else times,
    )


def noise(rows, columns=1, seed=0):
    return np.random.default_rng(seed).normal(3.0, 2.0, (rows, columns))


def ramp_task(length=60, **options):
    """A series whose value is its row, so that every leak shows."""
    defaults: dict[str, Any] = dict(
        target="a", lookback=6, every=2, delay=3, split=(20, 40)
    )
    return forecast_task(series_of(np.arange(length)), **{**defaults, **options})


def rows_in(task, standardised):
    return np.round(task.to_unit(standardised)).astype(int)


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


def test_change_is_the_value_less_the_newest_input():
    values = noise(80)
    value = forecast_task(
        series_of(values), target="a", lookback=6, every=4, delay=3, split=(30, 50)
    )
    change = forecast_task(
        series_of(values),
        target="a",
        lookback=6,
        every=4,
        delay=3,
        split=(30, 50),
        predict="change",
    )
    z = (values - values[:30].mean()) / values[:30].std()
    for task, expected in ((value, z[3:]), (change, z[3:][6:] - z[4:-5])):
        rows = np.arange(6, 77)
        expected = expected[6:] if task is value else expected[: len(rows)]
        np.testing.assert_allclose(task.targets[rows], expected, atol=1e-6)
    # 6 rows back every 4: inputs r-6 and r-2, so the horizon is 3 + 2
    assert value.horizon_rows == 5
    rows = value.validation
    np.testing.assert_allclose(value.actual(rows), values[rows + 3, 0], rtol=1e-6)
    np.testing.assert_allclose(change.actual(rows), values[rows + 3, 0], rtol=1e-6)
    assert value.baseline("test") == pytest.approx(change.baseline("test"), rel=1e-6)
    expected = np.abs(z[rows + 3] - z[rows - 2]).mean()
    assert value.baseline() == pytest.approx(expected, rel=1e-6)


def test_restore_and_hit_rate():
    for predict in ("value", "change"):
        task = ramp_task(predict=predict)
        rows = task.validation
        perfect = task.targets[rows]
        assert task.hit_rate(perfect, rows) == 1.0
        np.testing.assert_allclose(task.restore(rows, perfect), rows + 3, rtol=1e-5)
        np.testing.assert_allclose(
            task.restore(rows, perfect[:, 0]), rows + 3, rtol=1e-5
        )
        still = task.last[rows] if predict == "value" else np.zeros((len(rows), 1))
        assert task.hit_rate(still, rows) == 0.0
        np.testing.assert_allclose(task.restore(rows, still), rows - 2, atol=1e-4)
        half = np.where(np.arange(len(rows))[:, None] % 2, still + 1, still - 1)
        assert task.hit_rate(half, rows) == pytest.approx(6 / 13)
        with pytest.raises(
            UserError, match=r"`predictions` .*\(13,\) or \(13, 1\).*12"
        ):
            task.restore(rows, perfect[1:])


def test_hit_rate_leaves_out_rows_without_a_change():
    values = np.tile([0.0, 0.0, 1.0, 0.0], 20)
    task = forecast_task(
        series_of(values), target="a", lookback=1, every=1, delay=1, split=(30, 50)
    )
    rows = np.array([53, 54, 55, 56])  # truth moves 1 -> 0 and so on, two rows ahead
    last, ahead = values[rows - 1], values[rows + 1]
    moved = last != ahead
    assert task.hit_rate(task.targets[rows], rows) == 1.0
    wrong = 2 * task.last[rows] - task.targets[rows]
    assert moved.sum() == 2 and task.hit_rate(wrong, rows) == 0.0
    assert task.hit_rate(task.targets[rows[~moved]], rows[~moved]) is None


def test_the_scale_is_the_train_rows_alone_bit_for_bit():
    values = noise(80, 2)
    poisoned = values.copy()
    poisoned[30:] = 1e9 * np.random.default_rng(1).normal(size=(50, 2))
    tasks = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScaleWarning)
        for table in (values, poisoned):
            tasks.append(
                forecast_task(
                    series_of(table),
                    target="b",
                    lookback=6,
                    every=2,
                    delay=3,
                    split=(30, 50),
                    purge=1,
                )
            )
    clean, dirty = tasks
    np.testing.assert_array_equal(clean.mean, dirty.mean)
    np.testing.assert_array_equal(clean.std, dirty.std)
    assert (clean.unit_shift, clean.unit_scale) == (dirty.unit_shift, dirty.unit_scale)
    np.testing.assert_array_equal(clean.mean, values[:30].mean(axis=0))
    np.testing.assert_array_equal(clean.std, values[:30].std(axis=0))
    for one, other in zip(
        clean.gather(clean.train), dirty.gather(dirty.train), strict=True
    ):
        np.testing.assert_array_equal(one, other)


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


def test_scale_rows_and_inputs():
    values = noise(80, 3)
    task = forecast_task(
        series_of(values, ("a", "b", "level (m)")),
        target="level (m)",
        lookback=6,
        every=2,
        delay=3,
        split=(30, 50),
        scale_rows=10,
        inputs=["b", "a"],
    )
    assert task.columns == ("b", "a") and task.inputs.shape == (80, 2)
    np.testing.assert_array_equal(task.mean, values[:10, [1, 0]].mean(axis=0))
    assert (task.unit, task.unit_scale) == ("m", values[:10, 2].std())
    rows = task.test
    np.testing.assert_allclose(task.actual(rows), values[rows + 3, 2], rtol=1e-5)


def test_constant_and_drifting_columns_warn_and_stay_finite():
    values = noise(80, 3)
    values[:, 1] = 0.1
    values[60, 2] = 1e6 * values[:30, 2].std()
    with pytest.warns(ScaleWarning) as caught:
        task = forecast_task(
            series_of(values), target="a", lookback=6, every=2, delay=3, split=(30, 50)
        )
    texts = [str(warning.message) for warning in caught]
    assert len(texts) == 2
    assert "column 'b' is constant in the first 30 rows" in texts[0]
    assert "column 'c' drifts to 1e+06 standard deviations" in texts[1]
    assert "at row 60" in texts[1]
    assert task.std[1] == 1.0 and np.isfinite(task.inputs).all()
    np.testing.assert_allclose(task.inputs[:, 1], 0.0, atol=1e-12)


def gapped(drop_rows):
    values = np.arange(60.0)
    keep = np.setdiff1d(np.arange(60), drop_rows)
    times = START + keep * np.timedelta64(10, "m")
    return series_of(values[keep], times=times)


def test_windows_over_gaps_are_counted_or_dropped():
    series = gapped([30, 31])  # row 30 of the file does not follow row 29
    options: dict[str, Any] = dict(
        target="a", lookback=4, every=1, delay=2, split=(16, 40)
    )
    kept = forecast_task(series, **options)
    dropped = forecast_task(series, **options, gaps="drop")
    crossing = [28, 29, 30, 31, 32, 33]  # first input <= 29, target >= 30
    assert dict(kept.spanning) == {"train": 0, "validation": 6, "test": 0}
    assert dict(kept.dropped) == {"train": 0, "validation": 0, "test": 0}
    assert dict(dropped.dropped) == dict(dropped.spanning) == dict(kept.spanning)
    assert set(kept.validation) - set(dropped.validation) == set(crossing)
    assert "left out: train 0, validation 6, test 0" in dropped.describe()
    with pytest.raises(UserError, match="leaves no train window of .*all 12 cross"):
        forecast_task(
            gapped([5, 10, 14]), **{**options, "split": (16, 40)}, gaps="drop"
        )


def test_irregular_sampling_counts_rows_only():
    days = np.busday_offset("2020-01-01", np.arange(60), roll="forward")
    series = series_of(np.arange(60), times=days.astype("datetime64[us]"))
    task = forecast_task(
        series, target="a", lookback=5, every=1, delay=1, split=(20, 40)
    )
    assert (task.horizon, task.horizon_rows) == ("2 rows", 2)
    exact = forecast_task(
        series,
        target="a",
        lookback=5,
        every=1,
        delay=1,
        split=(20, 40),
        exact_horizon=True,
    )
    assert exact.horizon == "1 row"
    with pytest.raises(
        UserError, match="`lookback` = 60d is a duration, but .*regular"
    ):
        forecast_task(
            series, target="a", lookback="60d", every=1, delay=1, split=(20, 40)
        )
    with pytest.raises(UserError, match="gaps='drop' needs a regular sampling"):
        forecast_task(
            series,
            target="a",
            lookback=5,
            every=1,
            delay=1,
            split=(20, 40),
            gaps="drop",
        )


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
            "`target` = 'z' is no column of the file series; it has 'a'",
        ),
        (dict(inputs=["a", "B"]), "`inputs` = 'B' is no column"),
        (dict(inputs=["a", "a"]), "`inputs` must name one column or more, each once"),
        (dict(inputs=[]), "`inputs` must name one column or more"),
        (dict(inputs="a"), "`inputs` must name one column or more"),
        (dict(scale_rows=21), "`scale_rows` must be in 1 to 20, .* got 21"),
        (dict(scale_rows=0), "`scale_rows` must be in 1 to 20"),
        (dict(gaps="fill"), "`gaps` must be one of 'keep', 'drop'"),
        (dict(predict="chang"), "did you mean 'change'"),
        (dict(length=1), r"row 20 lies past the end"),
        (dict(length=5, split=(1, 2)), r"5 rows.*lookback \+ delay \+ 1 .*= 10 rows"),
    ],
)
def test_refusals_name_the_argument_and_the_numbers(options, match):
    with pytest.raises(UserError, match=match):
        ramp_task(**options)


def test_values_that_cannot_be_used_are_refused():
    values = noise(80, 2)
    values[33, 1] = np.nan
    options: dict[str, Any] = dict(
        target="a", lookback=6, every=2, delay=3, split=(30, 50)
    )
    with pytest.raises(UserError, match="row 33, column 'b': .*finite, got nan; read"):
        forecast_task(series_of(values), **options)
    assert len(forecast_task(series_of(values), **options, inputs=["a"]).test) == 19
    values[33, 1] = 1e300
    with pytest.raises(
        UserError, match="row 33 of column 'b' .* too large for float32"
    ):
        forecast_task(series_of(values), **options)
    values[10:12, 1] = 1e300, -1e300
    with pytest.raises(UserError, match="column 'b' cannot be standardised"):
        forecast_task(series_of(values), **options)


def test_describe_tells_the_real_horizon_and_the_baseline():
    text = ramp_task().describe()
    assert "forecast of 'a' (value), data: file" in text
    assert "train 14, validation 13, test 9 (train drawn with replacement)" in text
    assert "3 inputs of 1 columns, every 2 of 6 rows" in text
    assert "real horizon: 50min after the newest input (rows: 5)" in text
    assert f"validation {ramp_task().baseline():.4f} = 5" in text
