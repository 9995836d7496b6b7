"""Losses and metrics: which names they may have, and what they must return."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from seqconv_jax._checks import UserError, expect, first_line

Score = Callable[[jax.Array, jax.Array], jax.Array]
"""`(predictions, targets)`, both `(batch, outputs)`, to a number per example."""

RECORD_NAMES = (
    *("loss", "epoch", "step", "examples", "seconds", "examples_per_second"),
    *("gradient_norm", "learning_rate"),
)


def check_metrics(metrics: Any) -> dict[str, Score]:
    """Return the metrics of a run by name; `{}` for None.

    Raises:
        UserError: if a name is no identifier or is another one of an epoch's record,
            or a metric is no function.
    """
    metrics = check_scores("metrics", {} if metrics is None else metrics)
    for name in metrics:
        if name in RECORD_NAMES or name.startswith("val_"):
            raise UserError(
                f"`metrics` must have names of their own, got {name!r}, which is kept "
                "for the records of the history"
            )
    return metrics


def check_scores(argument: str, scores: Any) -> dict[str, Score]:
    """Return scores by name as a dict of their own.

    Raises:
        UserError: unless they are functions by name, each an identifier.
    """
    if not isinstance(scores, Mapping):
        raise UserError(
            f"`{argument}` must be functions by name, such as "
            f'{{"mae": losses.mae}}, got {scores!r}'
        )
    for name, score in scores.items():
        valid = isinstance(name, str) and name.isidentifier() and name != "examples"
        expect(valid, argument, "functions by name, each an identifier", name)
        check_score(f"{argument}[{name!r}]", score)
    return dict(scores)


def check_score(argument: str, score: Any) -> None:
    """Raise unless `score` is a function, and no class of them."""
    what = "a function of predictions and targets, such as losses.mae"
    expect(callable(score) and not isinstance(score, type), argument, what, score)
    first, second = (*_argument_names(score), "", "")[:2]
    if first in _TARGETS and second in _PREDICTIONS:
        raise UserError(
            f"`{argument}` must take predictions first and targets second, got a "
            f"function of ({first}, {second}), the order of Keras and scikit-learn"
        )


_TARGETS = ("y_true", "targets", "target", "labels", "label", "truth")
_PREDICTIONS = (
    *("y_pred", "predictions", "prediction", "preds", "pred", "logits", "logit"),
    *("outputs", "output", "y_score", "y_prob"),
)


def _argument_names(score: Any) -> tuple[str, ...]:
    try:
        return tuple(inspect.signature(score).parameters)
    except (TypeError, ValueError):  # some built-in functions have none
        return ()


def per_example(
    name: str, score: Score, predictions: jax.Array, targets: jax.Array
) -> jax.Array:
    """Return a score of each example, `(batch,)`; looked at once, while it is traced.

    Args:
        name: what messages call it: `"loss"`, or the name of a metric.
        score: `(predictions, targets)` to `(batch,)`.
        predictions: `(batch, outputs)`.
        targets: `(batch, outputs)`.

    Raises:
        UserError: if it fails, returns another shape, or compares predictions with
            targets of another shape by repeating them.

    Example:
        >>> def squared(p, y): return (p - y) ** 2
        >>> per_example("loss", squared, jnp.ones((4, 1)), jnp.ones((4, 1)))
        Traceback (most recent call last):
        seqconv_jax._checks.UserError: `loss` must return shape (4,), a number for \
each example, got (4, 1); reduce the other axes, such as by .mean(-1)
    """
    if predictions.shape != targets.shape:
        _expect_no_broadcast(name, score, predictions, targets)
    try:
        values = score(predictions, targets)
    except UserError:
        raise
    except Exception as error:  # whatever a function of the caller's raises
        raise _failed(name, predictions, targets, error) from error
    _expect_numbers(name, values, predictions.shape[0])
    return values


def check_gradient(loss: Score, predictions: jax.Array, targets: jax.Array) -> None:
    """Raise if a loss has no gradient, whatever is predicted: nothing would train.

    Args:
        loss: what is minimised.
        predictions: `(batch, outputs)`; only shape and dtype count.
        targets: `(batch, outputs)`; likewise.
    """

    def total(predictions, targets):
        return per_example("loss", loss, predictions, targets).sum()

    shapes = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in (predictions, targets)]
    traced = jax.make_jaxpr(jax.grad(total))(*shapes).jaxpr
    variable = set(traced.invars)
    for equation in traced.eqns:
        if any(not hasattr(v, "val") and v in variable for v in equation.invars):
            variable.update(equation.outvars)
    if traced.outvars[0] in variable:
        return
    with jax.ensure_compile_time_eval():
        gradient = jax.grad(total)(*(jnp.zeros(a.shape, a.dtype) for a in shapes))
        constant = bool(jnp.any(gradient != 0))
    if not constant:
        name = getattr(loss, "__name__", repr(loss))
        raise UserError(
            "`loss` must have a gradient with respect to the predictions, got "
            f"{name}, which is a metric"
        )


def _expect_numbers(name: str, values: Any, batch: int) -> None:
    wanted = f"`{name}` must return shape ({batch},), a number for each example, got"
    if not hasattr(values, "shape"):
        raise UserError(f"{wanted} {type(values).__name__}")
    if values.shape != (batch,):
        hint = "reduce the other axes, such as by .mean(-1)"
        if len(values.shape) == 0:
            hint = "leave the batch's axis, the mean over it is taken behind"
        elif values.shape[0] != batch:
            hint = "the batch is the first axis"
        raise UserError(f"{wanted} {tuple(values.shape)}; {hint}")
    kinds = (jnp.floating,) if name == "loss" else (jnp.floating, jnp.integer, bool)
    if not any(jnp.issubdtype(values.dtype, kind) for kind in kinds):
        numbers = "real" if name != "loss" else "float"
        raise UserError(f"`{name}` must return {numbers} numbers, got {values.dtype}")


def _expect_no_broadcast(
    name: str, score: Score, predictions: jax.Array, targets: jax.Array
) -> None:
    """Raise if a score pairs predictions with targets of another shape as they are.

    With a size other than 1 for the axis that would be repeated, what repeats it
    fails; what picks, such as labels by their number, does not.
    """
    shapes = tuple(predictions.shape), tuple(targets.shape)
    probed = _with_other_size(*shapes), _with_other_size(*shapes[::-1])
    arrays = [
        jax.ShapeDtypeStruct(shape, array.dtype)
        for shape, array in zip(probed, (predictions, targets), strict=True)
    ]
    try:
        with jax.numpy_rank_promotion("raise"):
            jax.eval_shape(score, *arrays)
    except Exception as error:  # of other kinds, the real call words it
        said = str(error)
        if "broadcast" in said and all(f"{shape}" in said for shape in probed):
            raise UserError(
                f"`{name}` must compare predictions and targets of one shape, got "
                f"{shapes[0]} and {shapes[1]}, which it would repeat along an axis; if "
                "that is meant, let it say so by jnp.broadcast_to"
            ) from error


def _with_other_size(shape: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape whose last axis, if it is 1 beside another size, fits no more."""
    repeated = len(shape) == len(other) > 1 and shape[-1] == 1 != other[-1]
    return (*shape[:-1], other[-1] + 1) if repeated else shape


def _failed(name, predictions, targets, error: Exception) -> UserError:
    said = first_line(error)[:300]
    return UserError(
        f"`{name}` must take predictions {predictions.dtype}{tuple(predictions.shape)} "
        f"and targets {targets.dtype}{tuple(targets.shape)}, got {said}"
    )
