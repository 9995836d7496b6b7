"""How sure a classifier is: its temperature, kept, and what that does on test."""

from typing import Any

from _cli import STAND_IN_NOTE


def check_validated(settings: Any, task: Any) -> None:
    """Raise where a temperature is asked for, and there is nothing to find it on."""
    from seqconv_jax import UserError

    if settings.calibrate and not len(task.validation):
        raise UserError("`calibrate` needs validation rows, got none; see --validation")


def keep_temperature(
    settings: Any, run: Any, task: Any, outputs: Any, title: str
) -> dict[str, Any]:
    """Fit the temperature on validation, keep it in the run, and look at test.

    Args:
        settings: those of the experiment.
        run: the open run, trained.
        task: the data, with its `classes`.
        outputs: `(n, outputs)` logits of the test rows.
        title: of the figure.

    Returns:
        What the run's summary says of it; nothing without --calibrate.
    """
    if not settings.calibrate:
        return {}
    from seqconv_jax import UserError, calibration, plots, runs

    try:
        fitted: Any = runs.calibrate(runs.load(run.path), task).temperature
    except UserError as error:  # which must not cost the run its summary
        print(f"no temperature: {error}")
        return {}
    summary: dict[str, Any] = {"temperature": fitted.value}
    drawn, truth = {}, task.truth(task.test)
    for prefix, name, logits in (
        ("", "as trained", outputs),
        ("calibrated_", "with temperature", fitted(outputs)),
    ):
        sure, right = calibration.answer_confidence(task.classes, logits, truth)
        for binning in ("width", "mass"):
            found = calibration.reliability(sure, right, binning=binning)
            summary[f"{prefix}test_calibration_error_{binning}"] = found.error
        drawn[name] = calibration.reliability(sure, right)
        summary[f"{prefix}test_likelihood"] = calibration.negative_log_likelihood(
            task.classes, logits, truth
        )
    plots.reliability(
        drawn,
        run.path / "reliability.png",
        title=f"{title}, test",
        note=STAND_IN_NOTE if task.data_source == "generated" else "",
    )
    return summary


def temperature_lines(summary: dict[str, Any]) -> list[str]:
    """Return what was found, before and after; nothing without --calibrate."""
    if "temperature" not in summary:
        return []
    lines = [
        "",
        f"temperature {summary['temperature']:.4g}, fitted on validation; test:",
    ]
    for name, label in (
        ("test_likelihood", "negative log likelihood"),
        ("test_calibration_error_width", "calibration error, bins of equal width"),
        ("test_calibration_error_mass", "calibration error, bins of equal mass"),
    ):
        before, after = summary[name], summary[f"calibrated_{name}"]
        lines.append(f"  {label:<40}  {before:.4f} -> {after:.4f}")
    return lines
