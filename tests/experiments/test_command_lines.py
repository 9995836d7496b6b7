"""The experiments as commands: help, mistakes in one line, signals."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"
NAMES = [
    *("imdb_conv1d", "jena_conv1d", "jena_hybrid", "csi300_conv1d", "forecast"),
    *("classify_text", "classify_series"),
]


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


@pytest.mark.parametrize("name", ["classify_text", "classify_series"])
def test_without_data_one_line_says_what_is_needed(name):
    result = run(name, "--epochs", 2)
    [line] = result.stderr.splitlines()
    assert result.returncode == 2 and not result.stdout
    assert line.startswith(
        f"error: --data is needed, such as: python experiments/{name}"
    )


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
        (["--every", "1h", "--split", "0.5", "0.75", "--seed", "-1"], "--seed must be"),
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


def test_sigterm_saves_and_resume_ends_where_the_whole_run_ends(weather, tmp_path):
    common = [
        *("--data", weather, "--every", "1h", "--lookback", "3d"),
        *("--split", "0.6", "0.8", "--epochs", "4", "--batch-size", "8"),
        *("--steps-per-epoch", "200"),
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
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 128 + signal.SIGTERM, errors
    assert "stopped by SIGTERM" in errors and "--resume" in errors
    failed = run("jena_conv1d", *common, "--out", cut)
    assert failed.returncode == 2 and "--resume" in failed.stderr
    assert run("jena_conv1d", *common, "--out", cut, "--resume").returncode == 0
    assert run("jena_conv1d", *common, "--out", whole).returncode == 0

    def scores(out):
        # the checksum of a line is one of the clock as well
        clock = {"seconds", "examples_per_second", "run_sha256"}
        lines = (out / "history.jsonl").read_text().splitlines()
        return [
            {k: v for k, v in json.loads(line).items() if k not in clock}
            for line in lines
        ]

    assert scores(cut) == scores(whole)
