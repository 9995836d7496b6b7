import warnings
import zipfile

import pytest

from seqconv_jax._checks import UserError
from seqconv_jax.data.files import archive


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
def test_none_or_several_members_are_rejected(tmp_path, members, message):
    path = packed(tmp_path / "a.zip", members)
    with pytest.raises(UserError, match="expected exactly one .csv member, " + message):
        archive.read_member(path)


@pytest.mark.parametrize(
    "name",
    ["../x.csv", "a/../../x.csv", "/etc/x.csv", "C:/x.csv", "c:x.csv", "..\\x.csv"],
)
def test_names_that_climb_out_are_rejected(tmp_path, name):
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


def test_encrypted_members_are_rejected(tmp_path):
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
    path, rejected = tmp_path / "damaged.zip", 0
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 0xFF
        for content in (damaged, whole[:position]):
            path.write_bytes(content)
            try:
                assert archive.read_member(path) == table
            except UserError as error:
                rejected += 1
                assert str(path) in str(error) and "\n" not in str(error)
    assert rejected > len(whole)  # all the cuts and most of the flips


def test_a_flipped_data_byte_is_a_crc_error(tmp_path):
    path = packed(tmp_path / "a.zip", [("a.csv", b"1,2,3,4")], zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"1,2,3,4", b"1,2,3,5"))
    with pytest.raises(UserError, match="cannot be read .Bad CRC-32 for file 'a.csv'"):
        archive.read_member(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2])
def test_other_methods_of_bounded_memory(tmp_path, method):
    path = packed(tmp_path / "a.zip", [("a.csv", b"a\n1\n")], method)
    assert archive.read_member(path) == b"a\n1\n"


def test_a_dictionary_of_gigabytes_is_not_made(tmp_path):
    path = packed(tmp_path / "a.zip", [("a.csv", b"a\n1\n")], zipfile.ZIP_LZMA)
    content = path.read_bytes()
    properties = content.index(b"\x05\x00\x5d")  # their length, then the dictionary's
    huge = content[: properties + 3] + b"\xff" * 4 + content[properties + 7 :]
    path.write_bytes(huge)
    with pytest.raises(UserError, match="must be stored or deflated.*got method 14"):
        archive.read_member(path)
