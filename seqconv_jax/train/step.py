"""One training step, and one batch's scores: pure functions of arrays."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from seqconv_jax.nn.declared import check_model
from seqconv_jax.ops import batch_part, faster_key, sum_devices, sum_devices_of
from seqconv_jax.train.average import update_average
from seqconv_jax.train.batches import Batch
from seqconv_jax.train.door import (
    check_float_params,
    check_optimizer,
    unknown_ids,
    wording_optimizer_errors,
)
from seqconv_jax.train.forward import forward
from seqconv_jax.train.outputs import check_scores_fit
from seqconv_jax.train.scores import (
    Score,
    check_gradient,
    check_metrics,
    check_score,
    per_example,
)
from seqconv_jax.train.state import TrainState

Metrics = dict[str, jax.Array]
"""Scalars by name; `"examples"` says how many examples the others are means of."""


def make_step(
    model: Any,
    tx: optax.GradientTransformation,
    loss: Score,
    metrics: Mapping[str, Score] | None = None,
    ema_decay: float | None = None,
) -> Callable[[TrainState, Batch, jax.Array], tuple[TrainState, Metrics]]:
    """Build the pure function of one training step.

    `L = sum(w l(f(x), y)) / sum(w)` over the batch, with dropout; then the optimiser
    moves the parameters by the gradient of `L`, and batch statistics take in the batch.
    Where the batch has a `loss_weight` `v`, `L = sum(w v l(f(x), y)) / sum(w)`.

    Where the loss, a gradient or a statistic is not finite, or an id is not in the
    vocabulary of the model's embedding, the state is returned as it came, its step not
    advanced: whoever counts the steps sees it, and nothing is lost.

    Args:
        model: a Flax module that maps a batch of sequences to `(batch, outputs)`.
        tx: an optax optimiser; one that asks for the loss is given it as `value`.
        loss: what is minimised: `(batch, outputs)` predictions and targets to
            `(batch,)`; see `seqconv_jax.losses`.
        metrics: more scores to report, by name.
        ema_decay: the weight on its past of the parameters' moving average, for a
            state made with `ema=True`; None keeps none.

    Returns:
        `step(state, batch, key) -> (state, metrics)`, to be jitted by the caller.
        `key` seeds dropout and is folded with the step inside. The metrics are
        scalars: `"loss"`, the others by name, `"examples"` in the batch, and
        `"gradient_norm"`.

    Raises:
        UserError: for an argument of another kind, and, where the step is traced, for
            a loss or metric that does not return `(batch,)`.

    Example:
        >>> from seqconv_jax import losses, models, optim
        >>> from seqconv_jax.train.state import init_state
        >>> model, tx = models.GRURegressor(units=4), optim.rmsprop(1e-3)
        >>> batch = Batch(jnp.ones((8, 9, 2)), jnp.ones((8, 1)), jnp.ones(8))
        >>> state = init_state(model, tx, batch.x, seed=0)
        >>> step = jax.jit(make_step(model, tx, losses.mae))
        >>> state, metrics = step(state, batch, jax.random.key(0))
        >>> int(state.step), sorted(metrics)
        (1, ['examples', 'gradient_norm', 'loss'])
    """
    check_model(model)
    check_optimizer("tx", tx)
    check_score("loss", loss)
    scores = {"loss": loss, **check_metrics(metrics)}
    check_scores_fit(model, scores)
    tx = optax.with_extra_args_support(tx)

    def objective(params, batch_stats, batch: Batch, key):
        predictions, batch_stats = forward(
            model, params, batch_stats, batch.x, train=True, key=key
        )
        check_gradient(loss, predictions, batch.y)
        values = weighted_means(scores, predictions, batch, training=True)
        return values["loss"], (values, batch_stats)

    def step(state: TrainState, batch: Batch, key: jax.Array):
        check_float_params(state.params)
        key = jax.random.fold_in(faster_key(key), state.step)
        gradient = jax.value_and_grad(objective, has_aux=True)
        (value, (values, batch_stats)), grads = gradient(
            state.params, state.batch_stats, batch, key
        )
        unknown = unknown_ids(model, batch.x)
        wrong = None if unknown is None else jnp.any(unknown)
        (value, values, grads, wrong), batch_stats = over_devices(
            (value, values, grads, wrong), batch_stats, state.batch_stats
        )
        norm = optax.tree.norm(grads)

        def value_fn(p):
            return objective(p, state.batch_stats, batch, key)[0]

        # For the optimisers that want them, such as a line search.
        whole_value = sum_devices_of(value_fn)
        extra = {"value": value, "grad": grads, "value_fn": whole_value}
        with wording_optimizer_errors():
            updates, opt_state = tx.update(
                grads, state.opt_state, state.params, **extra
            )
        params = optax.apply_updates(state.params, updates)
        average = state.ema_params
        if ema_decay is not None:
            average = update_average(average, params, state.step, ema_decay)
        new = TrainState(state.step + 1, params, opt_state, batch_stats, average)
        finite = jnp.isfinite(value) & jnp.isfinite(norm)
        if wrong is not None:
            finite &= ~wrong
        for statistic in jax.tree.leaves(batch_stats):
            finite &= jnp.all(jnp.isfinite(statistic))
        new = jax.tree.map(lambda a, b: jnp.where(finite, a, b), new, state)
        return new, {**values, "gradient_norm": norm}

    return step


def make_scorer(
    model: Any, scores: Mapping[str, Score]
) -> Callable[[Any, Any, Batch], Metrics]:
    """Build the pure function that scores a batch without dropout.

    Args:
        model: a Flax module that maps a batch of sequences to `(batch, outputs)`.
        scores: what to report, by name.

    Returns:
        `score(params, batch_stats, batch) -> metrics`.
    """
    check_scores_fit(model, scores)

    def score(params, batch_stats, batch: Batch) -> Metrics:
        predictions, _ = forward(model, params, batch_stats, batch.x, train=False)
        return sum_devices(weighted_means(scores, predictions, batch))

    return score


def over_devices(found: Any, batch_stats: Any, before: Any) -> tuple[Any, Any]:
    """Add up what the devices found in their parts of a batch, in one message.

    Args:
        found: arrays that are sums over the batch.
        batch_stats: those after the step, whose changes are averaged.
        before: those before it.

    Returns:
        Both for the whole batch; as they came where it is not spread over devices.
    """
    part = batch_part()
    if part is None:
        return found, batch_stats

    def change(new, old):
        floats = jnp.issubdtype(new.dtype, jnp.floating)
        return (new - old) / part.devices if floats else None

    found, changes = sum_devices((found, jax.tree.map(change, batch_stats, before)))
    return found, jax.tree.map(
        lambda new, old, c: new if c is None else old + c,
        *(batch_stats, before, changes),
        is_leaf=lambda leaf: leaf is None,
    )


def weighted_means(
    scores: Mapping[str, Score],
    predictions: jax.Array,
    batch: Batch,
    *,
    training: bool = False,
) -> Metrics:
    """Return each score's mean over the examples of a batch, without padding rows.

    Of a device's part of a batch they are its share of them, which add up to the mean.
    In training `"loss"` is that of the examples times their weights. The mean stays
    one over the number of examples, as in Keras: twice the weights are twice the loss.
    """
    own = jnp.sum(batch.weight)
    examples = own if batch.examples is None else batch.examples
    means = {}
    for name, score in scores.items():
        values = per_example(name, score, predictions, batch.y)
        if training and name == "loss" and batch.loss_weight is not None:
            values = values * batch.loss_weight
        # A padding row may score anything, NaN included: cut it out, do not multiply.
        total = jnp.sum(jnp.where(batch.weight > 0, values, 0))
        means[name] = total / jnp.maximum(examples, 1)
    return {**means, "examples": own}


def zero_totals(names) -> Metrics:
    """Return the totals of no batch."""
    return jax.device_put({name: np.float32(0) for name in (*names, "examples")})


def add_to_totals(totals: Metrics, metrics: Metrics) -> Metrics:
    """Add a batch's metrics, each weighted by the batch's examples, to the totals."""
    examples = metrics["examples"]
    weight = {name: examples for name in totals} | {"examples": 1}
    return {name: totals[name] + metrics[name] * weight[name] for name in totals}


def means_of(totals: Mapping[str, Any]) -> dict[str, float]:
    """Return the means that totals stand for, as Python numbers on the host."""
    host = jax.device_get(dict(totals))
    examples = max(float(host.pop("examples")), 1.0)
    return {name: float(value) / examples for name, value in host.items()}
