"""What to forecast, and from how much, where nobody says: by sampling and length."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from _series_file import first_of

if TYPE_CHECKING:
    from seqconv_jax.data import Series

_SEASONS = 5  # of inputs
_LONGEST_SEASON = 168  # rows: of finer samplings less than a season is forecast
_MOST_ROWS, _MOST_INPUTS = 1440, 250
_STEPS_PER_EPOCH = 300


def resolved(settings: Any, series: "Series | Mapping[str, Series]") -> Any:
    """Return the settings with what follows from the series filled in, and say it.

    A season (a day, of daily rows a week, of monthly ones a year) is forecast from five
    of them, or from a third of the training rows if that is less.

    Args:
        settings: those of the experiment.
        series: what was read.
    """
    from seqconv_jax.data.forecast.panel import panel_of
    from seqconv_jax.data.forecast.season import season_rows

    panel, first = panel_of(series), first_of(series)
    season = season_rows(panel, settings.season)
    length = min(len(one.values) for one in panel.series)
    train = _train_rows(settings, length)
    filled: dict[str, Any] = {}

    def rows(name: str, default: Callable[[], int]) -> int:
        if (given := getattr(settings, name)) is not None:
            return panel.rows(name, given)
        filled[name] = str(default())
        return int(filled[name])

    horizon = rows("horizon", lambda: _horizon(season, train))
    lookback = rows("lookback", lambda: _lookback(season, horizon, train))
    every = rows("every", lambda: math.ceil(lookback / _MOST_INPUTS))
    if settings.model is None:
        # The convolutions and the pool take 19 steps to leave the GRU one.
        filled["model"] = "hybrid" if lookback // every >= 24 else "gru"
    if settings.calendar and (first.times is None or not panel.regular):
        filled["calendar"] = False
    windows = max(1, train - lookback - horizon)
    if settings.batch_size is None:
        filled["batch_size"] = min(128, max(8, 2 ** int(math.log2(windows / 4 + 1))))
    batch_size = int(filled.get("batch_size", settings.batch_size or 1))
    if settings.steps_per_epoch is None:
        most = math.ceil(windows * len(panel.series) / max(batch_size, 1))
        filled["steps_per_epoch"] = min(_STEPS_PER_EPOCH, most)
    _say(filled, season)
    return replace(settings, **filled)


def _train_rows(settings: Any, length: int) -> int:
    """Return about how many rows there are to train on."""
    try:
        part = float(settings.split[0])
    except ValueError:  # a date
        return length // 2
    return int(length * part) if part < 1 else min(int(part), length)


def _horizon(season: int | None, train: int) -> int:
    if season is None:
        return max(1, min(12, train // 20))
    ahead = season if season <= _LONGEST_SEASON else 60
    return max(1, min(ahead, train // 4))


def _lookback(season: int | None, horizon: int, train: int) -> int:
    most = max(1, min(train // 3, _MOST_ROWS))
    if season is None:
        return min(_SEASONS * max(horizon, 12), most)
    rows = min(_SEASONS * season, most)
    return rows // season * season or rows


def _say(filled: Mapping[str, Any], season: int | None) -> None:
    words = [
        f"--{name.replace('_', '-')} {value}"
        for name, value in filled.items()
        if name != "calendar"
    ]
    if filled.get("calendar") is False:
        words.append("--no-calendar (no regular times)")
    if words:
        known = f"a season of {season:,} rows" if season else "no season known"
        print(f"chosen by sampling and length ({known}): {', '.join(words)}")
