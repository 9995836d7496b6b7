"""Every array of a task made by hand is looked at once."""

import dataclasses
from typing import Any

import numpy as np
import pytest

import seqconv_jax as sc
from seqconv_jax import _examples

TABLE = np.arange(40, dtype=np.float32).reshape(20, 2)
TARGETS = TABLE[:, :1]


def task(**changes) -> sc.data.Task:
    settings: dict[str, Any] = {
        "inputs": TABLE,
        "targets": TARGETS,
        "offsets": np.arange(-4, 1),
        "train": np.arange(4, 12),
        "validation": np.arange(12, 16),
        "test": np.arange(16, 20),
    }
    return sc.data.Task(**(settings | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"train": np.arange(8)},
            r"`task.train` must be rows from 4 to 19 \(20 rows, offsets from -4 to 0\),"
            " got 0",
        ),
        ({"test": np.array([250])}, "`task.test` must be rows from 4 to 19 .* got 250"),
        ({"validation": np.array([-1])}, "`task.validation` must be rows .* got -1"),
        ({"offsets": np.arange(3)}, "`task.test` must be rows from 0 to 17 .* got 19"),
        ({"offsets": np.arange(0)}, "`task.offsets` must be at least one"),
        ({"offsets": np.arange(3.0)}, "`task.offsets` must hold integers, got float64"),
        ({"offsets": np.ones(3, bool)}, "`task.offsets` must be .*, got a mask"),
        (
            {"train": np.arange(20) < 12},
            r"`task.train` must be row numbers, got a mask of bool; np.flatnonzero",
        ),
        ({"train": np.arange(4.0, 8)}, "`task.train` must hold integers, got float64"),
        ({"train": np.array(["4"])}, "`task.train` must hold integers, got <U1"),
        ({"train": np.array([[4, 5]])}, r"`task.train` must be of shape \(n,\), got"),
        (
            {"targets": TARGETS[:5]},
            r"`task.targets` must be as many as `task.inputs`, 20 rows, got shape",
        ),
        (
            {"targets": np.array([["a"]] * 20)},
            "`task.targets` must hold numbers, .*<U1",
        ),
        ({"targets": TARGETS.astype(object)}, "hold numbers, got object; np.unique"),
        ({"targets": TARGETS * 1j}, "`task.targets` must hold numbers, got complex"),
        ({"inputs": TABLE > 3}, "`task.inputs` must hold numbers, got bool"),
        ({"inputs": TABLE.tolist()}, "must be an array, got list; np.asarray makes"),
        ({"inputs": np.ma.masked_array(TABLE)}, "an array, got numpy.ma.MaskedArray"),
        ({"inputs": TABLE.astype("datetime64[s]")}, "hold numbers, got datetime64"),
        ({"offsets": None, "inputs": TABLE[:, 0]}, r"of shape \(rows, length, ...\)"),
        ({"inputs": TABLE[:, :0]}, r"`task.inputs` must be of shape .* \(20, 0\)"),
        ({"replacement": "yes"}, "`task.replacement` must be True or False"),
        ({"weights": np.ones(3)}, r"`task.weights` must be of shape \(20,\), got"),
        ({"weights": -np.ones(20)}, "finite and at least 0, got -1.0 in row 0"),
        ({"weights": np.full(20, np.nan)}, "finite and at least 0, got nan in row 0"),
        ({"weights": np.arange(20) < 4}, "`task.weights` must hold numbers, got bool"),
        (
            {"weights": (np.arange(20) < 4).astype(float)},
            "`task.weights` must be above 0 for a row of `train`",
        ),
        (
            {"target_offsets": np.arange(1, 4)},
            r"`task.test` must be rows from 4 to 16 \(20 rows, offsets from -4 to 3\), "
            "got 19",
        ),
        ({"reference": -5}, "`task.train` must be rows from 5 to 19 .*from -5 to 0"),
        ({"target_offsets": np.arange(0)}, "`task.target_offsets` must be at least"),
        ({"target_offsets": np.ones(2)}, "`task.target_offsets` must hold integers"),
        ({"reference": 0.0}, "`task.reference` must be an integer, .* got 0.0"),
        ({"relative": np.ones(2, bool)}, "`task.reference` must be given where"),
        (
            {"relative": np.ones(3, bool), "reference": 0},
            r"`task.relative` must be of shape \(2,\), got shape \(3,\)",
        ),
        ({"visible": np.ones((5, 2))}, "`task.visible` must hold .*, got float64"),
        ({"visible": np.ones((4, 2), bool)}, r"of shape \(5, 2\), got shape \(4, 2\)"),
        (
            {"visible": np.ones(2, bool), "offsets": None},
            "`task.visible` must be None without `offsets`",
        ),
    ],
)
def test_arrays_that_are_no_examples(changes, message):
    with pytest.raises(sc.UserError, match=message):
        task(**changes)


def test_a_frame_is_no_array():
    import pandas as pd

    with pytest.raises(sc.UserError, match="must be an array, got pandas.*DataFrame"):
        task(inputs=pd.DataFrame(TABLE))


@pytest.mark.parametrize("row", [-1, 3, 20])
def test_gathering_a_row_outside_raises(row):
    with pytest.raises(sc.UserError, match=f"`rows` must be rows from 4 to .* {row}"):
        task().gather(np.array([5, row]))


def test_rows_of_any_integer_type_are_the_same_rows():
    for dtype in (np.uint8, np.int64):
        x, y = task(train=np.arange(4, 12, dtype=dtype)).gather(np.array([4], dtype))
        assert (x[0, :, 0] / 2).tolist() == [0, 1, 2, 3, 4] and y.tolist() == [[8]]


def test_no_rows_are_no_rows():
    x, y = task().gather(np.array([], np.int32))
    assert x.shape == (0, 5, 2) and y.shape == (0, 1)


def uses(data: sc.data.Task, **places) -> list[int]:
    """The rows of 6 to 9 that read a NaN at the given places."""
    for name, place in places.items():
        array = getattr(data, name).copy()
        array[place] = np.nan
        data = dataclasses.replace(data, **{name: array})
    found = []
    for row in range(6, 10):
        try:
            _examples.check_finite(data, {"rows": np.array([row])})
        except sc.UserError as error:
            assert f"`task.{next(iter(places))}` must be finite where" in str(error)
            found.append(row)
    return found


def test_a_missing_number_matters_where_it_is_read():
    seen = np.array([[1, 1], [1, 1], [0, 1]], bool)
    part = {"train": np.arange(6, 10), "validation": np.arange(6, 7)}
    part["test"] = part["validation"]
    plain = task(offsets=np.array([-3, -2, 1]), visible=seen, **part)
    assert uses(plain, inputs=(8, 0)) == []  # where the offset 1 hides it, or nobody is
    assert uses(plain, inputs=(6, 0)) == [8, 9]
    assert uses(plain, inputs=(8, 1)) == [7]
    relative = np.array([True, False])
    other = dataclasses.replace(plain, reference=-1, relative=relative)
    assert uses(other, inputs=(8, 0)) == [9]
    assert uses(other, targets=(8, 0)) == [8, 9]  # its own, and the one before row 9
    ahead = dataclasses.replace(plain, target_offsets=np.array([1, 2]))
    assert uses(ahead, targets=(8, 0)) == [6, 7]
