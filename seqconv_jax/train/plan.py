"""What a training does, checked, but for its seed."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import optax

from seqconv_jax.train.average import check_decay
from seqconv_jax.train.batches import Dataset
from seqconv_jax.train.callback import Callback
from seqconv_jax.train.check import check_settings
from seqconv_jax.train.door import check_fit_arguments
from seqconv_jax.train.feed import Place
from seqconv_jax.train.plateau import scaled_by_plateau
from seqconv_jax.train.predictor_settings import predictor_settings
from seqconv_jax.train.same_fit import Settings, check_may_change, fit_settings
from seqconv_jax.train.scores import Score
from seqconv_jax.train.selection import ModelSelection
from seqconv_jax.train.state import TrainState, init_state, state_shapes
from seqconv_jax.train.store import RunDirectory, open_store


class Plan(NamedTuple):
    """What a training does; see `fit`, whose options these are.

    Attributes:
        observe: tells the optimiser's state what became of the validation loss; None
            where no plateau is watched.
        steps: steps of an epoch.
        selection: how the best epoch is selected.
        settings: what a run's numbers depend on, but for the seed; `{}` for no run.
        predictor: what a predictor is made of besides the weights; `{}` for no run.
    """

    model: Any
    task: Dataset
    optimizer: optax.GradientTransformation
    observe: Callable[[Any, float], Any] | None
    loss: Score
    metrics: dict[str, Score]
    epochs: int
    steps: int
    batch_size: int
    params: Any
    batch_stats: Any
    selection: ModelSelection
    steps_per_call: int | None
    ema_decay: float | None
    callback: Callback | None
    may_change: Collection[str]
    settings: Settings
    predictor: Mapping[str, Any]

    @property
    def scores(self) -> dict[str, Score]:
        """The loss and the metrics by name."""
        return {"loss": self.loss, **self.metrics}

    def open_store(self, run: RunDirectory | None, seed: int):
        """Open what a seed's run keeps on disk; see `store.open_store`."""
        return open_store(
            run,
            self.selection,
            {"seed": seed, **self.settings},
            self.steps,
            self.may_change,
            self.predictor,
        )

    def state_shapes(self) -> TrainState | None:
        """Return the shapes of `initial_state`; None where they take its values."""
        if self.params is not None or self.batch_stats is not None:
            return None
        ema = self.ema_decay is not None
        return state_shapes(self.model, self.optimizer, self.task.example, ema=ema)

    def initial_state(self, seed: int) -> TrainState:
        """Return the state before a seed's first step."""
        return init_state(
            self.model,
            self.optimizer,
            self.task.example,
            seed=seed,
            params=self.params,
            batch_stats=self.batch_stats,
            ema=self.ema_decay is not None,
        )


def make_plan(
    model: Any,
    task: Dataset,
    *,
    optimizer: Any,
    loss: Any,
    metrics: Any,
    epochs: int,
    steps_per_epoch: int | None,
    batch_size: int,
    seed: int,
    params: Any,
    batch_stats: Any,
    monitor: str | None,
    mode: Any,
    patience: int | None,
    data: Place | None,
    steps_per_call: int | None,
    ema_decay: float | None,
    plateau: Any,
    callback: Callback | None,
    may_change: Collection[str],
    kept: bool,
) -> Plan:
    """Return the plan of a training whose arguments are right, or raise as `fit`.

    They are those of `fit`, and `kept`: whether there is a run directory, for which
    more must be known.
    """
    metrics = check_fit_arguments(model, task, optimizer, loss, metrics)
    steps = check_settings(
        model,
        task,
        epochs=epochs,
        steps_per_epoch=steps_per_epoch,
        batch_size=batch_size,
        seed=seed,
        patience=patience,
        data=data,
    )
    selection = ModelSelection.of(
        monitor, mode, patience, ("loss", *metrics), len(task.validation) > 0
    )
    ema_decay = check_decay(ema_decay)
    check_may_change(may_change)
    settings, predictor = {}, {}
    if kept:
        predictor = predictor_settings(model, task, {"loss": loss, **metrics})
        settings = fit_settings(
            task,
            batch_size=batch_size,
            steps_per_epoch=steps,
            monitor=selection.monitor,
            mode=selection.mode,
            ema_decay=ema_decay,
            loss=loss,
            metrics=metrics,
            model=model,
            optimizer=optimizer,
            plateau=plateau,
        )
    observe = None
    if plateau is not None:
        optimizer, observe = scaled_by_plateau(optimizer, plateau)
    return Plan(
        model=model,
        task=task,
        optimizer=optimizer,
        observe=observe,
        loss=loss,
        metrics=metrics,
        epochs=epochs,
        steps=steps,
        batch_size=batch_size,
        params=params,
        batch_stats=batch_stats,
        selection=selection,
        steps_per_call=steps_per_call,
        ema_decay=ema_decay,
        callback=callback,
        may_change=may_change,
        settings=settings,
        predictor=predictor,
    )
