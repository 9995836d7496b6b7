"""What happens between epochs: averages, plateaus, and a caller's own say."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from train.test_resume import StopAt, scores
from train.test_step import same
from train.tiny import Line, tiny_fit, tiny_task

import seqconv_jax as sc
from seqconv_jax.train.step import Batch


class TestMovingAverage:
    def test_is_that_of_the_parameters_after_each_step(self):
        """`a <- d a + (1 - d) p`, beginning with those of the first step."""
        seen = [tiny_fit(epochs=n, steps_per_epoch=1).state.params for n in (1, 2, 3)]
        result = tiny_fit(epochs=3, steps_per_epoch=1, ema_decay=0.8)
        leaves = [np.asarray(p["Dense_0"]["kernel"], np.float64) for p in seen]
        expected = leaves[0]
        for leaf in leaves[1:]:
            expected = 0.8 * expected + 0.2 * leaf
        got = result.state.ema_params["Dense_0"]["kernel"]
        np.testing.assert_allclose(got, expected, rtol=1e-5)
        assert same(result.state.params, seen[-1])  # training is not changed by it

    def test_is_what_is_validated_and_kept_as_best(self):
        task, mae = tiny_task(), {"mae": sc.losses.mae}
        result = tiny_fit(task=task, ema_decay=0.5)
        assert result.best.epoch == 2
        assert same(result.best.params, result.state.ema_params)
        assert not same(result.best.params, result.state.params)
        again = sc.train.evaluate(
            Line(), result.best.params, task, task.validation, mae
        )
        assert again["mae"] == pytest.approx(result.history[-1]["val_loss"], rel=1e-6)

    @pytest.mark.parametrize("step", [1, 3, 4])
    def test_goes_on_to_the_bit(self, tmp_path, step):
        options = {"ema_decay": 0.9, "model": Line(dropout=0.5)}
        whole = tiny_fit(**options)
        with sc.runs.open(tmp_path / "run") as run:
            with pytest.raises(sc.train.TrainingInterrupted):
                tiny_fit(run=run, reporter=StopAt(step), **options)
            resumed = tiny_fit(run=run, **options)
        assert same(resumed.state, whole.state)
        assert same(resumed.best.params, whole.best.params)
        assert scores(resumed.history) == scores(whole.history)
        loaded = sc.checkpoint.load_params(tmp_path / "run")
        assert same(loaded, whole.best.params)
        raw = sc.checkpoint.load_params(tmp_path / "run", part="state/params")
        assert same(raw, whole.state.params)

    @pytest.mark.parametrize("decay", [0, 1, 1.5, -0.1, float("nan"), True, "0.9"])
    def test_has_a_decay_between_0_and_1(self, decay):
        with pytest.raises(
            sc.UserError, match=r"`ema_decay` must be a number in \(0, 1"
        ):
            tiny_fit(ema_decay=decay)

    def test_is_not_moved_by_a_step_that_is_not_finite(self):
        tx = optax.sgd(0.1)
        step = sc.train.make_step(Line(), tx, sc.losses.mae, ema_decay=0.5)
        x = np.full((2, 2), np.nan, np.float32)
        state = sc.train.init_state(Line(), tx, x, seed=0, ema=True)
        batch = Batch(jnp.array(x), jnp.ones((2, 1)), jnp.ones(2))
        after, _ = jax.jit(step)(state, batch, jax.random.key(0))
        assert same(after, state)


class TestPlateau:
    def test_halves_the_steps_where_the_validation_loss_stays(self):
        """The targets are beyond reach, so that every update is the rate's sign."""
        plateau = optax.contrib.reduce_on_plateau(factor=0.5, patience=2, rtol=0.9)
        result = tiny_fit(
            optimizer=optax.sgd(1e-3), plateau=plateau, epochs=6, steps_per_epoch=1
        )
        assert float(result.state.opt_state[1].scale) == 0.25
        assert result.state.opt_state[1].best_value == result.history[0]["val_loss"]

    def test_is_the_optimiser_itself_until_then(self):
        never = optax.contrib.reduce_on_plateau(patience=100)
        got, expected = tiny_fit(plateau=never).state.params, tiny_fit().state.params
        jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-6), got, expected)

    def test_goes_on_to_the_bit(self, tmp_path):
        def train(epochs, run=None):
            plateau = optax.contrib.reduce_on_plateau(factor=0.5, patience=1, rtol=0.9)
            return tiny_fit(plateau=plateau, epochs=epochs, run=run)

        with sc.runs.open(tmp_path / "run") as run:
            for epochs in (1, 2, 4):
                resumed = train(epochs, run)
        assert same(resumed.state, train(4).state)
        assert float(resumed.state.opt_state[1].scale) < 1

    @pytest.mark.parametrize("plateau", [0.5, optax.sgd(0.1), optax.polyak_sgd()])
    def test_must_want_a_value_and_hold_a_scale(self, plateau):
        with pytest.raises(
            sc.UserError, match="`plateau` must be a transformation such"
        ):
            tiny_fit(plateau=plateau)


@pytest.mark.parametrize(
    "optimizer",
    [
        optax.chain(
            optax.sgd(0.1), optax.contrib.reduce_on_plateau(accumulation_size=3)
        ),
        optax.polyak_sgd(),
        optax.chain(
            optax.sgd(1.0),
            optax.scale_by_backtracking_linesearch(max_backtracking_steps=3),
        ),
    ],
    ids=["plateau in a chain", "polyak", "line search"],
)
def test_an_optimiser_that_wants_the_value_gets_it(optimizer, tmp_path):
    result = tiny_fit(optimizer=optimizer, epochs=3)
    losses = [record["loss"] for record in result.history]
    assert losses[2] < losses[0]


def test_an_optimiser_that_holds_the_parameters_may_give_them_away():
    """JAX takes each buffer of the state once."""
    state = sc.train.init_state(Line(), optax.lbfgs(), tiny_task().inputs, seed=0)
    leaves = jax.tree.leaves(state)
    assert len({id(leaf) for leaf in leaves}) == len(leaves)


class TestCallback:
    def test_sees_every_epoch_once_it_is_saved_and_ends_training(self, tmp_path):
        seen = []

        def callback(state, record):
            assert run.history()[-1] == record
            record["val_loss"] = None  # its own copy
            seen.append((record["epoch"], int(state.step), state))
            return record["epoch"] == 2

        with sc.runs.open(tmp_path / "run") as run:
            result = tiny_fit(epochs=9, callback=callback, run=run)
        assert [each[:2] for each in seen] == [(1, 3), (2, 6)]
        assert same(seen[0][2], tiny_fit(epochs=1).state)  # not given away since
        whole = tiny_fit(epochs=2)
        assert same(result.state, whole.state)
        assert scores(result.history) == scores(whole.history)

    def test_keeps_ended_what_it_ended_and_another_goes_on(self, tmp_path):
        def stop(state, record):
            return np.bool_(record["epoch"] >= 2)

        with sc.runs.open(tmp_path / "run") as run:
            first = tiny_fit(epochs=4, callback=stop, run=run)
            again = tiny_fit(epochs=4, callback=stop, run=run)
            assert first.history == again.history and same(first.state, again.state)
            resumed = tiny_fit(epochs=4, run=run)
        assert same(resumed.state, tiny_fit(epochs=4).state)

    def test_is_asked_again_where_a_run_was_killed_before_its_answer(self, tmp_path):
        def killed(state, record):
            raise SystemExit

        with sc.runs.open(tmp_path / "run") as run:
            with pytest.raises(SystemExit):
                tiny_fit(epochs=4, callback=killed, run=run)
            asked = []
            result = tiny_fit(
                epochs=4, callback=lambda s, r: not asked.append(r["epoch"]), run=run
            )
        assert asked == [1] and len(result.history) == 1

    def test_is_not_asked_about_a_finished_run(self, tmp_path):
        with sc.runs.open(tmp_path / "run") as run:
            tiny_fit(run=run)
            tiny_fit(run=run, callback=lambda state, record: 1 / 0)

    @pytest.mark.parametrize("answer", [0, 1.5, "stop", [True]])
    def test_must_answer_true_false_or_none(self, answer):
        with pytest.raises(
            sc.UserError, match="`callback` must be a function that ret"
        ):
            tiny_fit(callback=lambda state, record: answer)
