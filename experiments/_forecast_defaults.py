"""What to forecast, and from how much, where nobody says: by sampling and length."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqconv_jax.data import Series
    from seqconv_jax.data.forecast.panel import Panel

_SEASONS = 5  # of inputs
_LONGEST_SEASON = 168  # rows: of finer samplings less than a season is forecast
_MOST_ROWS, _MOST_INPUTS = 1440, 250
_STEPS_PER_EPOCH = 300
_FEWEST_ROWS = 12


def resolved(settings: Any, series: "Series | Mapping[str, Series]") -> Any:
    """Return the settings with what follows from the series filled in, and say it.

    A season (a day, of daily rows a week, of monthly ones a year) is forecast from five
    of them, or from a third of the training rows if that is less.

    Args:
        settings: those of the experiment.
        series: what was read.
    """
    from seqconv_jax import UserError
    from seqconv_jax.data.forecast.panel import panel_of
    from seqconv_jax.data.forecast.season import season_rows

    panel = panel_of(series)
    season = season_rows(panel, settings.season)
    length = min(len(one.values) for one in panel.series)
    if length < _FEWEST_ROWS:
        raise UserError(
            f"{panel.name} has {length:,} rows, too few to train, validate and test "
            f"on; at least {_FEWEST_ROWS} are needed"
        )
    train, scored = _split_rows(settings, panel)
    filled: dict[str, Any] = {}

    def rows(name: str, default: Callable[[], int]) -> int:
        if (given := getattr(settings, name)) is not None:
            return panel.rows(name, given)
        filled[name] = str(default())
        return int(filled[name])

    horizon = rows("horizon", lambda: _horizon(season, train, scored))
    lookback = rows("lookback", lambda: _lookback(season, horizon, train))
    every = rows("every", lambda: math.ceil(lookback / _MOST_INPUTS))
    if settings.model is None:
        # The convolutions and the pool take 19 steps to leave the GRU one.
        filled["model"] = "hybrid" if lookback // every >= 24 else "gru"
    if settings.calendar and not _has_cycles(panel):
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


def _split_rows(settings: Any, panel: "Panel") -> tuple[int, int]:
    """Return the rows to train on, and those of validation or test, the fewest."""
    from seqconv_jax.data.forecast.cuts import cut_rows

    train, scored = [], []
    for index, one in enumerate(panel.series):
        with panel.naming(index):
            alone = len(panel.series) == 1
            first, second = cut_rows(settings.split, one, inside=alone)
        train.append(first)
        scored += [second - first, len(one.values) - second]
    return min(filter(None, train), default=1), min(filter(None, scored), default=1)


def _has_cycles(panel: "Panel") -> bool:
    """Return whether rows lie at other times of a day, a week or a year."""
    from seqconv_jax.data.forecast.calendar import calendar_cycles

    every = panel.first.every
    return panel.regular and every is not None and bool(calendar_cycles(every))


def _horizon(season: int | None, train: int, scored: int) -> int:
    most = scored - scored // 5  # which leaves some windows to score
    if season is None:
        return max(1, min(12, train // 20, most))
    ahead = season if season <= _LONGEST_SEASON else 60
    return max(1, min(ahead, train // 4, most))


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
        words.append("--no-calendar (no regular times of less than a year)")
    if words:
        known = f"a season of {season:,} rows" if season else "no season known"
        print(f"chosen by sampling and length ({known}): {', '.join(words)}")
