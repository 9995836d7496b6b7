"""The Weather experiment on a tiny file: what it reports, and that it goes on."""

import json
from dataclasses import replace
from typing import Any

import jax
import numpy as np
import pytest
import weather
from _recipes import with_recipe
from _weather import lines

from seqconv_jax import UserError, losses

TINY: dict[str, Any] = {
    "lookback": 12,
    "patch": 6,
    "units": 2,
    "mixed": 0,
    "batch_size": 32,
}

COST = {"seconds", "peak_memory_bytes"}


@pytest.fixture
def columns(tmp_path):
    """Four hundred rows of two columns, one with a mark in train."""
    times = np.datetime64("2020-01-01T00:10") + np.arange(400) * 10
    noise = np.random.default_rng(0).normal(size=(400, 2)).cumsum(0)
    table = [
        f"{time},{a:.3f},{b:.3f}" for time, (a, b) in zip(times, noise, strict=True)
    ]
    table[100] = f"{times[100]},-9999,0"
    path = tmp_path / "weather.csv"
    path.write_text("\n".join(["date,wv (m/s),OT", *table]))
    return path


def settings_for(path, out, **options):
    given: dict[str, Any] = {
        "horizon": 4,
        "epochs": 2,
        "steps_per_epoch": 2,
    }
    return weather.Settings(data=path, out=out, **(TINY | given | options))


def read(out, name):
    return json.loads((out / name).read_text())


def test_a_run_reports_its_scores_and_a_stopped_one_goes_on(
    columns, tmp_path, monkeypatch, capsys
):
    settings = settings_for(columns, tmp_path / "run", drop_last=64)
    summary = weather.main(settings)
    printed = capsys.readouterr().out
    history = (settings.out / "history.jsonl").read_text().splitlines()
    assert summary.items() <= read(settings.out, "summary.json").items()
    config = read(settings.out, "config.json")
    assert config["skip_rate"] == weather.RECIPES["best"]["skip_rate"]
    for split in ("val", "test", "drop_last_64"):
        for name in ("", "baseline_last_value_", "baseline_linear_map_"):
            assert {f"{name}{split}_mse", f"{name}{split}_mae"} <= summary.keys()
    records = [json.loads(line) for line in history]
    best = records[summary["best_epoch"] - 1]
    assert best["val_both"] == min(record["val_both"] for record in records)
    assert best["val_both"] == pytest.approx(summary["val_mse"] + summary["val_mae"])
    assert "without the last partial batch of 64, which is no score" in printed
    assert (settings.out / "mae.png").stat().st_size > 5_000

    def stop(self, record):
        raise KeyboardInterrupt

    other = replace(settings, out=tmp_path / "stopped", no_baselines=True)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("_progress.ProgressBar.end", stop)
        weather.main(other)
    with pytest.raises(UserError, match="skip_rate"):
        weather.main(replace(other, resume=True, skip_rate=0.5))
    resumed = weather.main(replace(other, resume=True))
    assert resumed.keys() < summary.keys()
    assert all(resumed[k] == summary[k] for k in resumed.keys() - COST)


def test_the_line_moves_by_its_part_of_the_rate(columns, tmp_path):
    settings: Any = settings_for(columns, tmp_path, steps_per_epoch=50)
    settings = with_recipe(settings, weather.RECIPES)
    params = {"a": {"skip": {"kernel": np.ones(2)}, "skipped": np.ones(2)}}
    gradients = jax.tree.map(lambda _: np.full(2, 1e-3, np.float32), params)
    optimizer = weather.optimizer(settings)
    updates, state = params, optimizer.init(params)
    for _ in range(3):
        updates, state = optimizer.update(gradients, state, params)
    line, other = updates["a"]["skip"]["kernel"], updates["a"]["skipped"]
    np.testing.assert_allclose(other, -settings.learning_rate, rtol=2e-2)
    np.testing.assert_allclose(line, settings.skip_rate * other, rtol=1e-5)


def test_a_recipe_says_what_no_flag_does(columns, tmp_path):
    settings = settings_for(columns, tmp_path, recipe="line", units=None, delta=0.0)
    settings = with_recipe(settings, weather.RECIPES)
    assert (settings.units, settings.patch, settings.delta) == (0, 6, 0.0)
    assert weather.loss(settings) is losses.mae
    assert with_recipe(replace(settings, recipe=None), {}).recipe is None


def test_the_closing_lines_say_who_wins():
    better, worse = {"mse": 0.1, "mae": 0.2}, {"mse": 0.1, "mae": 0.3}
    table = {
        name: {"val": scores, "test": scores}
        for name, scores in (("this network", worse), ("linear map", better))
    }
    raw = weather.Settings(horizon=96)
    printed = "\n".join(lines(raw, table))
    assert "LOSES to the linear map in absolute error" in printed
    assert "CARD (arXiv:2305.12095)" in printed and "0.145 / 0.186" in printed
    filled = "\n".join(lines(replace(raw, form="filled"), table))
    assert "CARD" not in filled
