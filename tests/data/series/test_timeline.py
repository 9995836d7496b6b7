import numpy as np
import pandas as pd
from data.series.csv_files import read, reject, times

DAYS = [f"2020-01-{day:02d}" for day in range(1, 7)]


def test_newest_first_is_detected_and_reversed(tmp_path):
    text = times(*DAYS[::-1])
    reject(tmp_path, text, r"newest \(2020-01-06\).*pass reverse=True", time="t")
    series = read(tmp_path, text, time="t", reverse=True)
    assert series.values[:, 0].tolist() == [5, 4, 3, 2, 1, 0]
    assert series.times is not None and str(series.times[0])[:10] == "2020-01-01"
    assert series.notes == ("rows reversed",)
    reject(tmp_path, times(*DAYS), "leave it out if it is not", time="t", reverse=True)


def test_unsorted_times(tmp_path):
    text = times(DAYS[0], DAYS[2], DAYS[1], DAYS[3])
    reject(
        tmp_path,
        text,
        "time runs backwards at 1 rows, first at 2020-01-02 after 2020-01-03",
        time="t",
    )
    series = read(tmp_path, text, time="t", unsorted="sort")
    assert series.values[:, 0].tolist() == [0, 2, 1, 3]
    assert series.gaps.tolist() == []
    kept = read(tmp_path, text, time="t", unsorted="keep")
    assert kept.values[:, 0].tolist() == [0, 1, 2, 3]
    assert (kept.every, kept.gaps.tolist()) == (np.timedelta64(2, "D"), [2])


def test_clocks_that_were_set_back(tmp_path):
    zone = "Europe/Berlin"
    hours = pd.date_range("2023-10-28 20:00", periods=12, freq="h", tz=zone)
    text = times(*hours.strftime("%Y-%m-%d %H:%M"))
    match = "1 rows repeat a time.*pass the zone whose clocks .* as zone='Europe/B"
    reject(tmp_path, text, match, time="t")
    series = read(tmp_path, text, time="t", zone=zone)
    assert series.utc and series.every == np.timedelta64(1, "h")
    noon = times(*[f"2023-10-29 {hour}:00" for hour in (12, 12, 13, 14, 15, 16)])
    reject(tmp_path, noon, "pass duplicates='first'", time="t")


def test_repeated_times_even_as_a_block(tmp_path):
    text = times(*DAYS[:4], *DAYS[2:6])  # rows 4 and 5 repeat rows 2 and 3
    reject(
        tmp_path, text, r"2 rows repeat a time, first row 4 \(2020-01-03\)", time="t"
    )
    first = read(tmp_path, text, time="t", duplicates="first")
    assert first.values[:, 0].tolist() == [0, 1, 2, 3, 6, 7] and first.repeated == 0
    last = read(tmp_path, text, time="t", duplicates="last")
    assert last.values[:, 0].tolist() == [0, 1, 4, 5, 6, 7]
    reject(tmp_path, text, "time runs backwards", time="t", duplicates="keep")
    kept = read(tmp_path, text, time="t", duplicates="keep", unsorted="keep")
    assert kept.values[:, 0].tolist() == list(range(8))
    assert (kept.repeated, kept.gaps.tolist()) == (2, [4])
    assert kept.every == np.timedelta64(1, "D")
