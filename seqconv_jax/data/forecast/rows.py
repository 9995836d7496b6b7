"""A forecast task with fewer rows in its splits."""

from dataclasses import replace
from typing import Any

import numpy as np

from seqconv_jax.data.forecast.task import ForecastTask
from seqconv_jax.data.forecast.windows import spans_gap
from seqconv_jax.data.series.sampling import sampled_every

__all__ = ["with_rows"]


def with_rows(task: ForecastTask, **rows: np.ndarray) -> ForecastTask:
    """Return the task with other rows; which of their windows cross a gap is counted.

    Args:
        task: the task.
        **rows: `(n,)` by split, "train", "validation" or "test".

    Example:
        >>> from seqconv_jax.data import Series, forecast_task
        >>> hours = np.datetime64("2020-01-01") + np.arange(60) * np.timedelta64(1, "h")
        >>> hours[31:] += np.timedelta64(1, "h")
        >>> ramp = Series(values=np.arange(60.0)[:, None], columns=("a",), times=hours)
        >>> task = forecast_task(
        ...     ramp, target="a", lookback=2, horizon=2, split=(20, 40)
        ... )
        >>> less = with_rows(task, validation=task.validation[-7:])
        >>> task.spanning["validation"], less.spanning["validation"]
        (3, 1)
    """
    fields: dict[str, Any] = {
        name: each.astype(np.int32) for name, each in rows.items()
    }
    every = getattr(task.preprocessor, "every", None)
    if task.spanning and every is not None and task.times is not None:
        gaps, window = [], task.preprocessor.layout.window  # type: ignore[union-attr]
        ends = [*task.starts[1:].tolist(), len(task.times)]
        for start, end in zip(task.starts.tolist(), ends, strict=True):
            found = sampled_every(task.times[start:end], every)
            gaps.append(found.gaps + start)
        broken, length = np.concatenate(gaps), len(task.times)
        counted = {
            name: int(spans_gap(each, window, broken, length).sum())
            + task.dropped[name]
            for name, each in fields.items()
        }
        fields["spanning"] = {**task.spanning, **counted}
    return replace(task, **fields)
