"""The examples that a classifier was surest of, and wrong."""

from dataclasses import replace
from typing import Any

import numpy as np

from seqconv_jax.data import confusion

__all__ = ["class_answers"]

_MOST = 24  # examples
_MOST_WORDS, _MOST_STEPS = 400, 240
_MOST_COUNTED = 200_000  # examples whose confusion is counted
_UNKNOWN = "…"


def class_answers(
    predictor: Any, task: Any, scores: Any, outputs: Any = None
) -> dict[str, Any]:
    """Return the test examples with the largest loss, and who was taken for whom.

    Args:
        predictor: the run.
        task: the data.
        scores: those of each test row.
        outputs: those of each test row; None to compute them.
    """
    preprocessor = predictor.preprocessor
    classes = preprocessor.classes
    values = scores.values
    losses = values["loss"] if "loss" in values else next(iter(values.values()))
    worst = np.argsort(-losses, kind="stable")[:_MOST]
    rows = task.test[worst]
    if outputs is None and len(task.test) <= _MOST_COUNTED:
        outputs = predictor.outputs(task)
    if outputs is None:
        of_worst = predictor.outputs(replace(task, test=rows))
    else:
        of_worst = outputs[worst]
    table = classes.probabilities(of_worst)
    counts = None
    if outputs is not None and not classes.several:
        counts = confusion(classes, outputs, task.targets[task.test]).tolist()
    names = getattr(task, "names", None)
    found = []
    for at, row, chances in zip(worst.tolist(), rows, table, strict=True):
        right, answer = _labels(classes, task.targets[row], chances)
        if right == answer:
            continue  # right, and only less sure than elsewhere
        sure = chances if not classes.several else np.maximum(chances, 1 - chances)
        found.append(
            {
                "name": f"test example {at:,}" if names is None else names[row],
                "truth": right,
                "answer": answer,
                "probability": float(f"{sure.max():.6g}"),
                "loss": float(f"{losses[at]:.6g}"),
                **_content(preprocessor, task, row),
            }
        )
    return {
        "kind": "classes",
        "examples": len(task.test),
        "classes": list(classes.names),
        "several": classes.several,
        "confusion": counts,
        "mistakes": sorted(found, key=lambda each: -each["probability"]),
    }


def _labels(classes: Any, target: np.ndarray, chances: np.ndarray) -> tuple[str, str]:
    """Return the classes of the truth and of the answer, in words."""
    if not classes.several:
        return classes.names[int(target[0])], classes.names[int(chances.argmax())]
    pairs = [
        [name for name, there in zip(classes.names, each, strict=True) if there]
        for each in (target > 0.5, chances > 0.5)
    ]
    truth, answer = (", ".join(each) or "none" for each in pairs)
    return truth, answer


def _content(preprocessor: Any, task: Any, row: int) -> dict[str, Any]:
    """Return what the model saw of an example: its words, or the series' first column.

    Words out of the vocabulary are `…`, as they are one to the model.
    """
    if preprocessor.kind == "text":
        return {"text": _words(preprocessor, task.inputs[row])}
    lengths = getattr(task, "lengths", None)
    length = len(task.inputs[row]) if lengths is None else int(lengths[row])
    values = np.asarray(task.inputs[row][:length, 0], np.float64)
    every = -(-len(values) // _MOST_STEPS)
    return {"series": [float(f"{value:.4g}") for value in values[::every]]}


def _words(preprocessor: Any, ids: np.ndarray) -> str:
    vocabulary = preprocessor.vocabulary
    words = []
    for number in ids[ids != 0].tolist():
        rank = number - vocabulary.shift
        if number == vocabulary.start:
            continue
        known = number != vocabulary.oov and 0 < rank <= len(vocabulary.tokens)
        words.append(vocabulary.tokens[rank - 1] if known else _UNKNOWN)
    more = f" (and {len(words) - _MOST_WORDS:,} more)"
    shown = " ".join(words[:_MOST_WORDS])
    return shown + (more if len(words) > _MOST_WORDS else "")
