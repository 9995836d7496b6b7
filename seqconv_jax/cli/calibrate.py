"""The command that calibrates a run, and says how well that holds."""

from typing import TYPE_CHECKING, Any

from seqconv_jax._checks import UserError
from seqconv_jax.cli.commands import load_run
from seqconv_jax.cli.given import examples_of

if TYPE_CHECKING:
    import pandas as pd

    from seqconv_jax.runs import Predictor

_MOST_LINES = 48


def calibrate(asked: Any) -> None:
    """Calibrate, keep it in the run directory, and print what was found."""
    predictor = load_run(asked)
    from seqconv_jax import runs

    kept = asked.run / runs.CALIBRATION
    if kept.exists() and not asked.overwrite:
        raise UserError(
            f"{asked.run} has been calibrated; replace that with --overwrite"
        )
    with examples_of(predictor, asked.data) as raw:
        if hasattr(raw, "exists"):
            raw = predictor.preprocessor.read(raw)
        task = predictor.preprocessor.task(raw, targets=True)
    found = runs.calibrate(
        predictor, task, level=asked.level or None, since=asked.since, until=asked.until
    )
    if found.temperature is not None:
        print("\n".join(_temperature_lines(predictor, task, found.temperature)))
    else:
        count = found.intervals[0].count
        names = ", ".join(each.name for each in found.intervals)
        print(f"intervals of {names}, calibrated on {count:,} windows")
        if asked.until is not None:
            print("\n".join(_coverage_lines(predictor, task, asked.until)))
    print(f"kept in {kept}")


def _temperature_lines(predictor: "Predictor", task: Any, fitted: Any) -> list[str]:
    from seqconv_jax.calibration import answer_confidence, expected_calibration_error

    outputs, truth = predictor.outputs(task), task.truth(task.test)
    classes: Any = getattr(predictor.preprocessor, "classes", None)
    errors = []
    for logits in (outputs, fitted(outputs)):
        confidence, right = answer_confidence(classes, logits, truth)
        errors.append(expected_calibration_error(confidence, right))
    return [
        f"temperature {fitted.value:.4g}, found on {fitted.count:,} examples; on these",
        f"  negative log likelihood     {fitted.before:.4f} -> {fitted.after:.4f}",
        f"  expected calibration error  {errors[0]:.4f} -> {errors[1]:.4f}",
    ]


def _coverage_lines(predictor: "Predictor", task: Any, since: str) -> list[str]:
    from seqconv_jax import runs

    try:
        table = runs.coverage(predictor, task, since=since)
    except UserError:
        return [f"no window after {since} to see on how often they hold"]
    lines = [f"on windows since {since}, which calibrated nothing:"]
    for name in table["interval"].unique():
        for target in table["target"].unique():
            one: Any = table[(table["interval"] == name) & (table["target"] == target)]
            lines += ["", f"{target}: intervals of {name}", *_lines_of(one)]
    return lines


def _lines_of(table: "pd.DataFrame") -> list[str]:
    """Return a line for each step ahead, or for some of many, and the mean."""
    unit = table["unit"].iloc[0] or "in its unit"
    every = -(-len(table) // _MOST_LINES)
    width = max(5, *map(len, table["ahead"]))
    lines = [f"  {'ahead':>{width}}  inside  mean width, {unit}"]
    shown = table.iloc[every - 1 :: every]
    for ahead, inside, wide in shown[["ahead", "coverage", "width"]].values.tolist():
        lines.append(f"  {ahead:>{width}}  {inside:6.1%}  {wide:.4g}")
    inside, wide = table["coverage"].mean(), table["width"].mean()
    return [*lines, f"  {'all':>{width}}  {inside:6.1%}  {wide:.4g}"]
