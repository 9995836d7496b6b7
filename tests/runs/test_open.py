import json
import os
from typing import Any

import pytest
from runs.helpers import CONFIG, FIGURES, finished, names

from seqconv_jax import UserError, runs


class TestOpen:
    def test_new(self, tmp_path):
        path = tmp_path / "a" / "b"
        with runs.open(path, config=CONFIG) as run:
            assert (run.path, run.resumed) == (path, False)
            assert run.checkpoint_dir == path / "checkpoints"
            assert run.config == {**CONFIG, "run_format": 2}
            assert (run.history(), run.summary()) == ([], None)
        assert names(path) == ["config.json"]
        written = json.loads((path / "config.json").read_text())
        assert len(written.pop("run_sha256")) == 64 and written == run.config

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
            match=r"already holds a run; go on with it \(resume=True\), replace it "
            r"\(overwrite=True\) or choose another",
        ):
            runs.open(tmp_path, config=CONFIG)
        after = {name: (tmp_path / name).stat().st_mtime_ns for name in names(tmp_path)}
        assert before == after

    @pytest.mark.parametrize("flag", ["none", "resume", "overwrite"])
    def test_a_directory_that_is_no_run_is_left_alone(self, tmp_path, flag):
        (tmp_path / "thesis.tex").write_text("years of work")
        (tmp_path / "checkpoints").mkdir()
        flags: Any = {} if flag == "none" else {flag: True}
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
            UserError,
            match="not the config of a run .*expected run_format of 1 to 2, got None",
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
        def deny(*_):
            raise PermissionError(13, "Permission denied")

        with monkeypatch.context() as patch:
            patch.setattr("seqconv_jax.runs.lock.os.open", deny)
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
        with runs.open(
            tmp_path, config={"seed": 1}, overwrite=True, files=FIGURES
        ) as run:
            assert not run.resumed
            assert run.history() == []
        assert names(tmp_path) == ["config.json", "figure.png", "notes.txt"]
        assert json.loads((tmp_path / "config.json").read_text())["seed"] == 1

    def test_leaves_figures_that_it_was_not_told_about(self, tmp_path):
        finished(tmp_path)
        runs.open(tmp_path, overwrite=True).close()
        assert names(tmp_path) == ["config.json", *sorted(FIGURES)]

    @pytest.mark.parametrize("name", ["../loss.png", "figures/loss.png", "/x", ".."])
    def test_files_lie_in_the_directory(self, tmp_path, name):
        with pytest.raises(UserError, match="`files` must be names without a director"):
            runs.open(tmp_path / "run", files=(name,))
        assert not (tmp_path / "run").exists()

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
