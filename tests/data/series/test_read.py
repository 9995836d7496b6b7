import gzip
import zipfile

import numpy as np
import pandas as pd
import pytest
from data.series.csv_files import HOURLY, read, reject, write

from seqconv_jax._checks import UserError
from seqconv_jax.data.series import read_series


def test_reads_values_names_times_and_hash(tmp_path):
    series = read(tmp_path, HOURLY, time="time")
    assert series.columns == ("a", "b (m/s)")
    assert series.values.tolist() == [[1, 10], [2, 20], [3.5, -30]]
    assert series.values.dtype == np.float64 and series.values.flags.c_contiguous
    assert series.times is not None
    assert series.times.tolist() == list(
        pd.date_range("2020-01-01", periods=3, freq="h")
    )
    assert series.every == np.timedelta64(1, "h")
    assert (series.regularity, series.repeated, series.gaps.tolist()) == (1.0, 0, [])
    assert series.path == str(tmp_path / "x.csv")
    assert series.sha256 is not None and len(series.sha256) == 64
    assert series.data_source == "file" and series.regular


def test_reads_packed_files(tmp_path):
    packed = write(tmp_path, gzip.compress(HOURLY.encode()), "x.csv.gz")
    zipped = tmp_path / "x.csv.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("inner.csv", HOURLY)
    plain = read(tmp_path, HOURLY, time="time")
    for path in (packed, zipped):
        series = read_series(path, time="time")
        np.testing.assert_array_equal(series.values, plain.values)
        assert series.sha256 != plain.sha256


def test_rejects_places_and_kinds(tmp_path):
    with pytest.raises(UserError, match="nothing.csv does not exist"):
        read_series(tmp_path / "nothing.csv")
    with pytest.raises(UserError, match="is a folder"):
        read_series(tmp_path)
    with pytest.raises(UserError, match=r"must end in .csv, .tsv, .*or .parquet"):
        read_series(write(tmp_path, HOURLY, "x.mat"))
    with pytest.raises(UserError, match=r"x.xlsx is a spreadsheet.*pandas.read_excel"):
        read_series(write(tmp_path, HOURLY, "x.xlsx"))
    with pytest.raises(UserError, match="damaged, or no gzip file"):
        read_series(write(tmp_path, HOURLY, "y.csv.gz"))
    cut = gzip.compress(HOURLY.encode())[:-12]
    with pytest.raises(UserError, match="damaged, or no gzip file"):
        read_series(write(tmp_path, cut, "z.csv.gz"))
    for name, data in (("b.csv", HOURLY), ("b.csv.gz", gzip.compress(b"a\n" * 999))):
        with pytest.raises(UserError, match="holds more than 50 bytes; raise `max_b"):
            read_series(write(tmp_path, data, name), max_bytes=50)


def test_keeps_and_drops_columns_in_the_files_order(tmp_path):
    assert read(tmp_path, "a,b,c\n1,2,3\n", keep=["c", "a"]).columns == ("a", "c")
    assert read(tmp_path, "a,b,c\n1,x,3\n", drop=["b"]).values.tolist() == [[1, 3]]
    text = "Alpha,b\n1,2\n"
    reject(
        tmp_path, text, "`keep` = 'alpha' is no .*did you mean 'Alpha'", keep=["alpha"]
    )
    reject(tmp_path, text, "`drop` = 'zzz' is no .*it has 'Alpha', 'b'", drop=["zzz"])
    reject(tmp_path, text, "`time` = 'Date' is no column", time="Date")
    reject(tmp_path, text, "no column of values is left of", drop=["Alpha", "b"])
    with pytest.raises(UserError, match="`keep` must be a list of names"):
        read(tmp_path, text, keep="b")


def test_the_original_jena_form_is_read_as_it_is(tmp_path):
    """Repeated blocks, backward time and -9999 marks, as the book used them."""
    stamps = pd.date_range("2009-01-01 00:10", periods=30, freq="10min")
    order = [*range(20), *range(15, 30)]
    rows = [
        f"{stamps[at]:%d.%m.%Y %H:%M:%S},{row}.00,{-9999 if row == 3 else 1}.00"
        for row, at in enumerate(order)
    ]
    text = '"Date Time","T (degC)","wv (m/s)"\n' + "\n".join(rows) + "\n"
    series = read(
        tmp_path,
        text,
        time="Date Time",
        duplicates="keep",
        unsorted="keep",
        missing="keep",
    )
    assert series.values[:, 0].tolist() == list(range(35))
    assert series.values[3, 1] == -9999 and dict(series.missing) == {"wv (m/s)": 1}
    assert series.repeated == 5 and series.gaps.tolist() == [20]
    assert series.every == np.timedelta64(10, "m") and series.regular
