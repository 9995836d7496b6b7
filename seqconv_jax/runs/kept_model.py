"""The network that a run keeps."""

from collections.abc import Mapping
from typing import Any

from seqconv_jax._checks import UserError, one_line
from seqconv_jax.models.config import decode

__all__ = ["kept_model"]


def kept_model(settings: Mapping[str, Any]) -> Any:
    """Return the network that a run's `predictor.json` describes.

    Raises:
        UserError: if it is of a class of the caller's own.
    """
    if settings.get("model") is not None:
        return decode(settings["model"])
    reason = one_line(str(settings.get("model_reason")), 200)
    raise UserError(
        f"the run could not keep its model ({reason}); make it as in training and give "
        "it: runs.load(path, model=...)"
    )
