"""A classifier of sequences for scikit-learn."""

from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets

from seqconv_jax import losses
from seqconv_jax.data import Classes
from seqconv_jax.estimators.base import SequenceEstimator

__all__ = ["SequenceClassifier"]


class SequenceClassifier(ClassifierMixin, SequenceEstimator):
    """Class of a sequence, by a network of this library.

    `X` is `(n, time)` for one value a step, or `(n, time, features)`; each feature is
    standardised over all steps of the training sequences.

    Args:
        model: a Flax module from `(batch, time, features)` to `(batch, outputs)`; its
            field `outputs` is set to what the classes need. None for one convolution
            that keeps the length, and a dense layer.
        epochs: how often all sequences are seen.
        batch_size: sequences in a step.
        learning_rate: of Adam.
        validation: a rate of the sequences to choose the best epoch by; with 0 it is
            chosen by the loss of training.
        random_state: an integer for the same network every time.

    Attributes:
        classes_: the classes, sorted.
        model_: the network.
        params_: its parameters.
        batch_stats_: its batch statistics.
        history_: a mapping for each epoch, such as its `loss`.
        n_features_in_: the steps of a sequence.

    Example:
        >>> x = np.sin(np.arange(8) + np.arange(20)[:, None])
        >>> y = np.where(x[:, 0] > 0, "up", "down")
        >>> made = SequenceClassifier(epochs=30, random_state=0).fit(x, y)
        >>> made.predict_proba(x).shape, made.score(x, y) > 0.9
        ((20, 2), True)
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Train on sequences and the class of each."""
        x, y = self._checked(X, y)
        check_classification_targets(y)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y must have at least 2 classes, got one class: {self.classes_[0]!r}"
            )
        classes = self._names()
        two = classes.outputs == 1
        targets = numbers.reshape(-1, 1).astype(np.float32 if two else np.int32)
        loss = losses.binary_cross_entropy if two else losses.categorical_cross_entropy
        accuracy = losses.accuracy if two else losses.categorical_accuracy
        metrics = {"accuracy": accuracy}
        return self._train(x, targets, classes.outputs, loss=loss, metrics=metrics)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class, `(n, classes)`."""
        outputs = self._outputs(X)
        return self._names().probabilities(outputs)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each sequence, `(n,)`."""
        numbers = self.predict_proba(X).argmax(axis=1)
        return self.classes_[numbers]

    def _names(self) -> Classes:
        return Classes(tuple(map(str, range(len(self.classes_)))))
