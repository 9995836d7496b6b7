import numpy as np
import pytest
from data.series.csv_files import read, reject, times

from seqconv_jax._checks import UserError


@pytest.mark.parametrize(
    ("stamps", "second"),
    [
        (("31.01.2009 00:10:00", "01.02.2009 00:10:00"), "2009-02-01T00:10"),
        (("1.1.2009 1:10:00", "1.2.2009 00:10:00"), "2009-02-01T00:10"),
        (("31.01.2009 00:10", "01.02.2009 00:10"), "2009-02-01T00:10"),
        (("31.01.2009", "01.02.2009"), "2009-02-01"),
        (("2009-01-31", "2009-02-01"), "2009-02-01"),
        (("2009-01-31T10:00", "2009-02-01T00:00"), "2009-02-01"),
        (("2009-01-31 10:00:00.25", "2009-02-01 00:00:00.5"), "2009-02-01T00:00:00.5"),
        (("2009/01/31", "2009/02/01"), "2009-02-01"),
        (("20090131", "20090201"), "2009-02-01"),
        (("01/31/2009", "02/01/2009"), "2009-02-01"),
        (("31/01/2009 10:00", "01/02/2009 11:00"), "2009-02-01T11:00"),
        (("31-01-2009", "01-02-2009"), "2009-02-01"),
        (("2009-01-31T10:00:00Z", "2009-02-01T00:00:00Z"), "2009-02-01"),
        (("2009-01-31T10:00:00+01:00", "2009-02-01T02:00:00+02:00"), "2009-02-01"),
    ],
)
def test_documented_time_forms(tmp_path, stamps, second):
    series = read(tmp_path, times(*stamps), time="t")
    assert series.times is not None
    assert series.times[1] == np.datetime64(second, "us")


def test_time_forms_are_never_guessed(tmp_path):
    day_or_month = times("01/02/2020", "02/02/2020")
    reject(
        tmp_path,
        day_or_month,
        "'01/02/2020' can have the day or the month first; pass time_format=",
        time="t",
    )
    series = read(tmp_path, day_or_month, time="t", time_format="%d/%m/%Y")
    assert series.times is not None and str(series.times[0])[:10] == "2020-02-01"
    reject(tmp_path, times("Jan 1"), "row 0: 'Jan 1' is no time in a known", time="t")
    reject(tmp_path, times("2020-01-01", "x"), "row 1: the time must be", time="t")
    reject(tmp_path, times("2020-01-01", ""), "row 1: the time must be", time="t")
    bad = times("01.01.2009 00:10:00", "32.01.2009 00:10:00")
    reject(tmp_path, bad, r"row 1: .*like '%d.%m.%Y %H:%M:%S'.*1 such rows", time="t")
    with pytest.raises(UserError, match="`time_format` must be a strptime format"):
        read(tmp_path, day_or_month, time="t", time_format="mixed")
