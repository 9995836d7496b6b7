"""What the filters of a text network look for, as a run keeps it."""

from dataclasses import replace
from typing import Any

from seqconv_jax._checks import UserError

__all__ = ["ngrams_of"]

_MOST_TEXTS = 2_000
_MOST_FILTERS, _MOST_PATTERNS = 20, 3


def ngrams_of(predictor: Any, task: Any) -> dict[str, Any] | None:
    """Return the n-grams of the filters with the largest effect, as JSON holds them.

    Args:
        predictor: the run, on texts.
        task: the data; its first `test` rows are taken.

    Returns:
        None for a network whose filters cannot be read so: `explain.ngrams` says which.
    """
    from seqconv_jax import explain

    texts = replace(task, train=task.test[:_MOST_TEXTS])
    try:
        found = explain.ngrams(predictor, texts, top=_MOST_PATTERNS, least=2)
    except UserError:
        return None
    filters = found.filters.head(_MOST_FILTERS).to_dict("records")
    patterns = found.ngrams.to_dict("records")
    return {
        "texts": found.texts,
        "of": len(found.filters),
        "filters": [
            {
                "pushes_to": str(each["pushes to"]),
                "fires": float(f"{each['fires']:.4g}"),
                "effect": float(f"{each['effect']:.4g}"),
                "patterns": [
                    {"words": pattern["pattern"], "count": int(pattern["count"])}
                    for pattern in patterns
                    if pattern["filter"] == each["filter"]
                ],
            }
            for each in filters
        ],
    }
