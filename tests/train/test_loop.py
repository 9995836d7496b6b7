import itertools
import math
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from train.helpers import fit, small_model, small_task
from train.test_step import same

import seqconv_jax as sc
from seqconv_jax.train import engine, epochs
from seqconv_jax.train.reporter import NullReporter
from seqconv_jax.train.selection import ModelSelection


def test_learns_and_reports_every_epoch():
    faster = sc.optim.rmsprop(1e-2)
    result = fit(epochs=4, steps_per_epoch=60, batch_size=32, optimizer=faster)
    assert [record["epoch"] for record in result.history] == [1, 2, 3, 4]
    assert [record["step"] for record in result.history] == [60, 120, 180, 240]
    losses = [record["val_loss"] for record in result.history]
    assert min(losses) < 0.95 * losses[0]
    assert set(result.history[0]) == {
        *("epoch", "step", "loss", "mae", "gradient_norm", "val_loss", "val_mae"),
        *("seconds", "examples_per_second"),
    }


def test_same_seed_same_bits_other_seed_other_bits():
    a, b, c = fit(seed=1), fit(seed=1), fit(seed=2)
    assert same(a.state, b.state) and not same(a.state, c.state)


def test_begins_with_the_parameters_given():
    first = fit(seed=1).state.params
    slow = {"optimizer": sc.optim.rmsprop(1e-9), "epochs": 1}
    again = fit(seed=2, params=first, **slow).state.params
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), again, first)
    assert not any(leaf.is_deleted() for leaf in jax.tree.leaves(first))
    with pytest.raises(sc.UserError, match=r"/bias as float32\(5,\), got float32\(4"):
        fit(small_model(features=5), params=first)


def test_validation_scores_every_row_once():
    task, model = small_task(), small_model()
    result = fit(model, task)
    rows = task.validation
    x, y = task.gather(rows)
    predictions = jax.jit(model.apply)({"params": result.state.params}, x)
    expected = float(np.abs(np.asarray(predictions) - y).mean())
    assert math.isclose(result.history[-1]["val_mae"], expected, rel_tol=1e-5)
    for batch_size in (1, 7, len(rows), 1000):
        scores = sc.train.evaluate(
            model,
            result.state.params,
            task,
            rows,
            {"mae": sc.losses.mae},
            batch_size=batch_size,
        )
        assert math.isclose(scores["mae"], expected, rel_tol=1e-5)


def test_predictions_come_in_the_order_of_the_rows():
    task, model = small_task(), small_model()
    params = fit(model, task).state.params
    rows = task.test[::-1]
    outputs = sc.train.predict(model, params, task, rows, batch_size=7)
    expected = jax.jit(model.apply)({"params": params}, task.gather(rows)[0])
    np.testing.assert_allclose(outputs, np.asarray(expected), rtol=1e-5, atol=1e-6)


def test_many_steps_a_call_give_what_one_step_a_call_gives():
    one = fit(steps_per_call=1, steps_per_epoch=7)
    many = fit(steps_per_call=3, steps_per_epoch=7)
    for a, b in zip(
        jax.tree.leaves(one.state.params),
        jax.tree.leaves(many.state.params),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    assert math.isclose(one.history[-1]["loss"], many.history[-1]["loss"], rel_tol=1e-4)


@pytest.fixture
def log_compiles():
    """Log it in all threads, as `jax.log_compiles` does not."""
    jax.config.update("jax_log_compiles", True)
    yield
    jax.config.update("jax_log_compiles", False)


@pytest.mark.parametrize("steps_per_call", [1, 3])
def test_training_compiles_once(steps_per_call, caplog, log_compiles):
    with caplog.at_level("WARNING", logger="jax"):
        fit(epochs=3, steps_per_epoch=7, steps_per_call=steps_per_call)
    name = "_one" if steps_per_call == 1 else "_many"
    compiled = [
        r for r in caplog.messages if f"Finished XLA compilation of jit({name})" in r
    ]
    # One for training; validation has as many steps a call as the device likes.
    alike = (steps_per_call == 1) == (engine.default_steps_per_call() == 1)
    assert len(compiled) == 1 + alike


def test_the_loop_never_transfers_implicitly():
    with jax.transfer_guard_device_to_host("disallow"):
        fit()


def test_an_epoch_without_replacement_counts_each_example_once():
    task = small_task(replacement=False)
    result = fit(task=task, steps_per_epoch=None, epochs=1, batch_size=100)
    assert result.history[0]["step"] == math.ceil(len(task.train) / 100)


@pytest.mark.parametrize("batch_size", [7, 100, 150])
def test_examples_per_second_counts_no_padding(batch_size, monkeypatch):
    seconds = itertools.count()
    clock = types.SimpleNamespace(perf_counter=lambda: next(seconds))
    monkeypatch.setattr(epochs, "time", clock)
    task = small_task(replacement=False)
    result = fit(task=task, steps_per_epoch=None, epochs=1, batch_size=batch_size)
    assert result.history[0]["examples_per_second"] == len(task.train)


def test_the_best_epoch_keeps_its_parameters():
    task, model = small_task(), small_model()
    result = fit(model, task, epochs=6, optimizer=sc.optim.rmsprop(3e-2))
    losses = [record["val_loss"] for record in result.history]
    assert result.best.epoch == 1 + int(np.argmin(losses))
    scores = sc.train.evaluate(
        model, result.best.params, task, task.validation, {"mae": sc.losses.mae}
    )
    assert scores["mae"] == pytest.approx(min(losses), rel=1e-6)


def test_patience_stops_early():
    result = fit(epochs=50, patience=2, optimizer=sc.optim.rmsprop(0.3))
    last = result.history[-1]["epoch"]
    assert last == result.best.epoch + 2 < 50


def test_a_task_without_validation_trains_all_the_same():
    result = fit(task=small_task(validation=False))
    assert "val_loss" not in result.history[0]
    assert result.best.record["loss"] == min(r["loss"] for r in result.history)


def test_a_schedule_moves_the_learning_rate():
    import optax

    frozen = sc.optim.rmsprop(optax.piecewise_constant_schedule(1e-3, {5: 0.0}))
    result = fit(optimizer=frozen, epochs=3)
    first, second, third = (record["val_loss"] for record in result.history)
    assert second == third == first


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "`epochs` must be a positive integer, got 0"),
        ({"monitor": "val_los"}, "`monitor` must be one of .*did you mean 'val_loss'"),
        ({"mode": "most"}, "`mode` must be one of 'min', 'max', got 'most'"),
        ({"patience": 0}, "`patience` must be a positive integer, got 0"),
        ({"steps_per_call": 0}, "`steps_per_call` must be a positive integer, got 0"),
        ({"batch_size": -8}, "`batch_size` must be a positive integer, got -8"),
        ({"seed": -1}, "`seed` must be an integer of at least 0, got -1"),
    ],
)
def test_arguments_out_of_range_raise(options, message):
    with pytest.raises(sc.UserError, match=message):
        fit(**options)


def test_ties_go_to_the_earliest_epoch():
    history = [{"epoch": n, "val_loss": v} for n, v in [(1, 2.0), (2, 1.0), (3, 1.0)]]
    assert ModelSelection("val_loss", "min", None).best(history)["epoch"] == 2
    assert ModelSelection("val_loss", "max", None).best(history)["epoch"] == 1
    assert ModelSelection("val_loss", "min", 1).is_stale(history)
    assert not ModelSelection("val_loss", "min", 2).is_stale(history)


@pytest.mark.parametrize("mode", ["min", "max"])
def test_a_score_that_is_not_finite_is_never_the_best(mode):
    values = [math.nan, None, 1.0, math.inf, -math.inf]
    history = [{"epoch": n, "val_loss": v} for n, v in enumerate(values, start=1)]
    assert ModelSelection("val_loss", mode, None).best(history)["epoch"] == 3


def test_steps_per_call_follow_the_device():
    expected = 1 if jax.default_backend() == "cpu" else engine.GPU_STEPS_PER_CALL
    assert engine.default_steps_per_call() == expected


def test_evaluating_no_rows_raises():
    task, model = small_task(), small_model()
    with pytest.raises(sc.UserError, match="`rows` must be at least one row, got"):
        sc.train.evaluate(model, None, task, task.test[:0], {"mae": sc.losses.mae})


def test_reporter_sees_every_step():
    seen = []

    class Reporter:
        def begin(self, epoch, epochs, done, steps):
            seen.append(("begin", epoch, done, steps))

        def advance(self, steps, loss):
            assert math.isfinite(loss())
            seen.append(("advance", steps))

        def end(self, record):
            seen.append(("end", record["epoch"]))

    fit(epochs=1, steps_per_epoch=3, reporter=Reporter())
    assert seen == [("begin", 1, 0, 3), *[("advance", 1)] * 3, ("end", 1)]


@pytest.mark.parametrize("steps_per_call", [1, 3])
def test_nothing_goes_to_the_device_unasked(steps_per_call):
    class Guard(NullReporter):
        """Disallow implicit transfers from the head of an epoch to its end."""

        def __init__(self):
            self.epochs = 0

        def begin(self, epoch, epochs, done, steps):
            self.guard = jax.transfer_guard("disallow")
            self.guard.__enter__()

        def advance(self, steps, loss):
            assert loss() > 0

        def end(self, record):
            self.guard.__exit__(None, None, None)
            self.epochs += 1

    guard = Guard()
    fit(steps_per_epoch=7, steps_per_call=steps_per_call, reporter=guard)
    assert guard.epochs == 2


def test_the_guard_would_see_a_transfer():
    add = jax.jit(jnp.add)
    with jax.transfer_guard("disallow"), pytest.raises(Exception, match="Disallowed"):
        add(jnp.ones(3), np.float32(1))
