"""`--seeds N`: a folder a seed, their mean scores, and gone on with."""

import json

import pytest
from experiments.test_command_lines import run

import seqconv_jax as sc


@pytest.fixture
def command(bars, tmp_path):
    settings = ("--data", bars, "--split", 150, 220, "--steps-per-epoch", 2)
    more = (
        "--epochs",
        1,
        "--no-baselines",
        "--no-compilation-cache",
        "--out",
        tmp_path / "run",
    )
    return lambda *others: run("csi300_conv1d", *settings, *more, *others)


def test_seeds_train_together_and_are_summed_up(command, tmp_path):
    out = tmp_path / "run"
    done = command("--seeds", 2, "--seed", 4)
    assert done.returncode == 0, done.stderr
    for seed in (4, 5):
        assert f"seed {seed}  epoch  1  loss" in done.stdout
        assert (out / f"seed-{seed}" / "forecast.png").exists()
        assert "run directory: " in (out / f"seed-{seed}.log").read_text()
    summary = json.loads((out / "summary.json").read_text())
    each = [sc.runs.load(out / f"seed-{seed}") for seed in (4, 5)]
    assert [one.config["seed"] for one in each] == summary["seeds"] == [4, 5]
    score = summary["scores"]["test_mae"]
    assert score["low"] < score["mean"] == pytest.approx(sum(score["values"]) / 2)
    assert "test_mae" in done.stdout and f"{score['mean']:.4f} ± " in done.stdout
    assert (out / "loss.png").exists() and (out / "mae.png").exists()

    again = command("--seeds", 2, "--seed", 4)
    assert again.returncode == 2 and "already holds a run" in again.stderr
    resumed = command("--seeds", 2, "--seed", 4, "--resume")
    assert resumed.returncode == 0 and "epoch" not in resumed.stdout.split("score")[0]
    assert f"{score['mean']:.4f} ± " in resumed.stdout


def test_a_mistake_is_said_once_and_leaves_nothing(command, tmp_path):
    for given, message in [
        (("--data", "nowhere.csv", "--seeds", 2), "nowhere.csv"),
        (("--seeds", 0), "--seeds must be from 1 to 1,000, got 0"),
    ]:
        [line] = command(*given).stderr.splitlines()
        assert message in line
        assert not (tmp_path / "run" / "config.json").exists()
