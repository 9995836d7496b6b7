"""A file read in parts is the file read at once, and stays in files."""

import gzip
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import seqconv_jax as sc
from seqconv_jax import _windows
from seqconv_jax.data import convert_series, open_series, read_series
from seqconv_jax.data.files.array_folder import new_folder
from seqconv_jax.data.forecast import spread

ROWS = 60
PART = 200  # bytes: some ten rows


def lines(rows=ROWS, mark=None, separator=",", decimal="."):
    """A file of hours and two columns; the cell of some rows is a mark."""
    rng = np.random.default_rng(0)
    start, hour = np.datetime64("2020-01-01T00:00"), np.timedelta64(1, "h")
    yield separator.join(["time", "a (m)", "b"])
    for row, (a, b) in enumerate(rng.normal(size=(rows, 2)).round(3)):
        cells = [str(start + row * hour), f"{a}", f"{b}"]
        cells[1:] = [cell.replace(".", decimal) for cell in cells[1:]]
        if mark is not None and row % 7 == 6:
            cells[1] = mark
        yield separator.join(cells)


def written(folder, name="x.csv", end="\n", **options) -> Path:
    path = folder / name
    text = end.join([*lines(**options), ""]).encode()
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return path


def assert_same(one, other):
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_array_equal(one.times, other.times)
    for name in ("columns", "origin", "missing", "allow", "every", "regularity"):
        assert getattr(one, name) == getattr(other, name), name
    np.testing.assert_array_equal(one.gaps, other.gaps)


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ({}, {}),
        ({"name": "x.csv.gz", "end": "\r\n"}, {}),
        ({"separator": ";", "decimal": ","}, {"keep": ["b"]}),
        ({"mark": "?"}, {"missing": "previous"}),
        ({"mark": ""}, {"missing": "drop"}),
        ({"mark": "-9999"}, {"missing": "keep"}),
    ],
)
def test_is_the_file_read_at_once(tmp_path, form, options):
    path = written(tmp_path, **form)
    options = {"time": "time", **options}
    series = convert_series(path, tmp_path / "x", part_bytes=PART, **options)
    assert series.folder == tmp_path / "x" and isinstance(series.values.base, np.memmap)
    whole = read_series(path, **options)
    assert_same(series, whole)
    assert_same(open_series(tmp_path / "x", verify=True), whole)
    assert_same(read_series(tmp_path / "x"), whole)
    assert series.read_options == dict(whole.read_options)


def test_quoted_cells_hold_line_ends(tmp_path):
    path = tmp_path / "x.csv"
    rows = "".join(f'{n},"a\nb, {n}"\n' for n in range(100))
    path.write_text(f"v,note\n{rows}")
    series = convert_series(path, tmp_path / "x", part_bytes=50)
    assert series.values[:, 0].tolist() == list(range(100))


def test_a_parquet_file(tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    path = written(tmp_path)
    frame = pandas.read_csv(path, parse_dates=["time"])
    frame.to_parquet(tmp_path / "x.parquet")
    series = convert_series(
        tmp_path / "x.parquet", tmp_path / "x", time="auto", part_bytes=PART
    )
    assert_same(series, read_series(tmp_path / "x.parquet", time="time"))


@pytest.mark.parametrize(
    ("row", "cells", "error"),
    [
        (50, "2020-01-03T02:00,x,1", "line 52, column 'a .m.': 'x' is not a number"),
        (50, "2020-01-03T02:00,1", "line 52 has 2 fields"),
        (50, "2020-01-03T02:00,,1", "1 missing cells, first row 50 .2020-01-03 02:00"),
        (50, "2020-01-03T01:00,1,1", "row(s repeat a time, first row)? 50"),
        (50, "2020-01-01T00:00,1,1", "time runs backwards"),
    ],
)
def test_what_is_wrong_is_named_by_its_place_in_the_file(tmp_path, row, cells, error):
    text = list(lines())
    text[row + 1] = cells
    path = tmp_path / "x.csv"
    path.write_text("\n".join(text))
    with pytest.raises(sc.UserError, match=error):
        convert_series(path, tmp_path / "x", time="time", part_bytes=PART)
    assert [each.name for each in tmp_path.iterdir()] == ["x.csv"]  # nothing is left


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"missing": "interpolate"}, "`missing` must be one of"),
        ({"trim": True}, "`trim` must be"),
        ({"categories": "one-hot"}, "`categories` must be a mapping"),
        ({"skip_footer": 1}, "`skip_footer` must be 0"),
        ({"encoding": "utf-16"}, "`encoding` = 'utf-16' is not read in parts"),
        ({"skip_rows": [2]}, "`skip_rows` must be a number of lines"),
        ({"tim": "time"}, "`options` must be one of"),
    ],
)
def test_what_needs_the_whole_file_is_refused(tmp_path, options, error):
    with pytest.raises(sc.UserError, match=error):
        convert_series(written(tmp_path), tmp_path / "x", **options)


def test_a_folder_is_replaced_only_if_asked(tmp_path):
    path, out = written(tmp_path), tmp_path / "x"
    convert_series(path, out, time="time")
    with pytest.raises(sc.UserError, match="x exists; pass overwrite=True"):
        convert_series(path, out)
    series = convert_series(path, out, time="time", keep=["b"], overwrite=True)
    assert series.columns == ("b",)
    (tmp_path / "own").mkdir()
    with pytest.raises(sc.UserError, match="own is no folder of a converted series"):
        convert_series(path, tmp_path / "own", overwrite=True)


def test_damage_is_found(tmp_path):
    out = tmp_path / "x"
    convert_series(written(tmp_path), out, time="time")
    with pytest.raises(sc.UserError, match="no folder of a converted series"):
        open_series(tmp_path)
    with (out / "values.npy").open("r+b") as file:
        file.seek(-3, 2)
        file.write(b"x")
    open_series(out)
    with pytest.raises(sc.UserError, match="values.npy does not match its checksum"):
        open_series(out, verify=True)
    with (out / "values.npy").open("r+b") as file:
        file.truncate(300)
    with pytest.raises(sc.UserError, match="values.npy cannot be mapped"):
        open_series(out)
    text = (out / "series.json").read_text()
    (out / "series.json").write_text(text.replace('"b"', '"c"'))
    with pytest.raises(sc.UserError, match="series.json does not match its checksum"):
        open_series(out)


def test_a_folder_that_breaks_off_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError), new_folder(tmp_path / "x", "series") as new:
        new.append("values", np.zeros((3, 2)))
        raise RuntimeError("stopped")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", [{"delay": 3}, {"horizon": 4, "calendar": True}])
def test_a_task_of_it_is_that_of_the_file(tmp_path, monkeypatch, options):
    """Its arrays lie in files, made some rows at a time, once."""
    path = written(tmp_path)
    setup = {"target": "a (m)", "lookback": 5, "split": (0.6, 0.8), **options}
    whole = sc.data.forecast_task(read_series(path, time="time"), **setup)
    series = convert_series(path, tmp_path / "x", time="time")
    for module in (_windows, spread):
        monkeypatch.setattr(module, "CELLS_AT_A_TIME", 17 * 3)
    task = sc.data.forecast_task(series, **setup)
    for name in ("inputs", "targets", "last"):
        array = getattr(task, name)
        assert isinstance(array, np.memmap) and not array.flags.writeable
        np.testing.assert_allclose(array, getattr(whole, name), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(task.mean, whole.mean, rtol=1e-12)
    for name in ("train", "validation", "test", "offsets", "times"):
        np.testing.assert_array_equal(getattr(task, name), getattr(whole, name))
    again = sc.data.forecast_task(series, **setup)
    assert again.inputs.filename == task.inputs.filename  # pyright: ignore
    assert len(list((tmp_path / "x" / "tasks").iterdir())) == 1
    monkeypatch.undo()
    at_once = sc.data.forecast_task(series, **setup)
    for name in ("inputs", "targets", "last"):
        np.testing.assert_array_equal(getattr(at_once, name), getattr(whole, name))


def test_takes_memory_for_a_part_not_for_the_file(tmp_path, monkeypatch):
    """Values of 8 MB: reading, opening, scaling and cutting hold a part of them."""
    rng, rows = np.random.default_rng(0), 50_000
    cells = ["," + ",".join(map(str, row)) for row in rng.integers(0, 99, (500, 20))]
    names = [f"c{n}" for n in range(20)]
    text = "\n".join(f"{row}{cells[row % 500]}" for row in range(rows))
    (tmp_path / "x.csv").write_text(f"time,{','.join(names)}\n{text}\n")
    del text, cells
    convert_series(written(tmp_path, "warm.csv"), tmp_path / "warm", time="time")
    for module in (_windows, spread):
        monkeypatch.setattr(module, "CELLS_AT_A_TIME", 2**15)
    options = {"time": "time", "time_format": "unix", "missing_marks": ()}
    tracemalloc.start()
    try:
        series = convert_series(
            tmp_path / "x.csv", tmp_path / "x", part_bytes=2**17, **options
        )
        converted = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        task = sc.data.forecast_task(
            series, target="c3", lookback=20, delay=3, split=(0.7, 0.9), calendar=False
        )
        made = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert series.values.nbytes == 8 * 10**6 and task.inputs.nbytes == 4 * 10**6
    assert converted < 4 * 10**6 and made < 4 * 10**6
