"""Every form of a time, alone in a column, against pandas."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqconv_jax._checks import UserError
from seqconv_jax.data.series.times import parse_time_columns

STARTS = pd.date_range("2019-11-28 22:50", periods=60, freq="31h10min")


def parse(cells, **options):
    return parse_time_columns({"t": cells}, where="x.csv", **options)


@pytest.mark.parametrize(
    "form",
    [
        *("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y/%m/%d %H:%M", "%Y.%m.%d"),
        *("%d.%m.%Y %H:%M:%S", "%d.%m.%Y", "%d.%m.%y %H:%M", "%d/%m/%Y %H:%M:%S"),
        *("%m/%d/%Y %I:%M %p", "%m/%d/%Y", "%m/%d/%y %H:%M", "%d-%m-%Y %H:%M"),
        *("%d-%b-%Y", "%d %B %Y %H:%M", "%b %d, %Y", "%d-%b-%y", "%Y-%b-%d"),
        *("%a, %d %b %Y %H:%M:%S GMT", "%Y-%m-%d %H:%M UTC", "%Y-%m-%dT%H:%M:%SZ"),
        *("%Y%m%d %H%M", "%Y%m%dT%H%M%SZ", "%Y-%m-%d %I-%p", "%d/%m/%Y, %H:%M"),
        *("%Y%m%d", "%Y%m%d%H", "%Y%m%d%H%M", "%Y%m%d%H%M%S"),
        *("%Y-%m", "%Y/%m", "%m/%Y", "%b %Y", "%B %Y", "%b-%Y", "%YM%m", "%b-%y"),
    ],
)
def test_forms_are_read_as_pandas_reads_them(form):
    texts = STARTS.strftime(form)
    expected = pd.to_datetime(texts, format=form)
    expected = expected.tz_localize(None) if expected.tz is not None else expected
    times, _, found = parse(texts)
    np.testing.assert_array_equal(times, expected.to_numpy("datetime64[us]"))
    again = parse(texts[:1], **found)[0]  # where no day above 12 may show it
    assert again[0] == times[0]


@pytest.mark.parametrize(
    ("cells", "freq"),
    [
        (["1949Q1", "1949Q2", "1949Q3"], "QS"),
        (["1949-Q1", "1949-Q2"], "QS"),
        (["Q1 1949", "Q2 1949"], "QS"),
        (["1Q1949", "2Q1949"], "QS"),
        (["1949", "1950", "1951"], "YS"),
        (["194901", "194902"], "MS"),
        (["1949.0", "1949.083", "1949.167"], "MS"),
        (["1949.042", "1949.125", "1949.208"], "MS"),  # the middles of months
        (["1949.00", "1949.25"], "QS"),
    ],
)
def test_months_quarters_and_years_are_their_starts(cells, freq):
    expected = pd.date_range("1949-01-01", periods=len(cells), freq=freq)
    times, _, found = parse(cells)
    np.testing.assert_array_equal(times, expected.to_numpy("datetime64[us]"))
    if not any("Q" in cell for cell in cells):
        numbers = pd.Series([float(cell) for cell in cells])
        np.testing.assert_array_equal(parse(numbers)[0], times)
        np.testing.assert_array_equal(parse(cells, **found)[0], times)


@pytest.mark.parametrize(
    ("cell", "start"),
    [
        ("01.02.2015 00:00 - 01.02.2015 01:00", "2015-02-01 00:00"),
        ("2015-02-01 00:00 – 2015-02-01 00:15", "2015-02-01 00:00"),
        ("2015-02-01T00:00Z/2015-02-01T01:00Z", None),
        ("2015-02-01T00:00Z / 2015-02-01T01:00Z", "2015-02-01 00:00"),
        ("20/02/2015 to 27/02/2015", "2015-02-20"),
        ("01.02.2015 00:00 - 5", None),
    ],
)
def test_a_span_is_its_start(cell, start):
    if start is None:
        with pytest.raises(UserError, match="is no time in a known form"):
            parse([cell])
        return
    times, notes, found = parse([cell, cell])
    assert times[1] == np.datetime64(start)
    assert notes[0] == "times are spans, whose starts are taken"
    np.testing.assert_array_equal(parse([cell], **found)[0], times[:1])


def test_clocks_of_dots():
    cells = ["13/02/2006 18.00.00", "13/02/2006 19.30.05"]
    expected = pd.to_datetime(cells, format="%d/%m/%Y %H.%M.%S")
    np.testing.assert_array_equal(parse(cells)[0], expected.to_numpy("datetime64[us]"))
    assert parse(["13.02.2006 9.30"])[0][0] == np.datetime64("2006-02-13T09:30")


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_unix_time_is_known_by_its_range_and_said(unit):
    form = {"s": "unix"}.get(unit, f"unix_{unit}")
    count = STARTS.to_numpy(f"datetime64[{unit}]").astype(np.int64)
    expected = STARTS.to_numpy("datetime64[us]")
    for cells in (count, pd.Series(count), pd.Series(count.astype(str))):
        times, notes, found = parse(cells)
        np.testing.assert_array_equal(times, expected)
        assert notes == (f"numbers are read as times of the form {form!r}",)
        assert found == {"time_format": form}
    np.testing.assert_array_equal(parse(count, time_format=form)[0], expected)
    assert parse(count, time_format=form)[1:] == ((), {})


def test_fractions_and_other_counts_of_time():
    assert parse(["1577836800.25"])[0][0] == np.datetime64("2020-01-01T00:00:00.25")
    days = parse([43831.5], time_format="excel")[0]
    assert days[0] == np.datetime64("2020-01-01T12:00")
    assert parse(["86400"], time_format="unix")[0][0] == np.datetime64("1970-01-02")
    with pytest.raises(UserError, match="row 0: '43831.5' is no time in a known form"):
        parse(["43831.5"])
    with pytest.raises(UserError, match="row 1: the time must be a time like 'unix'"):
        parse(["1577836800", ""])


@pytest.mark.parametrize(
    ("cells", "form", "day_first"),
    [
        (["01/02/2020", "13/02/2020"], "%d/%m/%Y", True),
        (["01/02/2020", "01/13/2020"], "%m/%d/%Y", False),
        (["01-02-2020 10:00", "13-02-2020 10:00"], "%d-%m-%Y %H:%M", True),
        (["1/2/20", "1/13/20"], "%m/%d/%y", False),
    ],
)
def test_a_day_above_12_shows_what_comes_first(cells, form, day_first):
    times, notes, found = parse(cells)
    assert times.tolist() == pd.to_datetime(cells, format=form).to_pydatetime().tolist()
    assert notes[0] == f"times are read as {form!r}, as a day above 12 shows"
    assert found == {"day_first": day_first}


def test_a_year_of_two_digits_may_come_first():
    times, notes, found = parse(["99-12-30", "99-12-31"])
    assert times[0] == np.datetime64("1999-12-30")
    assert found == {"time_format": "%y-%m-%d"}
    assert notes[1] == "years of two digits are read as 1969 to 2068"
    with pytest.raises(UserError, match="pass time_format='%d-%m-%y' or '%y-%m-%d'"):
        parse(["20-01-31"])


def test_what_no_day_shows_is_asked_for():
    cells = ["01/02/2020", "02/02/2020"]
    with pytest.raises(UserError, match="day or the month first.*day_first=True"):
        parse(cells)
    assert parse(cells, day_first=True)[0][0] == np.datetime64("2020-02-01")
    assert parse(cells, day_first=False)[0][0] == np.datetime64("2020-01-02")
    assert parse(["01/01/2020", "02/02/2020"])[1:] == ((), {})  # both ways
    assert parse(["01.02.2020"])[0][0] == np.datetime64("2020-02-01")
    assert parse(["01.02.2020"], day_first=False)[0][0] == np.datetime64("2020-01-02")
    assert parse(["2020-01-02"], day_first=True)[0][0] == np.datetime64("2020-01-02")
    with pytest.raises(UserError, match="row 1: .*'13/13/2020'"):
        parse(["01/01/2020", "13/13/2020"], day_first=True)
    with pytest.raises(UserError, match="`day_first` must be True, False or None"):
        parse(cells, day_first="yes")


def test_a_column_of_mixed_precision():
    cells = ["2020-01-01", "2020-01-01 01:00", "2020-01-01T02:00:00.5"]
    expected = pd.to_datetime(cells, format="ISO8601").to_numpy("datetime64[us]")
    np.testing.assert_array_equal(parse(cells)[0], expected)
    with pytest.raises(UserError, match="row 1: the time must be"):
        parse(["2020-01-01 00:00Z", "2020-01-01 01:00"])
    with pytest.raises(UserError, match="row 1: the time must be"):
        parse(["2020-01-01 00:00", "2020"])
    with pytest.raises(UserError, match="row 0: the time must be"):
        parse(cells, time_format="%Y-%m-%d %H:%M")


def test_the_hour_24_is_the_next_day():
    times, notes, _ = parse(["31.12.2019 23:00", "31.12.2019 24:00"])
    assert times[1] == np.datetime64("2020-01-01")
    assert notes == ("24:00 is read as the next day's 00:00 (1 rows)",)
    with pytest.raises(UserError, match="row 0: the time must be"):
        parse(["31.12.2019 24:30"])


@pytest.mark.parametrize(
    "day", ["30.02.2020", "31.13.2020", "29.02.2019", "00.01.2020"]
)
def test_no_day_of_the_calendar_among_many_is_an_error(day):
    cells = [f"{day} 00:00:00", *["31.12.2019 00:00:00"] * 600][::-1]
    with pytest.raises(UserError, match="row 600: the time must be a time like"):
        parse(cells)


def test_zones_become_utc():
    times, notes, _ = parse(["2020-03-29 01:00+01:00", "2020-03-29 03:00+02:00"])
    assert times[1] - times[0] == np.timedelta64(1, "h")
    assert notes == ("times with a zone are given in UTC",)
    local = pd.date_range("2020-10-24", periods=72, freq="h", tz="Europe/Berlin")
    clocks = local.strftime("%Y-%m-%d %H:%M")  # which says 02:00 twice
    times, notes, _ = parse(clocks, zone="Europe/Berlin")
    expected = local.tz_convert(None).to_numpy("datetime64[us]")
    np.testing.assert_array_equal(times, expected)
    newest_first = parse(clocks[::-1], zone="Europe/Berlin")[0]
    np.testing.assert_array_equal(newest_first, expected[::-1])
    assert notes == ("times of the zone 'Europe/Berlin' are given in UTC",)
    with pytest.raises(UserError, match="`zone` = 'Mars': x.csv cannot be read in it"):
        parse(clocks, zone="Mars")
    with pytest.raises(UserError, match="2020-03-29 02:30"):
        parse(["2020-03-29 02:30"], zone="Europe/Berlin")
    with pytest.raises(UserError, match="for times that name no zone"):
        parse(["2020-03-29 02:30Z"], zone="Europe/Berlin")


@given(st.text("0123456789.: /-", min_size=19, max_size=19), st.integers(0, 600))
def test_a_wrong_time_among_many_is_an_error(cell, row):
    cells = ["31.12.2019 00:00:00"] * 601
    cells[row] = cell
    expected = pd.to_datetime([cell], format="%d.%m.%Y %H:%M:%S", errors="coerce")
    if row and expected.isna()[0]:
        with pytest.raises(UserError, match=f"row {row}: the time must be a time like"):
            parse(cells)
