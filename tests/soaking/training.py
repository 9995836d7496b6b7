"""A small training run with a run directory, as a user would write it.

    python -m soaking.training OUT VARIANT [PHASE COUNT SIGNAL TIMES]

The same command starts a run and goes on with it. With a phase, the process sends
itself a signal while its reporter is told of that phase for the `COUNT`th time.
Exit status: 2 for a `UserError`, in one line; 128 + the signal's number.
"""

import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

EPOCHS, STEPS, BATCH = 4, 6, 8


class Variant(NamedTuple):
    """What is trained, and what says which epoch is best."""

    text: bool
    monitor: str
    mode: Any
    patience: int | None


VARIANTS = {
    "gru": Variant(False, "val_loss", "min", None),
    "convnet": Variant(False, "val_mae", "min", None),
    "text": Variant(True, "val_accuracy", "max", 3),
}


SENDS = "this process sends itself a signal"


class SignalReporter:
    """Sends its own process a signal at one moment of the training."""

    def __init__(self, phase: str, count: int, signum: int, times: int = 1):
        """Wait for the moment."""
        self._phase, self._left = phase, count
        self._signum, self._times = signum, times

    def begin(self, epoch: int, epochs: int, done: int, steps: int) -> None:
        """An epoch begins."""
        self._come_to("begin")

    def advance(self, steps: int, loss: Any) -> None:
        """Steps are on their way."""
        self._come_to("advance")

    def end(self, record: dict[str, Any]) -> None:
        """An epoch has ended."""
        self._come_to("end")

    def _come_to(self, phase: str) -> None:
        if phase == self._phase:
            self._left -= 1
            if self._left == 0:  # never, where less than so much is left of the run
                print(SENDS, file=sys.stderr, flush=True)
                for _ in range(self._times):
                    os.kill(os.getpid(), self._signum)


def train(out: Path, variant: str, reporter: Any = None) -> dict[str, Any]:
    """Start a run, or go on with it; return its summary, with hashes of all it has."""
    from soaking.digest import digest

    import seqconv_jax as sc

    chosen = VARIANTS[variant]
    task, model = text_task() if chosen.text else series_task(variant)
    loss = sc.losses.binary_cross_entropy if chosen.text else sc.losses.mae
    metrics = {"accuracy": sc.losses.accuracy} if chosen.text else {"mae": loss}
    with sc.runs.open(out, config={"variant": variant}, resume=True) as run:
        result = sc.train.fit(
            model,
            task,
            optimizer=sc.optim.rmsprop(1e-2),
            loss=loss,
            metrics=metrics,
            epochs=EPOCHS,
            steps_per_epoch=STEPS,
            batch_size=BATCH,
            monitor=chosen.monitor,
            mode=chosen.mode,
            patience=chosen.patience,
            run=run,
            reporter=reporter,
        )
        summary = {
            "steps": int(result.state.step),
            "state": digest(result.state),
            "best_epoch": result.best.epoch,
            "best": digest(result.best.params),
            "seconds": sum(record["seconds"] for record in result.history),
        }
        run.write_summary(summary)
    return summary


def series_task(variant: str) -> tuple[Any, Any]:
    """Return a table of waves to forecast, and a network with dropout."""
    import seqconv_jax as sc

    rng = np.random.default_rng(0)
    table = rng.normal(size=(160, 2)).astype(np.float32).cumsum(0) / 10
    rows = np.arange(12, 150, dtype=np.int32)
    task = sc.data.Task(
        inputs=table,
        targets=table[:, :1] * 0.5,
        offsets=np.arange(-11, 1, dtype=np.int32),
        train=rows[:90],
        validation=rows[90:115],
        test=rows[115:],
    )
    if variant == "gru":
        return task, sc.models.GRURegressor(units=3, dropout=0.1, recurrent_dropout=0.1)
    layers = (sc.nn.Conv1D(4, 3), sc.nn.BatchNorm(), sc.nn.GlobalMaxPool1D())
    return task, sc.nn.Sequential((*layers, sc.nn.Dropout(0.2), sc.nn.Dense(1)))


def text_task() -> tuple[Any, Any]:
    """Return sequences of ids to classify, and a convnet."""
    import seqconv_jax as sc

    rng = np.random.default_rng(1)
    ids = rng.integers(1, 20, (120, 10)).astype(np.int32)
    rows = np.arange(120, dtype=np.int32)
    task = sc.data.Task(
        inputs=ids,
        targets=(ids[:, :1] > 9).astype(np.float32),
        train=rows[:80],
        validation=rows[80:100],
        test=rows[100:],
    )
    layers = (sc.nn.Embedding(20, 4), sc.nn.Conv1D(4, 3), sc.nn.GlobalMaxPool1D())
    return task, sc.nn.Sequential((*layers, sc.nn.Dense(1)))


def main(arguments: list[str]) -> None:
    """Train, and word what goes wrong in one line."""
    from seqconv_jax import UserError

    out, variant, *moment = arguments
    reporter = None
    if moment:
        count, signum, times = map(int, moment[1:])
        reporter = SignalReporter(moment[0], count, signum, times)
    try:
        train(Path(out), variant, reporter)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt as stop:
        print(str(stop) or "stopped", file=sys.stderr)
        sys.exit(128 + getattr(stop, "signum", 2))


if __name__ == "__main__":
    main(sys.argv[1:])
