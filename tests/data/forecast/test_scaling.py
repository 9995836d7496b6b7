import warnings
from typing import Any

import numpy as np
import pytest
from data.forecast.ramps import noise, series_of

from seqconv_jax._checks import UserError
from seqconv_jax.data import forecast_task
from seqconv_jax.data.forecast import ScaleWarning


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


def test_values_that_cannot_be_used_are_rejected():
    values = noise(80, 2)
    values[33, 1] = np.nan
    options: dict[str, Any] = dict(
        target="a", lookback=6, every=2, delay=3, split=(30, 50)
    )
    with pytest.raises(UserError, match="row 33, column 'b': .*finite, got nan; read"):
        forecast_task(series_of(values, allow=("missing",)), **options)
    kept = series_of(values, allow=("missing",))
    assert len(forecast_task(kept, **options, inputs=["a"]).test) == 19
    values[33, 1] = 1e300
    with pytest.raises(
        UserError, match="row 33 of column 'b' .* too large for float32"
    ):
        forecast_task(series_of(values), **options)
    values[10:12, 1] = 1e300, -1e300
    with pytest.raises(UserError, match="column 'b' cannot be standardised"):
        forecast_task(series_of(values), **options)
