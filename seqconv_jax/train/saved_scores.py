"""Losses and metrics of this library by name, so that a run can be scored again."""

import functools
import inspect
from collections.abc import Mapping
from typing import Any

from seqconv_jax import losses
from seqconv_jax._checks import UserError
from seqconv_jax._json import plain
from seqconv_jax.train.scores import Score


def encode_scores(scores: Mapping[str, Score]) -> dict[str, Any]:
    """Return those of the scores that are this library's, as JSON can hold them.

    Args:
        scores: functions by name, or what `functools.partial` made of them.

    Example:
        >>> half = functools.partial(losses.accuracy, from_probabilities=True)
        >>> encode_scores({"loss": losses.mae, "accuracy": half, "own": max})
        {'loss': {'function': 'mae'}, 'accuracy': {'function': 'accuracy', \
'from_probabilities': True}}
    """
    encoded = {name: _encode(score) for name, score in scores.items()}
    return {name: each for name, each in encoded.items() if each is not None}


def _encode(score: Score) -> dict[str, Any] | None:
    options: dict[str, Any] = {}
    while isinstance(score, functools.partial):
        if score.args:
            return None
        options = {**score.keywords, **options}
        score = score.func
    name = getattr(score, "__name__", "")
    if name not in _names() or getattr(losses, name) is not score:
        return None
    try:
        return {"function": name, **plain(options)}
    except UserError:
        return None


def decode_scores(encoded: Any) -> dict[str, Score]:
    """Return the scores that `encode_scores` described.

    Raises:
        UserError: for a function or an option that is not known.

    Example:
        >>> decode_scores({"loss": {"function": "mae"}})["loss"] is losses.mae
        True
    """
    if not isinstance(encoded, Mapping):
        raise UserError("the scores of a run must be functions by name")
    return {name: _decode(name, each) for name, each in encoded.items()}


def _decode(score: str, encoded: Any) -> Score:
    options = dict(encoded) if isinstance(encoded, Mapping) else {}
    name = options.pop("function", None)
    if not isinstance(name, str) or name not in _names():
        raise UserError(f"the score {score!r} is {name!r}, which is no function here")
    function = getattr(losses, name)
    if unknown := sorted(options.keys() - inspect.signature(function).parameters):
        raise UserError(f"the score {score!r} has no option {', '.join(unknown)}")
    if not options:
        return function
    return functools.partial(
        function,
        **{k: tuple(v) if isinstance(v, list) else v for k, v in options.items()},
    )


def _names() -> list[str]:
    return [name for name in losses.__all__ if _is_score(getattr(losses, name))]


def _is_score(function: Any) -> bool:
    """Return whether a function takes predictions and targets, and options by name."""
    kinds = [each.kind for each in inspect.signature(function).parameters.values()]
    return kinds.count(inspect.Parameter.POSITIONAL_OR_KEYWORD) == 2
