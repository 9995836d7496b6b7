"""What the steps and columns of a series add to what a network says."""

from typing import Any, NamedTuple

import numpy as np

from seqconv_jax._checks import UserError, expect, floats, positive_int
from seqconv_jax.explain.masked import real_steps
from seqconv_jax.explain.path import integrate
from seqconv_jax.explain.series_map import SeriesMap, as_map
from seqconv_jax.explain.subject import Example, Subject, example_of, subject_of
from seqconv_jax.explain.target import Target, target_of
from seqconv_jax.explain.value import outputs_of, values

__all__ = ["integrated_gradients", "occlusion"]

_SPANS = 24  # of a window, unless asked for others
_AT_ONCE = 128


class _Asked(NamedTuple):
    subject: Subject
    example: Example
    baseline: np.ndarray
    target: Target


def occlusion(
    network: Any,
    series: Any,
    *,
    params: Any = None,
    batch_stats: Any = None,
    row: int = 0,
    output: int | str | None = None,
    ahead: int | None = None,
    baseline: Any = 0.0,
    window: int | None = None,
) -> SeriesMap:
    """Return how much an output falls where spans of single columns are left out.

    "Left out" is put to the baseline, which is 0 unless said otherwise: after scaling
    the mean of the training rows (of series that are each scaled by themselves, their
    own; of inputs relative to the newest one, that).

    Args:
        network: a `runs.Predictor`, or a Flax module from `(batch, time, features)` to
            `(batch, outputs)`.
        series: what the predictor takes, as in `Predictor.predict`; a task, of whose
            test rows `row` is one; for a module also an array `(n, time, features)`.
        params: the module's parameters.
        batch_stats: its batch statistics, if it has any.
        row: which example, from 0; of new series there is the newest window alone.
        output: the class or the forecast column that is explained, by name or number;
            None for the class that the network answers (of two the second), or the
            first column. Of quantiles it is the middle one.
        ahead: how many steps ahead, of a forecast, from 1; None for the first.
        baseline: a number, or an array `(time, features)` or `(features,)`, scaled as
            the network's inputs are.
        window: steps of a span; the newest is whole. None for about 24 spans.

    Raises:
        UserError: for inputs that are ids, a row, an output or a step ahead that
            there is not, and an ensemble.

    Example:
        >>> import jax
        >>> from seqconv_jax import nn
        >>> model = nn.Sequential((nn.Flatten(), nn.Dense(1, use_bias=False)))
        >>> x = np.ones((1, 3, 2), np.float32)
        >>> kernel = np.arange(6, dtype=np.float32)[:, None]
        >>> params = {"layers_1": {"kernel": kernel}}
        >>> occlusion(model, x, params=params).values.tolist()
        [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]

    Reference:
        Zeiler and Fergus, arXiv:1311.2901.
    """
    asked = _asked(network, series, params, batch_stats, row, output, ahead, baseline)
    x, start = asked.example.x[0], asked.baseline[0]
    time, features = x.shape
    size = max(1, round(time / _SPANS)) if window is None else window
    size = min(positive_int("window", size), time)
    edges = np.append(np.arange(time % size or size, time, size), time)
    edges = np.append(0, edges)
    cells = [
        (span, column)
        for span in range(len(edges) - 1)
        for column in range(features)
        if (x != start)[edges[span] : edges[span + 1], column].any()
    ]
    effects = np.zeros((len(edges) - 1, features))
    ends = np.stack([start, x])
    ids, direction = None, asked.target.direction
    whole = values(asked.subject, ends, ids, direction)
    for first in range(0, len(cells), _AT_ONCE):
        some = cells[first : first + _AT_ONCE]
        points = np.repeat(x[None], min(_AT_ONCE, len(cells)), axis=0)
        for point, (span, column) in zip(points, some, strict=False):
            at = slice(edges[span], edges[span + 1])
            point[at, column] = start[at, column]
        without = values(asked.subject, points, ids, direction)
        for (span, column), value in zip(some, without, strict=False):
            effects[span, column] = whole[1] - value
    return as_map(
        asked.example,
        asked.target,
        values=effects,
        edges=edges,
        ends=(float(whole[0]), float(whole[1])),
        method="occlusion",
    )


def integrated_gradients(
    network: Any,
    series: Any,
    *,
    params: Any = None,
    batch_stats: Any = None,
    row: int = 0,
    output: int | str | None = None,
    ahead: int | None = None,
    baseline: Any = 0.0,
    points: int = 64,
) -> SeriesMap:
    r"""Share what a series changes of an output by its steps and columns.

    $(x - x_0) \int_0^1 \nabla f(x_0 + a (x - x_0)) \, da$: the parts add up to what the
    network says of the series less what it says of the baseline $x_0$, but for the
    error of the integral, `gap`.

    Args:
        network: as in `occlusion`, and so are all others.
        series: the examples.
        params: the module's parameters.
        batch_stats: its batch statistics, if it has any.
        row: which example.
        output: the class or the forecast column.
        ahead: how many steps ahead.
        baseline: where the path begins.
        points: of the path, at which the gradient is taken.

    Raises:
        UserError: as `occlusion`.

    Example:
        >>> import jax
        >>> from seqconv_jax import nn
        >>> model = nn.Sequential((nn.Flatten(), nn.Dense(1, activation="softplus")))
        >>> x = np.ones((1, 3, 2), np.float32)
        >>> params = model.init(jax.random.key(0), x)["params"]
        >>> found = integrated_gradients(model, x, params=params)
        >>> found.values.shape, abs(found.gap) < 1e-6
        ((3, 2), True)

    Reference:
        Sundararajan, Taly and Yan, arXiv:1703.01365.
    """
    asked = _asked(network, series, params, batch_stats, row, output, ahead, baseline)
    path = integrate(
        asked.subject,
        asked.example.x,
        asked.baseline,
        None,
        asked.target.direction,
        points,
    )
    return as_map(
        asked.example,
        asked.target,
        values=path.parts,
        edges=np.arange(path.parts.shape[0] + 1),
        ends=(path.start, path.end),
        method="integrated_gradients",
    )


def _asked(
    network, series, params, batch_stats, row, output, ahead, baseline
) -> _Asked:
    subject = subject_of(network, params, batch_stats)
    subject, example = example_of(subject, series, row)
    if example.x.dtype.kind in "iu":
        raise UserError(
            "`series` must be floats, got ids; explain.contributions is for texts"
        )
    floats("series", example.x)
    expect(example.x.ndim == 3, "series", "(n, time, features)", example.x)
    x = example.x.astype(np.float32)
    start = _baseline(baseline, x.shape[1:])[None]
    # Masked steps stay as they are: at the baseline they would be real.
    start = np.where(real_steps(subject, x)[..., None], start, x)
    example = example._replace(x=x)
    outputs = outputs_of(subject, x)[0]
    target = target_of(subject.preprocessor, example, outputs, output, ahead)
    return _Asked(subject, example, start, target)


def _baseline(given: Any, shape: tuple[int, ...]) -> np.ndarray:
    try:
        start = np.broadcast_to(np.asarray(given, np.float32), shape)
    except (TypeError, ValueError):
        start = np.full(shape, np.nan, np.float32)
    what = f"a finite number, or an array that fits {shape}"
    expect(bool(np.isfinite(start).all()), "baseline", what, given)
    return start
