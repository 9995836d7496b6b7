"""A file is hashed once, where it is found, and its origin is handed on whole."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from data.datasets.review_files import write_reviews

from seqconv_jax.data import (
    JENA_FILE,
    Origin,
    Source,
    find,
    forecast_task,
    load_csi300,
    load_imdb,
    load_jena,
    read_series,
)
from seqconv_jax.data.files.cache import replacing


@pytest.fixture
def hashed(monkeypatch):
    """Return a list that names every file hashed from now on."""
    names, digest = [], hashlib.file_digest

    def file_digest(file, algorithm):
        names.append(Path(file.name))
        return digest(file, algorithm)

    monkeypatch.setattr(hashlib, "file_digest", file_digest)
    return names


def write_series(path, time, column):
    days = np.datetime64("2020-01-01") + np.arange(300)
    lines = [f"{day},{row}" for row, day in enumerate(days)]
    path.write_text("\n".join([f"{time},{column}", *lines]))
    return path


@pytest.mark.parametrize("load", ["imdb", "jena", "csi300"])
def test_a_data_set_hashes_its_file_once(tmp_path, hashed, load):
    if load == "imdb":
        path = write_reviews(tmp_path / "imdb.npz")
        task = load_imdb(path, maxlen=4)
    elif load == "jena":
        path = write_series(tmp_path / "jena.csv", "Date Time", "T (degC)")
        task = load_jena(path, lookback=9, every=1, delay=1, split=(150, 220))
    else:
        path = write_series(tmp_path / "bars.csv", "date", "close")
        task = load_csi300(path, split=(150, 220))
    assert hashed == [path]
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert task.origin == Origin(path, "file", sha256)
    assert (task.data_source, task.data_path) == ("file", str(path))
    assert task.data_sha256 == sha256


def test_what_was_found_is_read_without_hashing_it_again(tmp_path, hashed):
    path = write_series(tmp_path / "bars.csv", "date", "close")
    series = read_series(path, time="date")
    assert hashed == [path]
    source = Source(name="bars", filename="bars.csv", suffixes=(".csv",))
    found = find(source, tmp_path)
    again = read_series(found, time="date")
    assert len(hashed) == 2 and again.origin is found and again.origin == series.origin
    task = forecast_task(
        again, target="close", lookback=9, every=1, delay=1, split=(150, 220)
    )
    assert task.origin is found and len(hashed) == 2


def test_cached_and_downloaded_files_are_hashed_once(tmp_path, monkeypatch, hashed):
    monkeypatch.delenv("SEQCONV_OFFLINE")
    content = write_series(tmp_path / "bars.csv", "date", "close").read_bytes()
    source = Source(
        name="bars",
        filename="bars.csv",
        suffixes=(".csv",),
        url="https://example.invalid/bars.csv",
        sha256=hashlib.sha256(content).hexdigest(),
    )

    def fetch(url, target, *, max_bytes, verify):
        with replacing(target) as temporary:
            temporary.write_bytes(content)
            verify(temporary)

    for origin, count in (("download", 1), ("cache", 2)):
        series = read_series(find(source, fetch=fetch), time="date")
        assert (series.data_source, len(hashed)) == (origin, count)
        assert series.sha256 == source.sha256


def test_generated_data_has_no_file_to_read():
    with pytest.raises(ValueError, match="must name a CSV or Parquet file, got gener"):
        read_series(Origin(None, "generated"))
    assert JENA_FILE.sha256 is None
