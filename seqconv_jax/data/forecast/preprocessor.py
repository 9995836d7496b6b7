"""What stands between a series and a trained forecaster: columns, scale and window."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from seqconv_jax._checks import UserError, expect, one_of, positive_int
from seqconv_jax.data.forecast.answers import answer_table
from seqconv_jax.data.forecast.fields import task_fields
from seqconv_jax.data.forecast.fresh import Continued, continue_series
from seqconv_jax.data.forecast.layout import Layout
from seqconv_jax.data.forecast.panel import Panel, panel_of
from seqconv_jax.data.forecast.reading import read_again, series_of
from seqconv_jax.data.forecast.scaling import Scale
from seqconv_jax.data.forecast.task import ForecastTask
from seqconv_jax.data.forecast.windows import Window, spans_gap
from seqconv_jax.data.series.durations import Step, format_duration, parse_step
from seqconv_jax.data.series.series import Series
from seqconv_jax.data.series.table import listed

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ForecastPreprocessor", "Which"]

Which = Literal["latest", "all"]
_PREDICT = ("value", "change", "normalised")


@dataclass(frozen=True, kw_only=True, eq=False)
class ForecastPreprocessor:
    """Makes windows of new series, and forecasts in the unit of a model's outputs.

    `forecast_task` makes it; it is a task's `preprocessor`.

    >>> from seqconv_jax.data import Series, forecast_task
    >>> start, hour = np.datetime64("2020-01-01", "us"), np.timedelta64(1, "h")
    >>> def rows(count):
    ...     return Series(
    ...         values=np.arange(float(count))[:, None],
    ...         columns=("level (m)",),
    ...         times=start + np.arange(count) * hour,
    ...     )
    >>> options = {"lookback": 6, "horizon": "2h", "split": (0.5, 0.75)}
    >>> fitted = forecast_task(rows(60), target="level (m)", **options).preprocessor
    >>> task = fitted.task(rows(10))
    >>> outputs = task.naive("test", "drift")
    >>> print(fitted.answers(outputs, task).to_string(index=False))
                   time  step ahead  level (m)
    2020-01-01 10:00:00     1    1h       10.0
    2020-01-01 11:00:00     2    2h       11.0

    Attributes:
        layout: which columns and rows are read and forecast.
        scales: of `layout.values`: one, or one for each of `series_names`.
        series_names: the series that have a scale of their own; `()` for one scale.
        every: the sampling, where it is regular; else None.
        timed: whether the series had times.
        gaps: "keep" or "drop": what becomes of windows over gaps in time.
        season: the rows of a season, or None.
        quantiles: which quantiles a model puts out for each output; `()` for one number
            each. `dataclasses.replace` sets it, since the model is not known here.
        reading: what `read_series` reads another file by.
    """

    kind = "forecast"

    layout: Layout
    scales: tuple[Scale, ...] = field(repr=False)
    series_names: tuple[str, ...] = ()
    every: Step | None = None
    timed: bool = False
    gaps: str = "keep"
    season: int | None = None
    quantiles: tuple[float, ...] = ()
    reading: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Look at the settings once."""
        count = len(self.scales)
        expect(count == max(1, len(self.series_names)), "scales", "one each", count)
        levels = all(
            isinstance(level, float) and 0 < level < 1 for level in self.quantiles
        )
        expect(levels, "quantiles", "numbers between 0 and 1", self.quantiles)
        if self.season is not None:
            positive_int("season", self.season)

    def settings(self) -> dict[str, Any]:
        """Return what `from_settings` makes an equal one of: strict JSON."""
        layout = asdict(self.layout)
        return {
            "kind": self.kind,
            **{
                key: list(v) if isinstance(v, tuple) else v for key, v in layout.items()
            },
            "columns": list(self.layout.values),
            "mean": [scale.mean.tolist() for scale in self.scales],
            "std": [scale.std.tolist() for scale in self.scales],
            "series_names": list(self.series_names),
            "every": None if self.every is None else format_duration(self.every),
            "timed": self.timed,
            "gaps": self.gaps,
            "season": self.season,
            "quantiles": list(self.quantiles),
            "reading": dict(self.reading),
        }

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Return the preprocessor that has these settings.

        Raises:
            UserError: for settings that none has.
        """
        try:
            return cls._of(dict(settings))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UserError(
                f"`settings` must be those of a forecast: {error!r}"
            ) from error

    @classmethod
    def _of(cls, kept: dict[str, Any]) -> Self:
        names = ("inputs", "targets", "future", "calendar")
        layout = Layout(
            **{name: tuple(map(str, kept[name])) for name in names},
            predict=one_of("predict", kept["predict"], _PREDICT),
            window=Window(**kept["window"]),
        )
        scales = tuple(
            Scale(np.array(mean, np.float64), np.array(std, np.float64))
            for mean, std in zip(kept["mean"], kept["std"], strict=True)
        )
        shape = (len(layout.values),)
        for scale in scales:
            fits = (
                scale.mean.shape == scale.std.shape == shape and (scale.std > 0).all()
            )
            expect(bool(fits), "std", f"of {shape[0]} columns, above 0", kept["std"])
        every = kept["every"]
        return cls(
            layout=layout,
            scales=scales,
            series_names=tuple(map(str, kept["series_names"])),
            every=None if every is None else parse_step(every),
            timed=bool(kept["timed"]),
            gaps=one_of("gaps", kept["gaps"], ("keep", "drop")),
            season=kept["season"],
            quantiles=tuple(map(float, kept["quantiles"])),
            reading=dict(kept["reading"]),
        )

    def read(self, path: str | os.PathLike[str]) -> Series | Mapping[str, Series]:
        """Return the series of a file, read as the training data was.

        Raises:
            UserError: as `read_series` does.
        """
        ahead = bool(self.layout.future)
        return read_again(path, self.reading, ahead, self.layout.values)

    def task(self, raw: Any, *, targets: bool = False) -> ForecastTask:
        """Return series as a task whose `test` rows are all that is asked for.

        Args:
            raw: a series, several by name, or a pandas DataFrame; or a pair of one and
                "latest" or "all".
            targets: whether the truth is known and is to be scored: then all windows
                are taken whose targets are there. Else the newest of each series, or
                with "all" each that has its look-back.

        Raises:
            UserError: for other columns, another unit or sampling, a series that is
                shorter than the look-back, or one that was not trained on and has a
                scale of its own.
        """
        raw, which = self._asked(raw)
        given = panel_of(series_of(raw, self.reading, bool(self.layout.future)))
        scales = self._scales(given)
        parts: list[Continued] = []
        for index, one in enumerate(given.series):
            with given.naming(index):
                parts.append(
                    continue_series(
                        one,
                        self.layout,
                        self.every,
                        self.timed,
                        self.reading,
                        targets=targets,
                    )
                )
        panel = Panel(given.names, tuple(part.series for part in parts), given.group)
        rows = self._rows(panel, parts, "scored" if targets else which)
        none = np.arange(0, dtype=np.int32)
        fields = task_fields(panel, self.layout, scales)
        fields |= {"report": given.report(), "times": _times(panel, parts)}
        return ForecastTask(
            **fields,
            train=none,
            validation=none,
            test=rows,
            season=self.season,
            spanning=self._spanning(panel, rows),
            dropped=dict.fromkeys(("train", "validation", "test"), 0),
            preprocessor=self,
        )

    def answers(self, outputs: Any, task: Any) -> "pd.DataFrame":
        """Return forecasts in the unit, a row for each window and step ahead.

        Args:
            outputs: `(n, outputs)`, or `(n, outputs * quantiles)`.
            task: what `task` returned.

        Returns:
            Columns `series` (where there are several), `time` (of the forecast step, in
            UTC where times had a zone; or `row` without times), `step` (from 1),
            `ahead` (of the newest input), and each target by its name; with quantiles
            that is the one nearest to the median, and `NAME q0.1` is another.
        """
        return answer_table(task, task.test, outputs, self.quantiles or None)

    def _asked(self, raw: Any) -> tuple[Any, Which]:
        if isinstance(raw, tuple) and len(raw) == 2:
            one_of("raw", raw[1], ("latest", "all"))
            return raw
        return raw, "latest"

    def _scales(self, panel: Panel) -> list[Scale]:
        if not self.series_names:
            return [self.scales[0]]
        by_name = dict(zip(self.series_names, self.scales, strict=True))
        for name in panel.names:
            if name not in by_name:
                raise UserError(
                    f"`raw` must be of the series that the model was trained on, each "
                    f"of which has a scale of its own, got {name!r}; it knows "
                    f"{listed(self.series_names)}"
                )
        return [by_name[name] for name in panel.names]

    def _rows(self, panel: Panel, parts: list[Continued], which: str) -> np.ndarray:
        """Return `(n,)` int32: "scored", "all" or "latest" windows of each series."""
        found = []
        for index, (part, start) in enumerate(zip(parts, panel.starts, strict=True)):
            with panel.naming(index):
                found.append(self._rows_of(part, which) + start)
        return np.concatenate(found).astype(np.int32)

    def _rows_of(self, part: Continued, which: str) -> np.ndarray:
        window = self.layout.window
        last = part.known - 1 - (window.reach if which == "scored" else window.newest)
        first = last if which == "latest" else -int(window.offsets[0])
        rows = np.arange(first, last + 1)
        if self.gaps == "keep" or not part.series.regular:
            return rows
        length = len(part.series.values)
        whole = rows[~spans_gap(rows, window, part.series.gaps, length)]
        if not len(whole):
            raise UserError(
                f"{part.series.name} has no window without a gap in time, such as the "
                f"model was trained on (gaps='drop'), among {len(rows):,}"
            )
        return whole

    def _spanning(self, panel: Panel, rows: np.ndarray) -> dict[str, int]:
        """Return how many windows cross a gap in time; `{}` where nobody can tell."""
        if not panel.regular:
            return {}
        gaps = [
            one.gaps + start
            for one, start in zip(panel.series, panel.starts, strict=True)
        ]
        length = sum(len(one.values) for one in panel.series)
        crossed = spans_gap(rows, self.layout.window, np.concatenate(gaps), length)
        return {"train": 0, "validation": 0, "test": int(crossed.sum())}


def _times(panel: Panel, parts: list[Continued]) -> np.ndarray | None:
    """Return `(rows,)` times of all rows, NaT where nobody can tell."""
    times = panel.times
    if times is None:
        return None
    for part, start in zip(parts, panel.starts.tolist(), strict=True):
        end = start + len(part.series.values)
        times[start + part.dated : end] = np.datetime64("NaT", "us")
    return times
