import numpy as np

from seqconv_jax.data import CSI300, forecast_task, generated_index
from seqconv_jax.data.series import BusinessDays


def test_the_index_has_the_form_of_daily_bars():
    series = generated_index()
    opening, high, low, close, volume, amount = series.values.T
    assert series.columns == ("open", "high", "low", "close", "vol", "amount")
    assert len(close) == 4_884 and series.data_source == "generated"
    assert (high >= np.maximum(opening, close)).all()
    assert (low <= np.minimum(opening, close)).all() and low.min() > 0
    assert volume.min() > 0 and amount.min() > 0
    assert series.times is not None and series.regular
    assert series.every == BusinessDays(1)
    assert str(series.times[0])[:10] == "2005-04-08"
    changes = np.diff(np.log(close))
    assert 0.008 < changes.std() < 0.03 and np.abs(changes).max() < 0.2
    np.testing.assert_array_equal(series.values, generated_index().values)
    task = forecast_task(
        series,
        target=CSI300.target,
        lookback=CSI300.lookback,
        every=CSI300.every,
        delay=CSI300.delay,
        split=CSI300.rows,
    )
    assert 0 < task.baseline() < 0.5
