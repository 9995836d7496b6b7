"""How much faster is a convnet than a recurrent layer on the same windows?

    python experiments/benchmarks/conv_against_rnn.py

Times one training step and one forward pass of each network on the same batch, in
turns within one process, and prints medians and the ratios of each round's times to
the convnet's, with their quartiles.
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from _cli import launch


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Flags of this script."""

    steps: int = 240
    """Time steps in a window."""
    columns: int = 14
    """Columns of a window."""
    batch_size: int = 128
    """Windows in a batch."""
    rounds: int = 40
    """How often each is timed."""


def main(settings: Settings) -> None:
    """Time and print."""
    import jax

    import seqconv_jax as sc

    models = {
        "convnet": sc.models.SeriesConvNet(),
        "TCN": sc.models.TCN(dilations=(1, 2, 4, 8, 16)),
        "convnet + GRU": sc.models.ConvGRU(),
        "GRU": sc.models.GRURegressor(),
    }
    batch = _batch(settings)
    print(f"JAX {jax.__version__}, {jax.devices()[0].device_kind}, {settings}")
    for kind, make in [("training step", _training), ("forward pass", _forward)]:
        calls = {name: make(model, batch) for name, model in models.items()}
        _print(kind, _time_in_turns(calls, settings.rounds))


def _batch(settings: Settings) -> Any:
    import jax.numpy as jnp

    from seqconv_jax.train import Batch

    rng = np.random.default_rng(0)
    shape = (settings.batch_size, settings.steps, settings.columns)
    x = jnp.asarray(rng.normal(size=shape), jnp.float32)
    y = jnp.asarray(rng.normal(size=(settings.batch_size, 1)), jnp.float32)
    return Batch(x, y, jnp.ones(settings.batch_size))


def _training(model: Any, batch: Any):
    import jax

    import seqconv_jax as sc

    tx = sc.optim.rmsprop(1e-3)
    step = jax.jit(sc.train.make_step(model, tx, sc.losses.mae), donate_argnums=0)
    state = sc.train.init_state(model, tx, batch.x, seed=0)
    key = jax.random.key(0)

    def call():
        nonlocal state
        state, _ = step(state, batch, key)
        jax.block_until_ready(state)

    return call


def _forward(model: Any, batch: Any):
    import jax

    variables = model.init(jax.random.key(0), batch.x)
    apply = jax.jit(model.apply)
    return lambda: jax.block_until_ready(apply(variables, batch.x))


def _time_in_turns(calls: dict[str, Any], rounds: int) -> dict[str, np.ndarray]:
    """Return seconds by name, each round timing every call once."""
    for call in calls.values():
        call()
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - started)
    return {name: np.array(values) for name, values in seconds.items()}


def _print(kind: str, seconds: dict[str, np.ndarray]) -> None:
    first = next(iter(seconds.values()))
    print(f"\n{kind:<15}  median ms  times the convnet's (quartiles)")
    for name, values in seconds.items():
        low, middle, high = np.percentile(values / first, [25, 50, 75])
        print(
            f"{name:<15}  {np.median(values) * 1e3:9.2f}  {middle:.2f} "
            f"({low:.2f} to {high:.2f})"
        )


if __name__ == "__main__":
    launch(Settings, main)
