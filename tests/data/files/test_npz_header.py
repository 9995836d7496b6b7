import itertools
import os

import numpy as np
import pytest
from data.files.npz_files import header, npy, npz

from seqconv_jax._checks import UserError
from seqconv_jax.data.files.npz import read_npz


@pytest.mark.parametrize("descr", ["<i8", "|O", "<f4"])
@pytest.mark.parametrize("shape", [(10**12,), (0, 10**30), (2**63, 2), (-1,), (3, 5)])
def test_declared_sizes_are_checked_before_anything_is_made(tmp_path, shape, descr):
    path = npz(tmp_path / "a.npz", x=npy(shape, descr, b"12345678"))
    message = "must hold the elements it declares, got shape|must be numbers or rows"
    with pytest.raises(UserError, match=message):
        read_npz(path, ("x",))


@pytest.mark.parametrize(
    "descr",
    ["<U0", "|V0", "<M8[s]", [("a", "|O")], "|S4", "<q9", "<i3", "<f99", "x" * 5_000]
    + [[(f"field {at}", "<f4") for at in range(250)], "<c8", "O" * 9, ""],
    ids=itertools.count(),
)
def test_other_types_are_rejected(tmp_path, descr):
    path = npz(tmp_path / "a.npz", x=npy((1,), descr, b"1234"))
    with pytest.raises(UserError, match="must be numbers or rows of integers, got"):
        read_npz(path, ("x",))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        npy((1,), "<i8")[:20],
        npy((1,), "<i8").replace(b"'shape'", b"'shapo'"),
        npy((1,), "<i8").replace(b"\x01\x00v", b"\x09\x00v"),
        npy((1,), "<i8")[:8],
        header(b""),
        header(b"{'descr': '<i8', 'fortran_order': False, 'shape': (1,), "),
        header(b"{'descr': '<i8', 'fortran_order': 1, 'shape': (1,), }"),
        header(b"{'descr': '<i8', 'fortran_order': False, 'shape': 1, }"),
        header(b"{'descr': '<i8', 'fortran_order': False, 'shape': (1.0,), }"),
        header(b"{'descr': '<i8', 'fortran_order': False, 'shape': ('1',), }"),
        header(b"{'descr': '<i8', 'fortran_order': False, 'shape': (1,), 'x': 1}"),
        header(b"{'descr': 'i''8', 'fortran_order': False, 'shape': (1,), }"),
        header(b"(" * 9_000),
        header(b"[" * 60_000),
        header(b"-" * 9_000 + b"1"),
        header(b"{'descr': '<i8', 'shape': (" + b"1, " * 20_000 + b")}"),
        header(b"\\N{" * 999),
        header(b"1\n" * 4_000, version=2),
        header(b"\xff\xfe" * 99, version=3),
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff{'descr'",
    ],
    ids=itertools.count(),
)
def test_a_bad_header_is_rejected(tmp_path, content):
    with pytest.raises(UserError, match="array 'x' must have a .npy header, got "):
        read_npz(npz(tmp_path / "a.npz", x=content), ("x",))


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize(
    "text",
    [
        b"{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }          \n",
        b"{'descr': '<i8', 'fortran_order': False, 'shape': (1L,), } \n",
        b"{'descr': '=i8', 'fortran_order': True, 'shape': (1,)}",
    ],
)
def test_headers_of_every_version_of_numpy_and_python(tmp_path, text, version):
    path = npz(tmp_path / "a.npz", x=header(text, version))
    np.testing.assert_array_equal(read_npz(path, ("x",))["x"], [0])


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.npz")
    with pytest.raises(UserError, match="expected a zip file, got a folder or a dev"):
        read_npz(tmp_path / "a.npz", ("x",))


@pytest.mark.parametrize("shape", [(1,) * 99, (0, *[100] * 40)], ids=["many", "large"])
def test_shapes_that_numpy_does_not_have(tmp_path, shape):
    path = npz(tmp_path / "a.npz", x=npy(shape, "<i8", bytes(8 * bool(shape[0]))))
    with pytest.raises(UserError, match="array 'x' has no possible shape"):
        read_npz(path, ("x",))
