"""The forecast of any file: what is found, chosen, asked for, and reported."""

import json
from dataclasses import replace
from typing import Any

import _flags
import _forecast_defaults
import _series_file
import forecast
import numpy as np
import pytest
from experiments.test_mains import FORECAST, check_run

import seqconv_jax as sc

TINY: dict[str, Any] = {"epochs": 2, "steps_per_epoch": 3, "batch_size": 8, "units": 4}


def settings(data, **options) -> forecast.Settings:
    return forecast.Settings(data=data, **options)


def test_a_file_and_the_name_of_a_column_are_enough(weather, tmp_path, capsys):
    out = tmp_path / "run"
    target = ("T (degC)",)
    forecast.main(settings(weather, target=target, out=out, **TINY))
    figures = ["loss.png", "forecast.png", "errors.png"]
    summary = check_run(out, {"mae"}, figures)
    assert summary.keys() >= FORECAST
    assert (summary["unit"], summary["horizon"]) == ("degC", "1h to 1d")
    assert [row["ahead"] for row in summary["errors"]][:2] == ["1h", "2h"]
    assert len(summary["errors"]) == 24
    assert 0 < summary["baseline_ridge_test_mae"] < summary["last_test_mae"]
    mean = np.mean([row["mae"] for row in summary["errors"]])
    assert mean == pytest.approx(summary["test_mae"] * summary["unit_scale"], rel=1e-5)
    config = json.loads((out / "config.json").read_text())
    assert (config["horizon"], config["lookback"], config["model"]) == (
        *("24", "120", "hybrid"),
    )
    assert config["found"]["season_rows"] == 24
    printed = capsys.readouterr().out
    for text in (
        "times in 'Date Time' (found)",
        "chosen by sampling and length (a season of 24 rows): --horizon 24, --lookback",
        "T (degC): mean absolute error on test, degC",
        "THIS NETWORK LOSES to",
        "ridge on lags (penalty",
        "     ahead       model  last value       drift    seasonal",
        " of 24 steps ahead",
    ):
        assert text in printed


def test_two_targets_and_quantiles(weather, tmp_path, capsys):
    out = tmp_path / "run"
    options = {
        "target": ("T (degC)", "p (mbar)"),
        "quantiles": (0.1, 0.5, 0.9),
        "horizon": "3h",
        "lookback": "1d",
        "predict": "normalised",
        "model": "conv",
        "no_baselines": True,
        "level": (0.5, 0.9),
    }
    summary = forecast.main(settings(weather, out=out, **options, **TINY))
    kept: Any = sc.runs.load(out).calibration
    intervals = kept.intervals
    assert [each.pair for each in intervals] == [(0.1, 0.9)] * 2
    assert summary["calibration_windows"] == intervals[0].count > 50
    held = {(row["interval"], row["target"]): row for row in summary["intervals"]}
    assert list(held) == [
        (k, name) for k in ("50%", "90%") for name in options["target"]
    ]
    assert summary["test_coverage"].keys() == {"50%", "90%"}
    rows = summary["errors"]
    assert [(row["target"], row["step"]) for row in rows] == [
        (name, step) for name in options["target"] for step in (1, 2, 3)
    ]
    assert all(0 <= row["coverage"] <= 1 for row in rows)
    assert len(summary["unit_scale"]) == 2 and summary["unit"] == "degC, mbar"
    assert summary["test_loss"] < summary["test_mae"]  # pinball, about half
    printed = capsys.readouterr().out
    assert "inside the interval" in printed and "90% of T (degC): " in printed
    for name in ("loss.png", "forecast.png", "errors.png", "coverage.png"):
        assert (out / name).stat().st_size > 5_000


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (
            "day,a,b\n2020-01-01,1,2\n2020-01-02,2,3\n",
            {},
            "2 columns could be forecast: 'a', 'b'; name one, or several, with --ta",
        ),
        (
            "issued,valid,a\n2020-01-01,2020-01-02,1\n2020-01-02,2020-01-03,2\n",
            {},
            r"2 columns look like times: 'issued', 'valid'; name one with time=",
        ),
        ("day,a\n2020-01-01,1\n", {"day_first": True, "month_first": True}, "exclude"),
        ("day,a\n2020-01-01,1\n", {"no_time": True, "time": ("day",)}, "goes without"),
        ("day,a\n2020-01-01,1\n2020-01-02,1\n", {"target": ("x",)}, "x"),
        (
            "day,a,b\n2020-01-01,1,u\n2020-01-02,1,v\n",
            {"target": ("b",)},
            "`target` = 'b' is no column .*; columns of text left out: 'b'",
        ),
        ("day,a\n2020-01-01,1\n2020-01-02,1\n", {}, "has 2 rows, too few to train"),
    ],
)
def test_an_open_choice_names_its_flag(tmp_path, content, options, message):
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(sc.UserError, match=message):
        forecast.main(settings(path, out=tmp_path / "run", **options))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("name one with time=", "name one with --time"),
        ("pass time='day' if so", "pass --time day if so"),
        ("rename, or drop=['a b', 'c']", "rename, or --drop 'a b' c"),
        ("trim=True leaves them out", "--trim leaves them out"),
        ("pass day_first=False", "pass --month-first"),
        ("pass skip_rows=..., or else", "pass --skip-rows, or else"),
        ("pass series='shop' (read_series_group) if", "pass --series shop if"),
        ("or series=('shop', 'item') if", "or --series shop item if"),
        ("pass time=(..., 'Clock')", "pass --time ... Clock"),
        ("missing_marks=(-200,) reads it", "--missing-marks -200 reads it"),
        (
            "pass skip_rows=[2, 3] or skip_rows=2",
            "pass --skip-lines 2 3 or --skip-rows 2",
        ),
        (
            "pass decimal=',' and thousands=\".\"",
            "pass --decimal ',' and --thousands '.'",
        ),
        ("separator='\\t' or ';'", "--separator tab or ';'"),
        (
            "missing='previous', 'drop' or 'keep', or drop",
            "--missing previous or drop, or drop",
        ),
        ("`target` = 'x' is none", "--target = 'x' is none"),
        ("nothing=... of ours", "nothing=... of ours"),
    ],
)
def test_arguments_in_messages_become_flags(message, expected):
    assert _flags.with_flags(message, forecast.Settings()) == expected


def series(rows: int, every: str | None) -> sc.data.Series:
    times = None
    if every is not None:
        units: dict[str, Any] = {"day": (1, "D"), "week": (7, "D"), "year": (365, "D")}
        step = np.timedelta64(*units.get(every) or (int(every), "m"))
        times = np.datetime64("1920-01-01") + np.arange(rows) * step
    return sc.data.Series(values=np.zeros((rows, 1)), columns=("a",), times=times)


@pytest.mark.parametrize(
    ("rows", "every", "chosen"),
    [
        (9_000, "60", ("24", "120", "1", "hybrid", 128)),
        (9_000, "10", ("144", "720", "3", "hybrid", 128)),
        (90_000, "1", ("60", "1440", "6", "hybrid", 128)),
        (3_000, "day", ("7", "35", "1", "hybrid", 128)),
        (60, "day", ("7", "14", "1", "gru", 8)),
        (260, "week", ("32", "52", "1", "hybrid", 16)),
        (100, "year", ("3", "23", "1", "gru", 8)),
        (3_000, None, ("12", "60", "1", "hybrid", 128)),
        (60, None, ("2", "14", "1", "gru", 8)),
    ],
)
def test_what_follows_from_sampling_and_length(rows, every, chosen):
    found = _forecast_defaults.resolved(forecast.Settings(), series(rows, every))
    names = ("horizon", "lookback", "every", "model", "batch_size")
    assert tuple(getattr(found, name) for name in names) == chosen
    assert found.calendar is (every not in (None, "year"))
    given = forecast.Settings(horizon="3", lookback="9", batch_size=4, model="tcn")
    kept = _forecast_defaults.resolved(given, series(rows, every))
    assert (kept.horizon, kept.lookback, kept.batch_size, kept.model) == (
        *("3", "9", 4, "tcn"),
    )


def test_only_given_flags_reach_the_reader():
    given = forecast.Settings(
        separator="tab", missing_marks=("-200", "?"), day_first=True, skip_rows=2
    )
    assert _series_file.reading_options(given) == {
        "separator": "\t",
        "missing_marks": (-200.0, "?"),
        "day_first": True,
        "skip_rows": 2,
        "time": "auto",
    }
    parts = forecast.Settings(time=("Date", "Time"))
    assert _series_file.reading_options(parts) == {"time": ("Date", "Time")}


def test_a_long_table_is_read_as_series(tmp_path):
    path = tmp_path / "long.csv"
    days = np.arange("2020-01-01", "2020-04-01", dtype="datetime64[D]")
    lines = [f"{day},{shop},{at}" for shop in "ab" for at, day in enumerate(days)]
    path.write_text("\n".join(["day,shop,sold", *lines]))
    given = settings(path, series=("shop",))
    group: Any = _series_file.read(given)
    assert list(group) == ["a", "b"]
    assert "times in 'day' (found)" in group.report()
    given = replace(given, target=_series_file.choose_targets(given, group))
    task = forecast.load_task(_forecast_defaults.resolved(given, group), group)
    assert task.series_names == ("a", "b") and task.target == "sold"
    with pytest.raises(sc.UserError, match="series='shop'"):
        _series_file.read(settings(path))
