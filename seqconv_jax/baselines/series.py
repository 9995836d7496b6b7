"""What a network for classes of series has to beat: MiniRocket, and a neighbour."""

from typing import Any, NamedTuple

import numpy as np

from seqconv_jax import _windows
from seqconv_jax._checks import UserError, expect
from seqconv_jax.baselines.contract import by_blocks, fitted_rows, rows_of
from seqconv_jax.baselines.labels import label_signs
from seqconv_jax.baselines.ridge_classifier import RidgeClassifier, ridge_classifier
from seqconv_jax.baselines.rocket import RocketKernels, rocket_features
from seqconv_jax.data.classification.baselines import nearest_neighbour as nearest

__all__ = ["MiniRocket", "NearestNeighbour", "mini_rocket", "nearest_neighbour"]


class MiniRocket(NamedTuple):
    """Fixed convolutions, pooled, and a linear classifier of what they give.

    Attributes:
        kernels: the convolutions.
        classifier: the linear classifier.
    """

    kernels: RocketKernels
    classifier: RidgeClassifier

    def outputs(self, task: Any, rows: np.ndarray) -> np.ndarray:
        """Return `(n, outputs)` float64; see `contract.Baseline`.

        They have the sign and order of logits, but no probabilities belong to them:
        they are for an accuracy, not for a cross-entropy.
        """

        def of_part(part: np.ndarray) -> np.ndarray:
            features = rocket_features(self.kernels, *_series(task, part))
            return self.classifier.model(features)

        return by_blocks(of_part, task, rows, len(self.classifier.model.kernel))


def mini_rocket(task: Any, *, features: int = 10_000, seed: int = 0) -> MiniRocket:
    """Fit MiniRocket: 84 kernels of weights -1 and 2, dilated, and a ridge classifier.

    Of several channels each kernel sees the sum of a few. Series of several lengths
    count up to their own ends; the longest of training decides the dilations. Nothing
    but the linear classifier is fitted to labels; its penalty is chosen by leaving out
    each training series, so that no validation rows are needed.

    Args:
        task: `(rows, time, channels)` floats with labels as `labels.label_signs` takes
            them; a `ClassificationTask`, or `arrays_task` of series of one length.
        features: about how many to make, a multiple of 84 at most as large.
        seed: which training series the biases come from, and which channels a kernel
            sees, follows from it.

    Raises:
        UserError: for inputs that are no series, and for one class.

    Reference:
        A. Dempster, D. Schmidt and G. Webb, *MiniRocket*, arXiv:2012.08791.

    Example:
        >>> from seqconv_jax.data import classification_task
        >>> steps = np.arange(40)
        >>> slow, fast = np.sin(steps / 8 + 1.0), np.sin(steps / 2)
        >>> task = classification_task([slow, fast] * 6, ["slow", "fast"] * 6, test=0.5)
        >>> rocket = mini_rocket(task, features=168)
        >>> truth = task.targets[task.test]
        >>> bool(((rocket.outputs(task, task.test) > 0) == truth).all())
        True
    """
    rows = fitted_rows(task)
    signs = _two_or_more(label_signs(task)[rows])
    x, lengths = _series(task, rows)
    kernels = RocketKernels.of(x, lengths, features=features, seed=seed)
    made = rocket_features(kernels, x, lengths)
    return MiniRocket(kernels, ridge_classifier(made, signs))


class NearestNeighbour(NamedTuple):
    """The class of the training series that is nearest to a series.

    Attributes:
        series: the training series, `(time, channels)` each.
        signs: `(n, outputs)` int8, their classes.
    """

    series: list[np.ndarray]
    signs: np.ndarray

    def outputs(self, task: Any, rows: np.ndarray) -> np.ndarray:
        """Return `(n, outputs)` float64, 1 or -1; see `contract.Baseline`."""
        rows = rows_of(task, rows)
        if not len(rows):
            return np.zeros((0, self.signs.shape[1]))
        return self.signs[nearest(self.series, _bare(task, rows))].astype(np.float64)


def nearest_neighbour(task: Any) -> NearestNeighbour:
    """Keep the training series; see `data.classification.baselines` for the distance.

    Args:
        task: as `mini_rocket` takes it.

    Raises:
        UserError: for inputs that are no series.
    """
    rows = fitted_rows(task)
    return NearestNeighbour(_bare(task, rows), label_signs(task)[rows])


def _series(task: Any, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return `(n, time, channels)` float32, 0 behind the end of each; and the ends."""
    x = np.asarray(_windows.inputs_at(task, rows))
    fits = x.ndim == 3 and x.dtype.kind == "f"
    expect(fits, "task.inputs", "floats (rows, time, channels)", f"shape {x.shape}")
    lengths = getattr(task, "lengths", None)
    if lengths is None:
        return x.astype(np.float32), np.full(len(x), x.shape[1])
    lengths = np.asarray(lengths)[rows]
    ended = np.arange(x.shape[1]) >= lengths[:, None]
    return np.where(ended[..., None], 0, x).astype(np.float32), lengths


def _bare(task: Any, rows: np.ndarray) -> list[np.ndarray]:
    x, lengths = _series(task, rows)
    return [each[:length] for each, length in zip(x, lengths.tolist(), strict=True)]


def _two_or_more(signs: np.ndarray) -> np.ndarray:
    if (signs == signs[0]).all():
        raise UserError("`task.targets` must have two classes in `train`, got one")
    return signs
