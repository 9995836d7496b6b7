import json
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from seqconv_jax import UserError, _steps
from seqconv_jax.checkpoint import Checkpoints, load_params


class State(NamedTuple):
    step: Any
    params: Any
    opt_state: Any


OPTIMIZERS = {
    "adam": optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3)),
    "rmsprop": optax.rmsprop(1e-3, momentum=0.9),
    "sgd": optax.sgd(1e-2),
}


def make_tree(seed=0, optimizer="adam", features=64, step=7):
    rng = np.random.default_rng(seed)
    params = {
        "Conv_0": {"kernel": np.zeros((5, 3, features), np.float32)},
        "Dense_0": {
            "kernel": np.zeros((features, 1), np.float32),
            "bias": np.zeros(1, np.float32),
        },
    }
    state = State(np.int32(step), params, OPTIMIZERS[optimizer].init(params))
    tree = {"state": state, "totals": {"loss": np.float32(0)}}
    return jax.tree.map(
        lambda x: jnp.array(rng.normal(size=x.shape).astype(x.dtype) * 100), tree
    )


def host(tree):
    return jax.tree.map(np.array, tree)


def assert_same(got, expected):
    assert jax.tree.structure(got) == jax.tree.structure(expected)
    for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        assert np.shape(a) == np.shape(b)
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes()


@pytest.fixture
def saved(tmp_path):
    """A directory with steps 10 (the best) and 20 (the latest)."""
    with Checkpoints(tmp_path / "c") as checkpoints:
        checkpoints.save(10, make_tree(10), {"val_loss": 0.5})
        checkpoints.save(20, make_tree(20), {"val_loss": 0.75})
    return tmp_path / "c"


class TestRoundTrip:
    @pytest.mark.parametrize("optimizer", OPTIMIZERS)
    @pytest.mark.parametrize("abstract", [False, True])
    def test_state_comes_back_bit_for_bit(self, tmp_path, optimizer, abstract):
        tree = make_tree(1, optimizer)
        like = jax.eval_shape(lambda: make_tree(2, optimizer))
        with Checkpoints(tmp_path) as checkpoints:
            checkpoints.save(3, tree, None)
            got = checkpoints.load(3, like if abstract else make_tree(2, optimizer))
        assert_same(got, tree)
        assert isinstance(got["state"], State)
        assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(got))

    @pytest.mark.parametrize(
        "leaf",
        [
            np.arange(6, dtype=np.int64).reshape(2, 3),
            np.array(2.5),
            np.array([True, False]),
            np.float32(1.5),
            jnp.ones((2, 2), jnp.bfloat16),
            jnp.asarray([np.nan, np.inf, -0.0]),
            np.array([np.nan], np.float64).view(np.int64),
            np.zeros((0, 3), np.float32),
            jnp.zeros((3, 0), jnp.bfloat16),
            np.asfortranarray(np.arange(12.0).reshape(3, 4)),
            np.arange(10)[::-2],
            3,
            2.5,
            True,
        ],
        ids=lambda leaf: f"{type(leaf).__name__}-{getattr(leaf, 'dtype', '')}",
    )
    def test_kinds_of_leaves(self, tmp_path, leaf):
        with Checkpoints(tmp_path) as checkpoints:
            checkpoints.save(0, {"a": leaf}, None)
            got = checkpoints.load(0, {"a": leaf})["a"]
        assert_same(got, leaf)
        assert isinstance(got, jax.Array) == isinstance(leaf, jax.Array)
        assert type(got) is type(leaf) or isinstance(leaf, jax.Array)

    def test_empty_nodes_and_whole_trees(self, tmp_path):
        tree = {"a": (), "b": [None, {}, optax.EmptyState()]}
        with Checkpoints(tmp_path) as checkpoints:
            checkpoints.save(0, tree, None)
            assert checkpoints.load(0, tree) == tree

    def test_a_single_array_and_a_tuple(self, tmp_path):
        with Checkpoints(tmp_path) as checkpoints:
            checkpoints.save(0, (jnp.ones(2), [jnp.zeros(3)]), None)
            assert_same(
                checkpoints.load(0, (jnp.zeros(2), [jnp.ones(3)])),
                (jnp.ones(2), [jnp.zeros(3)]),
            )

    def test_top_level_keys_may_be_left_out(self, saved):
        expected = make_tree(20)
        got = Checkpoints(saved).load(20, {"state": expected["state"]})
        assert_same(got, {"state": expected["state"]})

    def test_donation_right_after_save_changes_nothing(self, tmp_path):
        overwrite = jax.jit(
            lambda tree: jax.tree.map(lambda x: x * 0 - 1, tree), donate_argnums=0
        )
        with Checkpoints(tmp_path) as checkpoints:
            for step in range(6):
                start = np.arange(200_000.0, dtype=np.float32) + step
                tree = {"a": jnp.array(start), "b": jnp.asarray(step)}
                kernel = tree["a"]
                checkpoints.save(step, tree, None)
                tree = overwrite(tree)
                jax.block_until_ready(tree)
                assert kernel.is_deleted()  # so its memory was really given away
                got = checkpoints.load(step, tree)
                assert_same(host(got), host({"a": start, "b": jnp.asarray(step)}))

    def test_sharding_of_like_is_kept(self, tmp_path):
        sharding = jax.sharding.SingleDeviceSharding(jax.devices()[0])
        like = jax.ShapeDtypeStruct((2,), jnp.float32, sharding=sharding)
        with Checkpoints(tmp_path) as checkpoints:
            checkpoints.save(0, {"a": jnp.ones(2)}, None)
            assert checkpoints.load(0, {"a": like})["a"].committed
            assert not checkpoints.load(0, {"a": jnp.ones(2)})["a"].committed


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

    def test_metrics_without_the_monitor_are_refused(self, tmp_path):
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

        def refuse(path, target):
            if ".deleting" in str(target):
                raise PermissionError(13, "Permission denied")
            return rename(path, target)

        with Checkpoints(saved) as checkpoints:
            monkeypatch.setattr(Path, "rename", refuse)
            checkpoints.save(30, make_tree(30), {"val_loss": 0.1})
            assert checkpoints.steps == [10, 20, 30]
            assert_same(checkpoints.load(20, make_tree()), make_tree(20))
            monkeypatch.undo()
            checkpoints.save(40, make_tree(), None)
            assert checkpoints.steps == [30, 40]

    def test_an_earlier_step_is_refused(self, saved):
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


class TestMismatch:
    def test_shape(self, saved):
        message = (
            r"checkpoint .*/20 holds state/params/Conv_0/kernel of shape \(5, 3, 64\), "
            r"the model expects \(5, 3, 32\); holds state/params/Dense_0/kernel of "
            r"shape \(64, 1\), the model expects \(32, 1\); .*and 1 more differences\. "
        )
        with pytest.raises(UserError, match=message):
            Checkpoints(saved).load(20, make_tree(features=32))

    def test_dtype(self, saved):
        like = make_tree()
        like["totals"]["loss"] = np.zeros((), np.float64)
        with pytest.raises(
            UserError,
            match="holds totals/loss of dtype float32, the model expects float64",
        ):
            Checkpoints(saved).load(20, like)

    def test_names(self, saved):
        like = make_tree()
        params = like["state"].params
        params["Dense_1"] = params.pop("Dense_0")
        with pytest.raises(
            UserError,
            match="lacks state/params/Dense_1/bias, which the model expects; .*"
            "holds state/params/Dense_0/bias, which the model does not have",
        ):
            Checkpoints(saved).load(20, like)

    def test_optimizer(self, saved):
        with pytest.raises(UserError, match="does not have.*start a new run"):
            Checkpoints(saved).load(20, make_tree(optimizer="sgd"))

    def test_missing_step(self, saved):
        with pytest.raises(UserError, match="checkpoint .*/15 is missing"):
            Checkpoints(saved).load(15, make_tree())

    def test_needs_64_bit(self, tmp_path):
        like = jax.ShapeDtypeStruct((2,), np.dtype("float64"))
        with Checkpoints(tmp_path) as checkpoints:
            checkpoints.save(0, {"a": np.ones(2)}, None)
            with pytest.raises(UserError, match="dtype float64 needs 64-bit JAX"):
                checkpoints.load(0, {"a": like})


class TestRefusedTrees:
    @pytest.mark.parametrize(
        ("leaf", "message"),
        [
            (jax.random.key(0), "`a` must be an array of numbers, got a random key"),
            (np.array("x"), "`a` must be an array of numbers, got dtype <U1"),
            (np.array([None]), "`a` must be an array of numbers, got dtype object"),
        ],
    )
    def test_leaves(self, tmp_path, leaf, message):
        with (
            Checkpoints(tmp_path) as checkpoints,
            pytest.raises(UserError, match=message),
        ):
            checkpoints.save(0, {"a": leaf}, None)
        assert os.listdir(tmp_path) == []

    def test_names_that_collide(self, tmp_path):
        tree = {"a": {"b": jnp.ones(1)}, "a/b": jnp.ones(1)}
        with (
            Checkpoints(tmp_path) as checkpoints,
            pytest.raises(UserError, match="distinct leaf names, got 'a/b' twice"),
        ):
            checkpoints.save(0, tree, None)

    def test_arguments(self, tmp_path):
        with pytest.raises(UserError, match="`mode` must be one of 'min', 'max'"):
            Checkpoints(tmp_path, mode="mim")  # type: ignore[arg-type]
        (tmp_path / "file").touch()
        with pytest.raises(
            UserError, match="`directory` must be a directory, got file"
        ):
            Checkpoints(tmp_path / "file")
        with pytest.raises(UserError, match="`step` must be an integer of at least 0"):
            Checkpoints(tmp_path).save(-1, {}, None)


def files_below(directory):
    files = (path for path in directory.rglob("*") if path.is_file())
    return sorted(path for path in files if path.stat().st_size)


class TestDamage:
    def assert_refused(self, directory, capfd, match="/20 (is damaged|holds no)"):
        capfd.readouterr()
        with pytest.raises(UserError, match=match) as caught:
            checkpoints = Checkpoints(directory)
            checkpoints.load(20, make_tree())
        assert "remove that directory" in str(caught.value)
        assert capfd.readouterr().err == ""  # one line, said once

    def test_any_flipped_bit_of_any_file(self, saved, capfd):
        rng = random.Random(0)
        for path in files_below(saved / "20"):
            data = path.read_bytes()
            for _ in range(6):
                flipped = bytearray(data)
                flipped[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
                path.write_bytes(flipped)
                self.assert_refused(saved, capfd)
            path.write_bytes(data)
        assert_same(Checkpoints(saved).load(20, make_tree()), make_tree(20))

    def test_any_file_cut_or_missing(self, saved, capfd):
        for path in files_below(saved / "20"):
            data = path.read_bytes()
            path.write_bytes(data[: len(data) // 2])
            self.assert_refused(saved, capfd)
            path.unlink()
            self.assert_refused(saved, capfd)
            path.write_bytes(data)

    def test_a_planted_pickle_is_never_run(self, saved, tmp_path, capfd):
        class Bomb:
            def __reduce__(self):
                return os.system, (f"touch {tmp_path / 'ran'}",)

        payload = pickle.dumps({"params": Bomb()})
        planted = saved / "20" / "arrays" / "extra.pkl"
        planted.write_bytes(payload)
        self.assert_refused(saved, capfd, "arrays/extra.pkl does not belong there")
        planted.unlink()
        for path in files_below(saved / "20"):
            data = path.read_bytes()
            path.write_bytes(payload)
            self.assert_refused(saved, capfd)
            path.write_bytes(data)
        assert not (tmp_path / "ran").exists()

    def test_newer_format(self, saved):
        path = saved / "20" / "manifest.json"
        path.write_text(json.dumps({"format": 2, "other": "layout"}))
        with pytest.raises(
            UserError, match="has format 2, expected at most 1: .*upgrad"
        ):
            Checkpoints(saved).load(20, make_tree())

    @pytest.mark.parametrize(
        "text", ["", "[]", "7", "{}", '{"format": "x"}', "[" * 9999]
    )
    def test_manifests_of_other_kinds(self, saved, capfd, text):
        (saved / "20" / "manifest.json").write_text(text)
        self.assert_refused(saved, capfd, "is damaged: manifest.json")

    def test_links_are_refused(self, saved, tmp_path):
        outside = tmp_path / "outside"
        (saved / "20").rename(outside)
        (saved / "20").symlink_to(outside)
        with pytest.raises(UserError, match="/20 is a link to .*/outside, expected a"):
            Checkpoints(saved).load(20, make_tree())
        (saved / "20").unlink()
        outside.rename(saved / "20")
        (saved / "20" / "arrays").rename(outside)
        (saved / "20" / "arrays").symlink_to(outside)
        with pytest.raises(UserError, match="arrays is not a regular file"):
            Checkpoints(saved).load(20, make_tree())

    def test_a_pipe_is_not_opened(self, saved):
        os.mkfifo(saved / "20" / "pipe")
        with pytest.raises(UserError, match="pipe is not a regular file"):
            Checkpoints(saved).load(20, make_tree())

    def test_a_damaged_step_is_not_silently_passed_over(self, saved):
        (saved / "10" / "manifest.json").write_text("{")
        with pytest.raises(UserError, match="/10 is damaged"):
            _ = Checkpoints(saved).best


def run_python(code, *arguments, **options):
    """Run code in another process and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
        **options,
    )
    assert done.returncode == 0, done.stderr
    return done


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
                cwd=Path(__file__).parents[1],
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
            "step 1 is intact. Free some space or mend the permissions, then resume\n"
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
                    checkpoints._write, 30, {"a": np.ones(1)}, None
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
            monkeypatch.setattr("seqconv_jax._manifest.replace_file", fail)
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
    with pytest.raises(KeyError), _steps.writing(saved, 20) as hidden:
        (hidden / "part").touch()
        raise KeyError
    assert sorted(os.listdir(saved)) == ["10", "20"]
    assert_same(Checkpoints(saved).load(20, make_tree()), make_tree(20))


def test_saving_returns_at_once(tmp_path):
    tree = make_tree()
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(0, tree, None)
        checkpoints.wait()
        times = []
        for step in range(1, 6):
            started = time.perf_counter()
            checkpoints.save(step, tree, None)
            times.append(time.perf_counter() - started)
            checkpoints.wait()
    assert min(times) < 0.1
