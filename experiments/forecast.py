"""Forecast columns of any file of series, many steps at once, with a convnet and a GRU.

    python experiments/forecast.py --data FILE                         one column
    python experiments/forecast.py --data FILE --target load price     two of several
    python experiments/forecast.py --data FILE --horizon 24h --quantiles 0.1 0.5 0.9
    python experiments/forecast.py --data FILE --level 0.9             with intervals
    python experiments/forecast.py                                     the Jena climate

How the file is written, its times and their sampling are found and printed; where a
choice is open, the error names the flag. A season ahead (a day, of daily rows a week,
of monthly ones a year) is forecast from five, as the change since the newest value,
with the calendar beside it, and compared at each step with the last value, a line and
the last season.

On the hourly Jena file the defaults forecast 24 hours with a mean absolute error from
0.5 degC an hour ahead to 2.3 degC a day ahead, where the same hour of the day before
has 2.5 degC at every step; two minutes on two CPU cores.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from _cli import launch
from _forecast_defaults import resolved
from _series_file import ReadingSettings, choose_targets, read

if TYPE_CHECKING:
    from seqconv_jax.data import ForecastTask, Series


@dataclass(frozen=True, kw_only=True)
class Settings(ReadingSettings):
    """Flags of this experiment."""

    target: tuple[str, ...] = ()
    """The columns to forecast; by default the only one."""
    horizon: str | None = None
    """How far ahead the last step is: time or rows; by default a season."""
    step: str = "1"
    """The distance between two forecast steps: time or rows."""
    lookback: str | None = None
    """How far back inputs go: time or rows; by default five seasons."""
    every: str | None = None
    """The distance between two inputs; by default so that there are at most 250."""
    future: tuple[str, ...] = ()
    """Columns known for the time to forecast as well, such as a weather forecast."""
    calendar: bool = True
    """Whether the hour of the day, the day of the week and of the year are inputs."""
    predict: Literal["value", "change", "normalised"] = "change"
    """Forecast the value, its change since the newest input, or the change from inputs
    less their newest value (for series whose level drifts)."""
    quantiles: tuple[float, ...] = ()
    """Forecast these quantiles, such as 0.1 0.5 0.9, in place of one value."""
    level: tuple[float, ...] | None = None
    """Calibrate intervals that hold the truth so often, such as 0.9, on the later half
    of validation, which then chooses no epoch."""
    loss: Literal["mae", "mse", "huber"] = "mae"
    """What is minimised where no quantiles are."""
    season: str | None = None
    """How long a season is: time or rows; by default by the sampling."""
    split: tuple[str, str] = ("0.7", "0.85")
    """Where validation and test begin: fractions, dates, or row numbers."""
    gaps: Literal["keep", "drop"] = "keep"
    """What to do with windows that cross a gap in time."""
    scale: Literal["series", "all"] = "series"
    """Whether each of several series has a scale of its own."""
    model: Literal["hybrid", "gru", "conv", "tcn"] | None = None
    """The network; by default the hybrid, a GRU for less than 24 inputs."""
    units: int = 32
    """Width of the network."""
    dropout: float = 0.1
    """Rate of dropping inputs of the GRU, or values of a convnet."""
    recurrent_dropout: float = 0.1
    """Rate of dropping the GRU's state."""
    out: Path = Path("runs/forecast")
    """The run directory."""
    epochs: int = 30
    """Most epochs to train for."""
    patience: int = 5
    """Stop after so many epochs without a better one."""
    steps_per_epoch: int | None = None
    """Updates in an epoch; by default each window once, at most 300."""
    batch_size: int | None = None
    """Windows in a batch; by default 128, less for few windows."""
    learning_rate: float = 1e-3
    """RMSprop's learning rate; halved after an epoch without a better one."""


def load_task(
    settings: Settings, series: "Series | Mapping[str, Series]"
) -> "ForecastTask":
    """Cut the series into windows."""
    from seqconv_jax import data

    targets = settings.target
    return data.forecast_task(
        series,
        target=targets[0] if len(targets) == 1 else targets,
        horizon=settings.horizon,
        step=settings.step,
        lookback=settings.lookback or 1,
        every=settings.every or 1,
        split=settings.split,
        gaps=settings.gaps,
        predict=settings.predict,
        scale=settings.scale,
        future=settings.future,
        calendar=settings.calendar,
        season=settings.season,
    )


def network(settings: Settings, outputs: int) -> Any:
    """Return the network that the settings ask for, with so many outputs."""
    from seqconv_jax import models

    if settings.model == "conv":
        blocks = tuple(
            models.ConvBlock(settings.units, size, pool=pool)
            for size, pool in ((5, 3), (5, None))
        )
        return models.SeriesConvNet(
            blocks=blocks, head="flatten", dropout=settings.dropout, outputs=outputs
        )
    if settings.model == "tcn":
        return models.TCN(
            features=settings.units, dropout=settings.dropout, outputs=outputs
        )
    options: dict[str, Any] = {
        "units": settings.units,
        "dropout": settings.dropout,
        "recurrent_dropout": settings.recurrent_dropout,
        "outputs": outputs,
    }
    if settings.model == "gru":
        return models.GRURegressor(**options)
    return models.ConvGRU(features=settings.units, **options)


def main(settings: Settings) -> dict[str, Any]:
    """Read, choose, train and report."""
    from dataclasses import replace

    from _forecast_steps import train_and_report
    from _intervals import set_aside

    series = read(settings)
    settings = replace(settings, target=choose_targets(settings, series))
    settings = resolved(settings, series)
    task = load_task(settings, series)
    task, rows = set_aside(settings, task)
    outputs = task.outputs * max(len(settings.quantiles), 1)
    return train_and_report(settings, series, task, network(settings, outputs), rows)


if __name__ == "__main__":
    launch(Settings, main)
