"""Run directories, predictors and baselines compared, in Python and by the command."""

import json
import shutil
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from runs.trained import arrays_task, train

import seqconv_jax as sc
from seqconv_jax import UserError
from seqconv_jax.cli.main import main
from seqconv_jax.comparison import ExampleScores, score_examples
from seqconv_jax.data import Series, forecast_task
from seqconv_jax.runs.sealed import read_config, write_sealed

ONE = {"seed": 1}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Runs of one epoch and of two, with the scores of each test row; copies of both
    stand for those of another seed, which are a little worse."""
    directory = tmp_path_factory.mktemp("compared")
    for side, epochs in (("short", 1), ("long", 2)):
        path, other = directory / f"{side}-0", directory / f"{side}-1"
        train(path, epochs=epochs)
        shutil.copytree(path, other)
        write_sealed(other / "config.json", read_config(path / "config.json") | ONE)
        found = score_examples(sc.runs.load(path), arrays_task())
        found.save(path / sc.runs.TEST_SCORES)
        worse = {name: 1.1 * each for name, each in found.values.items()}
        replace(found, values=worse, seed=1).save(other / sc.runs.TEST_SCORES)
    return directory


def paths(folder, side):
    return [folder / f"{side}-{seed}" for seed in (0, 1)]


def test_scores_of_each_example_have_the_mean_that_evaluate_finds(folder):
    predictor, task = sc.runs.load(folder / "long-0"), arrays_task()
    found = score_examples(predictor, task)
    for name, value in predictor.evaluate(task).items():
        assert found.values[name].mean() == pytest.approx(value, rel=1e-6)
    errors = np.abs(predictor.outputs(task) - task.targets[task.test])[:, 0]
    np.testing.assert_allclose(found.values["loss"], errors, rtol=1e-5)
    assert found.horizon == 0 and found.functions["mse"] == {"function": "mse"}


def test_a_directory_of_seeds_stands_for_its_runs(folder, tmp_path):
    sides = {"short": paths(folder, "short"), "long": paths(folder, "long")}
    for side, runs in sides.items():
        (tmp_path / side).mkdir()
        write_sealed(tmp_path / side / "config.json", {"seeds": [0, 1, 2]})
        for seed, run in enumerate(runs):  # the third has not begun
            shutil.copytree(run, tmp_path / side / f"seed-{seed}")
    both = sc.compare(tmp_path / "short", [tmp_path / "long"])
    assert both == sc.compare(*sides.values())


def test_directories_are_compared_by_what_they_keep_or_on_a_task(folder):
    short, long = paths(folder, "short"), paths(folder, "long")
    both = sc.compare(short, long)
    assert both.metric == "mse" and both.examples == 6 and both.paired
    kept = sc.compare(short[0], long[0])
    on_task = sc.compare(short[0], long[0], task=arrays_task())
    assert on_task.over_examples == kept.over_examples
    loaded = [sc.runs.load(long[0])]
    assert sc.compare(short[0], loaded, task=arrays_task()).b == kept.b
    other = arrays_task(test=np.arange(6, dtype=np.int32))
    with pytest.raises(UserError, match="truth differs in 5 of 6 examples"):
        sc.compare(short[0], score_examples(loaded[0], other))
    with pytest.raises(UserError, match="`task` must be given to score runs_b"):
        sc.compare(short, loaded)


def test_a_baseline_is_one_run_without_a_seed(folder):
    class Zeros:
        def outputs(self, task, rows):
            return np.zeros((len(rows), 1))

    task, long = arrays_task(), paths(folder, "long")
    result = sc.compare(long, Zeros(), task=task, metric=sc.losses.mse)
    truth = task.targets[task.test]
    assert result.b.scores == pytest.approx([np.square(truth).mean()])
    assert "b is taken as it is" in str(result)
    with pytest.raises(UserError, match="metric=losses.mae"):
        score_examples(Zeros(), task)


def test_forecasts_of_values_and_changes_are_of_the_same_examples():
    level = np.cumsum(np.random.default_rng(0).normal(size=300))[:, None]
    series = Series(values=level + 100, columns=("level",))
    make = partial(
        forecast_task, series, target="level", lookback=6, horizon=4, split=(150, 220)
    )
    metrics = {"mae": sc.losses.mae}
    value, change, shorter = (
        score_examples(sc.baselines.last_value(task), task, metrics)
        for task in (make(), make(predict="change"), make(split=(140, 220)))
    )
    assert value.horizon == 4
    same = sc.compare(value, change)
    assert same.difference == pytest.approx(0, abs=1e-6) and same.better is None
    with pytest.raises(UserError, match="scaled by other training rows"):
        sc.compare(value, shorter)  # whose standard deviation is another


def test_files_come_back_and_damage_is_told(folder, tmp_path):
    found = ExampleScores.load(folder / "long-0" / sc.runs.TEST_SCORES)
    found.save(tmp_path / "same.npz")
    again = ExampleScores.load(tmp_path / "same.npz")
    assert again.values["mse"].tolist() == found.values["mse"].tolist()
    assert (again.functions, again.horizon) == (found.functions, found.horizon)
    content = (tmp_path / "same.npz").read_bytes()
    for damaged in (content[:-30], b"", content[:120] + b"xx" + content[122:]):
        (tmp_path / "bad.npz").write_bytes(damaged)
        with pytest.raises(UserError, match="bad.npz"):
            sc.compare(tmp_path / "bad.npz", 0.5)
    with pytest.raises(UserError, match="does not exist"):
        ExampleScores.load(tmp_path / "nowhere.npz")


def test_a_run_that_is_replaced_loses_its_scores(folder, tmp_path):
    shutil.copytree(folder / "short-0", tmp_path / "run")
    with sc.runs.open(tmp_path / "run", overwrite=True) as run:
        assert not (run.path / sc.runs.TEST_SCORES).exists()


def test_a_run_of_old_is_compared_by_its_summary(tmp_path):
    for seed, mae in ((0, 0.5), (1, 0.4)):
        with sc.runs.open(tmp_path / str(seed), config={"seed": seed}) as run:
            with pytest.raises(UserError, match="holds neither test_scores.npz nor"):
                sc.compare(run.path, 0.3)
            run.write_summary({"test_mae": mae, "test_loss": mae, "unit_scale": 8.0})
    result = sc.compare([tmp_path / "0", tmp_path / "1"], 0.1, metric="mae")
    assert result.a.scores == (0.5, 0.4) and result.examples is None


def test_the_command_prints_the_words_and_writes_the_figures(folder, capsys, tmp_path):
    short, long = (list(map(str, paths(folder, side))) for side in ("short", "long"))
    out = tmp_path / "found.json"
    main(["compare", *short, "--with", *long, "--metric", "loss", "--out", str(out)])
    [line] = capsys.readouterr().out.splitlines()
    assert f"loss (lower is better): {folder / 'short'} has " in line
    result = sc.compare(paths(folder, "short"), paths(folder, "long"), metric="loss")
    found = json.loads(out.read_text())
    assert found["words"] == line and found["a"]["scores"] == [*result.a.scores]
    assert result.over_seeds is not None
    assert found["over_seeds"]["low"] == pytest.approx(result.over_seeds.low)
    with pytest.raises(SystemExit):
        main(["compare", *short, "--with", *long, "--metric", "mae"])
    assert "error: --metric must be one that " in capsys.readouterr().err
