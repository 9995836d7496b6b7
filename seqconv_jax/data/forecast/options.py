"""The options of a forecast task, checked: columns, steps and window."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError, expect, one_of, shown
from seqconv_jax.data.forecast.calendar import calendar_cycles
from seqconv_jax.data.forecast.layout import Layout
from seqconv_jax.data.forecast.panel import Panel
from seqconv_jax.data.forecast.windows import Window
from seqconv_jax.data.series.durations import Duration
from seqconv_jax.data.series.table import listed, unknown_column

__all__ = ["layout_of"]


def layout_of(
    panel: Panel,
    *,
    targets: str | Sequence[str],
    inputs: Sequence[str] | None,
    future: Sequence[str],
    calendar: bool | Sequence[str],
    predict: str,
    **options: Any,
) -> Layout:
    """Return what `forecast_task` is asked for, with all durations in rows.

    Args:
        panel: the series.
        targets: as `target` of `forecast_task`.
        inputs: likewise.
        future: likewise.
        calendar: likewise.
        predict: likewise.
        **options: `lookback`, `every`, `delay`, `horizon`, `step` and `exact`.

    Raises:
        UserError: naming the argument.
    """
    exact = options["exact"]
    if exact is not None:
        expect(isinstance(exact, bool | np.bool_), "exact_horizon", "a bool", exact)
    one_of("predict", predict, ("value", "change", "normalised"))
    targets = (targets,) if isinstance(targets, str) else targets
    targets = _named(panel, "target", targets)
    future = _named(panel, "future", future) if len(future) else ()
    inputs = _named(panel, "inputs", panel.first.columns if inputs is None else inputs)
    inputs = (*inputs, *(name for name in future if name not in inputs))
    if both := [name for name in future if name in targets]:
        raise UserError(
            f"`future` must be columns known ahead, got {both[0]!r}, which is a target"
        )
    layout = Layout(
        inputs=inputs,
        targets=targets,
        future=future,
        calendar=_cycles(panel, calendar),
        predict=predict,
        window=_window(panel, **options),
    )
    made = layout.columns[len(inputs) :]
    if taken := [name for name in made if name in inputs]:
        raise UserError(
            f"`inputs` must not name a column {taken[0]!r}: `calendar` and `future` "
            "make one of that name"
        )
    return layout


def _named(panel: Panel, option: str, names: Any) -> tuple[str, ...]:
    """Return column names as a tuple after checking that they are columns."""
    # a set has no order of its own, and a generator is used up by one look
    ordered = hasattr(names, "__getitem__") and hasattr(names, "__len__")
    found = tuple(names) if ordered and not isinstance(names, str) else ()
    columns = panel.first.columns
    if not found or len(set(map(str, found))) < len(found):
        raise UserError(
            f"`{option}` must name one column or more, each once, in a list, got "
            f"{shown(names)}; {panel.name} has {listed(columns)}"
        )
    for name in found:
        if name not in columns:
            raise unknown_column(option, name, columns, panel.name)
    return found


def _cycles(panel: Panel, calendar: bool | Sequence[str]) -> tuple[str, ...]:
    """Return the cycles that are asked for, or all that rows lie within."""
    asked = isinstance(calendar, tuple | list)
    fits = asked or isinstance(calendar, bool | np.bool_)
    expect(fits, "calendar", "a bool, or cycles in a list", calendar)
    if not asked and not calendar:
        return ()
    every = panel.first.every
    if every is None:
        raise UserError(
            f"`calendar` needs times, which {panel.name} does not have; pass time=... "
            "when reading it"
        )
    cycles = calendar_cycles(every)
    if not cycles:
        raise UserError(
            f"`calendar` tells nothing of {panel.name}, whose rows are a year or more "
            "apart"
        )
    if not asked:
        return cycles
    for name in calendar:
        one_of("calendar", name, cycles)
    once = len(set(calendar)) == len(calendar)
    expect(once, "calendar", "cycles, each once", calendar)
    return tuple(calendar)


def _window(
    panel: Panel,
    *,
    lookback: Duration,
    every: Duration,
    delay: Duration | None,
    horizon: Duration | None,
    step: Duration,
    exact: bool | None,
) -> Window:
    if delay is None and horizon is None:
        raise UserError(
            "`horizon` must be given, how far ahead to forecast, or `delay` for that "
            "step alone"
        )
    steps, between = 1, panel.rows("step", step)
    first = between if delay is None else panel.rows("delay", delay)
    if horizon is not None:
        last = panel.rows("horizon", horizon)
        expect(between >= 1, "step", "a positive integer", between)
        if last < first or (last - first) % between:
            raise UserError(
                f"`horizon` must be `delay`, {first} rows, and a whole number of steps "
                f"of {between} more, got {last} rows"
            )
        steps = 1 + (last - first) // between
    return Window(
        lookback=panel.rows("lookback", lookback),
        every=panel.rows("every", every),
        delay=first,
        exact=horizon is not None if exact is None else bool(exact),
        steps=steps,
        step=between,
    )
