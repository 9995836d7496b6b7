from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from seqconv_jax import UserError, nn
from seqconv_jax.data.task import Task
from seqconv_jax.train import batches, check_fit
from seqconv_jax.train.same_fit import fit_settings


def ramp_task(**changes):
    """A series whose value is its row, so that a wrong gather shows."""
    rows = np.arange(20, dtype=np.float32)[:, None]
    settings: dict[str, Any] = {
        "inputs": rows,
        "targets": rows + 100,
        "offsets": np.array([-3, -2, -1], np.int32),
        "train": np.arange(3, 10, dtype=np.int32),
        "validation": np.arange(13, 16, dtype=np.int32),
        "test": np.arange(16, 20, dtype=np.int32),
        "replacement": True,
    }
    return Task(**(settings | changes))


def order(**options):
    settings: dict[str, Any] = {"steps": 3, "batch_size": 3, "replacement": False}
    rows = jnp.arange(10, 17, dtype=jnp.int32)
    return batches.epoch_order(
        jax.random.key(0), jnp.int32(0), rows, **(settings | options)
    )


def test_gather_takes_the_window_before_the_row():
    batch = batches.gather(batches.put_on_device(ramp_task()), jnp.array([3, 9]))
    assert batch.x[:, :, 0].tolist() == [[0, 1, 2], [6, 7, 8]]
    assert batch.y.tolist() == [[103], [109]]
    assert batch.weight.tolist() == [1, 1]


def test_gather_agrees_with_the_plain_one():
    task = ramp_task()
    batch = batches.gather(batches.put_on_device(task), jnp.asarray(task.train))
    x, y = task.gather(task.train)
    np.testing.assert_array_equal(batch.x, x)
    np.testing.assert_array_equal(batch.y, y)


def test_gather_takes_whole_rows_without_offsets():
    ids = np.arange(60, dtype=np.uint16).reshape(20, 3)
    task = ramp_task(inputs=ids, offsets=None)
    batch = batches.gather(batches.put_on_device(task), jnp.array([2, 0]))
    assert batch.x.tolist() == [[6, 7, 8], [0, 1, 2]]


def test_a_padding_row_weighs_nothing():
    data = batches.put_on_device(ramp_task())
    assert batches.gather(data, jnp.array([4, -1])).weight.tolist() == [1, 0]


def windows(change, relative, visible, ahead=True):
    """Two columns in and two out, three steps ahead; what is not shown is NaN."""
    random = np.random.default_rng(0)
    x, y = random.normal(size=(2, 20, 2)).astype(np.float32)
    if visible:
        x[12:, 1] = np.nan
    return ramp_task(
        inputs=x,
        targets=y,
        offsets=np.array([-3, -1, 1, 2], np.int32),
        target_offsets=np.array([1, 2, 4], np.int32) if ahead else None,
        reference=-1 if change or relative else None,
        relative=np.array([True, False]) if relative else None,
        visible=np.array([[1, 1], [1, 1], [1, 0], [1, 0]], bool) if visible else None,
        train=np.arange(3, 10, dtype=np.int32),
        validation=np.arange(9, 13, dtype=np.int32),
        test=np.arange(0, dtype=np.int32),
    )


@pytest.mark.parametrize("ahead", [True, False])
@pytest.mark.parametrize("change", [True, False])
@pytest.mark.parametrize("relative", [True, False])
@pytest.mark.parametrize("visible", [True, False])
def test_windows_are_gathered_as_a_loop_reads_them(ahead, change, relative, visible):
    task = windows(change, relative, visible, ahead)
    rows = np.array([3, 9, 12])
    batch = batches.gather(batches.put_on_device(task), jnp.asarray(rows))
    x, y = task.gather(rows)
    np.testing.assert_array_equal(batch.x, x)
    np.testing.assert_array_equal(batch.y, y)
    np.testing.assert_array_equal(task.truth(rows), y)
    assert x.dtype == y.dtype == np.float32
    assert y.shape == (3, task.outputs) == (3, 6 if ahead else 2)
    for i, row in enumerate(rows):
        for j, offset in enumerate([-3, -1, 1, 2]):
            for column in range(2):
                want = task.inputs[row + offset, column]
                if relative and column == 0:
                    want -= task.inputs[row - 1, 0]
                if visible and column == 1 and offset > 0:
                    want = 0
                assert x[i, j, column] == want
        for j, offset in enumerate([1, 2, 4] if ahead else [0]):
            for column in range(2):
                want = task.targets[row + offset, column]
                if change or relative:
                    want -= task.targets[row - 1, column]
                assert y[i, 2 * j + column] == want


def test_a_task_without_the_options_of_windows_traces_nothing_of_them():
    data = batches.put_on_device(ramp_task())
    assert data[4:] == (None,) * 4
    jaxpr = str(jax.make_jaxpr(batches._inputs)(data, jnp.arange(3, 6)))
    assert "select_n" not in jaxpr.split("gather")[-1]


def test_how_windows_are_read_is_part_of_what_a_run_depends_on():
    plain, ahead = fit_settings(ramp_task()), fit_settings(windows(True, True, True))
    names = {f"data.{name}" for name in ("target_offsets", "reference", "relative")}
    assert names | {"data.visible"} == {*ahead} - {*plain}


def test_a_dataset_by_hand_needs_none_of_the_options():
    names = ("inputs", "targets", "offsets", "train", "validation", "test")
    names += ("replacement", "example")
    task = ramp_task()
    by_hand: Any = SimpleNamespace(**{name: getattr(task, name) for name in names})
    assert batches.put_on_device(by_hand)[3:] == (None,) * 5
    check_fit(nn.Dense(1), by_hand, epochs=1)


def test_padding_rows_repeat_the_batch_in_turn():
    data = batches.put_on_device(ramp_task())
    batch = batches.gather(data, jnp.array([9, 4, -1, -1, -1]))
    assert batch.y[:, 0].tolist() == [109, 104, 109, 104, 109]
    assert batch.weight.tolist() == [1, 1, 0, 0, 0]


def test_padding_rows_before_others_weigh_nothing_too():
    data = batches.put_on_device(ramp_task())
    batch = batches.gather(data, jnp.array([-1, 9, -1, 4]))
    assert batch.y[[1, 3], 0].tolist() == [109, 104]
    assert batch.weight.tolist() == [0, 1, 0, 1]
    assert batches.gather(data, jnp.array([-1, -1])).weight.tolist() == [0, 0]


def test_without_replacement_every_row_comes_once_and_padding_ends_the_epoch():
    rows = order().ravel().tolist()
    assert sorted(rows[:7]) == list(range(10, 17))
    assert rows[7:] == [-1, -1]


def test_without_replacement_a_short_epoch_takes_part_of_the_rows():
    rows = order(steps=2).ravel().tolist()
    assert len(set(rows)) == 6 and -1 not in rows


def test_with_replacement_rows_are_drawn_evenly():
    drawn = order(steps=1000, batch_size=7, replacement=True).ravel()
    counts = np.bincount(drawn, minlength=17)[10:]
    assert counts.sum() == 7000 and counts.min() > 850 and counts.max() < 1150


@pytest.mark.parametrize("replacement", [False, True])
def test_epochs_differ_and_repeat(replacement):
    def of(epoch):
        return batches.epoch_order(
            jax.random.key(1),
            jnp.int32(epoch),
            jnp.arange(50, dtype=jnp.int32),
            steps=5,
            batch_size=10,
            replacement=replacement,
        ).tolist()

    assert of(0) == of(0) != of(1)


def test_in_order_fills_the_last_batch():
    rows = np.arange(5, dtype=np.int32)
    assert batches.in_order(rows, 2).tolist() == [[0, 1], [2, 3], [4, -1]]


def test_steps_cover_every_row_by_default():
    assert batches.count_steps(ramp_task(), 3, None) == 3
    assert batches.count_steps(ramp_task(), 100, None) == 1


def test_steps_may_exceed_the_rows_only_with_replacement():
    assert batches.count_steps(ramp_task(), 3, 50) == 50
    with pytest.raises(UserError, match="`steps_per_epoch` must be at most 3 .*got 50"):
        batches.count_steps(ramp_task(replacement=False), 3, 50)


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, True])
def test_batch_size_must_be_a_positive_integer(batch_size):
    with pytest.raises(UserError, match="`batch_size` must be a positive integer"):
        batches.count_steps(ramp_task(), batch_size, None)


def test_a_task_without_training_rows_raises():
    with pytest.raises(UserError, match="`task.train` must be at least one row"):
        batches.count_steps(ramp_task(train=np.zeros(0, np.int32)), 2, None)
