"""Numbers and names as a person reads them."""

import math
import re
from typing import Any, NamedTuple

__all__ = [
    "Score",
    "duration",
    "higher_is_better",
    "metric_name",
    "number",
    "score_of",
    "setting",
    "source_name",
]

_METRICS = {
    "mae": "mean absolute error",
    "mse": "mean squared error",
    "rmse": "root mean squared error",
    "accuracy": "accuracy",
    "loss": "loss",
    "hit_rate": "direction of the change right",
    "macro_f1": "mean F1 of the classes",
    "exact_match": "all labels right",
}
_SOURCES = {
    "baseline": "simple rule",
    "climatology": "climatology",
    "drift": "drift",
    "last": "last value",
    "last_value": "last value",
    "linear_map": "linear map",
    "majority": "most frequent class",
    "mini_rocket": "MiniRocket",
    "nb_svm": "NB-SVM on words and pairs",
    "neighbour": "nearest neighbour",
    "retrain": "retrained on all of train",
    "ridge": "ridge on lags",
    "ridge_products": "ridge with products",
    "seasonal": "last season",
}
_HIGHER = ("accuracy", "f1", "auc", "hit_rate", "precision", "recall", "exact_match")
_SCORE = re.compile(r"^(?:(?P<source>.+?)_)??(?:best_)?(?P<split>val|test)_(.+)$")


class Score(NamedTuple):
    """What the name of a number in a summary says.

    Attributes:
        source: whose score it is: "" for the network, else a baseline's name.
        split: "val" or "test".
        metric: which one.
    """

    source: str
    split: str
    metric: str


def score_of(name: str) -> Score | None:
    """Return what a summary's name says; None where it is of no score.

    >>> score_of("best_val_mae"), score_of("baseline_nb_svm_test_accuracy")
    (Score(source='', split='val', metric='mae'), \
Score(source='nb_svm', split='test', metric='accuracy'))
    >>> score_of("baseline_test_mae").source, score_of("parameters")
    ('baseline', None)
    """
    found = _SCORE.match(name)
    if found is None:
        return None
    source = found["source"] or ""
    return Score(source.removeprefix("baseline_"), found["split"], found[3])


def higher_is_better(metric: str) -> bool:
    """Return which way a metric goes, by its name.

    >>> higher_is_better("accuracy"), higher_is_better("loss")
    (True, False)
    """
    return any(each in metric for each in _HIGHER)


def metric_name(metric: str) -> str:
    """Return a metric in words.

    >>> metric_name("mae"), metric_name("val_median_mae")
    ('mean absolute error', 'val median mae')
    """
    return _METRICS.get(metric, metric.replace("_", " "))


def source_name(source: str) -> str:
    """Return a baseline in words.

    >>> source_name("nb_svm"), source_name("my_rule")
    ('NB-SVM on words and pairs', 'my rule')
    """
    return _SOURCES.get(source, source.replace("_", " "))


def number(value: Any, digits: int = 4) -> str:
    """Return a number with so many digits that count.

    >>> number(0.26612), number(1234567), number(-3.0), number(None), number(1.5e-7)
    ('0.2661', '1,234,567', '−3.0000', '–', '1.5e−7')
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "–"
    if isinstance(value, int) or abs(value) >= 10**digits:
        text = f"{value:,.0f}"
    elif value and abs(value) < 1e-4:
        mantissa, power = f"{value:.{digits - 1}e}".split("e")
        text = f"{float(mantissa):g}e{int(power)}"
    elif value and abs(value) < 10:
        text = f"{value:.{digits}f}" if abs(value) >= 0.01 else f"{value:.{digits}g}"
    else:
        text = f"{value:.{digits}g}"
    return text.replace("-", "−")


def duration(seconds: float) -> str:
    """Return seconds in the unit that a person would say.

    >>> [duration(each) for each in (3.21, 75, 7300)]
    ['3.2 s', '1 min 15 s', '2 h 1 min']
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def setting(value: Any) -> str:
    """Return the value of a setting in words.

    >>> setting(True), setting(None), setting([0.1, 0.9]), setting({"a": 1})
    ('yes', 'none', '0.1, 0.9', 'a: 1')
    """
    if value is None or value == [] or value == {}:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {setting(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(setting, value))
    return f"{value:g}" if isinstance(value, float) else str(value) or "(empty)"
