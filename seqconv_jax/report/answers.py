"""What a trained run says about some of its test examples, kept for a page to show."""

from pathlib import Path
from typing import Any

from seqconv_jax._checks import UserError
from seqconv_jax.comparison import ExampleScores, score_examples
from seqconv_jax.report.forecasts import forecast_answers
from seqconv_jax.report.looked_for import ngrams_of
from seqconv_jax.report.mistakes import class_answers
from seqconv_jax.runs import TEST_ANSWERS, TEST_SCORES, load
from seqconv_jax.runs.sealed import read_predictor, write_sealed

__all__ = ["answers_of", "keep_answers", "read_answers"]


def keep_answers(run: Any, task: Any, *, outputs: Any = None) -> None:
    """Keep some answers of a trained run, so that `write_report` can show them.

    Forecasts beside the truth: whole windows spread over the test rows, and those with
    the largest errors. Of classes: the examples with the largest loss, which are those
    that the model was surest of and wrong; of texts also the n-grams that the filters
    look for. The experiments do so at their end. A run on plain arrays keeps nothing,
    for nobody knows what its outputs mean.

    Args:
        run: a run directory, or the path of one, whose training has ended.
        task: the data; its `test` rows are taken.
        outputs: `(n, outputs)`, what the run's model makes of these rows, where that is
            known; None to compute it.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> import seqconv_jax as sc
        >>> level = sc.data.Series(
        ...     values=np.sin(np.arange(90.0))[:, None], columns=("level (m)",)
        ... )
        >>> task = sc.data.forecast_task(
        ...     level, target="level (m)", lookback=6, horizon=2, split=(0.5, 0.75)
        ... )
        >>> model = sc.nn.Sequential((sc.nn.Flatten(), sc.nn.Dense(2)))
        >>> options = {"optimizer": sc.optim.rmsprop(1e-2), "loss": sc.losses.mae}
        >>> directory = tempfile.mkdtemp()
        >>> with sc.runs.open(directory) as run:
        ...     result = sc.train.fit(model, task, epochs=1, run=run, **options)
        ...     sc.report.keep_answers(run, task)
        >>> kept = read_answers(Path(directory))
        >>> kept["kind"], len(kept["windows"])
        ('forecast', 12)
    """
    path = Path(getattr(run, "path", run)).expanduser()
    if len(task.test):
        kept = path / TEST_SCORES
        scores = ExampleScores.load(kept) if kept.exists() else None
        answers = answers_of(load(path), task, scores, outputs)
        if answers is not None:
            write_sealed(path / TEST_ANSWERS, answers)


def answers_of(
    predictor: Any,
    task: Any,
    scores: ExampleScores | None = None,
    outputs: Any = None,
) -> dict[str, Any] | None:
    """Return what `keep_answers` keeps, as JSON can hold it.

    Args:
        predictor: the run.
        task: the data; its `test` rows are taken.
        scores: those of each test row, where they are known.
        outputs: those of each test row, where they are known.
    """
    make = {
        "forecast": forecast_answers,
        "text": class_answers,
        "series": class_answers,
    }.get(predictor.preprocessor.kind)
    if make is None:
        return None
    if scores is None or len(scores) != len(task.test):
        if not predictor.scores:
            return None  # its author's functions, which no run keeps
        scores = score_examples(predictor, task)
    answers = make(predictor, task, scores, outputs)
    if predictor.preprocessor.kind == "text":
        answers["ngrams"] = ngrams_of(predictor, task)
    return answers


def read_answers(path: Path) -> dict[str, Any] | None:
    """Return what a run directory keeps; None where it keeps nothing.

    Raises:
        UserError: if it is damaged.
    """
    answers = read_predictor(path / TEST_ANSWERS)
    if answers is not None and answers.get("kind") not in ("forecast", "classes"):
        raise UserError(
            f"{path / TEST_ANSWERS} must be of forecasts or classes, got "
            f"{answers.get('kind')!r}: remove it, and resume the run to write it again"
        )
    return answers
