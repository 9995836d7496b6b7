"""What the cells of a series add to an output: time by column."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from seqconv_jax.explain.subject import Example
from seqconv_jax.explain.target import Target

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SeriesMap", "columns_of", "steps_of", "times_of"]


@dataclass(frozen=True, eq=False)
class SeriesMap:
    """What spans of steps add to an output, column by column.

    Attributes:
        values: `(spans, columns)` float64, in the unit; above 0 where what is there
            raises the output. Exactly 0 where steps are masked, hidden, or hold what
            the baseline holds.
        edges: `(spans + 1,)` the step with which each span begins, and the end.
        steps: `(time,)` what each step is called: of a forecast rows from the newest
            input, 0 for that; else from 0.
        times: `(time,)` datetime64 of the steps, or None.
        columns: the names.
        output: what the network says, in the unit; of a forecast the value itself.
        baseline: what it says where everything is at the baseline.
        gap: with integrated gradients what `values.sum()` lacks to `output - baseline`,
            the error of the integral; None for occlusion, whose values add up to
            nothing in particular.
        target: what is explained, such as "T (degC), 24h ahead".
        unit: of all numbers; "logit" for classes, "" where nobody knows.
        method: "occlusion" or "integrated_gradients".
    """

    values: np.ndarray = field(repr=False)
    edges: np.ndarray = field(repr=False)
    steps: np.ndarray = field(repr=False)
    times: np.ndarray | None = field(repr=False)
    columns: tuple[str, ...]
    output: float
    baseline: float
    gap: float | None
    target: str
    unit: str
    method: str

    @property
    def bounds(self) -> np.ndarray:
        """`(spans + 1,)` the steps or times at which spans begin, and the end."""
        names = self.steps if self.times is None else self.times
        last = names[-1] - names[-2] if len(names) > 1 else np.ones(1, np.int64)[0]
        return np.append(names, names[-1] + last)[self.edges]

    def table(self) -> "pd.DataFrame":
        """Return a row for each span and column, the largest effect first.

        Columns `column`, `from` and `to` (the first and the last step of the span, or
        their times where there are any), and `adds`.
        """
        import pandas as pd

        names = self.steps if self.times is None else self.times
        spans, columns = self.values.shape
        adds = self.values.ravel()
        table = pd.DataFrame(
            {
                "column": np.tile(np.array(self.columns, object), spans),
                "from": np.repeat(names[self.edges[:-1]], columns),
                "to": np.repeat(names[self.edges[1:] - 1], columns),
                "adds": adds,
            }
        )
        order = np.argsort(-np.abs(adds), kind="stable")
        return table.iloc[order].reset_index(drop=True)


def columns_of(example: Example) -> tuple[str, ...]:
    """Return the names of an example's columns."""
    width = example.x.shape[2]
    names = getattr(example.task, "columns", None)
    if names is not None and len(names) == width:
        return tuple(names)
    return tuple(f"column {index}" for index in range(width))


def steps_of(example: Example) -> np.ndarray:
    """Return `(time,)` the steps: from the newest input's row, or from 0."""
    task: Any = example.task
    if task is None or task.offsets is None:
        return np.arange(example.x.shape[1])
    past = getattr(task, "past_offsets", task.offsets)
    return task.offsets - past[-1]


def times_of(example: Example) -> np.ndarray | None:
    """Return `(time,)` the times of the steps; None where there are none."""
    task: Any = example.task
    times = getattr(task, "times", None)
    if times is None or task.offsets is None:
        return None
    found = times[example.row + task.offsets]
    return None if np.isnat(found).any() else found


def as_map(
    example: Example,
    target: Target,
    *,
    values: np.ndarray,
    edges: np.ndarray,
    ends: tuple[float, float],
    method: str,
) -> SeriesMap:
    """Return a map with the names of its example; `ends` are baseline and output."""
    start, end = (value + target.shift for value in ends)
    added_up = method == "integrated_gradients"
    return SeriesMap(
        values=values,
        edges=edges,
        steps=steps_of(example),
        times=times_of(example),
        columns=columns_of(example),
        output=end,
        baseline=start,
        gap=end - start - float(values.sum()) if added_up else None,
        target=target.name,
        unit=target.unit,
        method=method,
    )
