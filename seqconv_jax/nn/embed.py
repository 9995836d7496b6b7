"""Vectors for token ids, and which ids are padding."""

from typing import Any

import jax
from flax import linen as nn

from seqconv_jax import _checks, ops
from seqconv_jax.nn.initialisers import embedding_uniform
from seqconv_jax.nn.operations import Embed
from seqconv_jax.nn.precision import Parameterised, parameter


def check_mask_id(mask_id: Any) -> None:
    """Raise unless it is an id of padding, or None."""
    if mask_id is not None:
        is_id = hasattr(mask_id, "__index__") and mask_id is not True
        _checks.expect(is_id, "mask_id", "an integer or None", mask_id)


def mask_ids(layer: Any, mask: Any, x: Any) -> Any:
    """Return a mask of ids without those of padding, which the layer's `mask_id` says.

    Args:
        layer: the first one, which is given the ids.
        mask: `(batch, time)` bool; None where all are real.
        x: `(batch, time)` integers; None where only the mask is known.

    Raises:
        UserError: where the ids would be needed and are not known.
    """
    if layer.mask_id is None:
        return mask
    if x is None:
        raise _checks.UserError(
            f"an {type(layer).__name__} with `mask_id` must come first in a nested "
            "model, for what follows the model is told of masks, not of ids"
        )
    real = x != layer.mask_id
    return real if mask is None else real & mask


class Embedding(Parameterised):
    """Trainable vectors for integer ids: `y[b, t] = embedding[ids[b, t]]`.

    Attributes:
        vocabulary: number of ids.
        features: length of a vector.
        mask_id: the id of padding, whose steps are masked for the layers that follow;
            None masks nothing, and padding is a word like any other.

    Example:
        >>> import jax.numpy as jnp
        >>> layer, ids = Embedding(vocabulary=10, features=4), jnp.array([[1, 2, 0]])
        >>> layer.apply(layer.init(jax.random.key(0), ids), ids).shape
        (1, 3, 4)
    """

    vocabulary: int
    features: int
    mask_id: int | None = None

    @property
    def makes_mask(self) -> bool:
        """Whether there is an id of padding."""
        return self.mask_id is not None

    @nn.compact
    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map integer ids `(batch, time)` to `(batch, time, features)`.

        Args:
            x: ids in `[0, vocabulary)`; any other gives NaN.
            mask: `(batch, time)` bool; masked ids may be any, and give zeros.
            train: of no effect.
        """
        _checks.rank("x", x, ("batch", "time"))
        _checks.positive_int("vocabulary", self.vocabulary)
        check_mask_id(self.mask_id)
        shape = (self.vocabulary, _checks.positive_int("features", self.features))
        table = parameter(self, "embedding", embedding_uniform, shape)
        return ops.hide(ops.embed(x, table), mask)

    def mask_after(self, mask, x):
        """Mask the steps of padding besides those that were masked."""
        return mask_ids(self, mask, x)

    def operations(self):
        """Return the lookup."""
        return (Embed(self),)
