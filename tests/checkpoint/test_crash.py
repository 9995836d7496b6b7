import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from checkpoint.helpers import assert_same, make_tree, run_python

from seqconv_jax import UserError
from seqconv_jax.checkpoint import Checkpoints, steps


class TestCrash:
    def test_kill_at_any_instant_leaves_complete_steps(self, tmp_path):
        code = """
            import sys, jax.numpy as jnp
            from seqconv_jax.checkpoint import Checkpoints
            with Checkpoints(sys.argv[1]) as checkpoints:
                for step in range((checkpoints.latest or 0) + 1, 10**6):
                    tree = {"a": jnp.full(20_000, step), "b": jnp.asarray(step)}
                    checkpoints.save(step, tree, {"val_loss": float(-step % 7)})
                    checkpoints.wait()
                    print(step, flush=True)
        """
        rng = random.Random(1)
        like = {"a": jnp.zeros(20_000, jnp.int32), "b": jnp.asarray(0)}
        hidden = 0
        for attempt in range(12):
            if attempt >= 3 and hidden:
                break
            child = subprocess.Popen(
                [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)],
                stdout=subprocess.PIPE,
                text=True,
                cwd=Path(__file__).parents[2],
            )
            assert child.stdout is not None
            confirmed = int(child.stdout.readline())  # it is at work
            time.sleep(rng.uniform(0.0, 0.2))
            child.send_signal(signal.SIGKILL)
            rest = child.communicate()[0].split()
            confirmed = int(rest[-1]) if rest else confirmed
            hidden += any(name.startswith(".") for name in os.listdir(tmp_path))
            checkpoints = Checkpoints(tmp_path)
            assert checkpoints.latest is not None and checkpoints.latest >= confirmed
            assert checkpoints.best in checkpoints.steps
            for step in checkpoints.steps:
                got = checkpoints.load(step, like)
                assert_same(got, {"a": jnp.full(20_000, step), "b": jnp.asarray(step)})
        assert hidden  # at least one was cut in the middle of a save
        with Checkpoints(tmp_path) as checkpoints:
            checkpoints.save(10**7, like, None)
        assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]

    def test_kill_between_the_two_renames_of_a_replacement(self, saved):
        (saved / "20").rename(saved / ".replaced-20")
        (saved / ".writing-20").mkdir()
        checkpoints = Checkpoints(saved)
        assert checkpoints.steps == [10, 20]
        assert_same(checkpoints.load(20, make_tree()), make_tree(20))

    def test_a_replaced_step_that_was_left_is_cleared(self, saved):
        shutil.copytree(saved / "20", saved / ".replaced-20")
        with Checkpoints(saved) as checkpoints:
            checkpoints.save(30, make_tree(), None)
        assert sorted(os.listdir(saved)) == ["10", "30"]

    def test_disk_full(self, tmp_path):
        # A limit on the size of files fails writes as a full disk does.
        code = """
            import os, resource, sys
            import numpy as np
            from seqconv_jax.checkpoint import Checkpoints
            checkpoints = Checkpoints(sys.argv[1])
            tree = {"a": np.random.default_rng(0).normal(size=50_000)}
            checkpoints.save(1, tree, {"val_loss": 1.0})
            checkpoints.wait()
            soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
            checkpoints.save(2, tree, {"val_loss": 0.5})
            try:
                checkpoints.wait()
            except ValueError as error:
                print(type(error).__name__, error)
            assert os.listdir(sys.argv[1]) == ["1"]
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            checkpoints.save(3, tree, None)  # works again once there is room
            assert checkpoints.steps == [1, 3]
            assert (checkpoints.load(3, tree)["a"] == tree["a"]).all()
            checkpoints.close()
        """
        done = run_python(code, tmp_path)
        assert done.stdout == (
            f"UserError could not write checkpoint {tmp_path}/2: File too large; "
            "step 1 is intact. Free some space or fix the permissions, then resume\n"
        )
        assert done.stderr == ""  # one line, said once

    def test_directory_lost(self, saved):
        with pytest.raises(
            UserError, match="could not write checkpoint .*/30: Not a dir"
        ):
            with Checkpoints(saved) as checkpoints:
                checkpoints.save(25, make_tree(), None)
                checkpoints.wait()
                shutil.rmtree(saved)
                saved.write_text("now a file")
                checkpoints._pending = checkpoints._thread.submit(  # type: ignore
                    checkpoints._write, 30, {"a": np.ones(1)}, {"metrics": None}
                )

    def test_a_failed_save_is_raised_by_the_next(self, tmp_path, monkeypatch):
        def fail(*_):
            try:
                raise OSError(28, "No space left on device")
            except OSError as error:
                raise UserError("could not write manifest.json") from error

        with Checkpoints(tmp_path) as checkpoints:
            checkpoints.save(1, {"a": jnp.ones(1)}, None)
            checkpoints.wait()
            monkeypatch.setattr("seqconv_jax.checkpoint.manifest.replace_file", fail)
            checkpoints.save(2, {"a": jnp.ones(1)}, None)
            with pytest.raises(
                UserError, match="No space left on device; step 1 is int"
            ):
                checkpoints.save(3, {"a": jnp.ones(1)}, None)
            assert checkpoints.steps == [1]

    def test_no_permission(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(UserError, match="cannot make the checkpoint directory"):
            Checkpoints(tmp_path / "file" / "c").save(0, {"a": jnp.ones(1)}, None)


def test_block_that_raises_leaves_the_step_as_it_was(saved):
    with pytest.raises(KeyError), steps.writing(saved, 20) as hidden:
        (hidden / "part").touch()
        raise KeyError
    assert sorted(os.listdir(saved)) == ["10", "20"]
    assert_same(Checkpoints(saved).load(20, make_tree()), make_tree(20))
