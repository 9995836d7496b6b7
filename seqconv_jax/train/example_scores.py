"""Scores of each example, where `evaluate` gives their mean."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any

import jax
import numpy as np

from seqconv_jax import _checks
from seqconv_jax.train.batches import Dataset, gather, in_order
from seqconv_jax.train.door import check_evaluation
from seqconv_jax.train.evaluation import EVALUATION_BATCH_SIZE
from seqconv_jax.train.feed import Place, feed_of
from seqconv_jax.train.forward import forward
from seqconv_jax.train.scores import Score, check_scores, per_example
from seqconv_jax.train.step import check_scores_fit

__all__ = ["example_scores"]


def example_scores(
    model: Any,
    params: Any,
    task: Dataset,
    rows: np.ndarray,
    scores: Mapping[str, Score],
    *,
    batch_stats: Any = None,
    batch_size: int = EVALUATION_BATCH_SIZE,
    data: Place | None = None,
) -> dict[str, np.ndarray]:
    """Return a model's scores of each row, without dropout; `evaluate` gives the mean.

    They are what `sc.compare` compares two models by, example by example.

    Args:
        model: a Flax module that maps a batch of sequences to `(batch, outputs)`.
        params: its parameters, such as `result.best.params`.
        task: the data.
        rows: `(n,)` integers, for example `task.test`.
        scores: what to report, by name.
        batch_stats: its batch statistics; None for a model without any.
        batch_size: rows scored at a time.
        data: "resident" or "streamed", as in `fit`.

    Returns:
        For each score `(n,)` float64, in the order of `rows`.

    Raises:
        UserError: as `evaluate`.

    Example:
        >>> from flax import linen as nn
        >>> from seqconv_jax import losses
        >>> from seqconv_jax.data import Task
        >>> rows = np.arange(4, dtype=np.int32)
        >>> x = rows[:, None].astype(np.float32)
        >>> split = {"train": rows, "validation": rows, "test": rows}
        >>> task = Task(inputs=x, targets=x, **split)
        >>> params = {"kernel": np.full((1, 1), 3.0), "bias": np.zeros(1)}
        >>> found = example_scores(nn.Dense(1), params, task, rows, {"mae": losses.mae})
        >>> found["mae"].tolist()
        [0.0, 2.0, 4.0, 6.0]
    """
    scores = check_scores("scores", scores)
    batch_stats = {} if batch_stats is None else batch_stats
    rows = check_evaluation(model, params, batch_stats, task, rows, scores)
    _checks.expect(len(rows) > 0, "rows", "at least one row", [])
    check_scores_fit(model, scores)
    batch_size = _checks.positive_int("batch_size", batch_size)

    def one(params, batch_stats, data, rows):
        batch = gather(data, rows)
        outputs, _ = forward(model, params, batch_stats, batch.x, train=False)
        return {
            name: per_example(name, score, outputs, batch.y)
            for name, score in scores.items()
        }

    call, batches = jax.jit(one), in_order(rows, min(batch_size, len(rows)))
    with closing(feed_of(task, data).each(batches)) as calls:
        outputs = [call(params, batch_stats, *each) for each in calls]
    found = jax.device_get(outputs)
    return {
        name: np.concatenate([each[name] for each in found])[: len(rows)].astype(float)
        for name in scores
    }
