"""Small files in the form of those that the experiments read."""

import os

import numpy as np
import pytest
from made_texts import made, write_csv


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory):
    """A user's cache directory, for all experiments that are run as commands."""
    before = os.environ.get("SEQCONV_CACHE")
    os.environ["SEQCONV_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    del os.environ["SEQCONV_CACHE"]
    if before is not None:
        os.environ["SEQCONV_CACHE"] = before


@pytest.fixture
def weather(tmp_path):
    """Sixty days of hourly weather in the original's form."""
    rows = 24 * 60
    hours = np.arange(rows)
    noise = np.random.default_rng(0).normal(size=(rows, 2))
    times = np.datetime64("2012-01-01T00:10") + hours.astype("timedelta64[h]")
    lines = ['"Date Time","p (mbar)","T (degC)"']
    for time_, hour, (a, b) in zip(times, hours, noise, strict=True):
        date, clock = str(time_).split("T")
        year, month, day = date.split("-")
        temperature = 8 * np.sin(2 * np.pi * hour / 24) + a
        lines.append(f"{day}.{month}.{year} {clock}:00,{990 + b:.2f},{temperature:.2f}")
    path = tmp_path / "weather.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def reviews(tmp_path):
    """Keras's file with few and short reviews, whose first word tells the label."""
    rng = np.random.default_rng(0)

    def split(n):
        labels = rng.integers(0, 2, n)
        rows = np.empty(n, object)
        for i, label in enumerate(labels):
            rows[i] = [int(label) + 5] * 4 + rng.integers(10, 90, 30).tolist()
        return rows, labels

    (x_train, y_train), (x_test, y_test) = split(200), split(60)
    path = tmp_path / "imdb.npz"
    np.savez(path, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    return path


@pytest.fixture
def bars(tmp_path):
    """Three hundred daily bars of a random walk."""
    close = 100 + np.random.default_rng(0).normal(size=300).cumsum()
    days = np.arange("2020-01-01", 300, dtype="datetime64[D]")
    lines = ["date,open,high,low,close,vol,amount"]
    lines += [
        f"{day},{c:.2f},{c + 1:.2f},{c - 1:.2f},{c:.2f},{1000 + i},{2000 + i}"
        for i, (day, c) in enumerate(zip(days, close, strict=True))
    ]
    path = tmp_path / "bars.csv"
    path.write_text("\n".join(lines) + "\n\n")
    return path


@pytest.fixture
def texts(tmp_path):
    """Texts of two classes."""
    return write_csv(tmp_path / "texts.csv", *made())


@pytest.fixture
def waves(tmp_path):
    """Waves of three classes, of 9 to 14 steps, in the archive's form."""
    rng = np.random.default_rng(0)
    for part, cases in [("TRAIN", 18), ("TEST", 9)]:
        lines = ["@problemName waves", "@classLabel true slow mid fast", "@data"]
        for case in range(cases):
            time = np.arange(9 + case % 6)
            wave = np.sin(time * (1 + case % 3) / 2) + rng.normal(0, 0.1, len(time))
            values = ",".join(f"{value:.4f}" for value in wave)
            lines.append(f"{values}:{('slow', 'mid', 'fast')[case % 3]}")
        (tmp_path / f"waves_{part}.ts").write_text("\n".join(lines) + "\n")
    return tmp_path / "waves_TRAIN.ts"
