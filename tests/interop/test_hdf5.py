"""HDF5 is read by a process of its own, which can be ended."""

import sys
import threading
import time

import pytest
from interop.keras_files import gru_file, gru_weights

from seqconv_jax import UserError
from seqconv_jax.interop import hdf5, hdf5_listing
from seqconv_jax.interop.hdf5 import Array, child, list_hdf5, read_array

SPIN = f"""
import runpy
limit = runpy.run_path({hdf5_listing.__file__!r})["_limit"]
limit.__globals__["_PROCESSOR_SECONDS"] = 0
limit()
while True:
    pass
"""
TAKE = SPIN.replace("while True:\n    pass", "print(len(bytearray(2 << 30)))")
PROGRAMS = {
    "spins": SPIN,
    "takes all memory": TAKE,
    "crashes": "import os; os.abort()",
    "says nothing": "",
    "says half": "print('{\"root\": ')",
    "says something else": "print('7')",
}


def listed(path):
    with path.open("rb") as file:
        return list_hdf5(file)


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.skipif(sys.platform == "win32", reason="no limits of the system")
def test_a_library_that_does_not_return(name, weights, tmp_path, monkeypatch):
    program = tmp_path / "program.py"
    program.write_text(PROGRAMS[name])
    monkeypatch.setattr(hdf5, "_PROGRAM", program)
    started = time.monotonic()
    with pytest.raises(UserError, match="crashed in it, or came to no end"):
        listed(weights)
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("bit", [16, 128])
def test_a_text_of_damaged_length_is_an_error_in_seconds(bit, tmp_path):
    """The library was seen to read names of 2^31 bytes that are not there."""
    path = gru_file(tmp_path / "a.h5", None, {}, gru_weights(), root="")
    content = bytearray(path.read_bytes())
    content[content.index(b"layer_names") + 83] ^= bit
    path.write_bytes(content)
    with pytest.raises(UserError, match="expected a whole file of Keras's"):
        listed(path)


def test_a_process_that_waits_is_ended(weights, tmp_path, monkeypatch):
    program = tmp_path / "program.py"
    program.write_text("import time; time.sleep(99)")
    monkeypatch.setattr(hdf5, "_PROGRAM", program)
    monkeypatch.setattr(hdf5, "_SECONDS", -4.5)
    with pytest.raises(UserError, match="came to no end"):
        listed(weights)


def test_python_that_cannot_be_started(weights, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "gone"))
    with pytest.raises(UserError, match="cannot be started: No such file"):
        listed(weights)


def test_nothing_around_is_imported(weights, tmp_path, monkeypatch):
    """Neither the working directory nor the environment chooses what is run."""
    for name in ("json", "numpy", "h5py"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('planted')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert "layers" in listed(weights).items


def test_threads_read_side_by_side(weights):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(listed(weights))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3 and found[0] == found[1] == found[2]


def test_a_file_that_shrinks_while_it_is_read(weights):
    root = listed(weights)
    array = child(root, "layers/gru/cell/vars/0", Array)
    weights.write_bytes(weights.read_bytes()[: array.offset + 4])
    with weights.open("rb") as file:
        with pytest.raises(UserError, match="ends before .* does"):
            read_array(file, array, (2, 9))
