import time

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from checkpoint.helpers import OPTIMIZERS, State, assert_same, host, make_tree

from seqconv_jax.checkpoint import Checkpoints


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
