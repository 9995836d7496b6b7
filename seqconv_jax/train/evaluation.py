"""Scores and predictions of a trained model, each row exactly once."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import Mesh

from seqconv_jax import _checks
from seqconv_jax.train import compiling
from seqconv_jax.train.batches import Dataset, gather, in_order
from seqconv_jax.train.door import check_evaluation
from seqconv_jax.train.feed import Feed, Place, feed_of
from seqconv_jax.train.forward import forward
from seqconv_jax.train.mesh import on_each, part_on, spread
from seqconv_jax.train.scores import Score, check_scores
from seqconv_jax.train.step import (
    add_to_totals,
    make_scorer,
    means_of,
    zero_totals,
)

EVALUATION_BATCH_SIZE = 512


class Evaluator:
    """Scores every row of a split exactly once.

    Args:
        model: a Flax module that maps a batch of sequences to `(batch, outputs)`.
        scores: what to report, by name.
        data: where each call's data comes from.
        batch_size: rows scored at a time.
        mesh: the devices that these are spread over, where the data is; None for one.
    """

    def __init__(
        self,
        model: Any,
        scores: Mapping[str, Score],
        data: Feed,
        batch_size: int = EVALUATION_BATCH_SIZE,
        mesh: Mesh | None = None,
    ):
        """Compile nothing yet; the first call does."""
        self._mesh = mesh
        self._names = tuple(scores)
        self._data = data
        self._score = make_scorer(model, scores)
        self._batch_size = _checks.positive_int("batch_size", batch_size)
        self._whole = jax.default_backend() != "cpu"
        call = self._many if self._whole else self._one
        options = compiling.options(compiling.OFTEN)
        self._call = compiling.Program(
            jax.jit(spread(mesh, call), donate_argnums=2, compiler_options=options)
        )

    def __call__(
        self, params: Any, batch_stats: Any, rows: np.ndarray
    ) -> dict[str, float]:
        """Return the mean scores over `rows`.

        Raises:
            UserError: if there are no rows.
        """
        totals = on_each(self._mesh, zero_totals(self._names))
        with closing(self._data.parts(self._order(rows), self._whole)) as parts:
            for data, order, index in parts:
                at = jax.device_put(np.int32(index))
                given = on_each(self._mesh, (data, order, at))
                totals = self._call(params, batch_stats, totals, *given)
        return means_of(totals)

    def trace(self, params: Any, batch_stats: Any, rows: np.ndarray) -> None:
        """Raise what `__call__` would, of the model or a score; compute nothing.

        JAX keeps the trace for the call itself; one device's is compiled from here on.
        """
        shapes = self._data.shapes(*self._order(rows).shape, per_call=1)
        arguments = params, batch_stats, zero_totals(self._names), *shapes
        index = jax.ShapeDtypeStruct((), np.int32)
        self._call.trace(*arguments, index, ahead=self._mesh is None)

    def _order(self, rows: np.ndarray) -> np.ndarray:
        _checks.expect(len(rows) > 0, "rows", "at least one row", [])
        return in_order(rows, min(self._batch_size, len(rows)))

    def _one(self, params, batch_stats, totals, data, order, index):
        with part_on(self._mesh, order.shape[1]):
            metrics = self._score(params, batch_stats, gather(data, order[index]))
        return add_to_totals(totals, metrics)

    def _many(self, params, batch_stats, totals, data, order, _):
        def add(index, totals):
            return self._one(params, batch_stats, totals, data, order, index)

        return lax.fori_loop(0, order.shape[0], add, totals)


def evaluate(
    model: Any,
    params: Any,
    task: Dataset,
    rows: np.ndarray,
    scores: Mapping[str, Score],
    *,
    batch_stats: Any = None,
    batch_size: int = EVALUATION_BATCH_SIZE,
    data: Place | None = None,
) -> dict[str, float]:
    """Return a model's mean scores over rows of a task, each scored exactly once.

    `sum(score(f(x[r]), y[r]) for r in rows) / len(rows)`, without dropout. Weights of
    the examples, which training counts by, are left out.

    Args:
        model: a Flax module that maps a batch of sequences to `(batch, outputs)`.
        params: its parameters, such as `result.best.params`.
        task: the data.
        rows: `(n,)` integers, for example `task.test`.
        scores: what to report, by name: each takes `(batch, outputs)` predictions and
            targets to `(batch,)`.
        batch_stats: its batch statistics, such as `result.best.batch_stats`; None for
            a model without any.
        batch_size: rows scored at a time.
        data: "resident" or "streamed", as in `fit`.

    Raises:
        UserError: if there are no rows or one outside the data, for arrays that are no
            examples (NaN, ids outside the vocabulary), for the parameters of another
            model, and for a score that does not return `(batch,)`.

    Example:
        >>> from flax import linen as nn
        >>> from seqconv_jax import losses
        >>> from seqconv_jax.data import Task
        >>> rows = np.arange(8, dtype=np.int32)
        >>> x = rows[:, None].astype(np.float32)
        >>> split = {"train": rows, "validation": rows, "test": rows}
        >>> task = Task(inputs=x, targets=x, offsets=None, **split)
        >>> params = {"kernel": np.full((1, 1), 2.0), "bias": np.zeros(1)}
        >>> evaluate(nn.Dense(1), params, task, rows, {"mae": losses.mae})
        {'mae': 3.5}
    """
    scores = check_scores("scores", scores)
    batch_stats = {} if batch_stats is None else batch_stats
    rows = check_evaluation(model, params, batch_stats, task, rows, scores)
    evaluator = Evaluator(model, scores, feed_of(task, data), batch_size)
    return evaluator(params, batch_stats, rows)


def predict(
    model: Any,
    params: Any,
    task: Dataset,
    rows: np.ndarray,
    *,
    batch_stats: Any = None,
    batch_size: int = EVALUATION_BATCH_SIZE,
    data: Place | None = None,
) -> np.ndarray:
    """Return a model's outputs for rows of a task, `f(x[r])`, without dropout.

    Args:
        model: a Flax module that maps a batch of sequences to `(batch, outputs)`.
        params: its parameters, such as `result.best.params`.
        task: the data.
        rows: `(n,)` integers.
        batch_stats: its batch statistics, such as `result.best.batch_stats`; None for
            a model without any.
        batch_size: rows at a time.
        data: "resident" or "streamed", as in `fit`.

    Returns:
        `(n, outputs)`, in the order of `rows`.

    Raises:
        UserError: as `evaluate`, but that the targets of these rows may be anything.

    Example:
        >>> from flax import linen as nn
        >>> from seqconv_jax.data import Task
        >>> rows = np.arange(8, dtype=np.int32)
        >>> x = rows[:, None].astype(np.float32)
        >>> split = {"train": rows, "validation": rows, "test": rows}
        >>> task = Task(inputs=x, targets=x, offsets=None, **split)
        >>> params = {"kernel": np.full((1, 1), 2.0), "bias": np.zeros(1)}
        >>> predict(nn.Dense(1), params, task, rows[5:2:-1])[:, 0].tolist()
        [10.0, 8.0, 6.0]
    """
    outputs = Outputs(model, batch_size, data)
    return outputs(params, {} if batch_stats is None else batch_stats, task, rows)


def score_outputs(
    outputs: np.ndarray, targets: np.ndarray, scores: Mapping[str, Score]
) -> dict[str, float]:
    """Return the mean scores of outputs, each row counted once.

    Args:
        outputs: `(n, outputs)`.
        targets: of the same rows.
        scores: what to report, by name.

    Example:
        >>> from seqconv_jax import losses
        >>> outputs, targets = np.ones((2, 1)), np.array([[1.0], [4.0]])
        >>> score_outputs(outputs, targets, {"mae": losses.mae})
        {'mae': 1.5}
    """
    each = scores_of_outputs(outputs, targets, scores)
    return {name: float(values.mean()) for name, values in each.items()}


def scores_of_outputs(
    outputs: np.ndarray, targets: np.ndarray, scores: Mapping[str, Score]
) -> dict[str, np.ndarray]:
    """Return for each score `(n,)` float64: as `score_outputs`, of each row."""
    arrays = jnp.asarray(outputs, jnp.float32), jnp.asarray(targets)
    return {
        name: np.asarray(score(*arrays), np.float64) for name, score in scores.items()
    }


class Outputs:
    """A model's outputs; compiled once for rows and data of the same shapes.

    Args:
        model: a Flax module that maps a batch of sequences to `(batch, outputs)`.
        batch_size: rows at a time.
        data: "resident" or "streamed", as in `fit`.
    """

    def __init__(
        self,
        model: Any,
        batch_size: int = EVALUATION_BATCH_SIZE,
        data: Place | None = None,
    ):
        """Compile nothing yet; the first call does."""
        self._model = model
        self._place: Place | None = data
        self._batch_size = _checks.positive_int("batch_size", batch_size)
        options = compiling.options(compiling.OFTEN)
        self._call = jax.jit(self._one, compiler_options=options)

    def __call__(
        self, params: Any, batch_stats: Any, task: Dataset, rows: np.ndarray
    ) -> np.ndarray:
        """Return `(n, outputs)`, in the order of `rows`; raise as `predict`."""
        rows = check_evaluation(self._model, params, batch_stats, task, rows, None)
        batches = in_order(rows, min(self._batch_size, len(rows)))
        with closing(feed_of(task, self._place).each(batches)) as calls:
            outputs = [self._call(params, batch_stats, *each) for each in calls]
        return np.concatenate(jax.device_get(outputs))[: len(rows)]

    def _one(self, params, batch_stats, data, rows):
        x = gather(data, rows).x
        return forward(self._model, params, batch_stats, x, train=False)[0]
