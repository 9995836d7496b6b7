"""MiniRocket against convolutions written out, of one length and of several."""

import numpy as np
import pytest

from seqconv_jax import UserError, baselines, losses
from seqconv_jax.baselines.rocket import (
    KERNELS,
    RocketKernels,
    dilations_of,
    rocket_features,
)
from seqconv_jax.data import arrays_task, classification_task, load_classification


def plain_features(kernels, series):
    """Return the features of `(time, channels)` by loops."""
    found = []
    for place, dilation in enumerate(kernels.dilations.tolist()):
        for k, heavy in enumerate(KERNELS):
            z = series[:, kernels.channels[place][k]].astype(float).sum(axis=1)
            reach, time = 4 * dilation, len(z)
            padded = np.concatenate([np.zeros(reach), z, np.zeros(reach)])
            weights = [2 if tap in heavy else -1 for tap in range(9)]
            outputs = np.sum(
                [
                    w * padded[tap * dilation : tap * dilation + time]
                    for tap, w in enumerate(weights)
                ],
                axis=0,
            )
            if (place + k) % 2 and time > 2 * reach:
                outputs = outputs[reach : time - reach]
            found += [(outputs > bias).mean() for bias in kernels.biases[place][k]]
    return np.array(found)


@pytest.mark.parametrize(("channels", "unequal"), [(1, False), (1, True), (3, True)])
def test_features_are_the_rates_of_plain_convolutions(channels, unequal, monkeypatch):
    monkeypatch.setattr("seqconv_jax.baselines.rocket._AT_ONCE", 60)
    key = np.random.default_rng(0)
    lengths = np.array([30, 7, 19, 30]) if unequal else np.full(4, 30)
    # of halves, so that sums in float32 are exact
    x = key.integers(-8, 8, size=(4, 30, channels)).astype(np.float32) / 2
    x[np.arange(30) >= lengths[:, None]] = 0
    kernels = RocketKernels.of(x, lengths, features=400, seed=0)
    found = rocket_features(kernels, x, lengths)
    assert found.shape == (4, 4 * 84)
    for row in range(4):
        expected = plain_features(kernels, x[row, : lengths[row]])
        np.testing.assert_allclose(found[row], expected, atol=1e-6)


@pytest.mark.parametrize("length", [2, 9, 24, 150, 5000])
def test_dilations_grow_until_a_kernel_spans_the_series(length):
    dilations, counts = dilations_of(length, 119)
    assert counts.sum() == 119 and (counts > 0).all()
    assert dilations[0] == 1 and (np.diff(dilations) > 0).all()
    assert dilations[-1] <= max(1, (length - 1) / 8)


def waves(classes=3, rows=24, unequal=True):
    key = np.random.default_rng(0)
    series = []
    for row in range(rows):
        time = np.arange(12 + (row % 5 if unequal else 0))
        wave = np.sin(time * (1 + row % classes) / 2 + key.random())
        series.append(wave + key.normal(0, 0.1, len(time)))
    labels = [str(row % classes) for row in range(rows)]
    return classification_task(series, labels, test=0.5)


@pytest.mark.parametrize("fit", [baselines.mini_rocket, baselines.nearest_neighbour])
@pytest.mark.parametrize("classes", [2, 3])
def test_waves_are_told_apart(fit, classes):
    task = waves(classes, unequal=classes == 3)
    metric = losses.accuracy if classes == 2 else losses.categorical_accuracy
    found = baselines.scores(fit(task), task, "test", {"accuracy": metric})
    assert found["accuracy"] > 0.7
    outputs = fit(task).outputs(task, task.test)
    assert outputs.shape == (len(task.test), task.classes.outputs)
    assert fit(task).outputs(task, task.test[:0]).shape == (0, task.classes.outputs)
    if fit is baselines.nearest_neighbour:
        assert found["accuracy"] == pytest.approx(task.neighbour_baseline("test"))


def test_arrays_are_as_good_and_a_seed_decides():
    key = np.random.default_rng(0)
    x = key.normal(size=(12, 20, 2)).astype(np.float32)
    task = arrays_task(x, np.arange(12) % 2.0)
    one, same, other = (
        baselines.mini_rocket(task, features=168, seed=seed).outputs(task, task.train)
        for seed in (0, 0, 1)
    )
    assert one.tobytes() == same.tobytes() != other.tobytes()


def test_what_is_no_series():
    x, y = np.zeros((4, 9, 1)), np.array([0.0, 1, 0, 1])
    with pytest.raises(UserError, match="`features` must be at least 84, got 83"):
        baselines.mini_rocket(arrays_task(x, y), features=83)
    with pytest.raises(UserError, match="`seed` must be an integer of at least 0"):
        baselines.mini_rocket(arrays_task(x, y), seed=-1)
    with pytest.raises(UserError, match="two classes in `train`, got one"):
        baselines.mini_rocket(arrays_task(x, y * 0))
    ids = np.ones((4, 9), np.int32)
    with pytest.raises(UserError, match=r"`task.inputs` must be floats \(rows, time"):
        baselines.mini_rocket(arrays_task(ids, y))


def test_gunpoint(data_file):
    task = load_classification(data_file("ucr", "GunPoint_TRAIN.ts"))
    rocket = baselines.mini_rocket(task)
    found = baselines.scores(rocket, task, "test", {"accuracy": losses.accuracy})
    assert found["accuracy"] >= 0.98  # 0.993 with each of five seeds
