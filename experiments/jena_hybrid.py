"""Forecast the temperature in Jena a day ahead with a convnet in front of a GRU.

    python experiments/jena_hybrid.py                    five days at 30 minutes
    python experiments/jena_hybrid.py --lookback 10d     ten days
    python experiments/jena_hybrid.py --model gru        a GRU alone, ten days hourly

The convolutions shorten the series, the GRU keeps its order. Any sampling of the same
series works: --data FILE --every 1h. With --predict change the network forecasts the
change since the newest hour, which is the easier half of the task.

Data: the Jena climate 2009-2016, searched in --data, $SEQCONV_DATA and the cache, then
downloaded. F. Chollet, *Deep Learning with Python*, section 6.4 ("the book"), and
notebooks after it have validation MAE 0.2730 (five days), 0.2733 (ten days), GRU alone
0.2619; the baseline has 0.2897. Expect two to seven minutes a run on two CPU cores with
the hourly file; scores and spread are in docs/results.md.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from _cli import launch
from _forecast import train_and_report
from _jena import JenaSettings, load_task

BOOK = {
    "hybrid": "0.2730 (5d) and 0.2733 (10d) on validation, baseline 0.2897 "
    "(10-minute file)",
    "gru": "0.2619 on validation, baseline 0.2897 (10-minute file)",
}


@dataclass(frozen=True, kw_only=True)
class Settings(JenaSettings):
    """Flags of this experiment."""

    model: Literal["hybrid", "gru"] = "hybrid"
    """The convnet with a GRU behind it, or the GRU alone."""
    lookback: str | None = None
    """How far back inputs go: time or rows. By default 5d, and 10d for the GRU."""
    every: str | None = None
    """The distance between two inputs. By default 30min, and 1h for the GRU."""
    dropout: float | None = None
    """Rate of dropping the GRU's inputs. By default 0.1, and 0.2 for the GRU alone."""
    recurrent_dropout: float | None = None
    """Rate of dropping the GRU's state. By default 0.5, and 0.2 for the GRU alone."""
    reset_after: bool = False
    """Whether the reset gate acts after the product (two biases, TensorFlow 2)."""
    bidirectional: bool = False
    """Whether the GRU alone also reads the series backwards."""
    out: Path = Path("runs/jena_hybrid")
    """The run directory."""
    epochs: int | None = None
    """Epochs to train for. By default 20, and 40 for the GRU alone."""
    steps_per_epoch: int = 500
    """Updates in an epoch."""
    batch_size: int = 128
    """Windows in a batch."""
    learning_rate: float = 1e-3
    """RMSprop's learning rate."""


DEFAULTS = {
    "hybrid": {
        "lookback": "5d",
        "every": "30min",
        "dropout": 0.1,
        "recurrent_dropout": 0.5,
        "epochs": 20,
    },
    "gru": {
        "lookback": "10d",
        "every": "1h",
        "dropout": 0.2,
        "recurrent_dropout": 0.2,
        "epochs": 40,
    },
}


def resolved(settings: Settings) -> Settings:
    """Return the settings with the model's defaults filled in."""
    defaults = DEFAULTS[settings.model]
    return replace(
        settings, **{k: v for k, v in defaults.items() if getattr(settings, k) is None}
    )


def network(settings: Settings):
    """Return the network that the settings ask for."""
    from seqconv_jax import UserError
    from seqconv_jax.models import ConvGRU, GRURegressor

    options = {
        "dropout": settings.dropout,
        "recurrent_dropout": settings.recurrent_dropout,
        "reset_after": settings.reset_after,
    }
    if settings.model == "gru":
        return GRURegressor(**options, bidirectional=settings.bidirectional)
    if settings.bidirectional:
        raise UserError("--bidirectional goes with --model gru")
    return ConvGRU(**options)


def main(settings: Settings):
    """Train and report."""
    settings = resolved(settings)
    model = network(settings)
    return train_and_report(settings, load_task(settings), model, BOOK[settings.model])


if __name__ == "__main__":
    launch(Settings, main)
