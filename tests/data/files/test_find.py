import hashlib
import warnings
import zipfile

import pytest

from seqconv_jax._checks import UserError
from seqconv_jax.data.files import archive
from seqconv_jax.data.files import cache as files
from seqconv_jax.data.files import find as sources
from seqconv_jax.data.files.find import Found, GeneratedDataWarning, NoNetworkError, find

CONTENT = b"the published bytes"
SHA = hashlib.sha256(CONTENT).hexdigest()
OTHER_SHA = hashlib.sha256(b"other").hexdigest()
SPEC = sources.Source(
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
        with files.replacing(target) as temporary:
            temporary.write_bytes(content)
            verify(temporary)

    return fetch


def test_a_given_file_wins_and_needs_no_hash(tmp_path, cache, monkeypatch):
    mine = put(tmp_path / "mine.NPZ", b"other")
    monkeypatch.setenv("SEQCONV_DATA", str(put(tmp_path / "env.npz")))
    put(cache / "data.npz")
    assert find(SPEC, mine, fetch=never) == Found(mine, "file", OTHER_SHA)


@pytest.mark.parametrize("below", ["data.npz", "sub/data.npz"])
def test_a_given_directory_is_looked_into_one_level_deep(tmp_path, below):
    put(tmp_path / "given" / below)
    found = find(SPEC, tmp_path / "given", fetch=never)
    assert found == Found(tmp_path / "given" / below, "file", SHA)


def test_a_given_path_is_never_replaced_by_a_stand_in(tmp_path):
    with pytest.raises(UserError, match="data path must exist, got '.*absent.npz'"):
        find(SPEC, tmp_path / "absent.npz", fetch=offline)
    with pytest.raises(UserError, match=r"must be a .npz file with the test data, got"):
        find(SPEC, put(tmp_path / "table.csv"), fetch=offline)
    with pytest.raises(UserError, match="data path must hold data.npz, got directory"):
        find(SPEC, tmp_path, fetch=offline)


def test_a_file_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    def denied(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(sources, "sha256_file", denied)
    with pytest.raises(
        UserError, match="mine.npz: the data file must be readable, got P"
    ):
        find(SPEC, put(tmp_path / "mine.npz"))


def test_the_environment_names_a_file_or_a_directory(tmp_path, cache, monkeypatch):
    put(cache / "data.npz")
    mine = put(tmp_path / "top" / "folder" / "data.npz", b"other")
    for place in (mine, mine.parent, tmp_path / "top"):
        monkeypatch.setenv("SEQCONV_DATA", str(place))
        assert find(SPEC, fetch=never) == Found(mine, "file", OTHER_SHA)


def test_the_environment_may_hold_other_data(tmp_path, cache, monkeypatch):
    monkeypatch.setenv("SEQCONV_DATA", str(put(tmp_path / "folder" / "jena.csv")))
    cached = put(cache / "data.npz")
    assert find(SPEC, fetch=never) == Found(cached, "cache", SHA)
    beside = put(tmp_path / "folder" / "data.npz")
    assert find(SPEC, fetch=never) == Found(beside, "file", SHA)


def test_the_environment_must_exist(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQCONV_DATA", str(tmp_path / "absent"))
    with pytest.raises(UserError, match=r"\$SEQCONV_DATA must name what exists, got"):
        find(SPEC, fetch=offline)


def test_the_cache_works_without_network(cache):
    cached = put(cache / "data.npz")
    assert find(SPEC, fetch=offline) == Found(cached, "cache", SHA)


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
    assert find(SPEC, fetch=sends(CONTENT)) == Found(cached, "download", SHA)
    assert find(SPEC, fetch=never) == Found(cached, "cache", SHA)


def test_a_download_with_the_wrong_hash_is_not_used(cache):
    with pytest.raises(
        UserError, match=f"{SPEC.url}: the test data must have 19 bytes"
    ):
        find(SPEC, fetch=sends(b"<html>"))
    assert not (cache / "data.npz").exists()


def test_no_network_gives_a_stand_in_with_a_loud_warning(cache):
    with pytest.warns(GeneratedDataWarning) as caught:
        found = find(SPEC, fetch=offline)
    assert found == Found(None, "generated", None)
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
    spec = sources.Source(name="bars", filename="bars.csv", suffixes=(".csv",))
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
    assert files.cache_dir() == tmp_path / "seqconv_jax"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert files.cache_dir() == tmp_path / ".cache" / "seqconv_jax"


def jena_zip(path, header):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("jena_climate_2009_2016.csv", header + "\n01.01.2009 00:10:00")
    return path


def test_jena_is_known_by_its_header(cache):
    columns = [
        '"Date Time"',
        '"p (mbar)"',
        '"T (degC)"',
        *(f'"{i}"' for i in range(12)),
    ]
    path = jena_zip(cache / "jena_climate_2009_2016.csv.zip", ",".join(columns))
    found = find(sources.JENA, fetch=never)
    assert found == Found(path, "cache", sources.sha256_file(path))
    jena_zip(path, ",".join(columns[:-1]))
    with pytest.raises(UserError, match="got 14 columns, b'Date Time' first; moved to"):
        find(sources.JENA, fetch=never)
    put(path, b"<html>")
    with pytest.raises(UserError, match="expected a whole zip file, got one that can"):
        find(sources.JENA, fetch=never)
    assert [one.name for one in cache.iterdir()] == [path.name + ".rejected"]


# ---- zip files


def packed(path, members, method=zipfile.ZIP_DEFLATED):
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", method) as out:
        warnings.simplefilter("ignore")  # repeated names are part of the tests
        for name, content in members:
            out.writestr(name, content)
    return path


def test_the_one_data_member_is_read(tmp_path):
    members = [
        ("folder/", b""),
        ("folder/Table.CSV", b"a,b\n1,2\n"),
        ("__MACOSX/folder/._Table.csv", b"junk"),
        ("folder/.DS_Store", b"junk"),
        ("README.txt", b"read me"),
    ]
    path = packed(tmp_path / "a.zip", members)
    assert archive.read_member(path) == b"a,b\n1,2\n"
    assert archive.read_member(path, suffix=".txt") == b"read me"


@pytest.mark.parametrize(
    "members, message",
    [
        ([], "got 0 .members: none."),
        ([("a.txt", b"")], "got 0 .members: 'a.txt'."),
        ([("a.csv", b""), ("b.csv", b"")], "got 2 .members: 'a.csv', 'b.csv'.; unpack"),
        ([("a.csv", b""), ("a.csv", b"")], "got 2 .members: 'a.csv', 'a.csv'."),
    ],
)
def test_none_or_several_members_are_refused(tmp_path, members, message):
    path = packed(tmp_path / "a.zip", members)
    with pytest.raises(UserError, match="expected exactly one .csv member, " + message):
        archive.read_member(path)


@pytest.mark.parametrize(
    "name",
    ["../x.csv", "a/../../x.csv", "/etc/x.csv", "C:/x.csv", "c:x.csv", "..\\x.csv"],
)
def test_names_that_climb_out_are_refused(tmp_path, name):
    path = packed(tmp_path / "a.zip", [("good.csv", b"1"), (name, b"2")])
    with pytest.raises(UserError, match="member names must stay inside the archive"):
        archive.read_member(path)
    assert [one.name for one in tmp_path.iterdir()] == ["a.zip"]


def test_a_zip_bomb_stops_at_the_cap(tmp_path):
    path = packed(tmp_path / "bomb.zip", [("a.csv", bytes(50_000_000))])
    assert path.stat().st_size < 100_000
    with pytest.raises(UserError, match="must unpack to at most 3,000,000 bytes, got"):
        archive.read_member(path, max_bytes=3_000_000)
    assert len(archive.read_member(path, max_bytes=50_000_000)) == 50_000_000


def test_encrypted_members_are_refused(tmp_path):
    path = packed(tmp_path / "a.zip", [("a.csv", b"1")])
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match="members must not be encrypted, got 'a.csv'"):
        archive.read_member(path)


def test_every_damage_is_an_error_or_harmless(tmp_path):
    table = b"".join(b"%d,%d\n" % (i, i * i) for i in range(100))
    whole = packed(tmp_path / "a.zip", [("a.csv", table)]).read_bytes()
    path, refused = tmp_path / "damaged.zip", 0
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 0xFF
        for content in (damaged, whole[:position]):
            path.write_bytes(content)
            try:
                assert archive.read_member(path) == table
            except UserError as error:
                refused += 1
                assert str(path) in str(error) and "\n" not in str(error)
    assert refused > len(whole)  # all the cuts and most of the flips


def test_a_flipped_data_byte_is_a_crc_error(tmp_path):
    path = packed(tmp_path / "a.zip", [("a.csv", b"1,2,3,4")], zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"1,2,3,4", b"1,2,3,5"))
    with pytest.raises(UserError, match="cannot be read .Bad CRC-32 for file 'a.csv'"):
        archive.read_member(path)
