"""Batch statistics as state, with a module that this library knows nothing of."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import linen as nn
from train.helpers import fit, small_model, small_task
from train.test_resume import StopAt, scores
from train.test_step import leaves, same

import seqconv_jax as sc
from seqconv_jax.train.diagnose import first_bad_tensor
from seqconv_jax.train.state import seed_keys


class Normalised(nn.Module):
    """A stranger's network: `BatchNorm` over steps and over units, and dropout."""

    momentum: float = 0.9

    @nn.compact
    def __call__(self, x, train: bool = False):
        norm = {"use_running_average": not train, "momentum": self.momentum}
        x = nn.BatchNorm(**norm)(nn.Conv(4, (3,))(x))
        x = nn.Dense(6)(nn.relu(x).mean(axis=1))
        x = nn.Dropout(0.2, deterministic=not train)(nn.BatchNorm(**norm)(x))
        return nn.Dense(1)(x)


def variables(tree):
    return {"params": tree.params, "batch_stats": tree.batch_stats}


def start(tx=None):
    model, task = Normalised(), small_task()
    tx = tx or sc.optim.rmsprop(1e-3)
    state = sc.train.init_state(model, tx, task.example, seed=0)
    batch = sc.train.gather(sc.train.put_on_device(task), jnp.asarray(task.train[:16]))
    return sc.train.make_step(model, tx, sc.losses.mae), state, batch


def test_a_model_without_any_has_none():
    result = fit()
    assert result.state.batch_stats == {} == result.best.batch_stats


def test_a_step_updates_them_as_flax_does():
    step, state, batch = start()
    new, _ = jax.jit(step)(state, batch, jax.random.key(0))
    key = jax.random.fold_in(jax.random.key(0), 0)
    _, expected = Normalised().apply(
        variables(state),
        batch.x,
        train=True,
        rngs={"dropout": key},
        mutable=["batch_stats"],
    )
    assert not same(new.batch_stats, state.batch_stats)
    for a, b in zip(
        leaves(new.batch_stats), leaves(expected["batch_stats"]), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)


def test_one_trace_for_many_steps():
    step, state, batch = start()
    traces = []

    def traced(*args):
        traces.append(None)
        return step(*args)

    run = jax.jit(traced)
    for _ in range(3):
        state, _ = run(state, batch, jax.random.key(0))
    assert len(traces) == 1 and int(state.step) == 3


def test_training_learns_and_moves_them():
    faster = sc.optim.rmsprop(1e-2)
    model = Normalised()
    result = fit(model, epochs=4, steps_per_epoch=60, batch_size=32, optimizer=faster)
    losses = [record["val_loss"] for record in result.history]
    assert min(losses) < 0.95 * losses[0]
    first = sc.train.init_state(model, faster, small_task().example, seed=0).batch_stats
    assert all(
        not np.array_equal(a, b)
        for a, b in zip(leaves(first), leaves(result.state.batch_stats), strict=True)
    )


def test_scores_and_predictions_take_the_running_averages():
    task, model = small_task(), Normalised()
    state = fit(model, task).state
    x, y = task.gather(task.test)
    expected = np.asarray(model.apply(variables(state), x))
    given = {"batch_stats": state.batch_stats}
    outputs = sc.train.predict(
        model, state.params, task, task.test, batch_size=7, **given
    )
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)
    metrics = {"mae": sc.losses.mae}
    for batch_size in (1, 7, 512):
        got = sc.train.evaluate(
            model,
            state.params,
            task,
            task.test,
            metrics,
            batch_size=batch_size,
            **given,
        )
        assert got["mae"] == pytest.approx(np.abs(expected - y).mean(), rel=1e-5)


def test_validation_uses_those_of_its_epoch_and_the_best_epoch_keeps_its_own():
    task, model = small_task(), Normalised()
    result = fit(model, task, epochs=6, optimizer=sc.optim.rmsprop(3e-2))
    best = result.best
    assert best.epoch < 6 and not same(best.batch_stats, result.state.batch_stats)
    scores = sc.train.evaluate(
        model,
        best.params,
        task,
        task.validation,
        {"mae": sc.losses.mae},
        batch_stats=best.batch_stats,
    )
    assert scores["mae"] == pytest.approx(best.val_loss, rel=1e-6)


@pytest.mark.parametrize("step", [5, 8])
def test_stopped_and_continued_is_the_uninterrupted_run(tmp_path, step):
    model, task = Normalised(), small_task(replacement=False)
    whole = fit(model, task, epochs=3, seed=7)
    with sc.runs.open(tmp_path / "run") as run:
        with pytest.raises(sc.train.TrainingInterrupted, match="saved"):
            fit(model, task, epochs=3, seed=7, run=run, reporter=StopAt(step))
    with sc.runs.open(tmp_path / "run", resume=True) as run:
        resumed = fit(model, task, epochs=3, seed=7, run=run)
    assert same(resumed.state, whole.state)
    assert same(resumed.best[1:], whole.best[1:])
    assert scores(resumed.history) == scores(whole.history)


def test_the_best_epoch_of_a_finished_run_comes_from_its_checkpoint(tmp_path):
    options = {"epochs": 6, "optimizer": sc.optim.rmsprop(3e-2)}
    with sc.runs.open(tmp_path / "run") as run:
        first = fit(Normalised(), run=run, **options)
        again = fit(Normalised(), run=run, **options)
    assert first.best.epoch < 6 and same(first.best[1:], again.best[1:])
    saved = sc.checkpoint.load_params(tmp_path / "run", part="state/batch_stats")
    assert same(saved, first.best.batch_stats)


def test_a_checkpoint_without_them_is_of_another_model(tmp_path):
    with sc.runs.open(tmp_path / "run") as run:
        fit(small_model(), run=run)
        with pytest.raises(sc.UserError, match="`model` was 'SeriesConvNet', is 'Norm"):
            fit(Normalised(), run=run)


def test_begins_with_those_given():
    task, model, tx = small_task(), Normalised(), sc.optim.rmsprop(1e-3)
    first = fit(model, task, seed=1).state
    given = {"params": first.params, "batch_stats": first.batch_stats}
    state = sc.train.init_state(model, tx, task.example, seed=2, **given)
    assert same(state.params, first.params)
    assert same(state.batch_stats, first.batch_stats)
    alone = sc.train.init_state(model, tx, task.example, seed=2, params=first.params)
    drawn = sc.train.init_state(model, tx, task.example, seed=2)
    assert same(alone.batch_stats, drawn.batch_stats)
    fit(model, task, epochs=1, **given)
    assert not any(leaf.is_deleted() for leaf in jax.tree.leaves(given))
    with pytest.raises(sc.UserError, match="`batch_stats` lacks BatchNorm_0/mean"):
        fit(model, task, batch_stats={})
    with pytest.raises(sc.UserError, match="`batch_stats` has .*which `model` has not"):
        fit(small_model(), task, batch_stats=first.batch_stats)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_step_that_is_not_finite_leaves_them(bad):
    step, state, batch = start()
    spoiled = batch._replace(x=batch.x.at[0, 0, 0].set(bad))
    new, _ = jax.jit(step)(state, spoiled, jax.random.key(0))
    assert same(new, state)


def test_a_bad_statistic_is_named():
    step, state, batch = start()
    state.batch_stats["BatchNorm_1"]["var"] = jnp.full(6, jnp.nan)
    key = seed_keys(0).dropout
    name = first_bad_tensor(Normalised(), sc.losses.mae, state, batch, key)
    assert name == "batch statistic BatchNorm_1/var"
    # In training the layer does not read it, so only its update shows it.
    new, _ = jax.jit(step)(state, batch, key)
    assert int(new.step) == 0


def test_an_exploding_run_names_the_layer():
    with pytest.raises(sc.train.NonFiniteError, match="the output of layer [CB]"):
        fit(Normalised(), optimizer=optax.sgd(1e38), epochs=20)


def test_padding_rows_repeat_the_batch():
    """With momentum 0 the statistics are those of the last batch alone."""
    task = small_task(replacement=False)
    task = sc.data.Task(**{**vars(task), "train": task.train[:12]})
    model = Normalised(momentum=0.0)
    options = {"epochs": 1, "steps_per_epoch": None, "optimizer": optax.sgd(0.0)}
    full = fit(model, task, batch_size=12, **options).state.batch_stats
    padded = fit(model, task, batch_size=24, **options).state.batch_stats
    for a, b in zip(leaves(full), leaves(padded), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
