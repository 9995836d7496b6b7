"""Which of several scores is the best: the one rule for epochs and checkpoints."""

import math
from collections.abc import Iterable
from typing import Literal, TypeVar

Key = TypeVar("Key")
Mode = Literal["min", "max"]

_SMALLEST = {
    *("loss", "error", "mae", "mse", "rmse", "msle", "mape", "smape", "mase", "nll"),
    *("bce", "crossentropy", "deviance", "divergence", "perplexity", "brier"),
    *("wer", "cer", "huber", "pinball"),
}
_LARGEST = {
    *("accuracy", "acc", "auc", "auroc", "auprc", "f1", "precision", "recall", "r2"),
    *("sensitivity", "specificity", "iou", "dice", "kappa", "mcc", "correlation"),
    *("similarity", "likelihood", "hit"),
}
_ASIDE = {"score", "rate", "at", "k", "macro", "micro", "weighted"}
_TURNED = {"negative", "neg", "minus", "inverse"}


def known_mode(name: str) -> Mode | None:
    """Return whether the smallest or the largest of a score is best, by its name.

    Its last word says so: `val_mae` and `squared_error` are better the smaller,
    `val_accuracy`, `roc_auc`, `f1_score` and `recall_at_5` the larger.

    Returns:
        `"min"`, `"max"`, or None for a name that does not say.

    Example:
        >>> known_mode("val_loss"), known_mode("top_5_accuracy"), known_mode("steps")
        ('min', 'max', None)
    """
    words = name.lower().replace("cross_entropy", "crossentropy").split("_")
    while words and (words[-1] in _ASIDE or words[-1].isdecimal()):
        words.pop()
    if not words or _TURNED & set(words):
        return None
    if words[-1].endswith("loss") or words[-1] in _SMALLEST:
        return "min"
    return "max" if words[-1] in _LARGEST else None


def best_of(scores: Iterable[tuple[Key, float | None]], mode: Mode) -> Key | None:
    """Return the key of the best score, the earliest of equals.

    A score that is not finite, which a file keeps as null, is never the best.

    Args:
        scores: keys and their scores, from the earliest on.
        mode: whether the smallest or the largest is best.

    Returns:
        The key, or None where no score is finite.

    Example:
        >>> best_of([("a", 2.0), ("b", None), ("c", 1.0), ("d", 1.0)], "min")
        'c'
    """
    sign = 1 if mode == "min" else -1
    finite = [
        (sign * score, place, key)
        for place, (key, score) in enumerate(scores)
        if score is not None and math.isfinite(score)
    ]
    return min(finite, key=lambda each: each[:2])[2] if finite else None
