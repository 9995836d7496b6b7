"""The task of a fold: which targets, which scale, and nothing of what comes later."""

from typing import Any

import jax
import numpy as np
import pytest

import seqconv_jax as sc
from seqconv_jax import UserError
from seqconv_jax.backtesting import Fold, fold_task, later_task, rolling_folds
from seqconv_jax.baselines import climatology, ridge_lags
from seqconv_jax.data import Series

RNG = np.random.default_rng(0)
START, HOUR = np.datetime64("2021-01-01", "us"), np.timedelta64(1, "h")


def series_of(values, begin=0):
    """Hourly values, from an hour on."""
    times = START + (begin + np.arange(len(values))) * HOUR
    return Series(values=np.asarray(values)[:, None], columns=("a",), times=times)


def targets_of(task, rows):
    """What the targets of windows are, of a ramp: the row itself."""
    return set(np.rint(task.actual(rows)).astype(int).ravel().tolist())


def trained(task):
    """A network, after an epoch."""
    model = sc.nn.Sequential((sc.nn.Flatten(), sc.nn.Dense(4)))
    options: Any = {"optimizer": sc.optim.rmsprop(1e-2), "loss": sc.losses.mae}
    return sc.train.fit(model, task, epochs=1, batch_size=32, **options)


RAMP = series_of(np.arange(300.0))
FOLD = Fold(range(50, 150), range(160, 190), range(200, 240))
OPTIONS: Any = {"target": "a", "lookback": 5, "horizon": 4}


@pytest.mark.parametrize(
    "options", [{"horizon": 4}, {"delay": 4}, {"horizon": 6, "step": 3, "every": 2}]
)
def test_every_target_lies_in_the_part_of_its_window(options):
    task: Any = fold_task(RAMP, FOLD, **OPTIONS | {"horizon": None} | options)
    first = 50 + 5 - 1 + int(task.ahead_rows[0])  # which has the oldest input at 50
    assert targets_of(task, task.train) == set(range(first, 150))
    assert targets_of(task, task.validation) == set(FOLD.validation)
    assert targets_of(task, task.test) == set(FOLD.test)
    assert len(task.times) == 240 - 50  # and no row more is in it
    assert task.unit_shift == pytest.approx(np.arange(50, 150).mean())


@pytest.mark.parametrize("predict", ["value", "change"])
def test_what_comes_later_changes_nothing_that_is_fitted(predict):
    values = RNG.normal(size=300)
    garbage = values.copy()
    garbage[FOLD.validation.stop :] = RNG.normal(size=300 - 190) * 50
    found = []
    for each in (values, garbage):
        task = fold_task(series_of(each), FOLD, predict=predict, **OPTIONS)
        line, mean = ridge_lags(task), climatology(task)
        found.append((task, line, mean))
    (one, line, mean), (other, same_line, same_mean) = found
    if predict == "value":
        first, second = (trained(task) for task in (one, other))
        pairs = first.best.params, second.best.params
        assert jax.tree.all(jax.tree.map(np.array_equal, *pairs))
        assert first.history[0]["val_loss"] == second.history[0]["val_loss"]
    assert one.unit_shift == other.unit_shift and one.unit_scale == other.unit_scale
    assert (line.model.kernel == same_line.model.kernel).all()
    assert line.penalty == same_line.penalty and line.tried == same_line.tried
    rows = one.validation
    assert (mean.outputs(one, rows) == same_mean.outputs(other, rows)).all()
    assert (line.outputs(one, one.test) != same_line.outputs(other, one.test)).any()


def test_a_later_task_has_the_scale_of_the_first():
    folds = rolling_folds(300, test=20, validation=20, folds=2)
    first = fold_task(RAMP, folds[0], **OPTIONS)
    later = later_task(first.preprocessor, RAMP, folds[1])
    assert targets_of(later, later.test) == set(folds[1].test)
    assert not len(later.train) and not len(later.validation)
    assert later.unit_shift == first.unit_shift


def test_series_are_cut_at_the_same_times():
    both = {"long": RAMP, "short": series_of(100.0 + np.arange(200), begin=100)}
    both["late"] = series_of(170.0 + np.arange(130), begin=170)
    task = fold_task(both, FOLD, scale="all", **OPTIONS)
    assert task.series_names == ("long", "short")  # the other has nothing to train on
    for series in range(2):
        of_series = {
            name: targets_of(task, rows[task.series_of(rows) == series])
            for name in ("train", "validation", "test")
            for rows in [task.rows(name)]
        }
        assert max(of_series["train"]) == 149
        assert of_series["validation"] == set(FOLD.validation)
        assert of_series["test"] == set(FOLD.test)
    later = later_task(task.preprocessor, both, FOLD)
    assert targets_of(later, later.test) == set(FOLD.test)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"split": (1, 2)}, r"`split` must be left to the fold, got \(1, 2\)"),
        ({"horizon": None}, "`horizon` must be given, got None"),
        ({"horizon": 45}, "`split` leaves no validation window"),
        ({"horizon": 30, "fold": Fold(range(50, 150), range(170, 190), FOLD.test)},
         "`validation` must be long enough for a window in every fold"),
    ],
)  # fmt: skip
def test_mistakes(changes, message):
    fold = changes.get("fold", FOLD)
    options = {name: value for name, value in changes.items() if name != "fold"}
    with pytest.raises(UserError, match=message):
        fold_task(RAMP, fold, **OPTIONS | options)
