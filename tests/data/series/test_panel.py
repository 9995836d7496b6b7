"""Long tables: several series in one file or frame."""

import json

import numpy as np
import pandas as pd
import pytest
from data.series.csv_files import reject, write

from seqconv_jax._checks import UserError
from seqconv_jax.data import Series, SeriesGroup, read_series_group
from seqconv_jax.data.series import BusinessDays

LONG = pd.concat(
    pd.DataFrame(
        {
            "date": pd.date_range("2020-01-31", periods=6 + store, freq="B"),
            "store": store,
            "city": f"city {store}",
            "sales": np.arange(6.0 + store) + 100 * store,
        }
    )
    for store in (3, 1, 2)
)


def long_csv(tmp_path, frame=LONG, **options):
    return write(tmp_path, frame.to_csv(index=False, **options))


@pytest.mark.parametrize(("column", "names"), [("store", "312"), ("city", "312")])
@pytest.mark.parametrize("suffix", ["csv", "parquet", "frame"])
def test_each_series_is_what_pandas_groups(tmp_path, column, names, suffix):
    options = {"series": column, "time": "date", "keep": ["sales"]}
    if suffix == "frame":
        group = SeriesGroup.from_pandas(LONG, **options)
    elif suffix == "parquet":
        LONG.to_parquet(tmp_path / "x.parquet", index=False)
        group = read_series_group(tmp_path / "x.parquet", **options)
    else:
        group = read_series_group(long_csv(tmp_path), **options)
    assert len(group) == 3 and group.columns == ("sales",)
    for (name, part), digit in zip(
        LONG.groupby(column, sort=False), names, strict=True
    ):
        series = group[str(name)]
        np.testing.assert_array_equal(series.values[:, 0], part["sales"])
        np.testing.assert_array_equal(series.times, part["date"].to_numpy())
        assert series.every == BusinessDays(1) and list(group)[0][-1] == names[0]
        assert str(name)[-1] == digit


def test_what_was_found_reads_another_file_the_same_way(tmp_path):
    frame = LONG.assign(date=LONG["date"].dt.strftime("%d/%m/%Y"))
    path = long_csv(tmp_path, frame, sep=";", decimal=",")
    group = read_series_group(path, series="city", time="auto")
    options = group.read_options
    assert json.loads(json.dumps(options)) == options
    assert options["series"] == "city" and options["day_first"] is True
    short = frame.groupby("city").head(1)
    again = read_series_group(
        long_csv(tmp_path, short, sep=";", decimal=","), **options
    )
    assert again["city 1"].times is not None and group["city 1"].times is not None
    assert again["city 1"].times[0] == group["city 1"].times[0]
    assert "day above 12" in group["city 1"].report()
    assert "3 series by 'city', 24 rows in all (7 to 9 each)" in group.report()


def test_rows_of_several_series_in_turn(tmp_path):
    mixed = LONG.sort_values(["date", "store"])
    group = read_series_group(long_csv(tmp_path, mixed), series="store", time="date")
    assert list(group) == ["1", "2", "3"]
    np.testing.assert_array_equal(group["2"].values[:, 0], np.arange(8.0) + 200)


def test_several_columns_name_a_series(tmp_path):
    both = pd.concat([LONG.assign(item="a"), LONG.assign(item="b", sales=1.0)])
    options = {"series": ["store", "item"], "time": "date"}
    group = read_series_group(long_csv(tmp_path, both), **options)
    assert list(group) == ["3/a", "1/a", "2/a", "3/b", "1/b", "2/b"]
    assert (group["2/b"].values[:, 0] == 1).all()
    assert group.read_options["series"] == ["store", "item"]
    with pytest.raises(UserError, match="repeat a time"):
        read_series_group(long_csv(tmp_path, both), series="store", time="date")


def test_the_clocks_of_a_zone_are_told_for_each_series(tmp_path):
    hours = pd.date_range("2020-10-24", periods=60, freq="h", tz="Europe/Berlin")
    clocks = hours.strftime("%Y-%m-%d %H:%M")  # which says 02:00 twice
    frame = pd.concat([pd.DataFrame({"t": clocks, "id": key, "a": 1}) for key in "xy"])
    path = long_csv(tmp_path, frame)
    options = {"series": "id", "time": "t", "zone": "Europe/Berlin"}
    group = read_series_group(path, **options)
    expected = hours.tz_convert(None).to_numpy("datetime64[us]")
    np.testing.assert_array_equal(group["y"].times, expected)
    assert group.read_options["zone"] == "Europe/Berlin"
    path = long_csv(tmp_path, frame.assign(t=frame["t"] + "Z"))
    with pytest.raises(UserError, match="for times that name no zone"):
        read_series_group(path, **options)


def test_categories_are_those_of_all_series(tmp_path):
    options = {"time": "date", "categories": "one-hot"}
    group = read_series_group(long_csv(tmp_path), series="store", **options)
    assert group.columns == ("city=city 1", "city=city 2", "city=city 3", "sales")
    assert group["2"].values[0].tolist() == [0, 1, 0, 200]
    assert group.read_options["categories"] == {"city": ["city 1", "city 2", "city 3"]}


def test_a_frame_with_an_index_of_times():
    group = SeriesGroup.from_pandas(LONG.set_index("date"), series="store")
    assert group["1"].every == BusinessDays(1)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"series": "stor"}, "`series` = 'stor' is no column .* did you mean 'store'"),
        ({"series": 5}, "`series` must be the name of a column, or several, got 5"),
        ({"series": "store", "keep": ["sales"]}, "csv, series '3': 6 rows repeat a"),
    ],
)
def test_faults_name_the_series(tmp_path, options, match):
    frame = LONG.assign(date=LONG["date"].dt.to_period("W").dt.start_time)
    with pytest.raises(UserError, match=match):
        read_series_group(long_csv(tmp_path, frame), time="date", **options)
    with pytest.raises(TypeError, match="unexpected keyword argument 'tim'"):
        read_series_group(long_csv(tmp_path), series="store", tim="date")


def test_a_row_without_a_name_is_an_error(tmp_path):
    frame = LONG.assign(city=LONG["city"].where(LONG["store"] != 2))
    with pytest.raises(UserError, match="row 16: `series` = 'city' names no series"):
        read_series_group(long_csv(tmp_path, frame), series="city", time="date")


def test_a_long_table_that_is_read_as_one_series_is_named(tmp_path):
    mixed = LONG.sort_values(["date", "store"])
    text = mixed.drop(columns="city").to_csv(index=False)
    match = r"15 rows repeat a time.*; pass series='store' \(read_series_group\) if"
    reject(tmp_path, text.replace(".0", ".5"), match, time="date")
    text = mixed.drop(columns="store").to_csv(index=False)
    reject(tmp_path, text, "pass series='city'", time="date")
    text = LONG.assign(item=1, sales=LONG["sales"] + 0.5)
    text = (
        pd.concat([text, text.assign(item=2)]).drop(columns="city").to_csv(index=False)
    )
    match = r"pass series=\('store', 'item'\) \(read_series_group\)"
    reject(tmp_path, text, match, time="date")
    with pytest.raises(UserError, match=r"series '3'.*pass series=\('store', 'item'\)"):
        read_series_group(tmp_path / "x.csv", series="store", time="date")
    few = "t,a\n" + "".join(f"2020-01-{day:02d},1\n" for day in [*range(1, 20), 19])
    reject(tmp_path, few, "'last' or 'keep'$", time="t")


def test_a_group_put_together_by_hand():
    one = Series(values=np.zeros((3, 1)), columns=("a",))
    other = Series(values=np.zeros((3, 1)), columns=("b",))
    group = SeriesGroup(series={"x": one, "y": one})
    assert dict(group) == {"x": one, "y": one}
    with pytest.raises(UserError, match="have the columns 'a', but 'y' has 'b'"):
        SeriesGroup(series={"x": one, "y": other})
    with pytest.raises(UserError, match="a mapping of names to Series, of one or more"):
        SeriesGroup(series={})
