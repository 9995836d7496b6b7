"""Estimators of scikit-learn's kind, for its pipelines, searches and scores.

They need the extra `sklearn`. Importing this loads neither it nor JAX.
"""

import importlib
from typing import TYPE_CHECKING, Any

from seqconv_jax._checks import UserError

if TYPE_CHECKING:
    from seqconv_jax.estimators.classifier import SequenceClassifier
    from seqconv_jax.estimators.forecaster import SequenceForecaster

__all__ = ["SequenceClassifier", "SequenceForecaster"]

_MODULES = {"SequenceClassifier": "classifier", "SequenceForecaster": "forecaster"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = importlib.import_module(f"{__name__}.{_MODULES[name]}")
    except ImportError as error:
        if (error.name or "").split(".")[0] != "sklearn":
            raise
        raise UserError(
            f"{name} needs scikit-learn: pip install 'seqconv-jax[sklearn]'"
        ) from error
    return getattr(module, name)
