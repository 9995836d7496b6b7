import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numerics import quick_jit
from train.helpers import small_model, small_task

import seqconv_jax as sc
from seqconv_jax.train import step as steps
from seqconv_jax.train.batches import Batch


def start(model=None, seed=0, learning_rate=1e-3):
    model, task = model or small_model(), small_task()
    tx = sc.optim.rmsprop(learning_rate)
    state = sc.train.init_state(model, tx, task.example, seed=seed)
    batch = sc.train.gather(sc.train.put_on_device(task), jnp.asarray(task.train[:16]))
    return sc.train.make_step(model, tx, sc.losses.mae), state, batch


def leaves(tree):
    return [np.asarray(leaf) for leaf in jax.tree.leaves(tree)]


def same(a, b):
    return all(map(np.array_equal, leaves(a), leaves(b)))


def test_one_trace_for_many_steps():
    step, state, batch = start()
    traces = []

    def traced(*args):
        traces.append(None)
        return step(*args)

    run = quick_jit(traced)
    for _ in range(3):
        state, _ = run(state, batch, jax.random.key(0))
    assert len(traces) == 1 and int(state.step) == 3


def test_a_step_is_a_pure_function():
    step, state, batch = start()
    run = quick_jit(step)
    a, b = (run(state, batch, jax.random.key(3)) for _ in range(2))
    assert same(a, b)


def test_dropout_follows_the_key_and_the_step():
    step, state, batch = start()
    run = quick_jit(step)
    first = run(state, batch, jax.random.key(0))[1]["loss"]
    other_key = run(state, batch, jax.random.key(1))[1]["loss"]
    later = run(state._replace(step=state.step + 1), batch, jax.random.key(0))[1]
    assert first != other_key and first != later["loss"]


def test_overfits_one_batch():
    model = small_model(dropout=0.0, features=16)
    step, state, batch = start(model, learning_rate=3e-3)
    run = quick_jit(step)
    first, metrics = 0.0, {}
    for _ in range(400):
        state, metrics = run(state, batch, jax.random.key(0))
        first = first or float(metrics["loss"])
    assert float(metrics["loss"]) < 0.2 * first


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_step_that_is_not_finite_changes_nothing(bad):
    step, state, batch = start()
    spoiled = batch._replace(x=batch.x.at[0, 0, 0].set(bad))
    new, metrics = quick_jit(step)(state, spoiled, jax.random.key(0))
    assert same(new, state)
    assert not np.isfinite(metrics["gradient_norm"])


def test_padding_rows_change_neither_loss_nor_gradient():
    step, state, batch = start(small_model(dropout=0.0))
    half = Batch(batch.x[:8], batch.y[:8], batch.weight[:8])
    filled = Batch(
        jnp.concatenate([half.x, 1e6 * half.x]),
        jnp.concatenate([half.y, half.y]),
        jnp.concatenate([half.weight, 0 * half.weight]),
    )
    a, b = (quick_jit(step)(state, x, jax.random.key(0)) for x in (half, filled))
    for left, right in zip(leaves(a), leaves(b), strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-5, atol=1e-7)


def test_a_padding_row_that_scores_nan_is_cut_out():
    batch = Batch(jnp.zeros((2, 1)), jnp.zeros((2, 1)), jnp.array([1.0, 0.0]))
    predictions = jnp.array([[2.0], [jnp.nan]])
    means = steps.weighted_means({"loss": sc.losses.mae}, predictions, batch)
    assert (means["loss"], means["examples"]) == (2, 1)


def test_totals_weigh_batches_by_their_examples():
    totals = steps.zero_totals(["loss"])
    for loss, examples in [(1.0, 3.0), (5.0, 1.0)]:
        metrics = {"loss": jnp.array(loss), "examples": jnp.array(examples)}
        totals = steps.add_to_totals(totals, metrics)
    assert steps.means_of(totals) == {"loss": 2.0}


@pytest.mark.parametrize("seed", [-1, 2**32, 0.5, True, None])
def test_a_seed_out_of_range_raises(seed):
    with pytest.raises(sc.UserError, match="`seed` must be an integer"):
        start(seed=seed)
