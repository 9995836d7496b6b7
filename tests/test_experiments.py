"""Each experiment's `main` on a tiny configuration, and their command lines."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import csi300_conv1d
import imdb_conv1d
import jena_conv1d
import jena_hybrid
import numpy as np
import pytest

import seqconv_jax as sc

EXPERIMENTS = Path(__file__).resolve().parents[1] / "experiments"
NAMES = ["imdb_conv1d", "jena_conv1d", "jena_hybrid", "csi300_conv1d"]
HISTORY = {"epoch", "step", "loss", "val_loss", "seconds", "examples_per_second"}
SUMMARY = {
    *("data_source", "parameters", "seconds", "best_epoch"),
    *("best_val_loss", "test_loss"),
}
FORECAST = {
    *("best_val_mae", "test_mae", "baseline_val_mae", "baseline_test_mae"),
    *("unit", "unit_scale", "horizon"),
}


@pytest.fixture
def weather(tmp_path):
    """Sixty days of hourly weather in the original's form."""
    rows = 24 * 60
    hours = np.arange(rows)
    noise = np.random.default_rng(0).normal(size=(rows, 2))
    times = np.datetime64("2012-01-01T00:10") + hours.astype("timedelta64[h]")
    lines = ['"Date Time","p (mbar)","T (degC)"']
    for time_, hour, (a, b) in zip(times, hours, noise, strict=True):
        date, clock = str(time_).split("T")
        year, month, day = date.split("-")
        temperature = 8 * np.sin(2 * np.pi * hour / 24) + a
        lines.append(f"{day}.{month}.{year} {clock}:00,{990 + b:.2f},{temperature:.2f}")
    path = tmp_path / "weather.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def reviews(tmp_path):
    """Keras's file with few and short reviews, whose first word tells the label."""
    rng = np.random.default_rng(0)

    def split(n):
        labels = rng.integers(0, 2, n)
        rows = np.empty(n, object)
        for i, label in enumerate(labels):
            rows[i] = [int(label) + 5] * 4 + rng.integers(10, 90, 30).tolist()
        return rows, labels

    (x_train, y_train), (x_test, y_test) = split(200), split(60)
    path = tmp_path / "imdb.npz"
    np.savez(path, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    return path


@pytest.fixture
def bars(tmp_path):
    """Three hundred daily bars of a random walk."""
    close = 100 + np.random.default_rng(0).normal(size=300).cumsum()
    days = np.arange("2020-01-01", 300, dtype="datetime64[D]")
    lines = ["date,open,high,low,close,vol,amount"]
    lines += [
        f"{day},{c:.2f},{c + 1:.2f},{c - 1:.2f},{c:.2f},{1000 + i},{2000 + i}"
        for i, (day, c) in enumerate(zip(days, close, strict=True))
    ]
    path = tmp_path / "bars.csv"
    path.write_text("\n".join(lines) + "\n\n")
    return path


def jena_options(weather, out) -> dict[str, Any]:
    return {
        "data": weather,
        "out": out,
        "lookback": "3d",
        "every": "1h",
        "split": ("0.6", "0.8"),
        "epochs": 2,
        "steps_per_epoch": 3,
        "batch_size": 8,
    }


def check_run(out, metrics, figures):
    """Check that a run directory holds what the contract says."""
    summary = json.loads((out / "summary.json").read_text())
    config = json.loads((out / "config.json").read_text())
    history = [json.loads(s) for s in (out / "history.jsonl").read_text().splitlines()]
    assert summary.keys() >= SUMMARY and summary["data_source"] == "file"
    assert [record["epoch"] for record in history] == [1, 2]
    for record in history:
        assert record.keys() >= HISTORY | metrics | {f"val_{name}" for name in metrics}
    assert config["data_sha256"] and config["versions"]["jax"] and config["device"]
    for name in figures:
        assert (out / name).stat().st_size > 5_000
    assert any((out / "checkpoints").iterdir())
    best = min if "mae" in metrics else max
    name = "val_mae" if "mae" in metrics else "val_accuracy"
    assert summary[f"best_{name}"] == best(record[name] for record in history)
    return summary


@pytest.mark.parametrize(
    "options", [{"blocks": 3}, {"blocks": 2}, {"model": "tcn", "lookback": "6d"}]
)
def test_jena_conv1d(weather, tmp_path, capsys, options):
    out = tmp_path / "run"
    settings = jena_conv1d.Settings(**(jena_options(weather, out) | options))
    jena_conv1d.main(settings)
    summary = check_run(out, {"mae"}, ["loss.png", "forecast.png"])
    assert summary.keys() >= FORECAST
    assert (summary["unit"], summary["horizon"]) == ("degC", "1d")
    printed = capsys.readouterr().out
    layer = "ResidualBlock_0" if "model" in options else "Conv1D_0"
    for text in (layer, "epoch  2", "baseline", "degC", "source"):
        assert text in printed


@pytest.mark.parametrize(
    "options", [{}, {"model": "gru", "bidirectional": True}, {"predict": "change"}]
)
def test_jena_hybrid(weather, tmp_path, options):
    out = tmp_path / "run"
    jena_hybrid.main(jena_hybrid.Settings(**jena_options(weather, out), **options))
    assert check_run(out, {"mae"}, ["loss.png", "forecast.png"]).keys() >= FORECAST


def test_csi300_conv1d(bars, tmp_path):
    out = tmp_path / "run"
    settings = csi300_conv1d.Settings(
        data=bars, out=out, split=("150", "220"), epochs=2, steps_per_epoch=3
    )
    csi300_conv1d.main(settings)
    summary = check_run(out, {"mae"}, ["loss.png", "forecast.png"])
    assert summary["parameters"] == 41_441
    assert 0 <= summary["test_hit_rate"] <= 1


def test_csi300_refuses_the_window_that_the_source_crashed_on(bars, tmp_path):
    settings = csi300_conv1d.Settings(
        data=bars, out=tmp_path / "run", split=("150", "220"), every=5
    )
    with pytest.raises(sc.UserError, match="needs at least 7 steps, got 6 .*12 -> 6"):
        csi300_conv1d.main(settings)
    assert not (tmp_path / "run").exists()


def imdb_settings(reviews, out, **options):
    settings: dict[str, Any] = {
        "num_words": 100,
        "maxlen": 60,
        "epochs": 2,
        "batch_size": 16,
    }
    return imdb_conv1d.Settings(data=reviews, out=out, **(settings | options))


def test_imdb_conv1d_with_retraining(reviews, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SEQCONV_CACHE", str(tmp_path / "cache"))
    out = tmp_path / "run"
    imdb_conv1d.main(imdb_settings(reviews, out, retrain=True))
    summary = check_run(out, {"accuracy"}, ["loss.png", "accuracy.png"])
    assert summary.keys() >= {"best_val_accuracy", "test_accuracy"}
    assert 0 <= summary["retrain_test_accuracy"] <= 1
    assert "0.8826" in capsys.readouterr().out


def test_settings_follow_the_source():
    default = imdb_conv1d.resolved(imdb_conv1d.Settings())
    slow = imdb_conv1d.resolved(imdb_conv1d.Settings(setting="slow"))
    assert (default.batch_size, default.learning_rate) == (32, 1e-3)
    assert (slow.batch_size, slow.learning_rate) == (128, 1e-4)
    hybrid = jena_hybrid.resolved(jena_hybrid.Settings())
    gru = jena_hybrid.resolved(jena_hybrid.Settings(model="gru"))
    assert (hybrid.lookback, hybrid.every, hybrid.epochs) == ("5d", "30min", 20)
    assert (gru.lookback, gru.every, gru.epochs) == ("10d", "1h", 40)


def test_the_stand_in_is_announced_and_marked(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQCONV_OFFLINE", "1")
    monkeypatch.setenv("SEQCONV_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SEQCONV_DATA", raising=False)
    settings = csi300_conv1d.Settings(out=tmp_path / "run", epochs=2, steps_per_epoch=2)
    with pytest.warns(sc.data.GeneratedDataWarning, match="NOT comparable"):
        summary = csi300_conv1d.main(settings)
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert summary["data_source"] == config["data_source"] == "generated"


def run(name, *arguments, timeout=120, **environment):
    return subprocess.run(
        [sys.executable, str(EXPERIMENTS / f"{name}.py"), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=os.environ | environment,
    )


@pytest.mark.parametrize("name", NAMES)
def test_help_is_quick_and_does_not_load_jax(name):
    code = (
        "import sys, runpy, atexit; sys.argv = ['x', '--help'];"
        "atexit.register(lambda: print('JAX' if 'jax' in sys.modules else 'no jax'));"
        f"runpy.run_path({str(EXPERIMENTS / (name + '.py'))!r}, run_name='__main__')"
    )
    paths = f"{EXPERIMENTS}{os.pathsep}{EXPERIMENTS.parent}"
    started = time.perf_counter()
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": paths},
    )
    seconds = time.perf_counter() - started
    assert result.returncode == 0 and "--overwrite" in result.stdout
    assert result.stdout.rstrip().endswith("no jax")
    assert seconds < 5  # under 1 on an idle machine


def test_a_misspelt_choice_names_the_choices():
    result = run("jena_hybrid", "--model", "gruu")
    assert result.returncode == 2
    assert "gru" in result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "nowhere.csv"], "nowhere.csv"),
        (["--every", "30min", "--split", "0.5", "0.75"], "finer than the sampling"),
        (["--every", "1h"], "--split 0.5 0.75"),
        (["--every", "1h", "--split", "0.5", "0.75", "--lookback", "90d"], "lookback"),
        (["--every", "1h", "--split", "0.5", "0.75", "--seed", "-1"], "`seed` must be"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(
    weather, tmp_path, arguments, message
):
    out = tmp_path / "run"
    result = run("jena_hybrid", "--data", weather, "--out", out, *arguments)
    lines = result.stderr.strip().splitlines()
    assert result.returncode == 2, result.stderr
    assert len(lines) == 1 and lines[0].startswith("error: ") and message in lines[0]
    assert not (out / "history.jsonl").exists()


def test_compiled_programs_are_kept_where_the_flag_says(bars, tmp_path):
    kept = tmp_path / "compiled"
    common = ["--data", bars, "--epochs", 1, "--compilation-cache", kept]
    result = run("csi300_conv1d", *common, "--out", tmp_path / "a", "--split", 150, 220)
    assert result.returncode == 0, result.stderr
    programs = {path.name for path in kept.iterdir()}
    assert any(name.startswith("jit__one") for name in programs)
    run("csi300_conv1d", *common, "--out", tmp_path / "b", "--split", 150, 220)
    again = {path.name for path in kept.iterdir() if path.name.endswith("-cache")}
    assert again == {name for name in programs if name.endswith("-cache")}
    assert (tmp_path / "b" / "summary.json").exists()


def test_sigterm_saves_and_resume_ends_where_the_whole_run_ends(weather, tmp_path):
    common = [
        *("--data", weather, "--every", "1h", "--lookback", "3d"),
        *("--split", "0.6", "0.8", "--epochs", "2", "--batch-size", "8"),
        *("--steps-per-epoch", "2000"),
    ]
    command = [sys.executable, str(EXPERIMENTS / "jena_conv1d.py")]
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    process = subprocess.Popen(
        [*command, *map(str, common), "--out", str(cut)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("epoch  1"):
            break
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 128 + signal.SIGTERM, errors
    assert "stopped by SIGTERM" in errors and "--resume" in errors
    failed = run("jena_conv1d", *common, "--out", cut)
    assert failed.returncode == 2 and "--resume" in failed.stderr
    assert run("jena_conv1d", *common, "--out", cut, "--resume").returncode == 0
    assert run("jena_conv1d", *common, "--out", whole).returncode == 0

    def scores(out):
        clock = {"seconds", "examples_per_second"}
        lines = (out / "history.jsonl").read_text().splitlines()
        return [
            {k: v for k, v in json.loads(line).items() if k not in clock}
            for line in lines
        ]

    assert scores(cut) == scores(whole)


def test_real_jena_baseline_is_that_of_a_few_lines_of_numpy(data_file, tmp_path):
    path = data_file("jena", "jena_climate_2009_2016_hourly_6col.csv.zip")
    settings = jena_hybrid.Settings(
        data=path, every="1h", out=tmp_path / "run", epochs=1, steps_per_epoch=1
    )
    summary = jena_hybrid.main(settings)
    values = sc.data.read_series(path, time="Date Time").values[:, 1]
    first, second = 33_288, 49_968
    error = np.abs(values[24:] - values[:-24]) / values[:first].std()
    rows = np.arange(first + 1 + 120, second)
    assert summary["baseline_val_mae"] == pytest.approx(error[rows].mean(), rel=1e-5)
    assert summary["baseline_val_mae"] == pytest.approx(0.278, abs=5e-4)
