"""Probabilities of classes that are as often right as they say.

`reliability` compares the two, `expected_calibration_error` is one number of it, and
`fit_temperature` finds what logits are to be divided by. NumPy in float64.
"""

from seqconv_jax.calibration.confidence import answer_confidence
from seqconv_jax.calibration.reliability import (
    Reliability,
    expected_calibration_error,
    reliability,
)
from seqconv_jax.calibration.temperature import (
    Temperature,
    fit_temperature,
    negative_log_likelihood,
)

__all__ = [
    "Reliability",
    "Temperature",
    "answer_confidence",
    "expected_calibration_error",
    "fit_temperature",
    "negative_log_likelihood",
    "reliability",
]
