"""What every score looks at first: shapes that pair, and what is a probability."""

import jax
import jax.numpy as jnp

from seqconv_jax import _checks

SMALLEST = 1e-7  # Keras's: the probability that a logarithm is taken of at least


def check_pair(predictions: jax.Array, targets: jax.Array) -> None:
    """Raise unless both have the same shape `(batch, outputs)`."""
    _checks.rank("predictions", predictions, ("batch", "outputs"))
    _checks.shape("targets", targets, predictions.shape)


def probabilities(values: jax.Array) -> jax.Array:
    """Return values as they are, NaN for those that are no probability."""
    return jnp.where((values >= 0) & (values <= 1), values, jnp.nan)
