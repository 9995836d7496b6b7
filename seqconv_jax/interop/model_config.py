"""A model's configuration in a file of ours, of this version or one before."""

from typing import Any

from flax import linen as nn

from seqconv_jax import nn as layers
from seqconv_jax.interop.keras_masks import end_masks
from seqconv_jax.models import config
from seqconv_jax.models.config import encode

__all__ = ["decode", "encode"]


def decode(described: Any) -> nn.Module:
    """Return the model that `encode` described, of this version or one before.

    Raises:
        UserError: if a class or field is not known.

    Example:
        >>> decode({"class": "TextConvNet", "vocabulary": 9, "ending": "flatten"}).head
        'flatten'
    """
    return config.decode(described, _BEFORE)


def _ending_to_head(fields: dict[str, Any]) -> dict[str, Any]:
    """Take over the name that `head` once had."""
    if "ending" in fields:
        fields["head"] = fields.pop("ending")
    return fields


def _padding_id_to_masks(fields: dict[str, Any]) -> dict[str, Any]:
    """Take over `padding_id`, which masked ids for as long as Keras's layers would."""
    padding_id = fields.pop("padding_id", None)
    first, *rest = fields.get("layers") or (None,)
    if padding_id is None or not isinstance(first, layers.Embedding):
        return fields
    masking = (first.clone(mask_id=padding_id), *rest)
    masked = end_masks(masking, alive=False)
    if masked.users:
        until = len(masking) if masked.until is None else masked.until
        fields |= {"layers": masking, "mask_until": until}
    return fields


_BEFORE = {
    "Sequential": _padding_id_to_masks,
    "TextConvNet": _ending_to_head,
    "SeriesConvNet": _ending_to_head,
}
