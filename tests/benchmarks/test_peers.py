"""Peers compute what we compute, and workers do what they are told."""

import os
import pickle
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import _data
import jax
import numpy as np
import pytest
from _peers import OURS, PEERS
from _session import Session
from _worker import Worker, WorkerFailed
from _workloads import WORKLOADS, plain
from tiny_workloads import TINY

ROOT = Path(__file__).parents[2]


def session(peer, workload, path):
    return Session(peer, workload, plain(workload.layers), path, 1)


def test_which_peers_leave_something_out():
    noted = [peer for peer, each in PEERS.items() if each.note(WORKLOADS["S8a"])]
    assert noted == ["flax", "torch", "torch-compile"]
    assert not any(each.note(WORKLOADS["S7a"]) for each in PEERS.values())


def test_keras_computes_the_same(examples):
    pytest.importorskip("keras")
    workload = TINY["S8a"]
    path = examples(workload)
    with jax.numpy_rank_promotion("allow"):
        x, weights, expected = session(OURS, workload, path).reference(False)
        found = session("keras-jax", workload, path).outputs(weights, x)
    assert np.abs(expected).max() > 0.01
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_torch_computes_the_same(examples):
    pytest.importorskip("torch", reason="PyTorch is an extra")
    path = examples(TINY["TCN"])
    x, weights, expected = session(OURS, TINY["TCN"], path).reference(True)
    found = session("torch", TINY["TCN"], path).outputs(weights, x)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_keras_gets_the_windows_of_the_book():
    pytest.importorskip("keras")
    from _peer_keras import windows

    offsets = np.arange(-6, 0, 2, dtype=np.int32)
    rows = np.arange(6, 20, dtype=np.int32)
    table = np.arange(20, dtype=np.float32)[:, None]
    problem = _data.Problem(table, 10 * table, rows, offsets)
    x, y = next(windows(problem, 50))
    assert x.shape == (50, 3, 1)
    np.testing.assert_array_equal(x[:, :, 0], y[:, None] / 10 + offsets)
    assert set(y / 10) <= set(rows)


def test_a_worker_does_what_it_is_told(examples, quick_workers):
    workload = TINY["S7a"]
    with Worker(OURS, workload, examples(workload), epoch_steps=2) as worker:
        assert worker.ask("epoch") > worker.ask("epoch") > 0
        assert worker.ask("train", 2) > 0
        assert worker.ask("infer", 1, 2) > 0
        memory = worker.ask("memory")
        assert memory["peak"] > memory["rise"] > 0
        with pytest.raises(WorkerFailed, match="ours: ZeroDivisionError"):
            worker.ask("train", 0)
        assert worker.ask("train", 1) > 0


@pytest.mark.parametrize(
    ("within", "expected"), [(None, [20]), (0.01, [1, 1]), (0.5, [1, 5]), (9, [1, 20])]
)
def test_slow_peers_do_less_in_a_turn(within, expected, monkeypatch):
    asked = []
    slow = object.__new__(Session)
    slow._peer = SimpleNamespace(train=asked.append)
    seconds = {1: 0.1, 5: 0.6, 20: 2.0}
    monkeypatch.setattr(
        Session, "_seconds", lambda _, call: call() or seconds[asked[-1]]
    )
    found = slow.train(20, within)
    assert asked == expected
    assert found == pytest.approx(seconds[asked[-1]] / asked[-1])


def test_a_worker_that_cannot_start_says_why(tmp_path):
    with pytest.raises(WorkerFailed, match="ours: FileNotFoundError"):
        Worker(OURS, TINY["S7a"], tmp_path / "missing.npz")


def test_a_worker_imports_the_checkout_that_it_is_told(examples, tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "seqconv_jax").symlink_to(ROOT / "seqconv_jax")
    workload = TINY["S9"]
    before = sys.path[:]
    with Worker(OURS, workload, examples(workload), checkout=folder) as worker:
        assert worker.ask("checkout") == folder
        with pytest.raises(WorkerFailed, match=f"ours of {folder}: ZeroDivision"):
            worker.ask("train", 0)
    assert sys.path == before


def test_layers_as_plain_data():
    block, *_, dense = plain(TINY["TCN"].layers)
    assert (block.kind, block.kernel_size, block.dilation) == ("ResidualBlock", 3, 1)
    assert (dense.kind, dense.features) == ("Dense", 1)
    assert not {"parent", "name"} & vars(dense).keys()


def test_processes_of_peers_are_free_of_jax():
    code = """
import pickle, sys
import compare, floor, scaling, versions
pickle.loads(bytes.fromhex(sys.argv[1]))
print(sorted({"jax", "flax", "optax", "seqconv_jax.nn"} & sys.modules.keys()))
"""
    sent = pickle.dumps((WORKLOADS["TCN"], plain(WORKLOADS["TCN"].layers))).hex()
    done = subprocess.run(
        [sys.executable, "-c", code, sent],
        cwd=ROOT / "experiments" / "benchmarks",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
