"""Forecast the temperature in Jena a day ahead with a convnet in front of a GRU.

    python experiments/jena_hybrid.py                    five days at 30 minutes
    python experiments/jena_hybrid.py --lookback 10d     ten days
    python experiments/jena_hybrid.py --model gru        a GRU alone, ten days hourly
    python experiments/jena_hybrid.py --every 1h --recipe best   a line beside it

The convolutions shorten the series, the GRU keeps its order. Any sampling of the same
series works: --data FILE --every 1h. With --predict change the network forecasts the
change since the newest hour, which is the easier half of the task.

A recipe is a set of flags, chosen on validation (experiments/results/jena_search.md);
flags that are given go before it. In "best" a line through all inputs lies beside the
network, begun in closed form, and the network learns what it adds to the line.

Data: the Jena climate 2009-2016, searched in --data, $SEQCONV_DATA and the cache, then
downloaded. F. Chollet, *Deep Learning with Python*, section 6.4 ("the book"), and
notebooks after it have validation MAE 0.2730 (five days), 0.2733 (ten days), GRU alone
0.2619; the baseline has 0.2897. Expect two to seven minutes a run on two CPU cores with
the hourly file; scores and spread are in docs/results.md.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from _cli import launch
from _forecast import train_and_report
from _jena import JenaSettings, load_task
from _jena_network import first_params, loss, network, optimizer
from _recipes import with_recipe

BOOK = {
    "hybrid": "0.2730 (5d) and 0.2733 (10d) on validation, baseline 0.2897 "
    "(10-minute file)",
    "gru": "0.2619 on validation, baseline 0.2897 (10-minute file)",
}


PUBLISHED = {"hybrid": [0.2730, 0.2733], "gru": [0.2619]}
Cycle = Literal["hour of day", "day of week", "day of year"]
RECIPES: dict[str, dict[str, Any]] = {
    "best": {
        "predict": "change",
        "calendar": ("hour of day", "day of year"),
        "line": True,
        "products": (1, 6, 24),
        "lookback": "72h",
        "blocks": 1,
        "features": 64,
        "units": 64,
        "dropout": 0.3,
        "recurrent_dropout": 0.5,
        "optimizer": "adamw",
        "learning_rate": 5e-4,
        "weight_decay": 0.1,
        "delta": 0.0,
        "ema_decay": 0.995,
        "epochs": 6,
        "steps_per_epoch": 100,
        "batch_size": 128,
    },
}
BOTH = {
    "predict": "value",
    "calendar": (),
    "line": False,
    "products": (),
    "blocks": 2,
    "features": 32,
    "kernel_size": 5,
    "pool": 3,
    "units": 32,
    "optimizer": "rmsprop",
    "learning_rate": 1e-3,
    "weight_decay": 0.0,
    "delta": 0.0,
    "steps_per_epoch": 500,
    "batch_size": 128,
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "hybrid": {
        **BOTH,
        "lookback": "5d",
        "every": "30min",
        "dropout": 0.1,
        "recurrent_dropout": 0.5,
        "epochs": 20,
    },
    "gru": {
        **BOTH,
        "lookback": "10d",
        "every": "1h",
        "dropout": 0.2,
        "recurrent_dropout": 0.2,
        "epochs": 40,
    },
}


@dataclass(frozen=True, kw_only=True)
class Settings(JenaSettings):
    """Flags of this experiment."""

    model: Literal["hybrid", "gru"] = "hybrid"
    """The convnet with a GRU behind it, or the GRU alone."""
    recipe: Literal["best"] | None = None
    """Flags chosen on validation, for those that are not given."""
    lookback: str | None = None
    """How far back inputs go: time or rows. By default 5d, and 10d for the GRU."""
    every: str | None = None
    """The distance between two inputs. By default 30min, and 1h for the GRU."""
    predict: Literal["value", "change"] | None = None  # pyright: ignore
    """Forecast the value, as the book does and by default, or its change since the
    newest input."""
    calendar: tuple[Cycle, ...] | None = None
    """Sine and cosine of these cycles as inputs; by default of none."""
    line: bool | None = None
    """Put a linear map of all inputs, begun in closed form, beside the network; by
    default there is none."""
    products: tuple[int, ...] | None = None
    """Let the line see the products of all pairs of means over so many newest inputs:
    slopes that depend on the season; by default none."""
    blocks: Literal[1, 2] | None = None
    """One convolution and a pool, or by default a second convolution behind them."""
    features: int | None = None
    """Filters of each convolution; by default 32."""
    kernel_size: int | None = None
    """Their taps; by default 5."""
    pool: int | None = None
    """Steps of the maximum pool; by default 3."""
    units: int | None = None
    """Width of the GRU; by default 32."""
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
    steps_per_epoch: int | None = None
    """Updates in an epoch; by default 500."""
    batch_size: int | None = None
    """Windows in a batch; by default 128."""
    optimizer: Literal["rmsprop", "adamw"] | None = None
    """RMSprop by default, or AdamW with a rate that rises, and falls to 0."""
    learning_rate: float | None = None
    """Its learning rate, AdamW's highest one; by default 1e-3."""
    weight_decay: float | None = None
    """AdamW's decay of kernels, times the learning rate; by default 0."""
    delta: float | None = None
    """Where the loss goes from squared to absolute (Huber); by default 0, for the
    absolute error all over."""
    ema_decay: float | None = None
    """Weight on its past of the parameters' moving average, which is validated; by
    default there is none."""


def resolved(settings: Settings) -> Settings:
    """Return the settings with those of the recipe, then the book's, filled in."""
    from seqconv_jax import UserError

    if settings.recipe is not None and settings.model != "hybrid":
        raise UserError("`recipe` is for --model hybrid")
    settings = with_recipe(settings, RECIPES)
    defaults = DEFAULTS[settings.model]
    return replace(
        settings, **{k: v for k, v in defaults.items() if getattr(settings, k) is None}
    )


def main(settings: Settings) -> dict[str, Any]:
    """Train and report."""
    from seqconv_jax.train.average import check_decay

    settings = resolved(settings)
    check_decay(settings.ema_decay)
    model = network(settings)
    task = load_task(settings, calendar=settings.calendar or False)
    return train_and_report(
        settings,
        task,
        model,
        BOOK[settings.model],
        PUBLISHED[settings.model],
        optimizer=optimizer(settings),
        loss=loss(settings),
        monitor="val_mae",
        params=first_params(settings, task, model),
        ema_decay=settings.ema_decay,
    )


if __name__ == "__main__":
    launch(Settings, main)
