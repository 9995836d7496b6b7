"""Every call of a model in training and evaluation."""

from typing import Any

import jax

from seqconv_jax.nn import call
from seqconv_jax.nn.calls import layer_calls

BATCH_STATS = "batch_stats"  # Flax's name of the collection


def initial_variables(model: Any, key: jax.Array, x: Any) -> dict[str, Any]:
    """Return a model's first `params` and `batch_stats`; `{}` where it has none."""
    variables = model.init(key, x, method=call, train=False)
    return {name: variables.get(name, {}) for name in ("params", BATCH_STATS)}


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
    """
    variables, options = _arguments(params, batch_stats, train, key)
    if "mutable" not in options:
        return model.apply(variables, x, **options), batch_stats
    predictions, updated = model.apply(variables, x, **options)
    return predictions, updated[BATCH_STATS]


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
