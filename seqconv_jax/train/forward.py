"""Every call of a model in training and evaluation."""

from typing import Any

import jax

from seqconv_jax._checks import UserError
from seqconv_jax.nn import call
from seqconv_jax.nn.calls import layer_calls
from seqconv_jax.nn.data_parallel import over_whole_batch
from seqconv_jax.nn.declared import initial_variables, wording_flax_errors

__all__ = ["forward", "initial_variables", "layer_outputs"]

BATCH_STATS = "batch_stats"  # Flax's name of the collection


def forward(
    model: Any,
    params: Any,
    batch_stats: Any,
    x: jax.Array,
    *,
    train: bool,
    key: jax.Array | None = None,
) -> tuple[jax.Array, Any]:
    """Apply a model to a batch; one that takes no `train` is not told.

    Args:
        model: a Flax module that maps a batch of sequences to `(batch, outputs)`.
        params: its parameters.
        batch_stats: its batch statistics; `{}` for a model without any.
        x: `(batch, time)` ids or `(batch, time, features)`.
        train: whether with dropout and the batch's own statistics; else without
            dropout, and with the statistics given.
        key: for dropout, in training.

    Returns:
        The predictions, `(batch, outputs)`, and the batch statistics: updated in
        training, else as given.

    Raises:
        UserError: if the model does not run with these alone, or returns something
            else than a row for each example.
    """
    variables, options = _arguments(params, batch_stats, train, key)
    with wording_flax_errors(), over_whole_batch():
        result = model.apply(variables, x, **options)
    if "mutable" in options:
        predictions, batch_stats = result[0], result[1][BATCH_STATS]
    else:
        predictions = result
    _expect_rows(predictions, x.shape[0])
    return predictions, batch_stats


def layer_outputs(
    model: Any, params: Any, batch_stats: Any, x: jax.Array, *, key: jax.Array
) -> list[tuple[str, jax.Array]]:
    """Return name and output of each layer of a model in training, as it is called."""
    variables, options = _arguments(params, batch_stats, True, key)
    calls = layer_calls(model, variables, x, train=True, rngs=options["rngs"])
    return [(name, y) for name, _, y in calls]


def _arguments(
    params: Any, batch_stats: Any, train: bool, key: jax.Array | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the variables and the options of `model.apply`."""
    variables = {"params": params}
    if batch_stats:
        variables[BATCH_STATS] = batch_stats
    if not train:
        return variables, {"method": call, "train": False}
    options: dict[str, Any] = {
        "method": call,
        "train": True,
        "rngs": {"dropout": key},
    }
    if batch_stats:
        options["mutable"] = [BATCH_STATS]
    return variables, options


def _expect_rows(predictions: Any, batch: int) -> None:
    expected = f"`model` must return an array of shape ({batch}, outputs), got"
    if not isinstance(predictions, jax.Array):
        raise UserError(f"{expected} {type(predictions).__name__}")
    if predictions.shape[:1] != (batch,):
        raise UserError(f"{expected} shape {predictions.shape}")
