import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from runs.helpers import CONFIG, finished

from seqconv_jax import UserError, runs


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

    def test_an_open_that_raises_frees_it(self, tmp_path):
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
            cwd=Path(__file__).parents[2],
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"open\n"
        with pytest.raises(UserError, match=f"in use by process {child.pid}"):
            runs.open(tmp_path, resume=True)
        child.kill()
        child.communicate()
        with runs.open(tmp_path, resume=True) as run:
            assert run.resumed

    @pytest.mark.parametrize("content", [b"mine\n", b"7" * 40, b"\xff\n", b"\0" * 9])
    def test_a_file_that_no_lock_made_is_left_alone(self, tmp_path, content):
        (tmp_path / ".lock").write_bytes(content)
        with pytest.raises(UserError, match=".lock is not the lock of a run.*remove"):
            runs.open(tmp_path)
        assert (tmp_path / ".lock").read_bytes() == content
        (tmp_path / ".lock").unlink()  # the remedy
        runs.open(tmp_path).close()

    def test_a_holder_that_is_about_to_say_who_it_is(self, tmp_path):
        run = runs.open(tmp_path)
        (tmp_path / ".lock").write_text("999999999\n")  # of one that was killed

        def say():
            (tmp_path / ".lock").write_text(f"{os.getpid()}\n")

        late = threading.Timer(0.1, say)
        late.start()
        with pytest.raises(UserError, match=f"in use by process {os.getpid()};"):
            runs.open(tmp_path, resume=True)
        late.join()
        run.close()
        assert (tmp_path / ".lock").read_text() == ""

    def test_a_holder_that_goes_is_followed(self, tmp_path):
        run = runs.open(tmp_path)
        (tmp_path / ".lock").write_text("")
        late = threading.Timer(0.1, run.close)
        late.start()
        runs.open(tmp_path, resume=True).close()
        late.join()

    def test_overwriting_while_others_open(self, tmp_path):
        """Each opening gets the run, or the number of the process that has it."""
        code = """if True:
            import re, sys
            from seqconv_jax import UserError, runs
            for _ in range(40):
                try:
                    with runs.open(sys.argv[1], config={"seed": 0}, overwrite=True):
                        print("open")
                except UserError as error:
                    print(re.search("in use by process ([0-9]+);", str(error))[1])
        """
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "notes.txt").touch()
        (tmp_path / "run" / ".lock").touch()
        runs.open(tmp_path / "new").close()
        (tmp_path / "new" / "config.json").rename(tmp_path / "run" / "config.json")
        children = [
            subprocess.Popen(
                [sys.executable, "-c", code, str(tmp_path / "run")],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                cwd=Path(__file__).parents[2],
            )
            for _ in range(3)
        ]
        said = []
        for child in children:
            out, errors = child.communicate(timeout=60)
            assert child.returncode == 0, errors
            said += out.split()
        assert len(said) == 120 and "open" in said
        assert set(said) <= {"open", *(str(child.pid) for child in children)}

    @pytest.mark.parametrize(
        ("number", "call"), [(28, "write"), (28, "ftruncate"), (30, "open")]
    )
    def test_no_byte_free_at_the_start(self, tmp_path, monkeypatch, number, call):
        def full(*_):
            raise OSError(number, os.strerror(number))

        with monkeypatch.context() as patch:
            patch.setattr(f"seqconv_jax.runs.lock.os.{call}", full)
            with pytest.raises(
                UserError, match=f"cannot write in .*{os.strerror(number)}; choose anot"
            ):
                runs.open(tmp_path / "run", config=CONFIG)
        runs.open(tmp_path / "run", config=CONFIG).close()
