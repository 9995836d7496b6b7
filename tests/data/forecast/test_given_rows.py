"""Rows that a caller gives a forecast task, and what lies past the end."""

import numpy as np
import pytest

from seqconv_jax import UserError
from seqconv_jax.data import Series, forecast_task

RAMP = Series(values=np.arange(60.0)[:, None], columns=("level (m)",))


@pytest.fixture(scope="module", params=["value", "change"])
def task(request):
    return forecast_task(
        RAMP,
        target="level (m)",
        lookback=6,
        every=2,
        delay=3,
        split=(20, 40),
        predict=request.param,
    )


@pytest.mark.parametrize("rows", [[-1], [5], [60], [True], [25.0], "test"])
def test_rows_are_looked_at(task, rows):
    guess = np.ones(len(rows))
    for run in (
        lambda: task.restore(np.array(rows), guess),
        lambda: task.actual(np.array(rows)),
        lambda: task.hit_rate(guess, np.array(rows)),
    ):
        with pytest.raises(UserError, match="`rows` must "):
            run()


def test_past_the_end_there_is_a_forecast_and_no_target(task):
    last = np.array([59])
    assert np.isfinite(task.restore(last, np.zeros(1))).all()
    assert np.isnan(task.targets[57:]).all() and np.isfinite(task.targets[:57]).all()
    with pytest.raises(UserError, match="`rows` must be rows up to 56, whose target"):
        task.actual(last)
