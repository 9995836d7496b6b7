"""Networks beside a line: they begin as it, and learn what it can't do."""

from typing import Any

import jax
import numpy as np
import pytest
from numerics import assert_close, drawn, quick_jit

from seqconv_jax import UserError, baselines, models, nn
from seqconv_jax.data import Series, forecast_task

HOURS = np.datetime64("2020-01-01T00") + np.arange(240)
NOISE = np.random.default_rng(0).normal(size=(240, 3)).cumsum(0)
SERIES = Series(values=NOISE, columns=("a", "b", "c"), times=HOURS)


def task_of(**options):
    given: dict[str, Any] = {"target": ("c", "a"), "lookback": 8, "horizon": 3}
    return forecast_task(SERIES, split=(120, 180), **(given | options))


@pytest.mark.parametrize(
    ("skip", "normalise"),
    [
        ("shared", "last"),
        ("columns", "revin"),
        ("columns", "both"),
        ("columns", None),
    ],
)
def test_it_begins_as_the_linear_map(skip, normalise):
    task = task_of(calendar=["hour of day"])
    line = baselines.linear_map(task, penalty=0.1, shared=skip == "shared")
    options: dict[str, Any] = {"patch": 3, "units": 2, "mixed": 2, "dropout": 0.5}
    model = models.PatchGRU(
        steps=3, columns=(2, 0), skip=skip, normalise=normalise, **options
    )
    x, _ = task.gather(task.test[:5])
    params = quick_jit(model.init)(jax.random.key(0), x)["params"]
    params = models.start_from_line(params, line, change=False)
    y = quick_jit(model.apply)({"params": params}, x)
    assert model.outputs == task.outputs == 6
    assert_close(y, line.outputs(task, task.test[:5]).astype("float32"), 1e-4)


def test_both_normalisations_are_the_average_of_two_networks():
    x = np.random.default_rng(1).normal(size=(4, 8, 3)).astype("float32")
    model = models.PatchGRU(steps=3, columns=(2, 0), patch=3, units=2, normalise="both")
    params = drawn(model, x)["params"]
    (pair,) = params.values()
    each: list[Any] = [
        model.clone(normalise=name).apply({"params": pair[f"branches_{i}_0"]}, x)
        for i, name in enumerate(("last", "revin"))
    ]
    assert_close(model.apply({"params": params}, x), (each[0] + each[1]) / 2)
    assert not np.allclose(each[0], each[1])


def test_a_recurrent_network_begins_as_the_ridge():
    task = task_of(target="c", predict="change", calendar=True)
    ridge = baselines.ridge_lags(task, calendar={}, penalty=3.0)
    rows = task.test[:5]
    x, _ = task.gather(rows)
    network = models.ConvRNN(nn.GRU(2), (models.ConvBlock(2, 3),), outputs=3, skip=True)
    params = quick_jit(network.init)(jax.random.key(0), x)["params"]
    params = models.start_from_line(params, ridge)
    y = quick_jit(network.apply)({"params": params}, x)
    assert_close(y, ridge.outputs(task, rows).astype("float32"), 1e-4)
    assert [type(each).__name__ for each in models.ConvGRU(skip=True).layers] == [
        "Parallel"
    ]


def test_lines_of_another_kind():
    task = task_of()
    own = baselines.linear_map(task, penalty=0.1)
    model = models.PatchGRU(steps=3, columns=(2, 0), units=0, skip="shared")
    params = quick_jit(model.init)(jax.random.key(0), task.example)["params"]
    with pytest.raises(UserError, match="`line` must be fitted with shared=True"):
        models.start_from_line(params, own)
    longer = baselines.linear_map(task_of(lookback=9), penalty=0.1, shared=True)
    with pytest.raises(UserError, match=r"`line` must have shape \(8, 3\), got"):
        models.start_from_line(params, longer)
    with pytest.raises(UserError, match="`params` must be of a model with a linear"):
        models.start_from_line({"GRU_0": {}}, own)
    part = baselines.ridge_lags(task, lags=2, penalty=1.0)
    with pytest.raises(UserError, match="`line` must be a ridge of all inputs"):
        models.start_from_line(params, part)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"skip": None, "units": 0}, "`skip` must be a line without GRUs, got None"),
        ({"skip": "own"}, "`skip` must be one of"),
        ({"head": "own"}, "`head` must be one of"),
        ({"normalise": "mean"}, "`normalise` must be one of"),
        ({"depth": 0}, "`depth` must be a positive integer"),
    ],
)
def test_settings_out_of_range(options, match):
    with pytest.raises(UserError, match=match):
        _ = models.PatchGRU(steps=2, columns=(0,), **options).layers
