import zipfile
from typing import Any

import numpy as np
import pytest

from seqconv_jax._checks import UserError
from seqconv_jax.data import (
    JENA,
    JENA_FILE,
    GeneratedDataWarning,
    Origin,
    Series,
    find,
    forecast_task,
    generated_climate,
    jena_split,
    load_jena,
    read_series,
)
from seqconv_jax.data.datasets import jena
from seqconv_jax.data.files import sha256_file

HOURLY = "jena/jena_climate_2009_2016_hourly_6col.csv.zip"


def never(*_, **__):
    raise AssertionError("the network was used")


def jena_zip(path, header):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("jena_climate_2009_2016.csv", header + "\n01.01.2009 00:10:00")
    return path


def test_jena_is_known_by_its_header(cache):
    columns = [
        '"Date Time"',
        '"p (mbar)"',
        '"T (degC)"',
        *(f'"{i}"' for i in range(12)),
    ]
    path = jena_zip(cache / "jena_climate_2009_2016.csv.zip", ",".join(columns))
    found = find(JENA_FILE, fetch=never)
    assert found == Origin(path, "cache", sha256_file(path))
    jena_zip(path, ",".join(columns[:-1]))
    with pytest.raises(UserError, match="got 14 columns, b'Date Time' first; moved to"):
        find(JENA_FILE, fetch=never)
    path.write_bytes(b"<html>")
    with pytest.raises(UserError, match="expected a whole zip file, got one that can"):
        find(JENA_FILE, fetch=never)
    assert [one.name for one in cache.iterdir()] == [path.name + ".rejected"]


def test_jena_split():
    steps = np.arange(420_551) * np.timedelta64(10, "m")
    times = np.datetime64("2009-01-01T00:10", "us") + steps
    original = Series(values=np.zeros((420_551, 1)), columns=("a",), times=times)
    assert jena_split(original) == (200_000, 300_000)
    hourly = Series(values=np.zeros((70_092, 1)), columns=("a",), times=times[::6])
    first, second = jena_split(hourly)
    assert str(times[::6][first])[:10] == "2012-10-19" and first == 33_288
    assert str(times[::6][second])[:10] == "2014-09-14"
    short = Series(values=np.zeros((100, 1)), columns=("a",), times=times[:100])
    untimed = Series(values=np.zeros((100, 1)), columns=("a",))
    for series, text in ((short, "runs from 2009-01-01"), (untimed, "has no times")):
        with pytest.raises(ValueError, match=text + r".*give split=\(0.5, 0.75\)"):
            jena_split(series)


def same(task, other):
    """Whether two tasks have the same arrays, rows and origin."""
    names = ("inputs", "targets", "offsets", "train", "validation", "test", "last")
    for name in names:
        np.testing.assert_array_equal(getattr(task, name), getattr(other, name))
    return task.describe() == other.describe() and task.origin == other.origin


def test_the_defaults_are_the_book(cache, monkeypatch):
    climate = generated_climate()
    monkeypatch.setattr(jena, "generated_climate", lambda: climate)
    with pytest.warns(GeneratedDataWarning, match="the Jena climate series could not"):
        task = load_jena()
    assert (task.lookback, task.every, task.delay) == (1440, 6, 144)
    assert task.train.tolist() == list(range(1440, 200_000))
    assert task.validation.tolist() == list(range(200_001 + 1440, 300_000))
    assert task.test.tolist() == list(range(300_001 + 1440, 420_551 - 144 - 1))
    assert (task.target, task.horizon, task.predict) == ("T (degC)", "25h", "value")
    assert task.example.shape == (1, 240, 14) and task.origin.source == "generated"
    assert task.report == climate.report()
    with pytest.raises(UserError, match="the Jena climate series: .*get jena_climate"):
        load_jena(require_real=True)


def test_another_sampling_keeps_the_dates_and_the_horizon(data_file):
    path = data_file(*HOURLY.split("/"))
    series = read_series(path, time=JENA.time)
    expected = forecast_task(
        series,
        target=JENA.target,
        lookback="5d",
        every="1h",
        delay="24h",
        split=jena_split(series),
        exact_horizon=True,
    )
    task = load_jena(path, lookback="5d")
    assert same(task, expected) and task.horizon == "1d"
    assert task.report == series.report()
    assert load_jena(path, lookback="5d", exact_horizon=False).horizon == "25h"
    assert task.baseline("validation") == pytest.approx(0.278, abs=0.0005)


def write_hours(path, rows=400, bad=()):
    hours = np.datetime64("2009-01-01T00") + np.arange(rows)
    cells = [-9999 if row in bad else row % 24 for row in range(rows)]
    lines = [f"{hour}:00,{cell}" for hour, cell in zip(hours, cells, strict=True)]
    path.write_text("\n".join(["Date Time,T (degC)", *lines]) + "\n")
    return path


def test_options_reach_the_file_and_the_windows(tmp_path):
    path = write_hours(tmp_path / "hours.csv", bad=[5])
    options: dict[str, Any] = dict(lookback="1d", split=(0.5, 0.75))
    kept = load_jena(path, **options)
    assert "missing cells: T (degC) 1" in kept.report
    filled = load_jena(
        path, **options, missing="previous", predict="change", purge="2h"
    )
    assert filled.unit_scale < 10 < kept.unit_scale
    assert filled.predict == "change" and len(filled.train) == len(kept.train) - 25
    with pytest.raises(UserError, match="1 missing cells, first row 5"):
        load_jena(path, **options, missing="error")
    with pytest.raises(UserError, match="runs from 2009-01-01 to .*give split="):
        load_jena(path)
    options["purges"] = 3
    with pytest.raises(TypeError, match="unexpected keyword argument 'purges'"):
        load_jena(path, **options)
