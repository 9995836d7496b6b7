import numpy as np
import pandas as pd
import pytest
from data.series.csv_files import HOURLY, read, write

from seqconv_jax._checks import UserError
from seqconv_jax.data.series import read_series


def test_reads_parquet_like_csv(tmp_path):
    plain = read(tmp_path, HOURLY, time="time")
    frame = pd.read_csv(tmp_path / "x.csv")
    frame.to_parquet(tmp_path / "text.parquet")
    frame["time"] = pd.to_datetime(frame["time"]).dt.tz_localize("Europe/Berlin")
    frame.to_parquet(tmp_path / "zone.parquet")
    series = read_series(tmp_path / "text.parquet", time="time")
    np.testing.assert_array_equal(series.values, plain.values)
    np.testing.assert_array_equal(series.times, plain.times)
    zoned = read_series(tmp_path / "zone.parquet", time="time", keep=["a"])
    assert zoned.times is not None and zoned.columns == ("a",)
    assert str(zoned.times[0]) == "2019-12-31T23:00:00.000000"


def test_rejects_parquet_that_is_no_table_of_numbers(tmp_path):
    frame = pd.DataFrame({"a": [1.0, None], "s": ["x", "y"]})
    path = tmp_path / "x.parquet"
    frame.to_parquet(path)
    with pytest.raises(UserError, match=r"column 's' holds text.*drop=\['s'\]"):
        read_series(path, keep=["s", "a"])
    with pytest.raises(UserError, match="1 missing cells, first row 1, column 'a'"):
        read_series(path, keep=["a"])
    with pytest.raises(UserError, match="more than 15 bytes"):
        read_series(path, keep=["a"], max_bytes=15)
    write(tmp_path, b"PAR1 nonsense", "bad.parquet")
    with pytest.raises(UserError, match="damaged, or no Parquet file"):
        read_series(tmp_path / "bad.parquet")


def test_names_the_extra_without_pyarrow(tmp_path, monkeypatch):
    path = write(tmp_path, b"", "x.parquet")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(UserError, match=r"pip install 'seqconv-jax\[parquet\]'"):
        read_series(path)
