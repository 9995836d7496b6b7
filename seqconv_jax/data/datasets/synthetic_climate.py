"""A stand-in for the Jena climate file, made from a seed.

It has the columns, the sampling and the size of the original, and a weather in which
tomorrow's temperature can be forecast: pressure and wind direction turn before the
air mass arrives. Scores on it say nothing about the real station.
"""

import numpy as np

from seqconv_jax._checks import non_negative_int, positive_int
from seqconv_jax.data.files.origin import GENERATED
from seqconv_jax.data.series.series import Series

__all__ = ["COLUMNS", "generated_climate"]

COLUMNS = (
    "p (mbar)",
    "T (degC)",
    "Tpot (K)",
    "Tdew (degC)",
    "rh (%)",
    "VPmax (mbar)",
    "VPact (mbar)",
    "VPdef (mbar)",
    "sh (g/kg)",
    "H2OC (mmol/mol)",
    "rho (g/m**3)",
    "wv (m/s)",
    "max. wv (m/s)",
    "wd (deg)",
)
_START = np.datetime64("2009-01-01T00:10", "us")
_STEP = np.timedelta64(10, "m")
_HOURS_PER_ROW = 1 / 6


def generated_climate(seed: int = 0, rows: int = 420_551) -> Series:
    """Return a series like the Jena climate's, the same for the same arguments.

    Every 10 minutes from 2009-01-01 00:10, without gaps or missing cells, two
    decimals as in the original. A series of another length is another draw.

    Args:
        seed: any integer of at least 0.
        rows: how many rows.

    Raises:
        UserError: if a number is out of range.

    Example:
        >>> generated_climate(seed=1, rows=1_000).values.shape
        (1000, 14)
    """
    rng = np.random.default_rng(non_negative_int("seed", seed))
    rows = positive_int("rows", rows)
    hours = (np.arange(rows) + 1) * _HOURS_PER_ROW
    weather = _Weather(rng, rows)
    # One cause, three answers: the wind turns, then pressure falls, then the warm air
    # arrives. So today's wind and pressure know of tomorrow's temperature.
    drive = rng.standard_normal(weather.size)
    turning = weather.follow(drive, 16.0)
    falling = weather.follow(drive, 16.0, 24.0)
    air_mass = weather.follow(drive, 16.0, 24.0, 24.0)
    high = 0.5 * weather.noise(60.0, 12.0) - 0.87 * falling
    cloud = 1 / (1 + np.exp(1.6 * high + 1.0 * weather.noise(30.0, 6.0)))
    season = np.cos(2 * np.pi * (hours / 24 - 200) / 365.25)
    slow = 9.3 + 9.6 * season + 4.8 * air_mass
    swing = (5.2 + 2.2 * season) * (1.15 - cloud)
    clock = 2 * np.pi * (hours - 15) / 24
    daily = swing * (np.cos(clock) + 0.2 * np.cos(2 * clock - 0.6))
    temperature = slow + daily + 0.5 * weather.noise(3.0) + 0.12 * weather.noise(0.3)
    pressure = 989.2 + 8.0 * high + 0.4 * np.cos(2 * clock) + 0.3 * weather.noise(2.0)
    dryness = 2.0 + 5.5 * (1 - cloud) + 1.0 * weather.noise(20.0)
    wind = np.exp(0.55 - 0.35 * high + 0.2 * np.cos(clock) + 0.45 * weather.noise(6.0))
    gust = wind * (1.45 + 0.15 * np.abs(weather.noise(1.0))) + 0.1
    direction = 240 - 55 * turning + 22 * weather.noise(4.0)
    air = _moist_air(temperature, pressure, slow - dryness)
    table = {
        **air,
        "wv (m/s)": wind,
        "max. wv (m/s)": gust,
        "wd (deg)": direction % 360,
    }
    return Series(
        values=np.stack([table[name] for name in COLUMNS], axis=1).round(2),
        columns=COLUMNS,
        times=_START + np.arange(rows) * _STEP,
        origin=GENERATED,
        notes=(f"generated from seed {seed}: not measured data",),
    )


class _Weather:
    """Smooth random processes of unit variance, all rows at once.

    A chain of first-order low passes is a product of transfer functions, so a Fourier
    transform applies it without a loop over time. It is causal: the response to an
    impulse comes after it.
    """

    def __init__(self, rng: np.random.Generator, rows: int) -> None:
        """Make room for `rows` and a margin, as the transform wraps round."""
        self.rng, self.rows = rng, rows
        self.size = 1 << (rows + 4096).bit_length()
        self.frequency = np.fft.rfftfreq(self.size, _HOURS_PER_ROW)

    def follow(self, drive: np.ndarray, *hours: float) -> np.ndarray:
        """Return `(rows,)`: white noise after a low pass of each time constant."""
        response = np.ones(len(self.frequency), complex)
        for constant in hours:
            response /= 1 + 2j * np.pi * self.frequency * constant
        power = np.sqrt((np.abs(response) ** 2).mean())
        spectrum = np.fft.rfft(drive) * (response / power)
        return np.fft.irfft(spectrum, self.size)[: self.rows]

    def noise(self, *hours: float) -> np.ndarray:
        """Return `(rows,)` of a new process with these time constants."""
        return self.follow(self.rng.standard_normal(self.size), *hours)


def _moist_air(
    temperature: np.ndarray, pressure: np.ndarray, dew_point: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the columns that physics derives from temperature, pressure, dew point.

    Vapour pressure by Magnus' formula; the dew point is never above the temperature.
    """
    dew_point = np.minimum(dew_point, temperature - 0.05)
    saturated, vapour = _vapour_pressure(temperature), _vapour_pressure(dew_point)
    humidity = 0.622 * vapour / (pressure - 0.378 * vapour)
    kelvin = temperature + 273.15
    return {
        "p (mbar)": pressure,
        "T (degC)": temperature,
        "Tpot (K)": kelvin * (1000 / pressure) ** 0.286,
        "Tdew (degC)": dew_point,
        "rh (%)": 100 * vapour / saturated,
        "VPmax (mbar)": saturated,
        "VPact (mbar)": vapour,
        "VPdef (mbar)": saturated - vapour,
        "sh (g/kg)": 1000 * humidity,
        "H2OC (mmol/mol)": 1000 * vapour / pressure,
        "rho (g/m**3)": 1e5 * pressure / (287.05 * kelvin * (1 + 0.61 * humidity)),
    }


def _vapour_pressure(celsius: np.ndarray) -> np.ndarray:
    return 6.112 * np.exp(17.62 * celsius / (243.12 + celsius))
