"""`python -m seqconv_jax calibrate`: what it prints and keeps, and mistakes."""

import os
from typing import Any

import pandas as pd
import pytest
from runs.hourly import fit, frame_of, task_of

from seqconv_jax.cli import commands
from seqconv_jax.cli.main import main


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run, beside examples with their truth."""
    directory = tmp_path_factory.mktemp("cli") / "run"
    fit(directory, task_of())
    frame_of(1).to_csv(directory.parent / "new.csv")
    return directory


@pytest.fixture(autouse=True)
def no_cache(monkeypatch):
    monkeypatch.setattr(commands, "keep_compiled", lambda chosen: None)


def test_intervals_are_kept_and_counted_on_what_comes_later(run, capsys):
    data = ["--data", str(run.parent / "new.csv")]
    main(["calibrate", str(run), *data, "--until", "2021-01-25", "--level", "0.8"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "intervals of 80%, calibrated on 572 windows"
    assert lines[1] == "on windows since 2021-01-25, which calibrated nothing:"
    assert lines[3] == "a (m): intervals of 80%"
    assert lines[4].split() == ["ahead", "inside", "mean", "width,", "m"]
    rates = [line.split()[1] for line in lines if line.startswith("    all")]
    assert len(rates) == 2 and all(70 < float(rate[:-1]) < 90 for rate in rates)
    assert lines[-1] == f"kept in {run / 'calibration.json'}"
    out = run.parent / "forecast.csv"
    main(["predict", str(run), *data, "--out", str(out)])
    table: Any = pd.read_csv(out)
    assert (table["b 80% low"] < table["b"]).all()
    with pytest.raises(SystemExit) as stop:
        main(["calibrate", str(run), *data])
    line = capsys.readouterr().err
    assert stop.value.code == 2 and "been calibrated; replace that with --over" in line
    main(["calibrate", str(run), *data, "--overwrite", "--until", "2022-01-01"])
    assert "no window after 2022-01-01 to see on how" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--level", "0.999"], "--level = 0.999 needs at least 999 examples"),
        (["--level", "90"], "--level must be a number between 0 and 1"),
        (["--since", "soon"], "--since must be a date such as 2020-01-31, got 'soon'"),
        (["--data", "nowhere.csv"], "--data nowhere.csv does not exist"),
    ],
)
def test_mistakes_are_one_line_and_keep_nothing(run, capsys, flags, message):
    kept = run / "calibration.json"
    kept.unlink(missing_ok=True)
    data = ["--data", str(run.parent / "new.csv")]
    with pytest.raises(SystemExit) as stop:
        main(["calibrate", str(run), *data, *flags])
    [line] = capsys.readouterr().err.splitlines()
    assert stop.value.code == 2 and message in line
    assert not kept.exists() and "calibration.json" not in os.listdir(run)
