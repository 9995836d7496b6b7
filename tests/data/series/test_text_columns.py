"""Columns of text: left out with a note, or one column of 0 and 1 for each value."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from data.series.csv_files import read, reject, write

from seqconv_jax._checks import UserError
from seqconv_jax.data.series import Series, read_series

AIR = """No,pm2.5,cbwd,ok
1,NA,NW,True
2,129,cv,False
3,NA,SE,True
4,148,NW,True
5,NA,NW,True
"""
FRAME = pd.read_csv(io.StringIO(AIR))


def every_reader(tmp_path, **options):
    path = tmp_path / "x.parquet"
    FRAME.to_parquet(path)
    yield read(tmp_path, AIR, **options)
    yield read(tmp_path, AIR.replace(",", ";"), **options)
    yield read_series(path, **options)
    yield Series.from_pandas(FRAME, **options)


def test_left_out_with_a_note(tmp_path):
    for series in every_reader(tmp_path, missing="keep"):
        assert series.columns == ("No", "pm2.5")
        note = "columns of text left out: 'cbwd', 'ok'; categories='one-hot' reads them"
        assert note in series.notes
        assert "column 'No' counts the rows; drop=['No'] leaves it out" in series.notes
        assert series.read_options["keep"] == ["No", "pm2.5"]


def test_one_hot_equals_pandas(tmp_path):
    want = pd.get_dummies(
        FRAME[["cbwd", "ok"]].astype(str), prefix_sep="=", dtype=float
    )
    for series in every_reader(tmp_path, missing="keep", categories="one-hot"):
        assert series.columns == ("No", "pm2.5", *want.columns)
        np.testing.assert_array_equal(series.values[:, 2:], want.to_numpy())
        assert "column 'cbwd' read as 3 categories" in series.notes


def test_categories_seen_before_are_kept(tmp_path):
    for series in every_reader(tmp_path, missing="keep", categories="one-hot"):
        options = json.loads(json.dumps(dict(series.read_options)))
        assert options["categories"]["cbwd"] == ["NW", "SE", "cv"]
        fewer = read(
            tmp_path,
            "No,pm2.5,cbwd,ok,new\n9,7,SE,False,x\n",
            **{
                **options,
                "separator": ",",
            },
        )
        assert fewer.columns == series.columns
        assert fewer.values.tolist() == [[9, 7, 0, 1, 0, 1, 0]]
        other = "No,pm2.5,cbwd,ok\n9,7,W,False\n"
        options["separator"] = ","
        reject(tmp_path, other, "'cbwd' holds 'W', which is none of its cat", **options)


@pytest.mark.parametrize(
    ("text", "options", "match"),
    [
        (AIR, {"keep": ["cbwd", "No"]}, "'cbwd' holds text, .*categories='one-hot'"),
        ("a,b\nx,y\nz,x\n", {}, "no column of numbers is left; 'a' holds text"),
        (
            "a,b\n" + "".join(f"{row},x{row}\n" for row in range(60)),
            {"categories": "one-hot"},
            r"column 'b' has 60 different texts.*drop=\['b'\]",
        ),
    ],
)
def test_what_is_no_category(tmp_path, text, options, match):
    reject(tmp_path, text, match, **options)


def test_a_missing_text_is_missing_in_each_category(tmp_path):
    text = "a,b\n1,x\n2,\n3,y\n"
    series = read(tmp_path, text, categories="one-hot", missing="previous")
    assert series.values.tolist() == [[1, 1, 0], [2, 1, 0], [3, 0, 1]]
    assert dict(series.missing) == {"b=x": 1, "b=y": 1}


def test_marks_in_columns_of_text(tmp_path):
    for series in every_reader(
        tmp_path, missing="keep", missing_marks=("cv",), categories="one-hot"
    ):
        assert series.columns[2:4] == ("cbwd=NW", "cbwd=SE")
        assert series.missing["cbwd=NW"] == 1


def test_text_alone_is_enough_as_categories(tmp_path):
    assert read(tmp_path, "a\nx\ny\n", categories="one-hot").values.tolist() == [
        [1, 0],
        [0, 1],
    ]


def test_dates_beside_the_time_are_left_out(tmp_path):
    text = "t,made,a\n2020-01-01,2021-01-01,1\n2020-01-02,2021-01-01,2\n"
    frame = pd.read_csv(write(tmp_path, text), parse_dates=["t", "made"])
    frame.to_parquet(tmp_path / "x.parquet")
    for series in (
        read(tmp_path, text, time="t"),
        read_series(tmp_path / "x.parquet", time="t"),
        Series.from_pandas(frame, time="t"),
    ):
        assert series.columns == ("a",)
        assert "columns of text left out: 'made'" in series.notes[-1]
    with pytest.raises(UserError, match="pass time='t'"):
        read_series(tmp_path / "x.parquet")
