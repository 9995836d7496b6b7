"""A run of several networks answers and scores by the mean of their probabilities."""

import shutil

import numpy as np
import pytest
from runs.trained import change_predictor, train

import seqconv_jax as sc
from seqconv_jax import UserError, nn
from seqconv_jax.data import Classes, classification_task
from seqconv_jax.runs import load
from seqconv_jax.runs.ensemble import mean_outputs

SCORES = {"loss": sc.losses.categorical_cross_entropy}
SCORES["accuracy"] = sc.losses.categorical_accuracy


def series_task():
    x = np.random.default_rng(0).normal(size=(18, 5))
    return classification_task(x, list("abc") * 6, test=0.5)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """An ensemble of two networks, and the probabilities of each."""
    directory, task = tmp_path_factory.mktemp("runs") / "run", series_task()
    model = nn.Sequential((nn.Flatten(), nn.Dense(3)))
    options = {"loss": SCORES["loss"], "metrics": {"accuracy": SCORES["accuracy"]}}
    first = train(directory, task, model, **options)
    second = train(directory / "other", task, model, seed=1, **options)
    with sc.runs.open(directory, resume=True) as run:
        with pytest.raises(UserError, match="elsewhere holds no predictor.json"):
            run.write_members(["elsewhere"])
        run.write_members(["other"])
    each = [
        sc.train.predict(model, result.best.params, task, task.test)
        for result in (first, second)
    ]
    return directory, [task.classes.probabilities(outputs) for outputs in each]


def test_it_answers_with_the_mean_of_the_probabilities(trained, tmp_path):
    directory, each = trained
    moved = shutil.copytree(directory, tmp_path / "moved")
    ensemble, task = load(moved), series_task()
    mean = np.mean(each, axis=0)
    answers = ensemble.predict(task)
    got = answers[[f"p({name})" for name in "abc"]].to_numpy()
    np.testing.assert_allclose(got, mean, rtol=1e-12)
    assert np.abs(each[0] - each[1]).max() > 0.01
    truth = task.numbers("test")
    scores = ensemble.evaluate(task)
    assert scores["accuracy"] == pytest.approx((mean.argmax(axis=1) == truth).mean())
    right = mean[np.arange(len(truth)), truth]
    assert scores["loss"] == pytest.approx(-np.log(right).mean(), rel=1e-6)
    assert "networks              2" in ensemble.summary()


def test_forecasts_are_scored_by_what_came(tmp_path):
    """Of networks that are all the same, the ensemble is the network."""
    values = np.random.default_rng(0).normal(size=(80, 1)).cumsum(axis=0)
    series = sc.data.Series(values=values, columns=("level",))
    how = {"lookback": 4, "delay": 2, "split": (0.6, 0.8)}
    task = sc.data.forecast_task(series, target="level", **how)
    train(tmp_path / "run", task, nn.Sequential((nn.Flatten(), nn.Dense(1))))
    alone = load(tmp_path / "run").evaluate(task)
    shutil.copytree(tmp_path / "run", tmp_path / "run" / "other")
    with sc.runs.open(tmp_path / "run", resume=True) as run:
        run.write_members(["other"])
    assert load(tmp_path / "run").evaluate(task) == pytest.approx(alone, rel=1e-6)


def test_a_run_of_members_alone(trained, tmp_path):
    """An ensemble among them counts as its networks do."""
    directory, each = trained
    with sc.runs.open(tmp_path / "all", config={"seeds": [0, 1]}) as run:
        with pytest.raises(UserError, match="`folders` must be at least one"):
            run.write_members([])
        shutil.copytree(directory / "other", run.path / "one")
        shutil.copytree(directory, run.path / "two")
        run.write_members(["one", "two"])
    ensemble = load(tmp_path / "all")
    answers = ensemble.predict(series_task())
    got = answers[[f"p({name})" for name in "abc"]].to_numpy()
    mean = np.mean([each[1], each[0], each[1]], axis=0)
    np.testing.assert_allclose(got, mean, rtol=1e-12)
    assert "networks              3" in ensemble.summary()
    assert "seeds " in ensemble.summary()


@pytest.mark.parametrize("members", ["other", ["../run"], [""], [1], [".."]])
def test_members_that_are_no_folders_of_the_run(trained, tmp_path, members):
    run = shutil.copytree(trained[0], tmp_path / "run")
    change_predictor(run, members=members)
    with pytest.raises(UserError, match="`members` must be names of folders"):
        load(run)


def test_a_member_that_is_gone(trained, tmp_path):
    run = shutil.copytree(trained[0], tmp_path / "run")
    shutil.rmtree(run / "other")
    with pytest.raises(UserError, match="other is no run directory"):
        load(run)


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("count", [2, 3])
def test_the_mean_is_that_of_probabilities(several, count):
    classes = Classes(tuple("abc"[:count]), several)
    each = np.random.default_rng(0).normal(size=(2, 5, classes.outputs), scale=3)
    got = classes.probabilities(mean_outputs(list(each), classes))
    want = np.mean([classes.probabilities(outputs) for outputs in each], axis=0)
    np.testing.assert_allclose(got, want, rtol=1e-12)
    # Outputs that are no logits are averaged as they are.
    np.testing.assert_array_equal(mean_outputs(list(each), None), each.mean(axis=0))
