"""Several networks that answer as one: the mean of what they say."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqconv_jax._checks import UserError, shown

if TYPE_CHECKING:
    from seqconv_jax.data.classes import Classes
    from seqconv_jax.runs.predictor import Predictor

__all__ = ["as_one", "check_members", "mean_outputs"]


def mean_outputs(
    outputs: Sequence[np.ndarray], classes: "Classes | None"
) -> np.ndarray:
    """Return the outputs of an ensemble.

    Args:
        outputs: `(n, outputs)` of each network.
        classes: whose probabilities are averaged, and given back as logits; None where
            outputs are no logits and are averaged themselves.

    Example:
        >>> from seqconv_jax.data import Classes
        >>> sure, unsure = np.array([[np.log(9)]]), np.array([[0.0]])
        >>> two = Classes(("no", "yes"))
        >>> two.probabilities(mean_outputs([sure, unsure], two)).round(6).tolist()
        [[0.3, 0.7]]
    """
    if classes is None:
        return np.mean(outputs, axis=0)
    each = [classes.probabilities(of_one) for of_one in outputs]
    return classes.logits(np.mean(each, axis=0))


def check_members(members: Any, file: Path) -> list[str]:
    """Return the names of the folders of an ensemble's other networks.

    Raises:
        UserError: for what are no names of folders in the run directory.
    """
    listed = isinstance(members, list)
    for name in members if listed else [members]:
        plain = isinstance(name, str) and Path(name).name == name not in ("", "..")
        if not listed or not plain:
            raise UserError(
                f"cannot use {file}: `members` must be names of folders beside it, got "
                f"{shown(name)}"
            )
    return list(members)


def as_one(
    predictors: "Sequence[Predictor]", directory: Path, config: Mapping[str, Any]
) -> "Predictor":
    """Return the ensemble of predictors that are not used on their own any more.

    Networks of those that are ensembles themselves count alike.

    Args:
        predictors: the predictors.
        directory: the run directory that their folders lie in.
        config: its config.
    """
    networks = [each for one in predictors for each in (one, *one.members)]
    for each in networks:
        each.members = ()
    first, *others = networks
    first.path, first.config, first.members = directory, config, tuple(others)
    return first
