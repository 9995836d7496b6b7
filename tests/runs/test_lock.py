import os
import subprocess
import sys
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
