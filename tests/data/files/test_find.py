import hashlib

import pytest

from seqconv_jax._checks import UserError
from seqconv_jax.data.files import GeneratedDataWarning, Origin, Source, find
from seqconv_jax.data.files.cache import cache_dir, replacing
from seqconv_jax.data.files.stream import NoNetworkError

CONTENT = b"the published bytes"
SHA = hashlib.sha256(CONTENT).hexdigest()
OTHER_SHA = hashlib.sha256(b"other").hexdigest()
SPEC = Source(
    name="the test data",
    filename="data.npz",
    url="https://example.invalid/data.npz",
    suffixes=(".npz",),
    sha256=SHA,
    size=len(CONTENT),
)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.delenv("SEQCONV_DATA", raising=False)
    monkeypatch.delenv("SEQCONV_OFFLINE", raising=False)
    monkeypatch.setenv("SEQCONV_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def put(path, content=CONTENT):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def never(*_, **__):
    raise AssertionError("the network was used")


def offline(*_, **__):
    raise NoNetworkError("Name or service not known")


def sends(content):
    """Return a download that delivers `content` and verifies it as the real one."""

    def fetch(url, target, *, max_bytes, verify):
        assert url == SPEC.url
        with replacing(target) as temporary:
            temporary.write_bytes(content)
            verify(temporary)

    return fetch


def test_a_given_file_wins_and_needs_no_hash(tmp_path, cache, monkeypatch):
    mine = put(tmp_path / "mine.NPZ", b"other")
    monkeypatch.setenv("SEQCONV_DATA", str(put(tmp_path / "env.npz")))
    put(cache / "data.npz")
    assert find(SPEC, mine, fetch=never) == Origin(mine, "file", OTHER_SHA)


@pytest.mark.parametrize("below", ["data.npz", "sub/data.npz"])
def test_a_given_directory_is_looked_into_one_level_deep(tmp_path, below):
    put(tmp_path / "given" / below)
    found = find(SPEC, tmp_path / "given", fetch=never)
    assert found == Origin(tmp_path / "given" / below, "file", SHA)


def test_a_given_path_is_never_replaced_by_a_stand_in(tmp_path):
    with pytest.raises(UserError, match="data path must exist, got '.*absent.npz'"):
        find(SPEC, tmp_path / "absent.npz", fetch=offline)
    with pytest.raises(UserError, match=r"must be a .npz file with the test data, got"):
        find(SPEC, put(tmp_path / "table.csv"), fetch=offline)
    with pytest.raises(UserError, match="data path must hold data.npz, got directory"):
        find(SPEC, tmp_path, fetch=offline)


@pytest.mark.parametrize("path", [5, b"x", ["a"]])
def test_a_path_of_another_kind(path):
    with pytest.raises(UserError, match="the data path must be a path, got "):
        find(SPEC, path)


def test_a_name_too_long_for_a_file(monkeypatch):
    with pytest.raises(UserError, match="the data path must exist, got 'xxx"):
        find(SPEC, "x" * 5_000)
    monkeypatch.setenv("SEQCONV_DATA", "x" * 5_000 + "/y")
    with pytest.raises(UserError, match="SEQCONV_DATA must name what exists"):
        find(SPEC)


def test_a_file_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    def denied(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("seqconv_jax.data.files.origin.sha256_file", denied)
    with pytest.raises(
        UserError, match="mine.npz: the data file must be readable, got P"
    ):
        find(SPEC, put(tmp_path / "mine.npz"))


def test_the_environment_names_a_file_or_a_directory(tmp_path, cache, monkeypatch):
    put(cache / "data.npz")
    mine = put(tmp_path / "top" / "folder" / "data.npz", b"other")
    for place in (mine, mine.parent, tmp_path / "top"):
        monkeypatch.setenv("SEQCONV_DATA", str(place))
        assert find(SPEC, fetch=never) == Origin(mine, "file", OTHER_SHA)


def test_the_environment_may_hold_other_data(tmp_path, cache, monkeypatch):
    monkeypatch.setenv("SEQCONV_DATA", str(put(tmp_path / "folder" / "jena.csv")))
    cached = put(cache / "data.npz")
    assert find(SPEC, fetch=never) == Origin(cached, "cache", SHA)
    beside = put(tmp_path / "folder" / "data.npz")
    assert find(SPEC, fetch=never) == Origin(beside, "file", SHA)


def test_the_environment_must_exist(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQCONV_DATA", str(tmp_path / "absent"))
    with pytest.raises(UserError, match=r"\$SEQCONV_DATA must name what exists, got"):
        find(SPEC, fetch=offline)


def test_the_cache_works_without_network(cache):
    cached = put(cache / "data.npz")
    assert find(SPEC, fetch=offline) == Origin(cached, "cache", SHA)


def test_a_wrong_cached_file_is_moved_aside(cache):
    put(cache / "data.npz", b"other")
    message = (
        f"must have 19 bytes, sha256 {SHA}, got 5 bytes, sha256 {OTHER_SHA}.*moved"
    )
    with pytest.raises(UserError, match=message):
        find(SPEC, fetch=never)
    assert [path.name for path in cache.iterdir()] == ["data.npz.rejected"]
    assert find(SPEC, fetch=sends(CONTENT)).source == "download"


def test_a_download_is_verified_and_then_cached(cache):
    cached = cache / "data.npz"
    assert find(SPEC, fetch=sends(CONTENT)) == Origin(cached, "download", SHA)
    assert find(SPEC, fetch=never) == Origin(cached, "cache", SHA)


def test_a_download_with_the_wrong_hash_is_not_used(cache):
    with pytest.raises(
        UserError, match=f"{SPEC.url}: the test data must have 19 bytes"
    ):
        find(SPEC, fetch=sends(b"<html>"))
    assert not (cache / "data.npz").exists()


def test_a_download_that_verifies_nothing_is_verified_all_the_same(cache):
    def fetch(url, target, *, max_bytes, verify):
        put(target, content)

    content = CONTENT
    assert find(SPEC, fetch=fetch) == Origin(cache / "data.npz", "download", SHA)
    (cache / "data.npz").unlink()
    content = b"other"
    with pytest.raises(UserError, match=f"19 bytes.*got 5 bytes, sha256 {OTHER_SHA}"):
        find(SPEC, fetch=fetch)


def test_no_network_gives_a_stand_in_with_a_loud_warning(cache):
    with pytest.warns(GeneratedDataWarning) as caught:
        found = find(SPEC, fetch=offline)
    assert found == Origin(None, "generated", None)
    (warning,) = caught
    text = str(warning.message)
    assert warning.filename == __file__
    assert "GENERATED DATA: the test data could not be had (Name or service" in text
    assert "NOT comparable" in text
    assert f"get data.npz from {SPEC.url} and place it in {cache}, or pass" in text


def test_real_data_can_be_required(cache):
    message = f"Name or service.*get data.npz from {SPEC.url} and place it in {cache}"
    with pytest.raises(UserError, match=message):
        find(SPEC, require_real=True, fetch=offline)


def test_the_network_can_be_left_alone(monkeypatch):
    monkeypatch.setenv("SEQCONV_OFFLINE", "1")
    with pytest.warns(GeneratedDataWarning, match="SEQCONV_OFFLINE is set"):
        assert find(SPEC, fetch=never).source == "generated"


def test_a_source_without_address_is_not_fetched():
    spec = Source(name="bars", filename="bars.csv", suffixes=(".csv",))
    with pytest.raises(UserError, match="bars: .*get bars.csv and place it in"):
        find(spec, require_real=True, fetch=never)


def test_the_real_address_is_given_up_in_time(monkeypatch):
    monkeypatch.setattr("socket.getaddrinfo", fail_lookup)
    with pytest.warns(GeneratedDataWarning, match="no such name"):
        assert find(SPEC).source == "generated"


def fail_lookup(*_, **__):
    raise OSError("no such name")


def test_cache_directory(monkeypatch, tmp_path):
    monkeypatch.delenv("SEQCONV_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir() == tmp_path / "seqconv_jax"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_dir() == tmp_path / ".cache" / "seqconv_jax"
