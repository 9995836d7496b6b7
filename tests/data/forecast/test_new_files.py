"""New files for a trained forecaster: read as the training file was."""

import numpy as np
import pandas as pd
import pytest
from data.forecast.ramps import START
from data.forecast.test_preprocessor import NAMES, hours, kept, task_of

from seqconv_jax._checks import UserError
from seqconv_jax.data import read_series, read_series_group


def test_a_file_is_read_as_the_training_file_was(tmp_path):
    def write(name, rows, known=None):
        lines = ["time;a (m);b"]
        for row in range(rows):
            a = "?" if known is not None and row >= known else f"{row % 7},5"
            time = START + row * np.timedelta64(1, "h")
            lines.append(f"{str(time)[:16].replace('T', ' ')};{a};{row % 5}")
        (tmp_path / name).write_text("\n".join(lines))
        return tmp_path / name

    series = read_series(write("train.csv", 90), time="time")
    task = task_of(series, target="a (m)", future=["b"])
    fitted = kept(task)
    made = fitted.task(fitted.read(write("new.csv", 54, known=50)))
    assert made.test.tolist() == [49] and np.isfinite(made.gather(made.test)[0]).all()
    np.testing.assert_array_equal(made.gather([49])[0], task.gather([49])[0])  # pyright: ignore
    frame = pd.read_csv(tmp_path / "new.csv", sep=";", decimal=",", na_values="?")
    for index in (
        frame,
        frame.assign(time=pd.to_datetime(frame["time"])).set_index("time"),
    ):
        again = fitted.task(index)
        np.testing.assert_array_equal(again.gather([49])[0], made.gather([49])[0])  # pyright: ignore


def test_a_long_table_is_read_and_forecast_by_series(tmp_path):
    lines = ["day,river,level (m),note"]
    for row in range(60):
        day = np.datetime64("2020-01-01") + np.timedelta64(row, "D")
        lines += [f"{day},Elbe,{row % 7},a", f"{day},Oder,{50 + row % 5},b"]
    (tmp_path / "train.csv").write_text("\n".join(lines))
    group = read_series_group(tmp_path / "train.csv", series="river", time="day")
    task = task_of(group, target="level (m)", horizon="2d", split=(0.5, 0.8))
    assert task.series_names == ("Elbe", "Oder") and "2 series" in task.report
    fitted = kept(task)
    (tmp_path / "new.csv").write_text("\n".join(lines[:41]))
    made = fitted.task(fitted.read(tmp_path / "new.csv"))
    table = fitted.answers(made.naive("test", "last"), made)
    assert table["series"].tolist() == ["Elbe", "Elbe", "Oder", "Oder"]
    np.testing.assert_allclose(table["level (m)"], [19 % 7] * 2 + [50 + 19 % 5] * 2)
    assert str(table["time"][1])[:10] == "2020-01-22"
    frame = pd.read_csv(tmp_path / "new.csv")
    pd.testing.assert_frame_equal(
        table, fitted.answers(made.naive("test", "last"), fitted.task(frame))
    )


def test_a_file_may_lack_columns_that_nobody_reads(tmp_path):
    frame = pd.DataFrame(hours().values, columns=list(NAMES)).round(3)
    frame.insert(0, "time", hours().times)
    frame.to_csv(tmp_path / "train.csv", index=False)
    series = read_series(tmp_path / "train.csv", time="time")
    fitted = kept(task_of(series, target="b", inputs=["a (m)", "b"]))
    frame.drop(columns="c").to_csv(tmp_path / "new.csv", index=False)
    assert len(fitted.task(fitted.read(tmp_path / "new.csv")).test) == 1
    frame.drop(columns="b").to_csv(tmp_path / "bad.csv", index=False)
    with pytest.raises(
        UserError,
        match=r"bad.csv has no column 'b', .*; it needs 'time', 'a .m.', 'b', and",
    ):
        fitted.read(tmp_path / "bad.csv")
    (tmp_path / "bad.csv").write_text(
        "time,a (m),b\n2020-01-01 00:00,2,1\n2020-01-01 01:00,q,1\n"
    )
    with pytest.raises(UserError, match="'q' is not a number; it is read as the file"):
        fitted.read(tmp_path / "bad.csv")


def test_times_that_had_a_zone_are_forecast_in_utc(tmp_path):
    times = pd.date_range("2020-03-28", periods=90, freq="h", tz="Europe/Berlin")
    frame = pd.DataFrame({"time": times.map(str), "a": np.arange(90.0)})
    frame.to_csv(tmp_path / "a.csv", index=False)
    fitted = kept(task_of(read_series(tmp_path / "a.csv", time="time"), target="a"))
    for raw in (fitted.read(tmp_path / "a.csv"), frame.set_index(times)[["a"]]):
        made = fitted.task(raw)
        table = fitted.answers(made.naive("test", "last"), made)
        assert table["time"].tolist() == [
            times[-1] + pd.Timedelta(hours=ahead) for ahead in (1, 2, 3, 4)
        ]
        assert str(table["time"][0]) == "2020-03-31 17:00:00+00:00"


def test_what_a_file_lacks_is_told_without_options(tmp_path):
    frame = pd.DataFrame(hours().values, columns=list(NAMES)).round(3)
    frame.insert(0, "time", hours().times)
    frame.to_csv(tmp_path / "a.csv", index=False)
    fitted = kept(task_of(read_series(tmp_path / "a.csv", time="time")))
    for change, match in (
        (
            {"time": "when"},
            "no column 'time', which .* needs 'time', 'a .m.', 'b', 'c'",
        ),
        ({"a (m)": "a (ft)"}, r"has 'a \(ft\)', of another unit than 'a \(m\)'"),
    ):
        frame.rename(columns=change).to_csv(tmp_path / "new.csv", index=False)
        with pytest.raises(UserError, match=match) as caught:
            fitted.read(tmp_path / "new.csv")
        assert "keep" not in str(caught.value)
    frame.assign(b=frame["b"].where(frame.index != 7)).to_csv(tmp_path / "new.csv")
    with pytest.raises(UserError, match="missing cells.*; it is read as the file of"):
        fitted.read(tmp_path / "new.csv")
