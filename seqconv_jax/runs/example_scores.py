"""The scores of each example that a predictor answers."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from seqconv_jax.runs.predictor import Predictor
from seqconv_jax.train import example_scores as scores_of_model
from seqconv_jax.train.evaluation import scores_of_outputs
from seqconv_jax.train.precision import matmul_precision
from seqconv_jax.train.scores import Score

__all__ = ["example_scores"]


def example_scores(
    predictor: Predictor, task: Any, scores: Mapping[str, Score]
) -> dict[str, np.ndarray]:
    """Return scores of each test row of a task; `Predictor.evaluate` gives the mean.

    Args:
        predictor: what `load` returned.
        task: the examples with their truth.
        scores: functions by name.

    Returns:
        For each score `(n,)` float64.
    """
    if predictor.members:
        outputs = predictor.outputs(task)
        return scores_of_outputs(outputs, task.truth(task.test), scores)
    with matmul_precision(predictor.precision):
        return scores_of_model(
            predictor.model,
            predictor.params,
            task,
            task.test,
            scores,
            batch_stats=predictor.batch_stats,
        )
