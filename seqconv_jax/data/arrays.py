"""Arrays of examples as a task, and weights for their classes."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from seqconv_jax._checks import UserError, expect, is_number, non_negative_int
from seqconv_jax._examples import check_weights, expect_numbers
from seqconv_jax.data.task import Task

__all__ = ["arrays_task", "class_weights"]

Part = float | tuple[Any, Any]
"""A rate of the examples given, or examples `(x, y)` of their own."""


def arrays_task(
    x: Any,
    y: Any,
    *,
    validation: Part = 0.0,
    test: Part = 0.0,
    weights: Any = None,
    seed: int | None = 0,
) -> Task:
    """Return arrays of examples as what `fit` trains on.

    Args:
        x: `(n, time, features)` floats or `(n, time)` integer ids.
        y: `(n, outputs)` or `(n,)` numbers, which become one output.
        validation: a rate in [0, 1) of the examples to validate on, or `(x, y)` arrays
            of them.
        test: the same for testing.
        weights: `(n,)` how much each example's loss counts in training, such as those
            of `class_weights`; None where all count alike.
        seed: which examples are drawn for validation and testing follows from it.
            None takes the last ones, those for testing behind those for validation:
            for examples in the order of time. Neighbours may overlap there; windows of
            one series belong in `forecast_task`.

    Returns:
        A task whose floats are float32.

    Raises:
        UserError: for arrays that are no examples, or a rate that leaves none.

    Example:
        >>> x = np.arange(40, dtype=np.float32).reshape(10, 4, 1)
        >>> task = arrays_task(x, x[:, -1, 0], validation=0.2, seed=None)
        >>> task.train.tolist(), task.validation.tolist(), task.targets.shape
        ([0, 1, 2, 3, 4, 5, 6, 7], [8, 9], (10, 1))
        >>> arrays_task(x, x[:, -1, 0], validation=(x[:3], x[:3, -1, 0])).validation
        array([10, 11, 12], dtype=int32)
    """
    examples = [_examples("", x, y)]
    count = len(examples[0][0])
    weights = None if weights is None else _array("weights", weights)
    if weights is not None:
        check_weights("weights", weights, count)
    parts: dict[str, int] = {}
    rows: dict[str, np.ndarray] = {}
    end = count
    for name, part in (("validation", validation), ("test", test)):
        if isinstance(part, tuple | list):
            expect(
                len(part) == 2, name, "a rate or a pair (x, y)", f"{len(part)} items"
            )
            examples.append(_examples(f"{name}: ", *part))
            _expect_alike(name, examples[-1], examples[0])
            rows[name] = np.arange(end, end + len(examples[-1][0]), dtype=np.int32)
            end += len(rows[name])
        else:
            parts[name] = _count(name, part, count)
    left = count - sum(parts.values())
    expect(left > 0, "validation", f"rates that leave some of {count} examples", parts)
    order = _order(count, seed if any(parts.values()) else None)
    rows["train"], first = order[:left], left
    for name, size in parts.items():
        rows[name], first = order[first : first + size], first + size
    inputs, targets = (np.concatenate(each) for each in zip(*examples, strict=True))
    if weights is not None:
        ones = np.ones(end - count, np.float32)
        weights = np.concatenate([weights.astype(np.float32), ones])
    return Task(
        inputs=inputs,
        targets=targets,
        train=rows["train"],
        validation=rows["validation"],
        test=rows["test"],
        weights=weights,
    )


def class_weights(
    labels: Any, weights: Mapping[Any, float] | Literal["balanced"] = "balanced"
) -> np.ndarray:
    r"""Return the weight of each example by the class of its label.

    Balanced, $w_c = n / (k n_c)$ for `n` labels of `k` classes, `n_c` of them of class
    `c`: every class counts alike in the loss, and the weights' mean is 1.

    Args:
        labels: `(n,)` or `(n, 1)` numbers.
        weights: the weight of each class, or `"balanced"`.

    Returns:
        `(n,)` float32.

    Raises:
        UserError: unless the weights are those of the classes that the labels have.

    Example:
        >>> class_weights([0, 0, 1, 1, 1, 1, 1, 1])[:3].round(4)
        array([2.    , 2.    , 0.6667], dtype=float32)
        >>> class_weights([0, 0, 0, 1], {0: 1, 1: 5}).tolist()
        [1.0, 1.0, 1.0, 5.0]
    """
    array = _array("labels", labels)
    expect_numbers("labels", array, "fiub")
    column = array.ndim == 1 or array.shape[1:] == (1,)
    expect(column and array.size > 0, "labels", "of shape (n,)", _shape(array))
    classes, index = np.unique(array.ravel(), return_inverse=True)
    if isinstance(weights, Mapping):
        names, of_class = classes.tolist(), dict(weights)
        if set(names) != set(of_class):
            raise UserError(
                f"`weights` must have the classes of `labels`, {_few(names)}, got "
                f"{_few(list(of_class))}"
            )
        each = _array("weights", [of_class[name] for name in names])
    else:
        balanced = isinstance(weights, str) and weights == "balanced"
        expect(balanced, "weights", 'a mapping of classes or "balanced"', weights)
        each = array.size / (len(classes) * np.bincount(index))
    check_weights("weights", each, len(classes))
    return each[index].astype(np.float32)


def _examples(where: str, x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    x, y = _array(f"{where}x", x), _array(f"{where}y", y)
    expect_numbers(f"{where}x", x, "fiu")
    expect_numbers(f"{where}y", y, "fiub")
    shape, floats = _shape(x), x.dtype.kind not in "iu"
    if floats and x.ndim == 2:
        shape += "; x[..., None] has one feature a step, and ids are integers"
    axes = 3 if floats else 2
    what = "(n, time, features)" if floats else "(n, time) or (n, time, features)"
    fits = x.ndim in (axes, 3) and 0 not in x.shape
    expect(fits, f"{where}x", f"of shape {what}", shape)
    expect(y.ndim in (1, 2), f"{where}y", "of shape (n,) or (n, outputs)", _shape(y))
    expect(len(x) == len(y), f"{where}y", f"of {len(x):,} examples as x", _shape(y))
    y = y[:, None] if y.ndim == 1 else y
    return _float32(x), _float32(y.astype(np.float32) if y.dtype.kind == "b" else y)


def _array(name: str, values: Any) -> np.ndarray:
    """Return an array of what can be one, as it is."""
    expect(hasattr(values, "__len__"), name, "an array", type(values).__name__)
    if isinstance(values, np.ma.MaskedArray):
        return values
    try:
        return np.asarray(values)
    except ValueError as error:  # NumPy: lists of different lengths
        raise UserError(
            f"`{name}` must have rows of one length, got lists that differ; "
            "data.pad makes them equal"
        ) from error


def _float32(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32) if array.dtype.kind == "f" else array


def _expect_alike(name: str, given: tuple, first: tuple) -> None:
    for letter, one, other in zip("xy", given, first, strict=True):
        if one.shape[1:] != other.shape[1:] or one.dtype.kind != other.dtype.kind:
            raise UserError(
                f"`{name}` must have {letter} like the training examples', "
                f"{other.dtype}{other.shape}, got {one.dtype}{one.shape}"
            )


def _count(name: str, rate: Any, count: int) -> int:
    valid = is_number(rate) and 0 <= float(rate) < 1
    expect(valid, name, "a rate in [0, 1) or (x, y)", rate)
    size = round(float(rate) * count)
    expect(size > 0 or rate == 0, name, f"a rate of some of {count} examples", rate)
    return size


def _order(count: int, seed: int | None) -> np.ndarray:
    if seed is None:
        return np.arange(count, dtype=np.int32)
    non_negative_int("seed", seed)
    return np.random.default_rng(seed).permutation(count).astype(np.int32)


def _shape(array: np.ndarray) -> str:
    return f"shape {array.shape}"


def _few(names: list) -> str:
    return ", ".join(map(repr, names[:9])) + (", ..." if len(names) > 9 else "")
