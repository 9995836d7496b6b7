"""A forecaster of values behind windows, for scikit-learn."""

from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin

from seqconv_jax import losses
from seqconv_jax.estimators.base import SequenceEstimator

__all__ = ["SequenceForecaster"]


class SequenceForecaster(RegressorMixin, SequenceEstimator):
    """Numbers behind a window of a series, by a network of this library.

    `X` is windows, `(n, time)` or `(n, time, features)`, and `y` what came after each,
    `(n,)` or `(n, steps)`. Both are standardised, features over all steps. Windows of
    one series overlap: split in time (`TimeSeriesSplit`), or use `data.forecast_task`,
    which reads files, keeps splits apart and knows units.

    Args:
        model: as of `SequenceClassifier`.
        epochs: likewise.
        batch_size: likewise.
        learning_rate: likewise.
        validation: likewise.
        random_state: likewise.

    Attributes:
        model_: the network.
        params_: its parameters.
        batch_stats_: its batch statistics.
        history_: a mapping for each epoch, such as its `loss`.
        n_features_in_: the steps of a window.

    Example:
        >>> wave = np.sin(np.arange(80) / 3)
        >>> x = np.lib.stride_tricks.sliding_window_view(wave[:-1], 8)
        >>> made = SequenceForecaster(epochs=30, random_state=0).fit(x, wave[8:])
        >>> made.predict(x[:2]).shape, made.score(x, wave[8:]) > 0.9
        ((2,), True)
    """

    def __sklearn_tags__(self) -> Any:
        """Return what it can do besides: forecast several numbers at once."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any) -> Self:
        """Train on windows and what came after each."""
        x, y = self._checked(X, y, y_numeric=True, multi_output=True)
        y = np.asarray(y, np.float64)
        table = y[:, None] if y.ndim == 1 else y
        std = table.std(axis=0)
        self.target_mean_ = table.mean(axis=0)
        self.target_scale_ = np.where(std > 0, std, 1.0)
        self.target_axes_ = y.ndim
        targets = ((table - self.target_mean_) / self.target_scale_).astype(np.float32)
        return self._train(x, targets, table.shape[1], loss=losses.mse)

    def predict(self, X: Any) -> np.ndarray:
        """Return what comes after each window, shaped as `y` was."""
        values = self._outputs(X) * self.target_scale_ + self.target_mean_
        return values[:, 0] if self.target_axes_ == 1 else values
