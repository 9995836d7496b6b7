"""The fields of a forecast task that its series and its layout give."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqconv_jax.data.forecast.layout import Layout
from seqconv_jax.data.forecast.mapped import arrays_of
from seqconv_jax.data.forecast.panel import Panel
from seqconv_jax.data.forecast.scaling import Scale
from seqconv_jax.data.series.durations import format_duration

__all__ = ["task_fields"]


def task_fields(
    panel: Panel, layout: Layout, scales: Sequence[Scale]
) -> dict[str, Any]:
    """Return what a `ForecastTask` is made of, its rows apart.

    Args:
        panel: the series.
        layout: what is read and forecast.
        scales: one of `layout.values` for all series, or one for each.
    """
    each = list(scales) * (len(panel.series) // len(scales))
    arrays = arrays_of(panel, layout, each)
    mean = np.stack([one.mean for one in scales])
    std = np.stack([one.std for one in scales])
    count, window = len(layout.inputs), layout.window
    more = ((0, 0), (0, len(layout.columns) - count))
    mean_in, std_in = (
        np.pad(table[:, :count], more, constant_values=value)
        for table, value in ((mean, 0.0), (std, 1.0))
    )
    ahead_rows = window.target_offsets.astype(np.int64) - window.newest
    return {
        "inputs": arrays.inputs,
        "targets": arrays.targets,
        **layout.options(),
        "columns": layout.columns,
        "mean": mean_in[0] if len(scales) == 1 else mean_in,
        "std": std_in[0] if len(scales) == 1 else std_in,
        "target_columns": layout.targets,
        "target_mean": mean[:, count:],
        "target_std": std[:, count:],
        "lookback": window.lookback,
        "every": window.every,
        "delay": window.delay,
        "past_offsets": window.offsets,
        "ahead_rows": ahead_rows,
        "ahead": tuple(_ahead(panel, int(rows)) for rows in ahead_rows),
        "predict": layout.predict,
        "last": arrays.last,
        "times": panel.times,
        "utc": panel.first.utc,
        "starts": panel.starts,
        "series_names": panel.names,
        "report": panel.report(),
        "origin": panel.first.origin,
    }


def _ahead(panel: Panel, rows: int) -> str:
    every = panel.first.every
    if panel.regular and every is not None:
        return format_duration(rows * every)
    return f"{rows} row{'s' * (rows != 1)}"
