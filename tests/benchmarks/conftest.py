"""Examples for workers, and workers that compile quickly."""

import _data
import pytest


@pytest.fixture
def examples(tmp_path):
    """Return a function from a workload to the file of its examples."""

    def save(workload):
        _data.made_up(workload, rows=64).save(tmp_path / "problem.npz")
        return tmp_path / "problem.npz"

    return save


@pytest.fixture
def quick_workers(monkeypatch):
    """Let workers compile in half the time: theirs is not looked at here."""
    options = "backend_optimization_level=0", "llvm_disable_expensive_passes=true"
    flags = " ".join(f"--xla_{option}" for option in options)
    monkeypatch.setenv("XLA_FLAGS", flags)
