"""Data that is gathered on the host gives the bits of data that lies on the device."""

import dataclasses
import threading

import jax
import numpy as np
import pytest
from train.helpers import fit, small_model, small_task
from train.test_resume import StopAt
from train.tiny import Line, tiny_fit, tiny_task

import seqconv_jax as sc
from seqconv_jax.train import batches, fits_memory, streamed
from seqconv_jax.train.feed import ResidentData, feed_of

TIMES = ("seconds", "examples_per_second")


def in_files(task, folder):
    """The task with each of its arrays mapped from a file, not to be written to."""
    changes = {}
    for name in ("inputs", "targets", "weights"):
        if (array := getattr(task, name, None)) is not None:
            np.save(folder / f"{name}.npy", array)
            changes[name] = np.load(folder / f"{name}.npy", mmap_mode="r")
    return dataclasses.replace(task, **changes)


def assert_same(one, other):
    """Equal to the bit: histories but for times, and all arrays of the states."""
    for a, b in zip(one.history, other.history, strict=True):
        assert {**a, **dict.fromkeys(TIMES)} == {**b, **dict.fromkeys(TIMES)}
    leaves = zip(
        jax.tree.leaves((one.state, one.best.params)),
        jax.tree.leaves((other.state, other.best.params)),
        strict=True,
    )
    for a, b in leaves:
        np.testing.assert_array_equal(a, b)


def labelled(rows=21):
    """Sequences of ids of which a last batch of eight lacks three, with weights."""
    rng = np.random.default_rng(1)
    every = np.arange(rows, dtype=np.int32)
    return sc.data.Task(
        inputs=rng.integers(0, 9, (rows, 12)),
        targets=rng.integers(0, 2, (rows, 1)).astype(np.float32),
        weights=rng.uniform(0.5, 2, rows),
        train=every,
        validation=every[::2],
        test=every[::3],
    )


def series(predict, **options):
    """Windows over a series of three columns, one of them known ahead."""
    rng = np.random.default_rng(2)
    values = np.cumsum(rng.normal(size=(120, 3)), axis=0)
    return sc.data.forecast_task(
        sc.data.Series(values=values, columns=("a", "b", "c")),
        target=["a", "c"],
        lookback=12,
        split=(0.6, 0.8),
        predict=predict,
        **options,
    )


TASKS = {
    "windows": lambda: small_task(replacement=False),
    "value": lambda: series("value", every=3, delay=4),
    "steps": lambda: series("change", horizon=20),
    "normalised": lambda: series("normalised", horizon=4, future=["b"]),
    "ids": labelled,
}


@pytest.mark.parametrize("name", TASKS)
def test_batches_are_those_of_data_on_the_device(name, tmp_path):
    task = in_files(TASKS[name](), tmp_path)
    assert isinstance(task.inputs, np.memmap)
    rows = [task.train[[4, 0, 2]], np.array([task.test[0], -1, -1], np.int32)]
    feeds = [feed_of(task, place) for place in ("resident", "streamed")]
    taken = [list(feed.each(rows)) for feed in feeds]
    for resident, other in zip(*taken, strict=True):
        for a, b in zip(batches.gather(*resident), batches.gather(*other), strict=True):
            assert (a is None) == (b is None)
            if a is not None and b is not None:
                assert a.dtype == b.dtype
                np.testing.assert_array_equal(a, b)
        assert other[0].inputs.nbytes < resident[0].inputs.nbytes


def test_training_gives_the_same_bits(tmp_path):
    task = in_files(small_task(), tmp_path)
    one, other = (fit(task=task, data=place) for place in ("resident", "streamed"))
    assert_same(one, other)
    rows, scores = task.test, {"mae": sc.losses.mae}
    given = small_model(), one.best.params, task, rows
    for function, more in (
        (sc.train.predict, ()),
        (sc.train.evaluate, (scores,)),
        (sc.train.example_scores, (scores,)),
    ):
        resident, read = (
            function(*given, *more, batch_size=32, data=place)
            for place in ("resident", "streamed")
        )
        jax.tree.map(np.testing.assert_array_equal, resident, read)


def test_a_normalised_forecast_gives_the_same_bits(tmp_path):
    task = in_files(TASKS["normalised"](), tmp_path)
    model = sc.nn.Sequential((sc.nn.Flatten(), sc.nn.Dense(task.outputs)))
    one, other = (fit(model, task, data=place) for place in ("resident", "streamed"))
    assert_same(one, other)


def test_a_text_gives_the_same_bits(tmp_path):
    """A permutation whose last batch is not full, weights, 64 bit made 32."""
    task = in_files(labelled(), tmp_path)
    layers = sc.nn.Embedding(9, 3), sc.nn.Flatten(), sc.nn.Dense(1)
    model = sc.nn.Sequential(layers)
    options = {"loss": sc.losses.binary_cross_entropy, "metrics": {}}
    options |= {"steps_per_epoch": None, "batch_size": 8}
    one, other = (
        fit(model, task, data=place, **options) for place in ("resident", "streamed")
    )
    assert_same(one, other)


@pytest.mark.parametrize("steps_per_call", [2, 5])
def test_several_steps_a_call(steps_per_call):
    """Three steps an epoch are no multiple of two, and less than five."""
    options = {"steps_per_call": steps_per_call, "epochs": 3}
    one, other = (
        tiny_fit(Line(dropout=0.5), data=place, **options)
        for place in ("resident", "streamed")
    )
    assert_same(one, other)


@pytest.mark.parametrize(("steps_per_call", "step"), [(1, 4), (2, 5)])
def test_goes_on_inside_an_epoch(tmp_path, steps_per_call, step):
    """Stopped in the second of two epochs, and resumed, as on the device without it."""
    options = {"data": "streamed", "steps_per_call": steps_per_call}
    model = Line(dropout=0.5)
    with sc.runs.open(tmp_path / "run") as run:
        with pytest.raises(sc.train.TrainingInterrupted, match=f"after step {step} "):
            tiny_fit(model, run=run, reporter=StopAt(step), **options)
    with sc.runs.open(tmp_path / "run", resume=True) as run:
        resumed = tiny_fit(model, run=run, **options)
    assert_same(tiny_fit(model, data="resident"), resumed)


def test_a_gradient_that_is_not_finite_is_found():
    task = tiny_task(inputs=np.full((24, 2), 1e38, np.float32))
    words = "at step 1 .epoch 1, batch 1.: the .* is not finite"
    with pytest.raises(sc.train.NonFiniteError, match=words):
        tiny_fit(task=task, data="streamed")


def test_arrays_beyond_half_the_memory_are_streamed(monkeypatch):
    task = tiny_task()
    there = 24 * 3 * 4
    monkeypatch.setattr(fits_memory, "_device_memory", lambda: 2 * there)
    assert isinstance(feed_of(task), ResidentData)
    monkeypatch.setattr(fits_memory, "_device_memory", lambda: 2 * there - 1)
    with pytest.warns(UserWarning, match="`task` holds 0.0 GB, .* of memory: .*stream"):
        assert isinstance(feed_of(task), streamed.StreamedData)
    assert isinstance(feed_of(task, "resident"), ResidentData)
    assert isinstance(feed_of(task, "streamed"), streamed.StreamedData)


def test_another_place_is_an_error():
    with pytest.raises(sc.UserError, match="`data` must be .*resident.*, got 'disk'"):
        tiny_fit(data="disk")
    with pytest.raises(sc.UserError, match="`how` must be another where data is str"):
        sc.train.fit_seeds(
            Line(),
            tiny_task(),
            seeds=[0, 1],
            how="vmap",
            data="streamed",
            optimizer=sc.optim.rmsprop(1e-2),
            loss=sc.losses.mae,
            epochs=1,
        )


def test_what_is_gathered_ahead_is_bounded_and_left_behind():
    """However many batches there are, few are asked for before they are needed."""
    asked = []
    feed = streamed.StreamedData(tiny_task())

    def rows():
        for number in range(100):
            asked.append(number)
            yield np.array([number % 24])

    batches_ = feed.each(rows())
    next(batches_)
    assert len(asked) == streamed.GATHERED_AHEAD + 1
    batches_.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("gather")]


def test_calls_on_a_gpu_hold_less_than_all_steps():
    feed = streamed.StreamedData(tiny_task())
    most = streamed.CALL_BYTES // (10 * 3 * 4)
    assert feed.steps_per_call(10 * most, 10) == most
    assert feed.steps_per_call(7, 10) == 7
    assert feed.steps_per_call(100, 10**9) == 1
