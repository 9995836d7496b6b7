"""What a run keeps besides its weights, so that it can be used without its author."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.models.config import encode
from seqconv_jax.train.precision import chosen_precision
from seqconv_jax.train.saved_scores import encode_scores
from seqconv_jax.train.scores import Score

FORMAT = 1


def predictor_settings(
    model: Any, task: Any, scores: Mapping[str, Score]
) -> dict[str, Any]:
    """Return what a predictor is made of, the weights aside, as JSON can hold it.

    Args:
        model: the network.
        task: the data.
        scores: the loss as `"loss"` and the metrics, by name.

    Returns:
        `"model"` is None for a module of the caller's own class, and `"model_reason"`
        says so; `"preprocessor"` is None for a task of plain arrays.
    """
    example = task.example
    encoded = encode_scores(scores)
    described: dict[str, Any] = {
        "format": FORMAT,
        "model": None,
        "preprocessor": _preprocessor(task, encoded),
        "input": {
            "shape": list(np.shape(example)[1:]),
            "dtype": np.dtype(example.dtype).name,
        },
        "scores": encoded,
        "matmul_precision": chosen_precision(),
    }
    try:
        described["model"] = encode(model)
    except UserError as error:
        described["model_reason"] = str(error)
    return described


def _preprocessor(task: Any, encoded: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the settings of a task's preprocessor, with the quantiles of the loss.

    The task does not know them: they are a matter of what is trained on it.
    """
    preprocessor = getattr(task, "preprocessor", None)
    if preprocessor is None:
        return None
    settings = preprocessor.settings()
    quantiles = encoded.get("loss", {}).get("quantiles")
    if quantiles and settings.get("quantiles") == []:
        settings = {**settings, "quantiles": quantiles}
    return settings
