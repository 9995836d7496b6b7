"""Whether the targets of a task are labels of the kind that its scores take."""

from collections.abc import Iterable, Mapping
from typing import Any

import jax
import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax._windows import outputs_of, targets_at
from seqconv_jax.losses import labels_of
from seqconv_jax.nn.declared import declared
from seqconv_jax.train.forward import forward
from seqconv_jax.train.scores import Score

_CATEGORICAL = "categorical_cross_entropy and categorical_accuracy"
_SUM_TOLERANCE = 1e-3  # what rounded probabilities may sum up to beside 1


def check_labels(
    model: Any, task: Any, splits: Mapping[str, np.ndarray], scores: Iterable[Score]
) -> None:
    """Raise for targets that are no labels where one of our scores takes labels.

    Args:
        model: the model, which says how many classes there are.
        task: the data.
        splits: rows by the name to call them by.
        scores: what compares predictions with the targets.

    Raises:
        UserError: for labels outside of [0, 1], for classes in place of labels and the
            other way round, and for the number of no class.
    """
    kinds = {labels_of(score) for score in scores} - {None}
    if not kinds or np.ndim(task.targets) != 2:
        return
    used = {name: targets_at(task, rows) for name, rows in splits.items() if len(rows)}
    width = outputs_of(task)
    if kinds & {"binary", "several"}:
        _check_binary(used)
    if "binary" in kinds and width > 1 and not _has_several(task):
        _check_several(used)
    if "categorical" in kinds:
        if width == 1:
            _check_numbers(used, _outputs(model, task))
        else:
            _check_distributions(used)


def _check_binary(used: Mapping[str, np.ndarray]) -> None:
    for split, values in used.items():
        if values.min() < 0 or values.max() > 1:
            raise UserError(
                "`task.targets` must be labels from 0 to 1, as binary_cross_entropy "
                f"and accuracy take them, got numbers from {values.min()} to "
                f"{values.max()} in rows of `{split}`; classes 0, 1, 2, ... are for "
                f"losses.{_CATEGORICAL}, with an output a class"
            )


def _check_several(used: Mapping[str, np.ndarray]) -> None:
    """Raise if all rows have a single 1, as only classes would."""
    if all(_are_one_hot(values) for values in used.values()):
        width = next(iter(used.values())).shape[1]
        raise UserError(
            f"`task.targets` must be labels of which an example may have several, as "
            "binary_cross_entropy and accuracy take them, got one of "
            f"{width} classes in every row; give losses.{_CATEGORICAL}, or say that "
            "several are meant: functools.partial(losses.accuracy, several=True)"
        )


def _check_numbers(used: Mapping[str, np.ndarray], classes: int) -> None:
    for split, values in used.items():
        if values.dtype.kind not in "iu":
            raise UserError(
                f"`task.targets` must be integers, the classes' numbers, as "
                f"{_CATEGORICAL} take them, got {values.dtype}; "
                "targets.astype(np.int32) makes them"
            )
        if values.min() < 0 or values.max() >= classes:
            raise UserError(
                f"`task.targets` must be classes from 0 to {classes - 1}, since "
                f"`model` has {classes} outputs, got numbers from {values.min()} to "
                f"{values.max()} in rows of `{split}`"
            )


def _check_distributions(used: Mapping[str, np.ndarray]) -> None:
    for split, values in used.items():
        wide = values.astype(np.float64)
        off = np.abs(wide.sum(axis=1) - 1) > _SUM_TOLERANCE
        bad = off | (wide.min(axis=1) < 0)
        if bad.any():
            raise UserError(
                f"`task.targets` must be one-hot, or probabilities that sum to 1, as "
                f"{_CATEGORICAL} take them, got {wide[bad][0][:9].tolist()} "
                f"({int(bad.sum()):,} of {len(bad):,} rows of `{split}`); where an "
                "example may have several labels, take binary_cross_entropy and "
                "accuracy"
            )


def _are_one_hot(values: np.ndarray) -> bool:
    ones = values == 1
    return bool(np.all(ones | (values == 0)) and np.all(ones.sum(axis=1) == 1))


def _has_several(task: Any) -> bool:
    """Say whether what made the task knows that an example may have several labels."""
    classes = getattr(getattr(task, "preprocessor", None), "classes", None)
    return bool(getattr(classes, "several", False))


def _outputs(model: Any, task: Any) -> int:
    """Return how many outputs a model has, by tracing it."""
    example = task.example
    variables = declared(model, example).variables

    def run(variables, x):
        params, batch_stats = variables["params"], variables["batch_stats"]
        return forward(model, params, batch_stats, x, train=False)[0]

    return jax.eval_shape(run, variables, example).shape[-1]
