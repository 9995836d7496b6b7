"""A stand-in for the CSI 300 index's daily bars, made from a seed."""

import numpy as np

from seqconv_jax._checks import non_negative_int, positive_int
from seqconv_jax.data.files.origin import GENERATED
from seqconv_jax.data.series.series import Series

__all__ = ["COLUMNS", "generated_index"]

COLUMNS = ("open", "high", "low", "close", "vol", "amount")


def generated_index(seed: int = 0, rows: int = 4_884) -> Series:
    """Return daily bars of a made-up index, the same for the same arguments.

    Weekdays from 2005-04-08. The close is a geometric random walk with changing
    volatility and a faint momentum; no model is promised to beat "no change". `high`
    and `low` enclose `open` and `close`; `amount` is `vol` times a price.

    Args:
        seed: any integer of at least 0.
        rows: how many rows.

    Raises:
        UserError: if a number is out of range.

    Example:
        >>> generated_index(seed=1, rows=1_000).values.shape
        (1000, 6)
    """
    rng = np.random.default_rng(non_negative_int("seed", seed))
    rows = positive_int("rows", rows)
    turbulence = np.exp(_smooth(rng.standard_normal(rows), 60) * 0.4 - 0.1)
    shocks = 0.013 * turbulence * rng.standard_normal(rows)
    momentum = 0.05 * _smooth(shocks, 3)
    changes = shocks + 0.0003
    changes[1:] += momentum[:-1]
    close = 1000 * np.exp(np.cumsum(changes))
    opening = np.concatenate([close[:1], close[:-1]])
    opening = opening * np.exp(0.003 * rng.standard_normal(rows))
    reach = 0.006 * turbulence * np.abs(rng.standard_normal((2, rows)))
    high = np.maximum(opening, close) * np.exp(reach[0])
    low = np.minimum(opening, close) * np.exp(-reach[1])
    volume = 8e9 * turbulence * np.exp(0.3 * rng.standard_normal(rows))
    amount = volume * (opening + close) / 200
    return Series(
        values=np.stack([opening, high, low, close, volume, amount], axis=1),
        columns=COLUMNS,
        times=_weekdays(rows),
        origin=GENERATED,
        notes=(f"generated from seed {seed}: not a real index",),
    )


def _smooth(noise: np.ndarray, days: int) -> np.ndarray:
    """Return the mean of the last `days` values times `sqrt(days)`, same length."""
    sums = np.cumsum(np.concatenate([np.zeros(days), noise]))
    return (sums[days:] - sums[:-days]) / np.sqrt(days)


def _weekdays(rows: int) -> np.ndarray:
    days = np.busday_offset("2005-04-08", np.arange(rows), roll="forward")
    return days.astype("datetime64[us]")
