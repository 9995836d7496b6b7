"""Answers as files: exact numbers, no formulas, whole or not there."""

import io
import json

import numpy as np
import pandas as pd
import pytest

from seqconv_jax import UserError
from seqconv_jax.cli.table import TABLES, check_new_file, escape_formulas, write_table

TABLE = pd.DataFrame(
    {
        "time": pd.to_datetime(["2020-01-01 00:00", "2020-01-01 01:30"]),
        "text": ["=1+1", None],
        "value": [-0.1, np.nan],
        "short": np.array([0.1, 2.0], np.float32),
        "rows": [1, -2],
    }
)


@pytest.mark.parametrize("cell", ["=1+1", "+a", "-a", "@SUM(A1)", "\ta", "\ra", "＝1"])
def test_what_a_spreadsheet_would_run_is_a_text(cell):
    for dtype in (object, "str", "category"):
        table = pd.DataFrame({cell: pd.Series([cell, "fine", "-1.5"], dtype=dtype)})
        escaped = escape_formulas(table)
        assert escaped[f"'{cell}"].tolist() == [f"'{cell}", "fine", "-1.5"]
        assert table.columns.tolist() == [cell]


@pytest.mark.parametrize("separator", [".csv", ".tsv"])
def test_numbers_and_times_are_read_back_as_they_were(tmp_path, separator):
    path = tmp_path / f"a{separator}"
    write_table(TABLE, path)
    back = pd.read_csv(
        path, sep="\t" if separator == ".tsv" else ",", parse_dates=["time"]
    )
    assert back["time"].tolist() == TABLE["time"].tolist()
    value, missing = back["value"].tolist()
    assert value == -0.1 and np.isnan(missing)
    assert np.float32(back["short"].tolist()[0]) == np.float32(0.1)
    assert back["text"].tolist()[0] == "'=1+1"


def test_lines_of_json_are_strict(tmp_path):
    write_table(TABLE, tmp_path / "a.jsonl")
    lines = (tmp_path / "a.jsonl").read_text().splitlines()
    first, second = map(json.loads, lines)
    assert first["time"] == "2020-01-01 00:00:00" and first["text"] == "=1+1"
    assert second["value"] is None and second["text"] is None and second["rows"] == -2


def test_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    write_table(TABLE, tmp_path / "a.parquet")
    back = pd.read_parquet(io.BytesIO((tmp_path / "a.parquet").read_bytes()))
    assert back["value"].tolist()[0] == -0.1 and back["short"].dtype == np.float32


def test_a_place_that_will_not_do_is_said_before_any_work(tmp_path):
    (tmp_path / "old.csv").touch()
    (tmp_path / "folder.csv").mkdir()
    for name, message in [
        ("a.xlsx", r"--out must end in .csv or .tsv or .jsonl or .parquet, got .*xlsx"),
        ("old.csv", "old.csv exists; replace it with --overwrite"),
        ("folder.csv", "folder.csv is a folder"),
        ("nowhere/a.csv", "there is no folder .*nowhere"),
    ]:
        with pytest.raises(UserError, match=message):
            check_new_file(tmp_path / name, TABLES, overwrite=False)
    check_new_file(tmp_path / "old.csv", TABLES, overwrite=True)
    check_new_file(None, TABLES, overwrite=False)


def test_parquet_without_pyarrow(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install 'seqconv-jax.parquet.'"):
        check_new_file(tmp_path / "a.parquet", TABLES, overwrite=False)
