"""Rows to calibrate on have no target in common with any other part."""

import numpy as np
import pytest

from seqconv_jax import UserError, conformal
from seqconv_jax.data import Series, forecast_task

RAMP = np.arange(400.0)


def task_of(several=False, **options):
    series = Series(values=RAMP[:, None], columns=("a",))
    short = Series(values=RAMP[:300, None], columns=("a",))
    given = {"long": series, "short": short} if several else series
    settings = {"lookback": 5, "split": (0.5, 0.75)} | options
    return forecast_task(given, target="a", **settings)


def targets_of(task, rows):
    """The rows of the series that windows forecast."""
    ahead = rows[:, None] + int(task.past_offsets[-1]) + task.ahead_rows
    return set(ahead.ravel().tolist())


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize(
    "options", [{"horizon": 9}, {"delay": 9}, {"delay": 4, "horizon": 9, "purge": 0}]
)
@pytest.mark.parametrize("purge", [0, 3])
def test_no_target_is_shared(several, options, purge):
    task = task_of(several, **options)
    rows = conformal.calibration_rows(task, purge=purge)
    less, held = conformal.hold_out(task, share=0.4, purge=purge)
    near = {
        each + k for each in targets_of(task, rows) for k in range(-purge, purge + 1)
    }
    assert not near & targets_of(task, task.train)
    assert not near & targets_of(task, task.test)
    assert set(held.tolist()) <= set(rows.tolist())
    assert 0.3 < len(held) / len(rows) < 0.5
    near = {
        each + k for each in targets_of(task, held) for k in range(-purge, purge + 1)
    }
    assert not near & targets_of(less, less.validation)
    assert less.train is task.train and less.test is task.test


def test_no_row_is_left():
    task = task_of(horizon=9, split=(300, 310))
    with pytest.raises(
        UserError, match="`share` = 0.9 of 2 validation rows leaves none"
    ):
        conformal.hold_out(task, share=0.9)
    with pytest.raises(UserError, match="has no validation row to calibrate on"):
        conformal.calibration_rows(task, purge=20)
    with pytest.raises(UserError, match="`share` must be a number in"):
        conformal.hold_out(task, share=0)
