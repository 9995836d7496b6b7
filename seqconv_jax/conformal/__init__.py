"""Intervals around forecasts that hold as often as they say.

`calibrate` finds how far a forecaster misses on examples that it has not learnt from
(`hold_out` sets such aside), and `Intervals` puts that margin around its forecasts, for
each step ahead and target. `adaptive_margins` follows a drift. NumPy in float64.
"""

from seqconv_jax.conformal.adaptive import adaptive_margins
from seqconv_jax.conformal.intervals import ConformalWarning, Intervals, calibrate
from seqconv_jax.conformal.margins import (
    absolute_scores,
    conformal_margins,
    conformal_rank,
    quantile_scores,
)
from seqconv_jax.conformal.rows import calibration_rows, hold_out

__all__ = [
    "ConformalWarning",
    "Intervals",
    "absolute_scores",
    "adaptive_margins",
    "calibrate",
    "calibration_rows",
    "conformal_margins",
    "conformal_rank",
    "hold_out",
    "quantile_scores",
]
