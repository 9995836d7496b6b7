"""Numbers that look like marks of missing cells, and rows trimmed at the ends."""

import warnings

import numpy as np
import pandas as pd
import pytest
from data.series.csv_files import read, reject

from seqconv_jax.data.series import Series
from seqconv_jax.data.series.sentinels import SentinelWarning, sentinels

RNG = np.random.default_rng(0)
LOAD = RNG.gamma(2.0, 200.0, 400).round(1)


def with_mark(mark, count=30, values=LOAD):
    values = values.copy()
    values[RNG.permutation(len(values))[:count]] = mark
    return values


@pytest.mark.parametrize("mark", [-200, -999, -99.9, 99999, 9999.9, -1e30, 1e9])
def test_repeated_extremes_are_found(mark):
    values = with_mark(mark)
    assert sentinels(values) == (mark, int((values == mark).sum()))


@pytest.mark.parametrize(
    "column",
    [
        LOAD,
        with_mark(0, 200),
        with_mark(-200, 3),
        with_mark(LOAD.max(), 30),
        RNG.normal(0, 9, 400).round(0),
        RNG.integers(-1, 2, 400).astype(float),
        np.minimum(LOAD, 300.0),
        np.arange(400.0),
        np.ones(400),
        np.where(RNG.random(400) < 0.1, 1000.0, 0.0),
    ],
)
def test_data_are_no_marks(column):
    assert sentinels(column) is None


def test_a_warning_names_value_and_count(tmp_path):
    frame = pd.DataFrame({"CO": with_mark(-200), "NO": with_mark(-200, 40), "T": LOAD})
    message = r"-200 looks like a mark .*\('CO' 30 times, 'NO' 40 times\); it is read"
    for make in (
        lambda **options: read(tmp_path, frame.to_csv(index=False), **options),
        lambda **options: Series.from_pandas(frame, **options),
    ):
        with pytest.warns(SentinelWarning, match=message):
            series = make()
        np.testing.assert_array_equal(series.values, frame)
        assert "missing_marks=(-200,) reads it as missing" in series.notes[-1]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            kept = make(missing_marks=(-200,), missing="keep")
        assert dict(kept.missing) == {"CO": 30, "NO": 40}


def test_a_second_column_of_unix_time_is_told(tmp_path):
    opened = 1577836800000 + 3_600_000 * np.arange(30)
    frame = pd.DataFrame({"opened": opened, "closed": opened + 3_599_999})
    frame["volume"] = opened / 2 + 1e11  # as large, and as even
    series = read(tmp_path, frame.to_csv(index=False), time="opened")
    told = [note for note in series.notes if "holds times as numbers" in note]
    assert told == [
        "column 'closed' holds times as numbers; drop=['closed'] leaves it out"
    ]


def test_ends_are_trimmed_when_asked(tmp_path):
    rows = [("", 1), (2, ""), (3, 3), ("", 4), (5, 5), (6, "")]
    text = "t,a,b\n" + "".join(
        f"2020-01-0{day},{a},{b}\n" for day, (a, b) in enumerate(rows, 1)
    )
    reject(tmp_path, text, "first row.*trim=True", time="t", missing="previous")
    reject(tmp_path, text, "or 'keep', with trim=True as the first or last", time="t")
    series = read(tmp_path, text, time="t", missing="previous", trim=True)
    assert series.values.tolist() == [[3, 3], [3, 4], [5, 5]]
    assert series.times is not None
    assert str(series.times[0])[:10] == "2020-01-03"
    assert series.notes[0] == (
        "2 rows at the beginning and 1 at the end with missing cells left out "
        "(trim=True)"
    )
    assert dict(series.missing) == {"a": 2, "b": 2}
    middle = read(tmp_path, text, time="t", missing="interpolate", trim=True)
    assert middle.values.tolist() == [[3, 3], [4, 4], [5, 5]]
    reject(tmp_path, "a,b\n1,\n,2\n", "every row.*trim=True leaves none", trim=True)
