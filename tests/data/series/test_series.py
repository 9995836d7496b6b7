import numpy as np
import pytest
from data.series.csv_files import read, times

from seqconv_jax._checks import UserError
from seqconv_jax.data.series import Series


def test_gaps_and_sampling(tmp_path):
    hours = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14]
    stamps = [f"2020-01-01 {hour:02d}:00" for hour in hours]
    series = read(tmp_path, times(*stamps), time="t")
    assert series.gaps.tolist() == [12] and series.every == np.timedelta64(1, "h")
    assert series.regularity == pytest.approx(12 / 13) and series.regular
    assert "every 1h; gaps: 1 (at rows 12)" in series.report()
    one = read(tmp_path, times("2020-01-01"), time="t")
    assert one.every is None and not one.regular and one.gaps.tolist() == []
    untimed = read(tmp_path, "a\n1\n2\n")
    assert (untimed.times, untimed.every, untimed.regular) == (None, None, False)


def test_reports_what_a_person_asks(tmp_path):
    text = "t,a,b\n2020-01-01,1,2\n2020-01-02,,3\n2020-01-03,5,6\n2020-01-03,5,6\n"
    series = read(
        tmp_path, text, time="t", missing="previous", duplicates="keep", unsorted="keep"
    )
    assert (
        series.report()
        .splitlines()[0]
        .endswith("x.csv: 4 rows, 2 columns, 2020-01-01 to 2020-01-03")
    )
    assert "most common step 1d (67% of the rows): not regular" in series.report()
    assert "repeated times: 1" in series.report()
    assert "missing cells: a 1" in series.report()
    assert "1 missing cells filled (missing='previous')" in series.report()


def test_series_checks_its_shapes():
    with pytest.raises(UserError, match=r"shape \(rows, 1\).*got \(3, 2\)"):
        Series(values=np.zeros((3, 2)), columns=("a",))
    with pytest.raises(UserError, match=r"`times` must have shape \(3,\), got \(2,\)"):
        Series(
            values=np.zeros((3, 1)),
            columns=("a",),
            times=np.zeros(2, "datetime64[us]"),
        )
