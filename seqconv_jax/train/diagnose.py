"""Which tensor was the first that is not finite."""

from typing import Any

import jax
import jax.numpy as jnp

from seqconv_jax._leaves import named_leaves
from seqconv_jax.ops import faster_key
from seqconv_jax.train.batches import Batch
from seqconv_jax.train.door import unknown_ids
from seqconv_jax.train.forward import forward, layer_outputs
from seqconv_jax.train.scores import Score
from seqconv_jax.train.state import TrainState
from seqconv_jax.train.step import weighted_means


class NonFiniteError(ArithmeticError):
    """A loss, gradient or batch statistic was not finite.

    The state before that step is untouched.

    Attributes:
        step: updates done before the one that failed.
        tensor: the first tensor that held a NaN or an infinity.
    """

    def __init__(self, step: int, tensor: str, where: str):
        """Word what happened."""
        super().__init__(
            f"training stopped at step {step + 1:,} ({where}): {tensor} is not finite; "
            "a lower learning rate or clipped gradients may help, or clean data"
        )
        self.step, self.tensor = step, tensor
        self._where = where

    def __reduce__(self):
        """Let it be sent to another process."""
        return type(self), (self.step, self.tensor, self._where)


def first_bad_tensor(
    model: Any, loss: Score, state: TrainState, batch: Batch, key: jax.Array
) -> str:
    """Repeat a failed step piece by piece and name the first tensor that is not finite.

    In order: inputs, targets, ids, parameters and batch statistics, the output of each
    layer, the loss, the gradient of each parameter, the updated batch statistics.

    Args:
        model: the model that was trained.
        loss: its loss, per example.
        state: the state before the step.
        batch: the step's batch.
        key: the run's dropout key.
    """
    key = jax.random.fold_in(faster_key(key), state.step)
    params, batch_stats = state.params, state.batch_stats
    for name, array in [
        ("the batch's input", batch.x),
        ("the batch's target", batch.y),
    ]:
        if not _finite(array):
            return f"{name} (example {_first_row(~jnp.isfinite(array))} of the batch)"
    unknown = unknown_ids(model, batch.x)
    if unknown is not None and jnp.any(unknown):
        wrong = int(batch.x[unknown][0])
        return f"the vector of id {wrong} (example {_first_row(unknown)} of the batch)"
    if name := _first_name(params):
        return f"parameter {name}"
    if name := _first_name(batch_stats):
        return f"batch statistic {name}"
    for name, y in layer_outputs(model, params, batch_stats, batch.x, key=key):
        if not _finite(y):
            return f"the output of layer {name}"

    def objective(params):
        predictions, updated = forward(
            model, params, batch_stats, batch.x, train=True, key=key
        )
        means = weighted_means({"loss": loss}, predictions, batch, training=True)
        return means["loss"], updated

    (value, updated), grads = jax.value_and_grad(objective, has_aux=True)(params)
    if not _finite(value):
        return "the loss"
    if name := _first_name(grads):
        return f"the gradient of {name}"
    if name := _first_name(updated):
        return f"the update of batch statistic {name}"
    return "the norm of all gradients"


def _first_name(tree: Any) -> str | None:
    """Return the name of the first leaf that is not finite, if there is one."""
    leaves = named_leaves(tree).items()
    return next((name for name, leaf in leaves if not _finite(leaf)), None)


def _finite(array) -> bool:
    return not jnp.issubdtype(array.dtype, jnp.inexact) or bool(
        jnp.all(jnp.isfinite(array))
    )


def _first_row(bad) -> int:
    return int(jnp.argmax(bad.reshape(bad.shape[0], -1).any(axis=1)))
