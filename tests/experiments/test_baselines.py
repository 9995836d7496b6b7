"""What is said of the baselines beside a run's network."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from _baselines import Scored, lags_in_time, rocket_size, score_baselines

from seqconv_jax import UserError, losses
from seqconv_jax.data import arrays_task

ACCURACY = {
    "majority": {"val": 0.5, "test": 0.4},
    "nb_svm": {"val": None, "test": 0.9},
}


@pytest.mark.parametrize(
    ("metric", "network", "words"),
    [
        ("accuracy", 0.8, "LOSES to NB-SVM on words and pairs on test (0.8000 against"),
        ("accuracy", 0.9, "ONLY DRAWS with NB-SVM on words and pairs on test"),
        ("accuracy", 0.95, "beats all of them on test (0.9500 against 0.9000)"),
        ("mae", 0.5, "LOSES to most frequent class on test (0.5000 against 0.4000)"),
        ("mae", 0.3, "beats all of them on test (0.3000 against 0.4000)"),
    ],
)
def test_the_verdict_is_plain(metric, network, words):
    scored = Scored(metric, ACCURACY, {"nb_svm": "cost 0.01"}, 2.0)
    *lines, verdict = scored.lines(network)
    assert words in verdict
    assert lines[1] == f"baselines, fitted on train in 2.0 s; {metric}:"
    assert lines[-1].split() == [
        *"NB-SVM on words and pairs (cost 0.01) - 0.9000".split()
    ]
    assert scored.lines(None) == lines


def test_the_summary_names_baseline_split_and_score():
    scored = Scored("accuracy", ACCURACY, {"nb_svm": "cost 0.01"})
    assert scored.summary() == {
        "baseline_majority_val_accuracy": 0.5,
        "baseline_majority_test_accuracy": 0.4,
        "baseline_nb_svm_val_accuracy": None,
        "baseline_nb_svm_test_accuracy": 0.9,
        "baseline_chosen": {"nb_svm": "cost 0.01"},
    }
    assert Scored("mae").summary() == {} and Scored("mae").lines(0.5) == []


def test_a_baseline_that_fails_costs_no_run_its_summary(capsys, tmp_path):
    def fails(task):
        raise UserError("two classes in `train`, got one")

    task = arrays_task(np.zeros((4, 2, 1)), np.ones(4), test=0.5)
    asked = {"nb_svm": fails}, task, "accuracy", losses.accuracy
    scored = score_baselines(tmp_path, *asked)
    assert scored.scores == {"nb_svm": {"val": None, "test": None}}
    assert "got one" in capsys.readouterr().out
    assert scored.lines(0.5)[-1] == "  no baseline was scored on test"


@pytest.mark.parametrize(
    ("train", "columns", "past", "expected"),
    [
        (33_168, 6, 120, {"lags": 120}),
        (200_000, 14, 240, {"lags": 71}),
        (33_168, 321, 96, {"columns": ["c0"], "lags": 96}),
        (10**7, 14, 240, {"columns": ["c0"], "lags": 200}),
    ],
)
def test_a_ridge_regression_takes_half_a_minute_at_most(train, columns, past, expected):
    task: Any = SimpleNamespace(
        train=range(train),
        columns=[f"c{i}" for i in range(columns)],
        target_columns=["c0"],
        past_offsets=range(past),
    )
    assert lags_in_time(task) == expected
    assert [rocket_size(n) for n in (50, 5_000, 10**5, 10**7)] == [
        *(10_000, 4_000, 1_000, 84),
    ]
