"""How many rows a season takes: found from the sampling, or given."""

import numpy as np

from seqconv_jax._checks import positive_int
from seqconv_jax.data.forecast.panel import Panel
from seqconv_jax.data.series.durations import Duration

__all__ = ["season_rows"]

_DAY = np.timedelta64(1, "D")
_CYCLES = (_DAY, 7 * _DAY, 364 * _DAY)  # the shortest of at least two rows is taken


def season_rows(panel: Panel, season: Duration | None) -> int | None:
    """Return the rows of a season; None where neither given nor found.

    Found is a day for samplings below it, a week for daily rows, a year of 52 weeks for
    weekly ones, of 12 months for monthly ones and of 4 quarters.

    Args:
        panel: the series.
        season: rows or a duration; None to find it.

    Raises:
        UserError: for no number of rows.
    """
    if season is not None:
        rows = panel.rows("season", season)
        return positive_int("season", rows)
    every = panel.first.every
    if every is None:
        return None
    if panel.regular:
        for cycle in _CYCLES:
            rows, rest = divmod(cycle, every)
            if rows > 1:
                return int(rows) if not rest else None
    days = every / _DAY
    if 28 <= days <= 31:
        return 12
    return 4 if 90 <= days <= 92 else None
