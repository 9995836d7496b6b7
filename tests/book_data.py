"""Small files in the place of the book's data sets."""

import numpy as np
import pandas as pd


def write_book_data(folder):
    """Write two hundred reviews, and two years of half hours of weather."""
    write_reviews(folder / "imdb.npz")
    write_weather(folder / "jena_climate_2009_2016.csv.zip")


def write_reviews(path):
    """Write reviews whose first words tell the label."""
    rng = np.random.default_rng(0)
    arrays = {}
    for part, count in (("train", 200), ("test", 60)):
        labels = rng.integers(0, 2, count)
        texts = np.empty(count, object)
        texts[:] = [
            [5 + int(label)] * 4 + rng.integers(10, 90, 30).tolist() for label in labels
        ]
        arrays |= {f"x_{part}": texts, f"y_{part}": labels}
    np.savez(path, **arrays)


def write_weather(path):
    """Write the columns of the Jena file, on both sides of the dates of its cuts."""
    times = pd.date_range("2012-10-01", "2014-11-01", freq="30min")
    names = ["p (mbar)", "T (degC)", *(f"other {i}" for i in range(12))]
    values = np.random.default_rng(0).normal(size=(len(times), len(names)))
    values[:, 1] += 8 * np.sin(2 * np.pi * np.arange(len(times)) / 48)
    frame = pd.DataFrame(values.round(2), columns=names)
    frame.insert(0, "Date Time", times.strftime("%d.%m.%Y %H:%M:%S"))
    member = {"method": "zip", "archive_name": "jena_climate_2009_2016.csv"}
    frame.to_csv(path, index=False, compression=member)
