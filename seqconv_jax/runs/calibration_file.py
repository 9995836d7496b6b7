"""How sure a run may be, as it is kept in the run directory."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from seqconv_jax._checks import UserError
from seqconv_jax.calibration import Temperature
from seqconv_jax.conformal import Intervals
from seqconv_jax.runs.content import CALIBRATION
from seqconv_jax.runs.sealed import read_predictor, write_sealed

__all__ = ["Calibration", "read_calibration", "write_calibration"]

_FORMAT = 1


class Calibration(NamedTuple):
    """What `calibrate` found.

    Attributes:
        step: the step of the weights that it is of.
        intervals: of a forecaster, one of each level.
        temperature: of a classifier.
    """

    step: int
    intervals: tuple[Intervals, ...] = ()
    temperature: Temperature | None = None


def read_calibration(directory: Path) -> Calibration | None:
    """Return what a run keeps, or None where it has not been calibrated.

    Raises:
        UserError: if it is damaged, or of a newer version.
    """
    file = directory / CALIBRATION
    kept = read_predictor(file)
    if kept is None:
        return None
    if kept.get("format") != _FORMAT:
        raise UserError(
            f"{file} has format {kept.get('format')!r}, expected {_FORMAT}: it was "
            "written by a newer seqconv_jax, so upgrade to read it"
        )
    try:
        return _read(kept)
    except (KeyError, TypeError, UserError) as error:
        raise UserError(f"cannot use {file}: {error}; calibrate again") from error


def write_calibration(directory: Path, found: Calibration) -> None:
    """Keep it, in the place of an earlier one."""
    fitted = found.temperature
    kept = {
        "format": _FORMAT,
        "step": found.step,
        "intervals": [each.settings() for each in found.intervals],
        "temperature": None if fitted is None else fitted.settings(),
    }
    write_sealed(directory / CALIBRATION, kept)


def _read(kept: Mapping[str, Any]) -> Calibration:
    temperature = kept["temperature"]
    return Calibration(
        int(kept["step"]),
        tuple(Intervals.from_settings(each) for each in kept["intervals"]),
        None if temperature is None else Temperature.from_settings(temperature),
    )
