"""Forecast all columns of the "Weather" benchmark for 96 to 720 steps, beside a line.

    python experiments/weather.py --horizon 96                the best recipe
    python experiments/weather.py --horizon 96 --recipe line  the line alone, trained
    python experiments/weather.py --horizon 96 --form filled  without the -9999 marks

Jena in 2020, every 10 minutes, 21 columns: the published borders, and every test window
counts (--drop-last 1024 shows what a score without the last partial batch would have
claimed). The network is a linear map from look-back to horizon for each column, begun
in closed form, and what GRUs over patches add to it; the best recipe averages two, of
which one sees a window without its last value, the other without its mean and spread:
see `models.PatchGRU`. Squared and absolute error are in standard deviations of train,
as published; published scores are on the raw form, in which marks in train make two
columns nearly vanish.

A seed of it takes 300 updates, three minutes of a core: squared and absolute error
0.137 and 0.178 for 96 steps (three seeds), where the line in closed form has 0.141 and
0.191. See results/weather_search.md for what was tried.

Data: weather.csv.zip, searched in --data, $SEQCONV_DATA and the cache; no stand-in.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from _cli import RunSettings, launch
from _recipes import with_recipe

if TYPE_CHECKING:
    from seqconv_jax.data import ForecastTask

_NETWORK = {
    "lookback": 720,
    "patch": 24,
    "units": 64,
    "mixed": 64,
    "normalise": "both",
    "dropout": 0.2,
    "delta": 0.1,
    "epochs": 2,
    "steps_per_epoch": 150,
    "batch_size": 64,
    "learning_rate": 1e-3,
    "skip_rate": 0.2,
    "ema_decay": 0.99,
}
RECIPES: dict[str, dict[str, Any]] = {
    "best": _NETWORK,
    "line": _NETWORK
    | {"units": 0, "mixed": 0, "learning_rate": 3e-4, "skip_rate": 1.0},
}


@dataclass(frozen=True, kw_only=True)
class Settings(RunSettings):
    """Flags of this experiment. The recipe says what no flag does."""

    data: Path | None = None
    """The file, or a directory with weather.csv or weather.csv.zip."""
    horizon: int = 96
    """Steps of 10 minutes to forecast; 96, 192, 336 and 720 are published."""
    form: Literal["raw", "filled"] = "raw"
    """The file as it is, as published, or with the value before each -9999 mark."""
    recipe: Literal["best", "line"] = "best"
    """The line with GRUs beside it, or the line alone."""
    drop_last: int | None = None
    """Report besides what a score without the last partial batch of so many windows
    would have claimed."""
    lookback: int | None = None
    """Steps that are looked back on."""
    patch: int | None = None
    """Steps of a patch."""
    units: int | None = None
    """Width of the GRU of each column; 0 for none."""
    mixed: int | None = None
    """Width of the GRU of all columns together; 0 for none."""
    normalise: Literal["last", "revin", "both"] | None = None
    """What of a window is taken away before the network, and given back behind it: its
    last value; its mean and spread; or the average of two networks, one behind each."""
    dropout: float | None = None
    """Rate of dropping values in front of the output."""
    delta: float | None = None
    """Where the Huber loss goes from squared to absolute; 0 for absolute all over."""
    epochs: int | None = None
    """Epochs to train for; the learning rate falls to 0 until then."""
    steps_per_epoch: int | None = None
    """Updates in an epoch."""
    batch_size: int | None = None
    """Windows in a batch."""
    learning_rate: float | None = None
    """Adam's highest learning rate."""
    skip_rate: float | None = None
    """What part of it the line gets, which begins where it is to stay near."""
    ema_decay: float | None = None
    """Weight on its past of the parameters' moving average, which is validated."""
    patience: int | None = None
    """Stop after so many epochs without a better one; by default never."""
    out: Path = Path("runs/weather")
    """The run directory."""


def load_task(settings: Settings) -> "ForecastTask":
    """Read the benchmark; the hour of the day is an input as well."""
    from seqconv_jax import data

    return data.load_weather(
        settings.data,
        horizon=settings.horizon,
        lookback=settings.lookback or 1,
        filled=settings.form == "filled",
        calendar=["hour of day"],
    )


def network(settings: Any, task: "ForecastTask") -> Any:
    """Return the network that the settings ask for."""
    from seqconv_jax import models

    return models.PatchGRU(
        steps=task.steps,
        columns=tuple(task.columns.index(name) for name in task.target_columns),
        patch=settings.patch,
        units=settings.units,
        mixed=settings.mixed,
        normalise=settings.normalise,
        dropout=settings.dropout,
    )


def optimizer(settings: Any) -> Any:
    """Return Adam with clipped gradients and a rate that rises, and falls to 0.

    Of an error above `delta` the loss has the slope `delta`: so gradients are clipped
    in units of it.
    """
    import optax

    from seqconv_jax import UserError

    steps = settings.epochs * settings.steps_per_epoch
    if steps < 2:
        raise UserError(
            f"--epochs and --steps-per-epoch must make 2 updates, got {steps}"
        )
    rate = optax.warmup_cosine_decay_schedule(
        0.0, settings.learning_rate, max(1, steps // 50), steps
    )
    return optax.chain(
        optax.clip_by_global_norm(settings.delta or 1.0),
        optax.adam(rate),
        optax.masked(optax.scale(settings.skip_rate), _is_skip),
    )


def _is_skip(params: Any) -> Any:
    """Return which of the parameters are the line's."""
    import jax

    from seqconv_jax.models.skip import SKIP

    return jax.tree_util.tree_map_with_path(
        lambda path, _: any(getattr(key, "key", None) == SKIP for key in path), params
    )


def loss(settings: Settings) -> Any:
    """Return Huber's loss, or the absolute error for a delta of 0."""
    from functools import partial

    from seqconv_jax import losses

    if not settings.delta:
        return losses.mae
    return partial(losses.huber, delta=settings.delta)


def main(settings: Settings) -> dict[str, Any]:
    """Train, score and report."""
    from _weather import train_and_report

    settings = with_recipe(settings, RECIPES)
    task = load_task(settings)
    return train_and_report(
        settings,
        task,
        network(settings, task),
        optimizer=optimizer(settings),
        loss=loss(settings),
    )


if __name__ == "__main__":
    launch(Settings, main)
