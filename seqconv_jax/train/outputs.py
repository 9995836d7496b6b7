"""Whether scores take what a model returns: logits, or probabilities."""

from collections.abc import Mapping
from typing import Any

from seqconv_jax.losses import check_outputs
from seqconv_jax.nn.final_activation import final_activation


def check_scores_fit(model: Any, scores: Mapping[str, Any]) -> None:
    """Raise if a score of logits is given probabilities, or the other way round.

    Only what the layers of the model and the functions of `losses` say is known.

    Args:
        model: a Flax module.
        scores: by name.

    Raises:
        UserError: naming the first such score.
    """
    activation = final_activation(model)
    for name, score in scores.items():
        check_outputs(name, score, activation)
