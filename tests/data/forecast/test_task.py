import numpy as np
import pytest
from data.forecast.ramps import noise, ramp_task, series_of

from seqconv_jax._checks import UserError
from seqconv_jax.data import forecast_task


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


def test_describe_tells_the_real_horizon_and_the_baseline():
    text = ramp_task().describe()
    assert "forecast of 'a' (value), data: arrays in memory" in text
    assert "train 14, validation 13, test 9 (train drawn with replacement)" in text
    assert "3 inputs of 1 columns, every 2 of 6 rows" in text
    assert "real horizon: 50min after the newest input (rows: 5)" in text
    assert f"validation {ramp_task().baseline():.4f} = 5" in text
