"""Two sides compared: which is better, or that nobody can tell, and what is refused."""

from typing import Any

import numpy as np
import pytest

import seqconv_jax as sc
from seqconv_jax import UserError
from seqconv_jax.comparison import ExampleScores, block_bootstrap, format_score


def runs(count, mean, seed, examples=300, spread=0.01):
    """Errors `(count, examples)`, in part of the examples and in part of the run."""
    rng = np.random.default_rng(seed)
    hard = np.random.default_rng(99).exponential(0.2, examples)
    own = rng.normal(0, 0.05, (count, examples))
    return mean + hard + own + rng.normal(0, spread, (count, 1))


def kept(values, metric="mae", **options: Any):
    return ExampleScores(values={metric: np.asarray(values, float)}, **options)


def test_a_difference_over_seeds_and_examples_is_real():
    a, b = runs(5, 0.0, 0), runs(4, 0.2, 1)
    result = sc.compare(a, b, metric="mae", names=("ours", "theirs"))
    assert result.a.scores == pytest.approx(a.mean(axis=1))
    assert result.difference == pytest.approx(a.mean() - b.mean())
    assert result.better == "ours" and result.examples == 300 and not result.paired
    each = a.mean(axis=0) - b.mean(axis=0)
    assert result.over_examples == block_bootstrap(each).interval
    words = str(result)
    assert words.startswith("mae (lower is better): ours has 0.2056 ± ")
    assert "(5 seeds), theirs has 0.40" in words and "(4 seeds). ours is" in words
    assert words.endswith("real: neither seeds nor test examples explain it.")


def test_swapped_sides_say_the_same():
    a, b = runs(5, 0.0, 0), runs(5, 0.2, 1)
    there, back = (sc.compare(*pair, metric="mae") for pair in ((a, b), (b, a)))
    assert there.difference == -back.difference
    assert there.over_seeds is not None and there.over_examples is not None
    assert back.over_seeds == -there.over_seeds
    assert back.over_examples is not None
    assert back.over_examples.low == pytest.approx(-there.over_examples.high, rel=0.05)
    assert (there.better, back.better) == ("a", "b")
    assert there == sc.compare(a, b, metric="mae")


@pytest.mark.parametrize(
    ("metric", "better"), [("mae", "a"), ("accuracy", "b"), ("val_loss", "a")]
)
def test_the_name_of_the_metric_tells_which_way_it_goes(metric, better):
    result = sc.compare([0.1, 0.11, 0.12], [0.8, 0.81], metric=metric)
    assert result.better == better and f"{better} is better by 0.6950" in str(result)
    other = sc.compare([0.1, 0.11], [0.8, 0.81], metric="x", higher_is_better=True)
    assert other.better == "b"
    with pytest.raises(UserError, match="`higher_is_better` must be given for 'x'"):
        sc.compare([0.1], [0.2], metric="x")


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        (runs(5, 0.0, 0), runs(5, 0.0, 2), "They cannot be told apart."),
        (runs(1, 0.0, 0), runs(1, 0.2, 1), "nothing is known of other seeds."),
        (runs(3, 0.0, 0), runs(1, 0.2, 1)[0], "b is taken as it is, without a spread."),
        (
            runs(3, 0.0, 0, spread=0.1),
            runs(3, 0.0, 4, spread=0.1),
            "these runs differ, but runs of other seeds may not.",
        ),
        ([0.5], [0.6], "no interval can be given. One run a side, and no score of"),
        (runs(2, 0.0, 0), runs(2, 0.0, 0), "The two have the same mean on 300 test"),
    ],
)
def test_what_is_said_where_less_is_known(a, b, words):
    assert words in str(sc.compare(a, b, metric="mae"))


def test_few_examples_do_not_tell_of_others():
    difference = np.array([0.5, -0.4, 0.3, -0.2])
    a = difference + np.array([[0.0], [1e-3], [2e-3]])
    result = sc.compare(a, np.zeros(4), metric="mae", block=1)
    assert result.over_seeds is not None and result.over_seeds.excludes_zero
    assert result.better is None and "which are too few to tell" in str(result)


def test_windows_of_a_series_are_drawn_in_blocks_of_their_horizon():
    a, b = runs(1, 0.0, 0)[0], runs(1, 0.1, 1)[0]
    windows = [kept(each, horizon=50) for each in (a, b)]
    result = sc.compare(*windows)
    assert result.block == 50 and result.dependent
    assert "(blocks of 50)" in str(result) and "only 6.0 blocks long" in str(result)
    apart = sc.compare(kept(a, horizon=0), kept(b, horizon=0))
    assert apart.block == 1 and not apart.dependent
    assert sc.compare(*windows, block=7).block == 7


def test_classes_have_mcnemars_test_of_each_pair():
    rng = np.random.default_rng(0)
    a, b = ((rng.random((3, 200)) < rate) * 1.0 for rate in (0.9, 0.6))
    result = sc.compare(a, b, metric="accuracy")
    assert result.mcnemar is not None and len(result.mcnemar.p_values) == 9
    assert result.better == "a" and "McNemar's test, 9 pairs of runs: p" in str(result)
    assert sc.compare(a * 0.5, b, metric="accuracy").mcnemar is None


def test_the_same_seeds_are_paired_in_whatever_order():
    a, b = runs(3, 0.0, 0), runs(3, 0.0, 0) + np.array([[0.3], [0.2], [0.1]])
    first = [kept(each, seed=i) for i, each in enumerate(a)]
    second = [kept(each, seed=i) for i, each in enumerate(b)][::-1]
    result = sc.compare(first, second)
    assert result.paired and "Runs of the same seed are paired." in str(result)
    assert result.b.scores == pytest.approx(b.mean(axis=1))
    assert not sc.compare(first, second, paired=False).paired
    assert not sc.compare(first, second[:2]).paired
    assert sc.compare(a, b, metric="mae", paired=True).p_value == result.p_value


NAN = np.array([0.5, np.nan, 0.1])


@pytest.mark.parametrize(
    ("a", "b", "options", "message"),
    [
        (np.ones(3), np.ones(4), {}, "the same test examples, got 3 in runs_a and 4"),
        (
            kept([1, 2], truth=np.array([0.0, 1.0])),
            [kept([1, 2], truth=np.array([0.0, 1.1])), 0.5],
            {},
            "truth differs in 1 of 2 examples",
        ),
        (kept([1, 2]), kept([1, 2], "mse"), {"metric": None}, "a metric in common"),
        (kept([1, 2]), 0.5, {"metric": "mse"}, r"that runs_a has \(mae\), got 'mse'"),
        (
            kept([1, 2], functions={"mae": {"function": "mae"}}),
            kept([1, 2], functions={"mae": {"function": "huber", "delta": 1.0}}),
            {},
            "`metric` must be the same function",
        ),
        (np.ones(3), [np.ones(3), NAN], {}, r"runs_b\[1\].* must be finite, got nan"),
        ([0.5, float("nan")], 0.5, {}, r"`runs_a\[1\]` must be a finite score"),
        ([], 0.5, {}, "`runs_a` must be one run at least"),
        ("nowhere", 0.5, {}, "nowhere is no run directory"),
        ([0.5], [None], {}, "`runs_b` must be a run directory, a Predictor"),
        ([0.5], [0.4], {"metric": None}, "`metric` must name what numbers"),
        ([0.5], [0.4], {"metric": sc.losses.mae}, "`task` must be given"),
        ([0.5], [0.4], {"paired": 1}, "`paired` must be True or False"),
        ([0.5], [0.4, 0.3], {"paired": True}, "False for sides of 1 and 2 runs"),
        ([0.5], [0.4], {"names": ("a", "a")}, "`names` must be two that differ"),
        ([0.5], [0.4], {"confidence": 95}, "`confidence` must be a number in"),
    ],
)
def test_what_is_refused(a, b, options, message):
    with pytest.raises(UserError, match=message):
        sc.compare(a, b, **{"metric": "mae"} | options)


def test_scores_as_tables_show_them():
    assert format_score([0.2661, 0.2653, 0.2669]) == "0.2661 ± 0.0020 (3 seeds)"
    assert format_score([23.456]) == "23.46 (1 run)"
    assert format_score([0.5, 0.5], digits=1) == "0.5 ± 0.0 (2 seeds)"
    with pytest.raises(UserError, match="`scores` must be finite"):
        format_score([0.5, np.nan])
