"""What the estimators share: checked arrays, their scale, training and outputs."""

from functools import partial
from typing import Any, Self

import jax
import numpy as np
import optax
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from seqconv_jax.data import Task, arrays_task
from seqconv_jax.models import ConvBlock, SeriesConvNet
from seqconv_jax.train import fit
from seqconv_jax.train.forward import forward

__all__ = ["SequenceEstimator"]

DEFAULT = SeriesConvNet((ConvBlock(16, 3, padding="same"),), head="flatten")


class SequenceEstimator(BaseEstimator):
    """The base of both estimators; see `SequenceClassifier`."""

    def __init__(
        self,
        model: Any = None,
        *,
        epochs: int = 20,
        batch_size: int = 32,
        learning_rate: float = 1e-2,
        validation: float = 0.0,
        random_state: Any = None,
    ):
        """Keep the settings, as scikit-learn asks: `fit` looks at them."""
        self.model = model
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.validation = validation
        self.random_state = random_state

    def _train(self, x: np.ndarray, y: np.ndarray, outputs: int, **scores: Any) -> Self:
        """Train on checked arrays, and keep what was learnt.

        Args:
            x: `(n, time)` or `(n, time, features)`.
            y: `(n, outputs)` targets.
            outputs: the width of the model.
            **scores: `loss` and `metrics`, as of `train.fit`.
        """
        x = np.asarray(x, np.float64)
        axes = (0, 1) if x.ndim == 3 else None
        std = x.std(axis=axes)
        self.mean_, self.scale_ = x.mean(axis=axes), np.where(std > 0, std, 1.0)
        self.axes_ = x.ndim
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        model = DEFAULT if self.model is None else self.model
        if hasattr(model, "outputs"):
            model = model.clone(parent=None, outputs=outputs)
        task = arrays_task(self._inputs(x), y, validation=self.validation, seed=seed)
        task = _validated(task)
        result = fit(
            model,
            task,
            optimizer=optax.adam(self.learning_rate),
            epochs=self.epochs,
            batch_size=min(self.batch_size, len(task.train)),
            seed=seed,
            **scores,
        )
        self.model_, self.history_ = model, list(result.history)
        self.params_ = jax.device_get(result.best.params)
        self.batch_stats_ = jax.device_get(result.best.batch_stats)
        return self

    def _checked(self, x: Any, y: Any, **options: Any) -> Any:
        """Return sequences and targets to train on that scikit-learn finds good."""
        x, y = validate_data(self, x, y, allow_nd=True, **options)
        if x.ndim > 3:
            raise ValueError(
                f"Found array with dim {x.ndim}, expected (n, time) or (n, time, "
                "features)"
            )
        return x, y

    def _inputs(self, x: np.ndarray) -> np.ndarray:
        scaled = (x - self.mean_) / self.scale_
        return (scaled[..., None] if x.ndim == 2 else scaled).astype(np.float32)

    def _outputs(self, x: Any) -> np.ndarray:
        """Return the model's outputs, batch after batch of one size."""
        check_is_fitted(self, "params_")
        x = validate_data(self, x, reset=False, allow_nd=True)
        if x.ndim != self.axes_:
            raise ValueError(f"X must have {self.axes_} axes, got {x.ndim}")
        inputs, size = self._inputs(np.asarray(x, np.float64)), self.batch_size
        found = []
        for part in np.split(inputs, range(size, len(inputs), size)):
            batch = np.zeros((size, *part.shape[1:]), np.float32)
            batch[: len(part)] = part
            y = _apply(self.model_, self.params_, self.batch_stats_, batch)
            found.append(np.asarray(y, np.float64)[: len(part)])
        return np.concatenate(found)


@partial(jax.jit, static_argnums=0)
def _apply(model: Any, params: Any, batch_stats: Any, x: jax.Array) -> jax.Array:
    return forward(model, params, batch_stats, x, train=False)[0]


def _validated(task: Task) -> Task:
    """Return a task that has validation rows: those of training, where none are."""
    from dataclasses import replace

    return task if len(task.validation) else replace(task, validation=task.train)
