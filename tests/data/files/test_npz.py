import os
import pickle
import struct

import numpy as np
import pytest
from data.files.npz_files import npy, npz

from seqconv_jax._checks import UserError
from seqconv_jax.data.files.inert_pickle import load_rows
from seqconv_jax.data.files.npz import Ragged, read_npz

ROWS = [[1, 255, 256], [], [65_535, 65_536, 2**31 - 1], [7], list(range(2_500))]


def objects(rows):
    array = np.empty(len(rows), object)
    array[:] = rows
    return array


def pickled(path, content, rows=1):
    return npz(path, x=npy((rows,), "|O", content))


def assert_rows(ragged, rows):
    assert isinstance(ragged, Ragged)
    assert ragged.values.dtype == np.int32 and ragged.offsets.dtype == np.int64
    assert ragged.offsets.tolist() == np.cumsum([0, *map(len, rows)]).tolist()
    assert ragged.values.tolist() == [one for row in rows for one in row]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_rows_come_back_flat(tmp_path, protocol):
    content = pickle.dumps(objects(ROWS), protocol)
    arrays = read_npz(pickled(tmp_path / "a.npz", content, len(ROWS)), ("x",))
    assert_rows(arrays["x"], ROWS)


def test_the_pickle_of_python_2_is_read(tmp_path):
    head = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00"
        b"\x85U\x01b\x87Rq\x03(K\x01K\x02\x85cnumpy\ndtype\nq\x04U\x02O8K\x00K\x01\x87R"
        b"q\x05(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tb\x89]q\x06"
    )
    content = head + b"(]q\x07(K\x05M\x01\x01e]q\x08K\x06aetb."
    arrays = read_npz(pickled(tmp_path / "a.npz", content, 2), ("x",))
    assert_rows(arrays["x"], [[5, 257], [6]])


def test_what_numpy_saves_is_read(tmp_path):
    path = tmp_path / "a.npz"
    numbers = {
        "labels": np.array([0, 1, 1]),
        "wide": np.arange(6, dtype=">f4").reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "empty": np.zeros((0, 4)),
        "scalar": np.array(7),
    }
    np.savez_compressed(path, x=objects(ROWS), unread=objects([None]), **numbers)
    arrays = read_npz(path, ("x", *numbers))
    assert_rows(arrays["x"], ROWS)
    for name, expected in numbers.items():
        np.testing.assert_array_equal(arrays[name], expected, strict=True)


class Attack:
    """Pickles into a call of `os.system`."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("where", ["alone", "row", "token"])
def test_a_pickle_that_runs_a_command_is_rejected(tmp_path, protocol, where):
    marker = tmp_path / "m"
    attack = Attack(f"touch {marker}")
    value = {"alone": attack, "row": objects([attack]), "token": objects([[attack]])}
    content = pickle.dumps(value[where], protocol)
    with pytest.raises(UserError, match="must be a pickle of lists of integers only"):
        read_npz(pickled(tmp_path / "a.npz", content), ("x",))
    assert not marker.exists()
    pickle.loads(content)  # the attack is real
    assert marker.exists()


@pytest.mark.parametrize(
    "name", ["posix system", "builtins eval", "numpy load", "numpy._core.multiarray x"]
)
def test_other_globals_are_rejected_by_name(name):
    module, attribute = name.split()
    for content in (
        b"\x80\x02c%b\n%b\n." % (module.encode(), attribute.encode()),
        b"\x80\x04\x8c%c%b\x8c%c%b\x93."
        % (len(module), module.encode(), len(attribute), attribute.encode()),
    ):
        with pytest.raises(UserError, match=f"got the global {module}.{attribute}; do"):
            load_rows(content, "file")


@pytest.mark.parametrize(
    "content",
    [
        b"cnumpy\nndarray\n(J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86tR.",  # huge array
        b"cnumpy\nndarray\n)\x81.",  # NEWOBJ
        b"cnumpy\nndarray\n}U\x01aK\x01sb.",  # attributes of the global
        b"r\xff\xff\xff\x7f.",  # a memo of 32 GB
        b"]r\xff\xff\xff\x7f.",
        b"\x8e" + struct.pack("<Q", 10**15) + b".",  # BINBYTES8 of 1 PB
        b"\x8d" + struct.pack("<Q", 10**15) + b".",  # BINUNICODE8
        b"\x96" + struct.pack("<Q", 10**15) + b".",  # BYTEARRAY8
        b"B\xff\xff\xff\xff.",
        b"\x8b\xff\xff\xff\x7f.",  # LONG4
        b"\x80\x04\x95" + struct.pack("<Q", 10**15) + b"].",  # a huge frame
        b"K\x01.",
        b"].",
        b"",
        b".",
        b"a.",
        b"](K\x01",
        b"h\x07.",
        b"j\xff\xff\xff\xff.",
        b"]2.",  # DUP
        b"\x80\x63].",
        b"P1\n.",  # persistent id
        b"\x82\x01.",  # extension registry
    ],
)
def test_hostile_pickles_are_rejected(content):
    with pytest.raises(UserError, match="file must be a pickle of lists of integers"):
        load_rows(content, "file")


def test_state_for_a_global_reaches_no_later_load():
    assert load_rows(b"cnumpy\nndarray\n(NNNN](K\x05etb.", "file") == [5]
    with pytest.raises(UserError, match="got something else"):
        load_rows(b"cnumpy\nndarray\n.", "file")


@pytest.mark.parametrize(
    "rows, got",
    [
        ([[1], [1.5]], "got other instructions"),
        ([[1], ["word"]], "got str in a list"),
        ([[1], [True]], "got bool in a list"),
        ([[1], [None]], "got NoneType in a list"),
        ([[1], [[2]]], "got list in a list"),
        ([[1], (2,)], "must be 2 lists, got 2 objects"),
        ([[1], None], "must be 2 lists, got 2 objects"),
        ([[1], [2**31]], "got other instructions"),
    ],
)
def test_rows_must_be_lists_of_integers(tmp_path, rows, got):
    path = pickled(tmp_path / "a.npz", pickle.dumps(objects(rows), 4), 2)
    with pytest.raises(UserError, match=f"array 'x'.*{got}"):
        read_npz(path, ("x",))


def test_one_list_may_not_unfold_without_end(tmp_path):
    rows = [list(range(1_000))] * 1_000
    path = pickled(tmp_path / "a.npz", pickle.dumps(objects(rows), 4), 1_000)
    with pytest.raises(UserError, match="fewer integers than bytes, got 1,000,000"):
        read_npz(path, ("x",))


def test_the_header_must_count_the_rows(tmp_path):
    path = pickled(tmp_path / "a.npz", pickle.dumps(objects([[1], [2]]), 4), 3)
    with pytest.raises(UserError, match="array 'x' must be 3 lists, got 2 objects"):
        read_npz(path, ("x",))


def test_missing_arrays_are_named(tmp_path):
    path = npz(tmp_path / "a.npz", y=npy((0,), "<i8"))
    with pytest.raises(UserError, match="expected one array 'x', got members y.npy"):
        read_npz(path, ("x",))


def test_an_array_may_not_unpack_beyond_the_cap(tmp_path):
    path = npz(tmp_path / "a.npz", x=npy((10**7,), "|u1", bytes(10**7)))
    assert len(read_npz(path, ("x",))["x"]) == 10**7
    with pytest.raises(UserError, match="member 'x.npy' must unpack to at most 1,000,"):
        read_npz(path, ("x",), max_bytes=1_000_000)


def test_every_damage_of_a_pickle_is_rejected_or_harmless():
    whole = pickle.dumps(objects([[1, 300], [70_000], []]), 4)
    for position in range(len(whole)):
        for content in (
            whole[:position],
            *(
                whole[:position] + bytes([other]) + whole[position + 1 :]
                for other in range(256)
            ),
        ):
            try:
                rows = load_rows(content, "file")
            except UserError as error:
                assert "file must be a pickle of lists of integers" in str(error)
            else:
                assert type(rows) is list


def test_a_cut_file_is_rejected(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=objects(ROWS))
    content = path.read_bytes()
    for length in (0, 10, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(UserError, match="expected a whole zip file, got one that"):
            read_npz(path, ("x",))
