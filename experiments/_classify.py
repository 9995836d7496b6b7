"""Scores, figures and last lines of experiments that tell classes apart."""

from pathlib import Path
from typing import Any

from _cli import STAND_IN_NOTE

_MOST_ROWS = 30


def losses_of(classes: Any) -> tuple[Any, dict[str, Any]]:
    """Return the loss for these classes, and the metrics by name."""
    from seqconv_jax import losses

    if classes.several or len(classes.names) == 2:
        return losses.binary_cross_entropy, {"accuracy": losses.accuracy}
    return losses.categorical_cross_entropy, {"accuracy": losses.categorical_accuracy}


def majority(task: Any, rows: Any) -> float:
    """Return the accuracy of always giving the most frequent answer of train.

    With several labels it is the mean over them of "there" or "not there".
    """
    import numpy as np

    train, scored = task.targets[task.train], task.targets[rows]
    if task.classes.several:
        return float(((train.mean(axis=0) > 0.5) == (scored > 0.5)).mean())
    usual = np.bincount(train[:, 0].astype(int)).argmax()
    return float((scored[:, 0] == usual).mean())


def class_summary(task: Any, result: Any, outputs: Any) -> dict[str, Any]:
    """Return what the test rows say about each class, for the run's summary.

    Args:
        task: the data, with its `classes`.
        result: what `fit` returned.
        outputs: `(n, outputs)` logits of the test rows.
    """
    import numpy as np

    from seqconv_jax import data

    classes, targets = task.classes, task.targets[task.test]
    scores = data.class_scores(classes, outputs, targets)
    found = [each["f1"] for each in scores.values()]
    summary: dict[str, Any] = {
        "classes": list(classes.names),
        "baseline_val_accuracy": (
            majority(task, task.validation) if len(task.validation) else None
        ),
        "baseline_test_accuracy": majority(task, task.test),
        "test_macro_f1": float(np.mean([0.0 if f1 is None else f1 for f1 in found])),
        "test_classes": scores,
    }
    if classes.several:
        answers = classes.probabilities(outputs) > 0.5
        exact = (answers == (targets > 0.5)).all(axis=1)
        summary["test_exact_match"] = float(exact.mean())
    else:
        table = data.confusion(classes, outputs, targets)
        summary["test_confusion"] = table.tolist()
    return summary


def draw_classes(path: Path, task: Any, result: Any, summary: Any, title: str) -> None:
    """Draw the curves of loss and accuracy, and who was taken for whom."""
    from seqconv_jax import plots

    note = STAND_IN_NOTE if task.data_source == "generated" else ""
    for metric, label in [("loss", "cross-entropy (nats)"), ("accuracy", "accuracy")]:
        plots.curves(
            result.history,
            path / f"{metric}.png",
            metric=metric,
            ylabel=label,
            title=title,
            best_epoch=result.best.epoch,
            baseline=summary["baseline_val_accuracy"] if metric == "accuracy" else None,
            note=note,
        )
    if "test_confusion" in summary:
        plots.confusion(
            summary["test_confusion"],
            summary["classes"],
            path / "confusion.png",
            title=f"{title}, test: {summary['test_accuracy']:.1%} right",
            note=note,
        )


def class_lines(summary: dict[str, Any]) -> list[str]:
    """Return the scores beside the baseline, and a line for each class."""
    lines = ["", f"best epoch {summary['best_epoch']}; accuracy:"]
    if summary.get("best_val_accuracy") is not None:
        lines += [
            f"  validation  {summary['best_val_accuracy']:.4f}",
            f"  baseline    {summary['baseline_val_accuracy']:.4f}  "
            "(the most frequent answer of train)",
        ]
    if summary.get("test_accuracy") is not None:
        lines += [
            f"  test        {summary['test_accuracy']:.4f}",
            f"  baseline    {summary['baseline_test_accuracy']:.4f}",
        ]
        if "test_exact_match" in summary:
            lines.append(f"  all labels right  {summary['test_exact_match']:.4f}")
        lines += _table(summary["test_classes"])
    return lines


def _table(scores: dict[str, dict[str, Any]]) -> list[str]:
    shown = list(scores.items())[:_MOST_ROWS]
    width = max(10, *(len(name[:30]) for name, _ in shown))
    lines = ["", f"{'test':{width}}  precision  recall      F1  examples"]
    for name, each in shown:
        rates = (each["precision"], each["recall"], each["f1"])
        cells = ["-" if rate is None else f"{rate:.3f}" for rate in rates]
        lines.append(
            f"{name[:30]:{width}}  {cells[0]:>9}  {cells[1]:>6}  {cells[2]:>6}  "
            f"{each['examples']:>8,}"
        )
    if len(scores) > len(shown):
        lines.append(f"and {len(scores) - len(shown):,} more in summary.json")
    return lines
