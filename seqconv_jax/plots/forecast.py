"""Forecasts against what happened."""

from pathlib import Path

import numpy as np

from seqconv_jax._checks import expect, expect_shape
from seqconv_jax.plots.canvas import (
    GREY,
    INK,
    ORANGE,
    finish_times,
    saved_figure,
    shortened,
    title_and_legend,
)


def forecast(
    times: np.ndarray,
    actual: np.ndarray,
    predicted: np.ndarray,
    path: str | Path,
    *,
    unit: str,
    title: str,
    baseline: np.ndarray | None = None,
    baseline_label: str = "baseline",
    band: tuple[np.ndarray, np.ndarray] | None = None,
    band_label: str = "interval",
    note: str = "",
) -> Path:
    """Draw forecasts against what happened, and beneath them the errors.

    Args:
        times: `(n,)` when each forecast was for: datetime64 or numbers, ascending.
        actual: `(n,)` what happened, in `unit`.
        predicted: `(n,)` what was forecast for that time.
        path: the figure.
        unit: such as "°C".
        title: what was forecast, and how far ahead.
        baseline: `(n,)` what a simple rule forecast; None for none.
        baseline_label: what to call that.
        band: `(n,)` lower and upper bounds of the forecasts, such as two quantiles;
            None for none.
        band_label: what to call it, such as "10 % to 90 %"; how much of what happened
            lies in it is said besides.
        note: written across the figure.

    Returns:
        The figure's path.

    Raises:
        UserError: if the shapes differ, a value is no number, the times fall,
            matplotlib is missing or the figure cannot be written.
    """
    rows = {"forecast": (np.asarray(predicted), ORANGE)}
    if baseline is not None:
        rows["baseline"] = (np.asarray(baseline), GREY)
    times, actual = np.asarray(times), np.asarray(actual)
    low, high = (None, None) if band is None else map(np.asarray, band)
    expect_shape(times.ndim == 1 and times.size > 0, "times", "(n,)", times)
    for name, values in {
        "actual": actual,
        **{k: v for k, (v, _) in rows.items()},
        **({} if band is None else {"band[0]": low, "band[1]": high}),
    }.items():
        expect_shape(values.shape == times.shape, name, str(times.shape), values)
        expect(values.dtype.kind in "fiu", name, "numbers", str(values.dtype))
    expect(times.dtype.kind in "Mfiu", "times", "times or numbers", str(times.dtype))
    rise = bool(np.all(times[1:] >= times[:-1]))  # NaT compares as false
    expect(rise, "times", "ascending", "times that fall, or are none")
    with saved_figure(Path(path), note, heights=(2.4, 1.0)) as (above, below):
        if low is not None and high is not None:
            inside = np.mean((low <= actual) & (actual <= high))
            label = f"{band_label} ({inside:.0%} inside)"
            above.fill_between(times, low, high, color=ORANGE, alpha=0.25, lw=0)
            below.fill_between(
                times, low - actual, high - actual, color=ORANGE, alpha=0.25, lw=0
            )
            above.fill(np.nan, np.nan, color=ORANGE, alpha=0.25, label=label)
        above.plot(times, actual, color=INK, label="what happened")
        for name, (values, color) in reversed(rows.items()):
            width = 1.8 if name == "forecast" else 1.1
            score = np.nanmean(np.abs(values - actual))
            said = baseline_label if name == "baseline" else name
            label = f"{said} (mean error {score:.3g} {shortened(unit, 16)})"
            above.plot(times, values, color=color, lw=width, label=label)
            below.plot(times, values - actual, color=color, lw=width)
        below.axhline(0, color=INK, lw=1)
        title_and_legend(above, title)
        above.set_ylabel(shortened(unit, 30))
        below.set_ylabel(f"error, {unit}" if len(unit) < 9 else "error")
        finish_times(below, times)
    return Path(path)
