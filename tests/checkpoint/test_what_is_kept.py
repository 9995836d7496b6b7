import gc
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jax.numpy as jnp
import pytest
from checkpoint.helpers import assert_same, make_tree
from orbax.checkpoint import v1 as ocp

from seqconv_jax import UserError
from seqconv_jax.checkpoint import Checkpoints, load_params


class TestWhatIsKept:
    def save_all(self, directory, scores, **options):
        with Checkpoints(directory, **options) as checkpoints:
            for step, score in enumerate(scores):
                metrics = None if score is None else {"val_loss": score}
                checkpoints.save(step, {"a": jnp.asarray(step)}, metrics)
            return checkpoints.steps, checkpoints.best, checkpoints.latest

    @pytest.mark.parametrize(
        ("scores", "steps", "best"),
        [
            ([], [], None),
            ([3.0], [0], 0),
            ([3.0, 2.0, 1.0], [2], 2),
            ([1.0, 2.0, 3.0], [0, 2], 0),
            ([2.0, 1.0, 1.0, 1.0], [1, 3], 1),  # the earliest wins a tie
            ([None], [0], None),
            ([None, None], [1], None),
            ([2.0, None, 3.0], [0, 2], 0),
            ([2.0, 1.0, None], [1, 2], 1),
            ([float("nan"), 5.0, float("nan")], [1, 2], 1),
            ([float("-inf"), 5.0], [1], 1),
        ],
    )
    def test_latest_and_best(self, tmp_path, scores, steps, best):
        latest = steps[-1] if steps else None
        assert self.save_all(tmp_path, scores) == (steps, best, latest)

    def test_max(self, tmp_path):
        assert self.save_all(tmp_path, [1.0, 3.0, 3.0, 2.0], mode="max") == (
            [1, 3],
            1,
            3,
        )

    def test_another_monitor(self, tmp_path):
        with Checkpoints(tmp_path, monitor="accuracy", mode="max") as checkpoints:
            for step, accuracy in enumerate([0.5, 0.9, 0.7]):
                metrics = {"accuracy": accuracy, "val_loss": -step}
                checkpoints.save(step, {"a": jnp.ones(1)}, metrics)
            assert checkpoints.best == 1
            assert checkpoints.metrics(1) == {"accuracy": 0.9, "val_loss": -1}

    def test_a_resumed_directory_remembers_the_best(self, saved):
        with Checkpoints(saved) as checkpoints:
            checkpoints.save(30, make_tree(30), {"val_loss": 0.6})
            assert (checkpoints.steps, checkpoints.best) == ([10, 30], 10)
            checkpoints.save(40, make_tree(40), {"val_loss": 0.4})
            assert (checkpoints.steps, checkpoints.best) == ([40], 40)

    def test_saving_the_latest_step_again(self, tmp_path):
        with Checkpoints(tmp_path) as checkpoints:
            checkpoints.save(5, {"a": jnp.zeros(1)}, None)
            checkpoints.save(5, {"a": jnp.ones(1)}, {"val_loss": 1.0})
            assert checkpoints.metrics(5) == {"val_loss": 1.0}
            checkpoints.save(5, {"a": jnp.full(1, 2.0)}, None)
            assert checkpoints.metrics(5) == {"val_loss": 1.0}
            assert checkpoints.load(5, {"a": jnp.ones(1)})["a"] == 1
        assert os.listdir(tmp_path) == ["5"]

    def test_metrics_without_the_monitor_raise(self, tmp_path):
        with (
            Checkpoints(tmp_path, monitor="val_los") as checkpoints,
            pytest.raises(
                UserError,
                match=r"`metrics` must be a mapping with 'val_los', got \['val_loss'\]",
            ),
        ):
            checkpoints.save(1, make_tree(), {"val_loss": 1.0})

    def test_a_step_that_cannot_be_removed_stays_whole(self, saved, monkeypatch):
        rename = Path.rename

        def deny(path, target):
            if ".deleting" in str(target):
                raise PermissionError(13, "Permission denied")
            return rename(path, target)

        with Checkpoints(saved) as checkpoints:
            monkeypatch.setattr(Path, "rename", deny)
            checkpoints.save(30, make_tree(30), {"val_loss": 0.1})
            assert checkpoints.steps == [10, 20, 30]
            assert_same(checkpoints.load(20, make_tree()), make_tree(20))
            monkeypatch.undo()
            checkpoints.save(40, make_tree(), None)
            assert checkpoints.steps == [30, 40]

    # TensorStore answers for the other arrays when Orbax's loop has been closed.
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_a_save_without_its_arrays_is_none(self, saved, monkeypatch):
        save = ocp.save

        def lose(path, tree):
            save(path, tree)
            for manifest in Path(path).rglob("manifest.ocdbt"):
                manifest.unlink()

        with Checkpoints(saved) as checkpoints:
            monkeypatch.setattr(ocp, "save", lose)
            checkpoints.save(30, make_tree(30), {"val_loss": 0.1})
            with pytest.raises(UserError, match="30: Input/output error; step 20 is"):
                checkpoints.wait()
            assert checkpoints.steps == [10, 20]

    @pytest.mark.filterwarnings("ignore:coroutine 'OrbaxLayout:RuntimeWarning")
    def test_a_failed_save_leaves_no_thread_behind(self, saved, monkeypatch):
        make, before = os.mkdir, set(threading.enumerate())

        def deny(path, *arguments, **options):
            if "arrays" in str(path):
                raise PermissionError(13, "Permission denied")
            return make(path, *arguments, **options)

        with Checkpoints(saved) as checkpoints:
            monkeypatch.setattr(os, "mkdir", deny)
            checkpoints.save(30, make_tree(30), {"val_loss": 0.1})
            with pytest.raises(UserError, match="30: Permission denied; step 20 is"):
                checkpoints.wait()
        gc.collect()  # what Orbax leaves behind
        waiting = set(threading.enumerate()) - before
        assert not [t for t in waiting if "Signaling" in type(t).__name__]
        assert sorted(os.listdir(saved)) == ["10", "20"]

    def test_an_earlier_step_raises(self, saved):
        with (
            Checkpoints(saved) as checkpoints,
            pytest.raises(
                UserError, match=r"`step` must be at least the latest \(20\)"
            ),
        ):
            checkpoints.save(15, make_tree(), None)

    def test_reading_writes_nothing(self, saved, tmp_path):
        (saved / ".writing-30").mkdir()
        checkpoints = Checkpoints(saved)
        checkpoints.load(checkpoints.best or 0, make_tree())
        assert sorted(os.listdir(saved)) == [".writing-30", "10", "20"]
        assert Checkpoints(tmp_path / "none").steps == []
        assert not (tmp_path / "none").exists()


class TestLoadParams:
    def test_best_latest_and_given(self, saved):
        for step, expected in [(None, 10), (20, 20)]:
            got = load_params(saved, step=step)
            assert_same(got, make_tree(expected)["state"].params)

    def test_run_directory_and_no_metrics(self, tmp_path):
        with Checkpoints(tmp_path / "checkpoints") as checkpoints:
            checkpoints.save(1, make_tree(1), None)
        assert_same(load_params(tmp_path), make_tree(1)["state"].params)

    def test_errors(self, saved, tmp_path):
        with pytest.raises(UserError, match="no checkpoint in .*empty, expected"):
            load_params(tmp_path / "empty")
        with pytest.raises(UserError, match="holds no 'weights'; got state, totals"):
            load_params(saved, part="weights")
        with pytest.raises(UserError, match="checkpoint .*/11 is missing"):
            load_params(saved, step=11)


def test_several_save_at_once(tmp_path):
    """Orbax's threads take one save's signs for another's of the same process."""

    def save_all(directory):
        with Checkpoints(directory) as checkpoints:
            for step in range(3):
                checkpoints.save(step, {"a": jnp.full(3, step)}, {"val_loss": step})
                checkpoints.wait()
            return checkpoints.load(2, {"a": jnp.ones(3, int)})["a"]

    with ThreadPoolExecutor(4) as pool:
        saved = pool.map(save_all, (tmp_path / str(number) for number in range(4)))
        assert_same(list(saved), [jnp.full(3, 2)] * 4)
