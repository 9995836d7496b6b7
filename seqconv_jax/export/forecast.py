"""The program of a forecaster: windows in the columns' units to values in theirs."""

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from seqconv_jax.data.forecast.calendar import calendar_names
from seqconv_jax.data.forecast.layout import Layout
from seqconv_jax.data.forecast.outputs import unit_of
from seqconv_jax.data.series.durations import format_duration
from seqconv_jax.export.network import Network
from seqconv_jax.export.program import Array, Program

if TYPE_CHECKING:
    from seqconv_jax.runs import Predictor

__all__ = ["of_forecast"]


def of_forecast(network: Network, predictor: "Predictor") -> Program:
    """Return the program from windows of values in their units, oldest first.

    Beside the `values` it takes, where the run does: the columns of the `calendar`; the
    number of the `series`, whose scale is its own; the `last` values of targets that
    are changes and no inputs.
    """
    made: Any = predictor.preprocessor
    layout: Layout = made.layout
    inputs = _inputs(made)
    steps, targets = layout.window.steps, len(layout.targets)
    shape = (steps, targets, *([len(made.quantiles)] if made.quantiles else []))
    mean, std = (
        np.stack([getattr(scale, name) for scale in made.scales]).astype(np.float32)
        for name in ("mean", "std")
    )

    def function(*given: jax.Array) -> jax.Array:
        arrays = dict(zip([each.name for each in inputs], given, strict=True))
        which = arrays.get("series")
        scales = map(jnp.asarray, (mean, std))
        of_each = [each if which is None else each[which] for each in scales]
        values = _network_inputs(arrays, layout, *of_each)
        y = network.outputs(values)
        y = y.reshape(y.shape[0], *shape)
        axes = (slice(None), None, slice(None), *[None] * (y.ndim - 3))
        shift, scale = (each[:, len(layout.inputs) :] for each in of_each)
        if layout.predict != "value":
            y = y + ((_last(arrays, layout) - shift) / scale)[axes]
        return y * scale[axes] + shift[axes]

    about = {"kind": "forecast"}
    return Program(function, inputs, _output(made, shape), about)


def _inputs(made: Any) -> tuple[Array, ...]:
    layout: Layout = made.layout
    window = layout.window
    rows = (window.offsets - window.newest).tolist()
    if layout.future:
        rows += (window.target_offsets - window.newest).tolist()
    about: dict[str, Any] = {
        "columns": list(layout.inputs),
        "units": list(map(unit_of, layout.inputs)),
        "rows": rows,  # 0 is that of the newest value
    }
    if made.every is not None:
        about["every"] = format_duration(made.every)
    if layout.future:
        about["known_ahead"] = list(layout.future)
    found = [Array("values", (len(rows), len(layout.inputs)), about=about)]
    if calendar := calendar_names(layout.calendar):
        columns = {"columns": list(calendar)}
        found.append(Array("calendar", (len(rows), len(calendar)), about=columns))
    if len(made.scales) > 1:
        found.append(Array("series", (), "int32", {"names": list(made.series_names)}))
    if _asks_for_last(layout):
        columns = {"columns": list(layout.targets)}
        found.append(Array("last", (len(layout.targets),), about=columns))
    return tuple(found)


def _output(made: Any, shape: tuple[int, ...]) -> Array:
    layout: Layout = made.layout
    window, targets = layout.window, list(layout.targets)
    about: dict[str, Any] = {
        "columns": targets,
        "units": list(map(unit_of, targets)),
        "rows_ahead": (window.target_offsets - window.newest).tolist(),
    }
    if made.quantiles:
        about["quantiles"] = list(made.quantiles)
    return Array("forecast", shape, about=about)


def _network_inputs(
    arrays: dict[str, jax.Array], layout: Layout, mean: jax.Array, std: jax.Array
) -> jax.Array:
    """Return what `Layout.arrays` and the task's windows make of raw values."""
    count = len(layout.inputs)
    x = (arrays["values"] - mean[:, None, :count]) / std[:, None, :count]
    parts = [x, *([arrays["calendar"]] if "calendar" in arrays else [])]
    if layout.future:
        parts.append(jnp.ones_like(x[..., :1]))
    x = parts[0] if len(parts) == 1 else jnp.concatenate(parts, axis=2)
    options = layout.options()
    if (relative := options["relative"]) is not None:
        newest = x[:, len(layout.window.offsets) - 1]
        x = x - jnp.where(jnp.asarray(relative)[None], newest, 0)[:, None]
    visible = options["visible"]
    return x if visible is None else jnp.where(jnp.asarray(visible)[None], x, 0)


def _asks_for_last(layout: Layout) -> bool:
    return layout.predict != "value" and not set(layout.targets) <= set(layout.inputs)


def _last(arrays: dict[str, jax.Array], layout: Layout) -> jax.Array:
    """Return `(batch, targets)`, the targets at the newest input, in their units."""
    if "last" in arrays:
        return arrays["last"]
    places = [layout.inputs.index(name) for name in layout.targets]
    return arrays["values"][:, len(layout.window.offsets) - 1][:, np.array(places)]
