import enum
import json
import os
import subprocess
import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from seqconv_jax import UserError, _files, runs

CONFIG = {"seed": 0, "epochs": 3, "model": {"units": 32}, "data_sha256": "ab"}


def finished(path, **config):
    """A directory with everything that a run writes."""
    with runs.open(path, config={**CONFIG, **config}) as run:
        run.write_history([{"epoch": 1, "step": 5}])
        run.write_summary({"test_mae": 0.25})
        run.checkpoint_dir.mkdir()
        (run.checkpoint_dir / "5").mkdir()
        for name in runs.PICTURES:
            (run.path / name).write_bytes(b"png")
    return Path(path)


def names(path):
    return sorted(set(os.listdir(path)) - {".lock"})


class TestOpen:
    def test_new(self, tmp_path):
        path = tmp_path / "a" / "b"
        with runs.open(path, config=CONFIG) as run:
            assert (run.path, run.resumed) == (path, False)
            assert run.checkpoint_dir == path / "checkpoints"
            assert run.config == {**CONFIG, "run_format": 1}
            assert (run.history(), run.summary()) == ([], None)
        assert names(path) == ["config.json"]
        assert json.loads((path / "config.json").read_text()) == run.config

    def test_empty_directory_and_one_that_was_only_begun(self, tmp_path):
        (tmp_path / ".lock").touch()
        (tmp_path / ".config.json.tmp").write_text('{"se')
        runs.open(tmp_path, config=CONFIG).close()
        assert names(tmp_path) == ["config.json"]

    def test_home(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path))
        with runs.open("~/run") as run:
            assert run.path == tmp_path / "run"

    def test_an_existing_run_needs_a_flag(self, tmp_path):
        finished(tmp_path)
        before = {
            name: (tmp_path / name).stat().st_mtime_ns for name in names(tmp_path)
        }
        with pytest.raises(
            UserError,
            match=r"already holds a run; go on with it \(--resume\), replace it "
            r"\(--overwrite\) or choose another",
        ):
            runs.open(tmp_path, config=CONFIG)
        after = {name: (tmp_path / name).stat().st_mtime_ns for name in names(tmp_path)}
        assert before == after

    @pytest.mark.parametrize("flag", ["none", "resume", "overwrite"])
    def test_a_directory_that_is_no_run_is_left_alone(self, tmp_path, flag):
        (tmp_path / "thesis.tex").write_text("years of work")
        (tmp_path / "checkpoints").mkdir()
        flags = {} if flag == "none" else {flag: True}
        with pytest.raises(
            UserError,
            match="not empty and holds no config.json, expected .*, got checkpoints, "
            "thesis.tex; choose another",
        ):
            runs.open(tmp_path, config=CONFIG, **flags)
        assert sorted(os.listdir(tmp_path)) == ["checkpoints", "thesis.tex"]

    def test_the_config_of_another_program_is_left_alone(self, tmp_path):
        (tmp_path / "config.json").write_text('{"editor": "vi"}')
        (tmp_path / "checkpoints").mkdir()
        with pytest.raises(
            UserError, match="not the config of a run .*expected run_format 1, got None"
        ):
            runs.open(tmp_path, overwrite=True)
        assert sorted(os.listdir(tmp_path)) == ["checkpoints", "config.json"]

    def test_a_file(self, tmp_path):
        (tmp_path / "f").touch()
        with pytest.raises(UserError, match="/f is a file, expected a directory"):
            runs.open(tmp_path / "f")
        with pytest.raises(
            UserError, match="/f/run is a file|cannot write in .*/f/run"
        ):
            runs.open(tmp_path / "f" / "run")

    def test_not_writable(self, tmp_path, monkeypatch):
        def refuse(*_):
            raise PermissionError(13, "Permission denied")

        with monkeypatch.context() as patch:
            patch.setattr("seqconv_jax._lock.os.open", refuse)
            with pytest.raises(
                UserError, match="cannot write in .*: Permission denied"
            ):
                runs.open(tmp_path / "run")

    def test_both_flags(self, tmp_path):
        with pytest.raises(
            UserError, match="`resume` and `overwrite` exclude each othe"
        ):
            runs.open(tmp_path, resume=True, overwrite=True)

    def test_config_that_is_not_json(self, tmp_path):
        with pytest.raises(
            UserError, match=r"`config.model.loss\[1\]` cannot be .*, got function"
        ):
            runs.open(tmp_path / "r", config={"model": {"loss": (1, lambda: 0)}})
        assert not (tmp_path / "r").exists()


class TestOverwrite:
    def test_removes_what_a_run_writes_and_nothing_else(self, tmp_path):
        finished(tmp_path)
        (tmp_path / "notes.txt").write_text("mine")
        (tmp_path / "figure.png").write_text("mine")
        with runs.open(tmp_path, config={"seed": 1}, overwrite=True) as run:
            assert not run.resumed
            assert run.history() == []
        assert names(tmp_path) == ["config.json", "figure.png", "notes.txt"]
        assert json.loads((tmp_path / "config.json").read_text())["seed"] == 1

    def test_does_not_follow_a_link(self, tmp_path):
        outside = tmp_path / "scratch"
        (outside / "5").mkdir(parents=True)
        runs.open(tmp_path / "run").close()
        (tmp_path / "run" / "checkpoints").symlink_to(outside)
        runs.open(tmp_path / "run", overwrite=True).close()
        assert names(tmp_path / "run") == ["config.json"]
        assert os.listdir(outside) == ["5"]

    def test_where_there_is_none(self, tmp_path):
        runs.open(tmp_path / "new", overwrite=True).close()
        assert names(tmp_path / "new") == ["config.json"]


class TestResume:
    def test_goes_on(self, tmp_path):
        finished(tmp_path)
        with runs.open(tmp_path, config=CONFIG, resume=True) as run:
            assert run.resumed
            assert run.history() == [{"epoch": 1, "step": 5}]
            assert run.summary() == {"test_mae": 0.25}

    def test_starts_where_there_is_none(self, tmp_path):
        with runs.open(tmp_path / "new", config=CONFIG, resume=True) as run:
            assert not run.resumed

    def test_without_config_keeps_the_old_one(self, tmp_path):
        finished(tmp_path)
        with runs.open(tmp_path, resume=True) as run:
            assert run.config == {**CONFIG, "run_format": 1}
        assert json.loads((tmp_path / "config.json").read_text()) == run.config

    def test_lists_every_differing_key(self, tmp_path):
        finished(tmp_path)
        other = {"seed": 1, "epochs": 3, "model": {"units": 64}, "pool": 2}
        with pytest.raises(
            UserError,
            match=r'config: data_sha256 \("ab" → null\), model.units \(32 → 64\)'
            r", pool \(null → 2\), seed \(0 → 1\); use the old",
        ):
            runs.open(tmp_path, config=other, resume=True)
        assert json.loads((tmp_path / "config.json").read_text())["seed"] == 0

    def test_other_data(self, tmp_path):
        finished(tmp_path)
        with pytest.raises(UserError, match=r'data_sha256 \("ab" → "cd"\)'):
            runs.open(tmp_path, config={**CONFIG, "data_sha256": "cd"}, resume=True)

    def test_what_may_change(self, tmp_path):
        old = {"data": "a.csv", "out": "x", "data_source": "download", "resume": False}
        new = {"data": "b.csv", "out": "y", "data_source": "cache", "resume": True}
        finished(tmp_path, **old)
        config = {**CONFIG, **new, "epochs": 9}
        with runs.open(tmp_path, config=config, resume=True) as run:
            assert run.config["epochs"] == 9
        assert json.loads((tmp_path / "config.json").read_text())["epochs"] == 9

    def test_generated_data_is_not_the_real_data(self, tmp_path):
        finished(tmp_path, data_source="download")
        with pytest.raises(UserError, match=r'data_source \("real" → "generated"\)'):
            config = {**CONFIG, "data_source": "generated"}
            runs.open(tmp_path, config=config, resume=True)

    def test_elsewhere_warns(self, tmp_path):
        finished(tmp_path, device="cpu", versions={"jax": "0.10.2", "flax": "1"})
        config = {**CONFIG, "device": "gpu", "versions": {"jax": "0.12.0", "flax": "1"}}
        with (
            pytest.warns(
                UserWarning,
                match=r'device \("cpu" → "gpu"\), versions.jax \("0.10.2" → "0.12.0"'
                r"\); the results may differ in the last bits",
            ) as caught,
            runs.open(tmp_path, config=config, resume=True),
        ):
            pass
        assert caught[0].filename == __file__

    @pytest.mark.parametrize("text", ["", "{", "[1]", "\xff"])
    def test_a_damaged_config(self, tmp_path, text):
        (tmp_path / "config.json").write_text(text, encoding="latin-1")
        with pytest.raises(
            UserError, match="config.json is damaged: .*; mend or remove"
        ):
            runs.open(tmp_path, resume=True)


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
        run.truncate_history(20)
        assert run.history() == records[:2]
        run.truncate_history(0)
        assert run.history() == []

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
        (run.path / "history.jsonl").write_text(f'{{"step": 1}}\n{line}\n{{}}\n')
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


class TestLock:
    def test_one_at_a_time(self, tmp_path):
        with (
            runs.open(tmp_path, config=CONFIG),
            pytest.raises(
                UserError, match=f"is in use by process {os.getpid()}; wait until it"
            ),
        ):
            runs.open(tmp_path, config=CONFIG, resume=True)
        runs.open(tmp_path, config=CONFIG, resume=True).close()

    def test_a_run_that_is_dropped_frees_it(self, tmp_path):
        run = runs.open(tmp_path)
        del run
        runs.open(tmp_path, resume=True).close()

    def test_a_refused_open_frees_it(self, tmp_path):
        finished(tmp_path)
        with pytest.raises(UserError, match="another config"):
            runs.open(tmp_path, config={}, resume=True)
        runs.open(tmp_path, config=CONFIG, resume=True).close()

    def test_a_killed_process_frees_it(self, tmp_path):
        code = (
            "import sys, time; from seqconv_jax import runs\n"
            "run = runs.open(sys.argv[1]); print('open', flush=True); time.sleep(60)"
        )
        child = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[1],
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"open\n"
        with pytest.raises(UserError, match=f"in use by process {child.pid}"):
            runs.open(tmp_path, resume=True)
        child.kill()
        child.communicate()
        with runs.open(tmp_path, resume=True) as run:
            assert run.resumed


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
    root = Path(__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0
