"""What two sides of a comparison are made of, as scores of runs."""

import os
from collections.abc import Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqconv_jax._checks import UserError, expect, kind_of, shown
from seqconv_jax.comparison.example_scores import ExampleScores, score_examples

__all__ = ["RunScores", "chosen_metric", "expect_same", "scores_of_side"]

_USUAL = ("accuracy", "mae", "mse")
_ANY = ""  # the metric of numbers that came without a name
_TEST = "test_"


class RunScores(NamedTuple):
    """The scores of one run, or of what is deterministic.

    Attributes:
        name: what messages call it.
        means: by metric the score over all test examples; `""` for one without a name.
        examples: those of each example; None where only the means are known.
        seed: of the run, if it is known.
    """

    name: str
    means: Mapping[str, float]
    examples: ExampleScores | None
    seed: int | None

    def mean(self, metric: str) -> float:
        """Return the score."""
        return self.means.get(metric, self.means.get(_ANY, float("nan")))

    def each(self, metric: str) -> np.ndarray | None:
        """Return the score of each example, `(n,)`; None where it is not known."""
        if self.examples is None:
            return None
        values = self.examples.values
        return values.get(metric, values.get(_ANY))


def scores_of_side(
    argument: str, given: Any, task: Any = None, scores: Any = None
) -> list[RunScores]:
    """Return the scores of each run of one side.

    Args:
        argument: what messages call it.
        given: one or several runs; see `compare`.
        task: what runs and baselines are scored on.
        scores: functions by name; None for those of each run.

    Raises:
        UserError: for none, and for what holds no scores.
    """
    if isinstance(given, np.ndarray) and given.ndim == 2:
        given = list(given)
    several = isinstance(given, Sequence) and not isinstance(given, str)
    items = list(given) if several and not hasattr(given, "outputs") else [given]
    items = [run for each in items for run in _runs(each)]
    expect(len(items) > 0, argument, "one run at least", [])
    return [
        _scores_of(
            f"{argument}[{i}]" if len(items) > 1 else argument, each, task, scores
        )
        for i, each in enumerate(items)
    ]


def chosen_metric(sides: Sequence[Sequence[RunScores]], asked: str | None) -> str:
    """Return the metric that all runs have: the one asked for, or the usual one.

    Raises:
        UserError: where there is none, or there are several and none is usual.
    """
    runs = [run for side in sides for run in side]
    named = [run for run in runs if _ANY not in run.means]
    if asked is not None:
        for run in named:
            known = ", ".join(run.means)
            what = f"one that {run.name} has ({known})"
            expect(asked in run.means, "metric", what, asked)
        return asked
    if not named:
        raise UserError(
            "`metric` must name what numbers without a name are, such as 'accuracy' or "
            "'mae', got None"
        )
    shared = [m for m in named[0].means if all(m in run.means for run in named)]
    usual = [m for m in (*_USUAL, *shared) if m in shared]
    if not usual:
        each = "; ".join(f"{run.name}: {', '.join(run.means)}" for run in named[:4])
        raise UserError(f"the runs must have a metric in common, got {each}")
    if usual[0] not in _USUAL and len(shared) > 1:
        raise UserError(f"`metric` must be one of {', '.join(shared)}, got None")
    return usual[0]


def expect_same(runs: Sequence[RunScores], metric: str) -> None:
    """Raise unless all runs were scored by one function on the same examples."""
    known = [run for run in runs if run.examples is not None]
    for run in known[1:]:
        first, other = known[0].examples, run.examples
        assert first is not None and other is not None
        if len(first) != len(other):
            raise UserError(
                f"the runs must have the same test examples, got {len(first):,} in "
                f"{known[0].name} and {len(other):,} in {run.name}; give `task` to "
                "score both on one test set, or their scores as numbers"
            )
        if first.truth is not None and other.truth is not None:
            differ = np.abs(first.truth - other.truth) > 1e-3 * (
                first.truth.std() + 1e-3
            )
            if differ.any():
                raise UserError(
                    f"the runs must have the same test examples in the same unit, got "
                    f"{known[0].name} and {run.name}, whose truth differs in "
                    f"{int(differ.sum()):,} of {len(differ):,} examples: other rows, "
                    "another target or horizon, or scaled by other training rows"
                )
        functions = [each.functions.get(metric) for each in (first, other)]
        if None not in functions and _meaning(functions[0]) != _meaning(functions[1]):
            raise UserError(
                f"`metric` must be the same function for all runs, got {metric!r} as "
                f"{functions[0]} in {known[0].name} and {functions[1]} in {run.name}"
            )


def _meaning(function: Any) -> dict[str, Any]:
    """Return what a function measures, however a model puts out what it is measured of.

    >>> _meaning({"function": "categorical_accuracy", "from_probabilities": True})
    {'function': 'accuracy'}
    """
    name = function["function"].removeprefix("categorical_")
    if name == "quantile_mae":
        return {"function": "mae"}
    left = {k: v for k, v in function.items() if k != "from_probabilities"}
    return {**left, "function": name}


def _runs(given: Any) -> list[Any]:
    """Return the runs of the seeds that a directory holds; anything else as it is."""
    from seqconv_jax.runs import CONFIG, SUMMARY
    from seqconv_jax.runs.sealed import read_config, read_summary
    from seqconv_jax.runs.several import run_folders

    if isinstance(given, str | os.PathLike):
        path = Path(given).expanduser()
        if (path / CONFIG).exists():
            summary = read_summary(path / SUMMARY)
            return run_folders(path, read_config(path / CONFIG), summary)
    return [given]


def _scores_of(name: str, given: Any, task: Any, scores: Any) -> RunScores:
    if isinstance(given, Real) and not isinstance(given, bool):
        finite = bool(np.isfinite(float(given)))
        expect(finite, name, "a finite score", given)
        return RunScores(name, {_ANY: float(given)}, None, None)
    if isinstance(given, ExampleScores):
        return _of_examples(name, given)
    if isinstance(given, np.ndarray):
        expect(given.ndim == 1, name, "scores of each example, (n,)", given)
        return _of_examples(name, _named(name, lambda: _unnamed(given)))
    if isinstance(given, str | os.PathLike):
        return _of_path(Path(given).expanduser(), task, scores)
    if hasattr(given, "outputs"):
        if task is None:
            raise UserError(
                f"`task` must be given to score {name}, {kind_of(given)}, got None"
            )
        name = str(getattr(given, "path", name))
        return _of_examples(name, score_examples(given, task, scores))
    raise UserError(
        f"`{name}` must be a run directory, a Predictor, ExampleScores, an array with "
        f"the score of each example, or a score, got {shown(given)}"
    )


def _of_path(path: Path, task: Any, scores: Any) -> RunScores:
    from seqconv_jax.runs import SUMMARY, TEST_SCORES, load
    from seqconv_jax.runs.sealed import read_summary

    if path.suffix == ".npz":
        return _of_examples(str(path), _load(path))
    if not path.is_dir():
        raise UserError(f"{path} is no run directory: it does not exist")
    if task is not None:
        examples = score_examples(load(path), task, scores)
        return _of_examples(str(path), examples)
    if (path / TEST_SCORES).exists():
        return _of_examples(str(path), _load(path / TEST_SCORES))
    means = {
        name.removeprefix(_TEST): float(value)
        for name, value in (read_summary(path / SUMMARY) or {}).items()
        if name.startswith(_TEST) and isinstance(value, float)
    }
    if not means:
        raise UserError(
            f"{path} holds neither {TEST_SCORES} nor a {SUMMARY} with test scores; "
            "resume the run to write them, or give `task` to score it on"
        )
    return RunScores(str(path), means, None, _seed_of(path))


def _seed_of(path: Path) -> int | None:
    from seqconv_jax.runs import CONFIG
    from seqconv_jax.runs.sealed import read_config

    seed = read_config(path / CONFIG).get("seed")
    return seed if type(seed) is int else None


def _of_examples(name: str, examples: ExampleScores) -> RunScores:
    means = {metric: float(v.mean()) for metric, v in examples.values.items()}
    return RunScores(name, means, examples, examples.seed)


def _load(path: Path) -> ExampleScores:
    return _named(str(path), lambda: ExampleScores.load(path))


def _unnamed(values: np.ndarray) -> ExampleScores:
    return ExampleScores(values={_ANY: values})


def _named(name: str, make: Any) -> ExampleScores:
    """Return what `make` does, or raise what it raises with the run's name."""
    try:
        return make()
    except UserError as error:
        words = str(error)
        raise UserError(words if name in words else f"{name}: {words}") from error
