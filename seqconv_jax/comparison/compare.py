"""Whether one model is better than another: over seeds, and over test examples."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seqconv_jax._checks import (
    UserError,
    expect,
    flag,
    non_negative_int,
    positive_int,
)
from seqconv_jax.comparison.block_bootstrap import automatic_block, block_bootstrap
from seqconv_jax.comparison.intervals import (
    Spread,
    check_confidence,
    difference_spread,
    mean_spread,
)
from seqconv_jax.comparison.mcnemar import mcnemar
from seqconv_jax.comparison.result import Comparison, Side
from seqconv_jax.comparison.sources import (
    RunScores,
    chosen_metric,
    expect_same,
    scores_of_side,
)

__all__ = ["compare"]

_HIGHER = ("accuracy", "f1", "auc", "hit_rate", "precision", "recall", "exact_match")
_LOWER = ("loss", "mae", "mse", "rmse", "error", "huber", "pinball", "entropy")


def compare(
    runs_a: Any,
    runs_b: Any,
    *,
    metric: str | Callable[[Any, Any], Any] | None = None,
    task: Any = None,
    names: tuple[str, str] = ("a", "b"),
    higher_is_better: bool | None = None,
    paired: bool | None = None,
    block: int | None = None,
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Compare two models, each trained with several seeds, on the same test examples.

    Two things make a difference that is none, and each has an interval of its own:

    - *Seeds.* Runs are the units: Student's t and the bootstrap over the runs' scores,
      Welch's for the difference, or that of pairs. It says what other seeds would give
      on the same test set. One run on one side is taken as it is, as a baseline that
      has no seed is; of one run a side nothing is known.
    - *Test examples.* Each example's scores are averaged over the runs of a side, and
      the differences drawn anew: in blocks, where they are windows of a series
      (`block_bootstrap`), since the errors of neighbours are alike. It says what these
      runs would give on other examples of the kind.

    A model counts as better where both intervals (or the one that there is) leave out
    0. For classes there is McNemar's test besides, of each pair of runs (`mcnemar`): a
    vote of the runs would be another, better classifier.

    A block has as many windows as there are rows from the newest input to the last
    target, for so many neighbours are forecast of a common row, or more where the
    differences remember longer (`automatic_block`). That inputs overlap makes no errors
    alike by itself, so that the look-back does not count; what it does to them is in
    the differences.

    Args:
        runs_a: the runs of one side, a list or one of: a run directory, which holds
            `test_scores.npz` (else the test scores of its summary are compared, over
            seeds only), or one of several seeds' runs; a file like that;
            `ExampleScores`; a `runs.Predictor` or what a function of `baselines`
            returned, with `task`; an array `(n,)` of the score of each example; a
            number, the score of a run. An array `(runs, n)` is a side.
        runs_b: the other side.
        metric: a name; None for accuracy, mae or mse, or the only one in common. With
            `task` also a function of `losses`, which baselines need.
        task: the data whose test rows are scored, by run directories too; None to take
            the scores that were kept.
        names: what to call the sides.
        higher_is_better: which way the metric goes; None where its name tells.
        paired: whether run i of a belongs to run i of b; None for whether the runs
            record the same seeds, each once, which then pairs them.
        block: see above; None to choose it.
        confidence: of all intervals.
        resamples: how often a bootstrap draws.
        seed: of its draws.

    Returns:
        The comparison; `print` it.

    Raises:
        UserError: for other test examples or another unit on the two sides, metrics
            that are not the same, NaN, and a metric of which nobody knows which way it
            goes.

    Reference:
        F. Diebold and R. Mariano, "Comparing Predictive Accuracy", Journal of Business
        and Economic Statistics 13 (1995), on differences of the errors of forecasts.

    Example:
        >>> result = compare([0.2661, 0.2658, 0.2666], 0.2764, metric="mae")
        >>> print(result)
        mae (lower is better): a has 0.2662 ± 0.0010 (3 seeds), b has 0.2764 (1 run). \
a is better by 0.0102 on this test set; 95 % interval 0.0092 to 0.0112 over seeds. \
Seeds do not explain the difference, on these test examples. b is taken as it is, \
without a spread.
        >>> result.better
        'a'
    """
    check_confidence(confidence)
    positive_int("resamples", resamples)
    non_negative_int("seed", seed)
    functions = None
    if callable(metric):
        function, metric = metric, str(getattr(metric, "__name__", "metric"))
        functions = {metric: function}
        if task is None:
            raise UserError("`task` must be given with a function as `metric`")
    elif metric is not None:
        expect(isinstance(metric, str), "metric", "a name or a function", metric)
    fit_names = len(names) == 2 and names[0] != names[1]
    expect(fit_names, "names", "two that differ", names)
    a = scores_of_side("runs_a", runs_a, task, functions)
    b = scores_of_side("runs_b", runs_b, task, functions)
    metric = chosen_metric((a, b), metric)
    expect_same([*a, *b], metric)
    higher = _direction(metric, higher_is_better)
    b, paired = _pairs(a, b, paired)
    draws: dict[str, Any] = {
        "confidence": confidence,
        "resamples": resamples,
        "seed": seed,
    }
    sides = [
        _side(name, [run.mean(metric) for run in runs], draws)
        for name, runs in zip(names, (a, b), strict=True)
    ]
    seeds = difference_spread(sides[0].scores, sides[1].scores, paired=paired, **draws)
    return Comparison(
        metric=metric,
        higher_is_better=higher,
        confidence=confidence,
        a=sides[0],
        b=sides[1],
        difference=sides[0].mean - sides[1].mean,
        over_seeds=None if seeds is None else seeds.interval,
        over_seeds_bootstrap=None if seeds is None else seeds.bootstrap,
        p_value=None if seeds is None else seeds.p_value,
        paired=paired,
        **_of_examples(a, b, metric, paired, block, draws),
    )


def _side(name: str, scores: list[float], draws: dict[str, Any]) -> Side:
    spread: Spread | None = mean_spread(scores, **draws)
    return Side(
        name=name,
        scores=tuple(scores),
        mean=float(np.mean(scores)),
        interval=None if spread is None else spread.interval,
        bootstrap=None if spread is None else spread.bootstrap,
    )


def _of_examples(
    a: Sequence[RunScores],
    b: Sequence[RunScores],
    metric: str,
    paired: bool,
    block: int | None,
    draws: dict[str, Any],
) -> dict[str, Any]:
    """Return the fields of the result that the score of each example gives."""
    found: dict[str, Any] = dict.fromkeys(
        ("over_examples", "examples", "block", "mcnemar")
    )
    found["dependent"] = False
    each = [[run.each(metric) for run in side] for side in (a, b)]
    first = a[0].examples
    if first is None or any(one is None for side in each for one in side):
        return found
    tables = [np.array(side) for side in each]
    found["examples"] = count = len(first)
    difference = tables[0].mean(axis=0) - tables[1].mean(axis=0)
    found["dependent"] = first.horizon != 0 if block is None else block > 1
    if count > 1:
        if block is None:
            block = _block(difference, [run.examples for run in (*a, *b)])
        drawn = block_bootstrap(difference, block=block, **draws)
        found["over_examples"], found["block"] = drawn.interval, drawn.block
    if all(np.isin(table, (0, 1)).all() for table in tables):
        found["mcnemar"] = mcnemar(*tables, paired=paired)
    return found


def _block(difference: np.ndarray, examples: Sequence[Any]) -> int | None:
    """Return the length of a block of windows; None to choose it of the differences."""
    horizons = [each.horizon for each in examples if each.horizon is not None]
    if not horizons:
        return None
    longest = max(horizons)
    if longest == 0:
        return 1
    return max(longest, automatic_block(difference))


def _direction(metric: str, asked: bool | None) -> bool:
    if asked is not None:
        flag("higher_is_better", asked)
        return asked
    name = metric.lower()
    higher = any(each in name for each in _HIGHER)
    lower = any(each in name for each in _LOWER)
    if higher == lower:
        raise UserError(
            f"`higher_is_better` must be given for {metric!r}, whose name does not tell"
        )
    return higher


def _pairs(
    a: list[RunScores], b: list[RunScores], asked: bool | None
) -> tuple[list[RunScores], bool]:
    """Return b, in the order of a's seeds if they are paired, and whether they are."""
    if asked is not None:
        flag("paired", asked)
        if asked and len(a) != len(b):
            raise UserError(
                f"`paired` must be False for sides of {len(a)} and {len(b)} runs"
            )
    if asked is False:
        return b, False
    seeds = [run.seed for run in a], [run.seed for run in b]
    distinct = None not in seeds[0] and len(set(seeds[0])) == len(a) > 1
    same = distinct and len(b) == len(a) and set(seeds[0]) == set(seeds[1])
    if not same:
        return b, bool(asked)
    if asked is None:
        by_seed = {run.seed: run for run in b}
        b = [by_seed[seed] for seed in seeds[0]]
    return b, True
