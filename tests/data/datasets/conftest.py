import pytest
from data.datasets.review_files import write_reviews


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.delenv("SEQCONV_DATA", raising=False)
    monkeypatch.setenv("SEQCONV_OFFLINE", "1")
    monkeypatch.setenv("SEQCONV_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def small(tmp_path):
    return write_reviews(tmp_path / "small.npz")
