"""How many rows a season takes: found from the sampling, or given."""

import numpy as np

from seqconv_jax._checks import positive_int
from seqconv_jax.data.forecast.panel import Panel
from seqconv_jax.data.series.durations import BusinessDays, Duration, Step

__all__ = ["season_rows"]

_DAY = np.timedelta64(1, "D")
_CYCLES = (_DAY, 7 * _DAY, 364 * _DAY)


def season_rows(panel: Panel, season: Duration | None) -> int | None:
    """Return the rows of a season; None where neither given nor found.

    Found is a day for samplings below it, a week for daily rows and business days, a
    year of 52 weeks for weekly ones, of 12 months for monthly ones and of 4 quarters.

    Args:
        panel: the series.
        season: rows or a duration; None to find it.

    Raises:
        UserError: for no number of rows.
    """
    if season is not None:
        rows = panel.rows("season", season)
        return positive_int("season", rows)
    if not panel.regular or panel.first.every is None:
        return None
    return _of_sampling(panel.first.every)


def _of_sampling(every: Step) -> int | None:
    if isinstance(every, BusinessDays):
        cycle, step = 5, every.count
    elif np.datetime_data(every.dtype)[0] == "M":
        cycle, step = 12, int(every.astype(np.int64))
    else:
        longer = next((one for one in _CYCLES if every < one), every)
        cycle, step = (
            int(one.astype("timedelta64[us]").astype(np.int64))
            for one in (longer, every)
        )
    rows, rest = divmod(cycle, step)
    return rows if rows > 1 and not rest else None
