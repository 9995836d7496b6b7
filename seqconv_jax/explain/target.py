"""Which of a network's outputs is explained, and in what unit."""

from typing import Any, NamedTuple

import numpy as np

from seqconv_jax._checks import UserError, expect, non_negative_int, positive_int
from seqconv_jax.explain.subject import Example

__all__ = ["Target", "target_of"]


class Target(NamedTuple):
    """What is explained: `outputs @ direction + shift`.

    Attributes:
        name: for a person, such as "logit of good" or "T (degC), 24h ahead".
        direction: `(outputs,)` float32: one output, times the size of its unit.
        shift: in the unit; of a forecast the mean, and the value that a change is from.
        unit: of both, "" where nobody knows.
    """

    name: str
    direction: np.ndarray
    shift: float
    unit: str


def target_of(
    preprocessor: Any,
    example: Example,
    outputs: np.ndarray,
    output: int | str | None,
    ahead: int | None,
) -> Target:
    """Return what to explain of an example.

    Args:
        preprocessor: what made the example; None for nothing.
        example: the example.
        outputs: `(outputs,)`, what the network says.
        output: a class or a forecast column, by its name or number; None for the class
            that the network answers, the second of two, or the first column.
        ahead: how many steps ahead, of a forecast, from 1; None for the first.

    Raises:
        UserError: for a name or a number that there is not.
    """
    task = example.task
    if hasattr(task, "target_columns"):
        return _forecast(preprocessor, task, example.row, outputs, output, ahead)
    if ahead is not None:
        raise UserError(f"`ahead` is for forecasters, got {ahead!r}")
    width = len(outputs)
    classes = getattr(preprocessor, "classes", None)
    if classes is None or classes.outputs != width:
        index = 0 if output is None else _index(output, [str(i) for i in range(width)])
        return Target(f"output {index}", _one(width, index), 0.0, "")
    if width == 1 and not classes.several:
        index = 1 if output is None else _index(output, classes.names)
        sign = np.float32(2 * index - 1)
        name = f"logit of {classes.names[index]}"
        return Target(name, sign * _one(1, 0), 0.0, "logit")
    answer = int(np.argmax(outputs))
    index = answer if output is None else _index(output, classes.names)
    return Target(f"logit of {classes.names[index]}", _one(width, index), 0.0, "logit")


def _forecast(preprocessor, task, row, outputs, output, ahead) -> Target:
    names = task.target_columns
    column = 0 if output is None else _index(output, names)
    place = 1 if ahead is None else positive_int("ahead", ahead)
    expect(place <= task.steps, "ahead", f"at most {task.steps}", ahead)
    levels = getattr(preprocessor, "quantiles", ())
    middle = int(np.argmin(np.abs(np.array(levels) - 0.5))) if levels else 0
    index = ((place - 1) * len(names) + column) * max(1, len(levels)) + middle
    restored = task.restore(np.array([row]), outputs[None], levels or None)
    shape = (task.steps, len(names), max(1, len(levels)))
    value = float(restored.reshape(shape)[place - 1, column, middle])
    series = int(task.series_of(np.array([row]))[0])
    std = float(task.target_std[series if len(task.target_std) > 1 else 0, column])
    direction = _one(len(outputs), index) * np.float32(std)
    shift = value - float(outputs[index]) * std
    name = f"{names[column]}, {task.ahead[place - 1]} ahead"
    return Target(name, direction, shift, task.units[column])


def _index(output: int | str, names: Any) -> int:
    if isinstance(output, str):
        known = ", ".join(map(repr, names[:9])) + (", ..." if len(names) > 9 else "")
        expect(output in names, "output", f"one of {known}", output)
        return list(names).index(output)
    index = non_negative_int("output", output)
    expect(index < len(names), "output", f"below {len(names)}", output)
    return index


def _one(width: int, index: int) -> np.ndarray:
    return np.eye(width, dtype=np.float32)[index]
