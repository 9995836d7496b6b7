import enum
import subprocess
import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from runs.helpers import names

from seqconv_jax import UserError, _files, runs


class TestFiles:
    @pytest.fixture
    def run(self, tmp_path):
        with runs.open(tmp_path) as run:
            yield run

    def test_history(self, run):
        records = [{"epoch": e, "step": 10 * e, "loss": 1 / e} for e in (1, 2, 3)]
        run.write_history(records[:2])
        run.append(records[2])
        assert run.history() == records
        assert len((run.path / "history.jsonl").read_text().splitlines()) == 3

    def test_numbers_come_back_exactly(self, run):
        values = [0.1, 1e-300, 123456789.123456789, float(np.float32(0.1)), 2**60]
        run.write_summary({"values": values})
        assert run.summary() == {"values": values}

    def test_what_json_can_hold(self, run):
        class Color(enum.Enum):
            RED = "red"

        run.append(
            {
                "loss": np.float32(0.5),
                "step": jnp.asarray(3),
                "rows": np.arange(3),
                "path": Path("a/b"),
                "color": Color.RED,
                "nan": float("nan"),
                "inf": np.float64("-inf"),
                "nested": {1: (jnp.asarray([1.5, np.nan]), None, True)},
            }
        )
        assert run.history() == [
            {
                "loss": 0.5,
                "step": 3,
                "rows": [0, 1, 2],
                "path": "a/b",
                "color": "red",
                "nan": None,
                "inf": None,
                "nested": {"1": [[1.5, None], None, True]},
            }
        ]
        text = (run.path / "history.jsonl").read_text()
        assert "NaN" not in text and "Infinity" not in text

    @pytest.mark.parametrize("line", ["{", "7", "", '{"a": 1} {"b": 2}'])
    def test_a_damaged_line_is_named(self, run, line):
        run.append({"step": 1})
        with (run.path / "history.jsonl").open("a") as history:
            history.write(f"{line}\n{{}}\n")
        with pytest.raises(UserError, match="history.jsonl, line 2 is damaged: "):
            run.history()

    def test_a_failed_write_leaves_the_old_file(self, run, monkeypatch):
        run.append({"step": 1})

        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(_files.os, "fsync", full)
        with pytest.raises(
            UserError,
            match="could not write .*history.jsonl: No space left on device; what it "
            "held before is untouched",
        ):
            run.append({"step": 2})
        monkeypatch.undo()
        assert run.history() == [{"step": 1}]
        assert names(run.path) == ["config.json", "history.jsonl"]


def test_environment():
    found = runs.environment(device="cpu")
    assert found["device"] == "cpu"
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["versions"]["numpy"] == np.__version__
    assert set(found["versions"]) == set(runs.PACKAGES)


def test_opening_a_run_does_not_import_jax():
    code = (
        "import sys; from seqconv_jax import runs; runs.environment(); "
        "sys.exit('jax' in sys.modules or 'numpy' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0
