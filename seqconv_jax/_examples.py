"""Whether arrays and rows are examples that can be trained on, looked at once.

JAX clamps an index past the end and takes one below zero from the end, drops a mask
and narrows 64 bits: what is not checked before the arrays go to the device is a wrong
number behind it.
"""

import math
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError, expect, flag, kind_of
from seqconv_jax._windows import (
    option_of,
    read_offsets,
    row_blocks,
    uses_inputs,
    uses_targets,
)

_FIELDS = (
    *("inputs", "targets", "offsets", "train", "validation", "test"),
    *("replacement", "example"),
)


def check_task(task: Any) -> dict[str, np.ndarray]:
    """Return a task's rows by split, if its arrays fit together and they lie in them.

    Args:
        task: what has the attributes of `seqconv_jax.data.task.Task`, with or without
            those that have a default.

    Returns:
        `(n,)` int32 for each of `train`, `validation` and `test`.

    Raises:
        UserError: naming the array, what was expected and what it is.
    """
    if missing := [name for name in _FIELDS if not _has(task, name)]:
        raise UserError(
            "`task` must be a Task, such as `data.arrays_task(x, y)` makes of arrays, "
            f"got {kind_of(task)} without {', '.join(missing)}"
        )
    inputs, targets = task.inputs, task.targets
    weights = option_of(task, "weights")
    expect_numbers("task.inputs", inputs, "fiu")
    expect_numbers("task.targets", targets, "fiub")
    axes = 2 if task.offsets is None else 1
    expect_rank("task.inputs", inputs, axes, "(rows, length, ...)")
    expect_rank("task.targets", targets, 1, "(rows, outputs)")
    expect(
        len(inputs) == len(targets),
        "task.targets",
        f"as many as `task.inputs`, {len(inputs):,} rows",
        f"shape {tuple(targets.shape)}",
    )
    if task.offsets is not None:
        _expect_integers("task.offsets", task.offsets)
        expect(task.offsets.size > 0, "task.offsets", "at least one", [])
    _check_windows(task)
    flag("task.replacement", task.replacement)
    rows = {
        split: check_rows(f"task.{split}", getattr(task, split), task)
        for split in ("train", "validation", "test")
    }
    if weights is not None:
        check_weights("task.weights", weights, len(inputs))
        used = np.asarray(weights)[rows["train"]]
        weighs = used.size == 0 or used.any()
        expect(bool(weighs), "task.weights", "above 0 for a row of `train`", "zeros")
    return rows


def check_rows(name: str, rows: Any, task: Any) -> np.ndarray:
    """Return rows as `(n,)` int32, every one with all its inputs and a target.

    Raises:
        UserError: for a mask, for numbers that are no integers, and for a row whose
            window reaches over an end of the data.
    """
    return check_row_numbers(name, rows, len(task.targets), read_offsets(task))


def check_row_numbers(
    name: str, rows: Any, count: int, offsets: Any = None
) -> np.ndarray:
    """Return row numbers as `(n,)` int32, each of them one of `count` rows.

    Args:
        name: what messages call them.
        rows: `(n,)` integers, an array or what NumPy makes one of.
        count: how many rows there are.
        offsets: `(length,)` integers: what is read besides, relative to a row.

    Raises:
        UserError: as `check_rows` does.
    """
    sized = hasattr(rows, "__len__") and not isinstance(rows, str | bytes)
    expect(sized, name, "an array of row numbers", rows)
    if not isinstance(rows, np.ndarray):
        try:
            rows = np.asarray(rows, None if len(rows) else np.int32)
        except (TypeError, ValueError) as error:  # lists of several lengths
            raise UserError(f"`{name}` must be row numbers: {error}") from error
    _expect_integers(name, rows)
    if rows.size == 0:
        return rows.astype(np.int32)
    reach = np.zeros(1, int) if offsets is None else np.asarray(offsets)
    first = max(0, -int(reach.min()))
    last = count - 1 - max(0, int(reach.max()))
    for row in (int(rows.min()), int(rows.max())):
        if not first <= row <= last:
            raise UserError(
                f"`{name}` must be rows from {first:,} to {last:,} ({count:,} rows"
                f"{_reach(offsets)}), got {row:,}"
            )
    return rows.astype(np.int32)


def check_finite(
    task: Any, splits: dict[str, np.ndarray], *, targets: bool = True
) -> None:
    """Raise if an input or target that one of the rows uses is NaN or infinite.

    A NaN need not reach the loss: a maximum may drop it, and training goes on.

    Args:
        task: a task that `check_task` let pass.
        splits: rows by the name to call them by.
        targets: whether targets are used; a prediction needs none.
    """
    for name in ("inputs", "targets") if targets else ("inputs",):
        bad = _not_finite(np.asarray(getattr(task, name)))
        if bad is None:
            continue
        for split, rows in splits.items():
            uses = uses_targets if name == "targets" else uses_inputs
            used = uses(task, rows, bad)
            if used.any():
                raise UserError(
                    f"`task.{name}` must be finite where it is used, got NaN or "
                    f"infinity for {int(used.sum()):,} of {len(rows):,} rows of "
                    f"`{split}`, first row {int(rows[used][0]):,}"
                )


def check_ids(task: Any, splits: dict[str, np.ndarray], known: Any) -> None:
    """Raise if a row uses an id that the model does not know.

    Args:
        task: a task that `check_task` let pass, whose inputs are integers.
        splits: rows by the name to call them by.
        known: the ids that the model knows (`nn.declared.Ids`).
    """
    ids, vocabulary = np.asarray(task.inputs), known.vocabulary
    if 0 <= int(ids.min()) and int(ids.max()) < vocabulary:
        return
    unknown = known.unknown(ids)
    bad = unknown.reshape(len(ids), -1)
    for split, rows in splits.items():
        used = uses_inputs(task, rows, bad)
        if used.any():
            row = int(rows[used][0])
            where = row + (0 if task.offsets is None else np.asarray(task.offsets))
            wrong = int(ids[where][unknown[where]].flat[0])
            raise UserError(
                f"`task.inputs` must be ids from 0 to {vocabulary - 1:,}, the "
                f"vocabulary of `model`, got {wrong:,} in row {row:,} "
                f"({int(used.sum()):,} of {len(rows):,} rows of `{split}` hold such)"
            )


def check_weights(name: str, weights: Any, count: int) -> None:
    """Raise unless there is a finite weight of at least 0 for each of `count` rows."""
    expect_numbers(name, weights, "fiu")
    shape = f"shape {tuple(weights.shape)}"
    expect(weights.shape == (count,), name, f"of shape ({count},)", shape)
    array = np.asarray(weights, np.float64)
    wrong = ~(np.isfinite(array) & (array >= 0))
    if wrong.any():
        raise UserError(
            f"`{name}` must be finite and at least 0, got {array[wrong][0]} in row "
            f"{int(np.flatnonzero(wrong)[0]):,}"
        )


def expect_numbers(name: str, array: Any, kinds: str) -> None:
    """Raise unless `array` is one of NumPy or JAX with a dtype of these kinds."""
    is_array = isinstance(array, np.ndarray) or hasattr(array, "is_fully_addressable")
    if not is_array or isinstance(array, np.ma.MaskedArray):
        hint = "; np.asarray makes one" if isinstance(array, list | tuple) else ""
        raise UserError(f"`{name}` must be an array, got {kind_of(array)}{hint}")
    dtype = np.dtype(array.dtype)
    if dtype.kind in kinds or dtype.name == "bfloat16":
        return
    hint = ""
    if dtype.kind in "OUST" and "f" in kinds:
        hint = "; np.unique(values, return_inverse=True) numbers words"
    numbers = "numbers" if "f" in kinds else "integers"
    raise UserError(f"`{name}` must hold {numbers}, got {dtype}{hint}")


def expect_rank(name: str, array: Any, least: int, shape: str) -> None:
    """Raise if `array` has fewer axes than `least`, or no element along one."""
    fits = array.ndim >= least and 0 not in array.shape
    expect(fits, name, f"of shape {shape}", f"shape {tuple(array.shape)}")


def _expect_integers(name: str, array: Any) -> None:
    if getattr(getattr(array, "dtype", None), "kind", None) == "b":
        raise UserError(
            f"`{name}` must be row numbers, got a mask of bool; np.flatnonzero(mask) "
            "gives them"
        )
    expect_numbers(name, array, "iu")
    expect(array.ndim == 1, name, "of shape (n,)", f"shape {tuple(array.shape)}")


def _check_windows(task: Any) -> None:
    """Raise unless what says how windows are read fits the arrays."""
    ahead, visible, relative = (
        option_of(task, name) for name in ("target_offsets", "visible", "relative")
    )
    reference = option_of(task, "reference")
    if ahead is not None:
        _expect_integers("task.target_offsets", ahead)
        expect(ahead.size > 0, "task.target_offsets", "at least one", [])
    if reference is not None:
        whole = isinstance(reference, int | np.integer)
        fits = whole and not isinstance(reference, bool)
        expect(fits, "task.reference", "an integer, the offset of a row", reference)
    if relative is not None:
        given = reference is not None
        expect(given, "task.reference", "given where `relative` is", None)
    features = tuple(task.inputs.shape[1:])
    length = () if task.offsets is None else (len(task.offsets),)
    for name, array, shape in (
        ("visible", visible, length + features),
        ("relative", relative, features),
    ):
        if array is None:
            continue
        expect(bool(length), f"task.{name}", "None without `offsets`", array)
        expect_numbers(f"task.{name}", array, "b")
        got = f"shape {tuple(array.shape)}"
        expect(tuple(array.shape) == shape, f"task.{name}", f"of shape {shape}", got)


def _not_finite(array: np.ndarray) -> np.ndarray | None:
    """Return where a NaN or an infinity lies, `(rows, columns)` bool; None if none."""
    bad, width = None, math.prod(array.shape[1:])
    for rows in row_blocks(len(array), width) if array.dtype.kind not in "iub" else ():
        block = np.isfinite(array[rows]).reshape(-1, width)
        if not block.all():
            bad = np.zeros((len(array), width), bool) if bad is None else bad
            np.logical_not(block, out=bad[rows])
    return bad


def _reach(offsets: Any) -> str:
    if offsets is None:
        return ""
    return f", offsets from {int(offsets.min())} to {int(offsets.max())}"


def _has(task: Any, name: str) -> bool:
    # Looked up on the class: a property such as `example` may need good arrays.
    on_class = any(name in vars(kind) for kind in type(task).__mro__)
    return on_class or hasattr(task, name)
