"""Forecast the CSI 300 index a day ahead with a 1D convnet.

    python experiments/csi300_conv1d.py --data 000300.SH.csv

Notebooks after F. Chollet's *Deep Learning with Python* ("the book") built this network
and never trained it: its window of 12 rows left nothing for the second convolution.
Here the window has all 60 rows, and the target is the close (--target high is the
book's column). Judge it by index points against "tomorrow = today" and by how many
days' direction it gets right; most days, and most models, do not beat that.

Data: daily bars with the columns date, open, high, low, close, vol, amount, in --data
or $SEQCONV_DATA (newest first: add --reverse); a generated random walk without them.
Expect about a quarter of a minute on two CPU cores.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from _cli import launch
from _forecast import ForecastSettings, data_options, train_and_report


@dataclass(frozen=True, kw_only=True)
class Settings(ForecastSettings):
    """Flags of this experiment."""

    time: str = "date"
    """The column of dates."""
    target: str = "close"
    """The column to forecast."""
    lookback: int = 60
    """Rows that the window spans."""
    every: int = 1
    """Rows between two inputs."""
    delay: int = 1
    """Rows from the window's end to the target."""
    horizon: Literal["book", "source", "exact"] = "exact"
    """Exact: the newest bar is today's and the target is `delay` bars later. Book: the
    newest bar is one before, so that the real horizon is two bars; source is an earlier
    name for it."""
    out: Path = Path("runs/csi300_conv1d")
    """The run directory."""
    epochs: int = 20
    """Epochs to train for."""
    steps_per_epoch: int = 60
    """Updates in an epoch; 60 draw about as many windows as there are."""
    batch_size: int = 64
    """Windows in a batch."""
    learning_rate: float = 1e-4
    """RMSprop's learning rate."""


def network():
    """Return the book's network."""
    from seqconv_jax.models import ConvBlock, SeriesConvNet

    return SeriesConvNet(
        blocks=(
            ConvBlock(128, 7, activation="linear"),
            ConvBlock(32, 7, pool=5),
            ConvBlock(32, 7),
        )
    )


def load_task(settings: Settings):
    """Find, read and cut the index; fall back on a generated random walk."""
    from seqconv_jax import data

    return data.load_csi300(settings.data, **data_options(settings))


def main(settings: Settings):
    """Train and report."""
    return train_and_report(
        settings, load_task(settings), network(), "never trained this network"
    )


if __name__ == "__main__":
    launch(Settings, main)
