import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from train.helpers import fit, small_model, small_task
from train.test_door import Mean
from train.test_step import same

import seqconv_jax as sc


@pytest.mark.parametrize(("array", "word"), [("x", "input"), ("y", "target")])
def test_bad_numbers_of_a_batch_are_named(array, word):
    from seqconv_jax.train.diagnose import first_bad_tensor

    task, model = small_task(), Mean()
    state = sc.train.init_state(model, sc.optim.rmsprop(1e-3), task.example, seed=0)
    batch = sc.train.gather(sc.train.put_on_device(task), jnp.asarray(task.train[:4]))
    bad = getattr(batch, array).at[2].set(np.inf)
    batch = batch._replace(**{array: bad})
    name = first_bad_tensor(model, sc.losses.mae, state, batch, jax.random.key(0))
    assert name == f"the batch's {word} (example 2 of the batch)"


def test_the_failed_step_is_named_with_its_epoch_and_batch():
    with pytest.raises(
        sc.train.NonFiniteError, match=r"step \d+ \(epoch \d, batch \d\): the .* is not"
    ) as caught:
        fit(Mean(), optimizer=explode_after(7), loss=sc.losses.mse)
    assert caught.value.step == 8


def test_an_exploding_run_names_the_layer():
    model = sc.models.SeriesConvNet(
        blocks=(sc.nn.ConvBlock(8, 3, activation="linear"),) * 3
    )
    with pytest.raises(
        sc.train.NonFiniteError, match="the output of layer (Conv1D|Dense)_"
    ):
        fit(model, loss=sc.losses.mse, optimizer=sc.optim.rmsprop(1e12), epochs=20)


def test_a_gradient_that_is_not_finite_is_named():
    def root(predictions, targets):
        # Its value is 0 where they agree, its slope infinite.
        return jnp.sqrt(jnp.abs(predictions - predictions)).mean(axis=-1)

    with pytest.raises(sc.train.NonFiniteError, match="the gradient of .*kernel|bias"):
        fit(loss=root)


def test_a_bad_parameter_is_named():
    from seqconv_jax.train.diagnose import first_bad_tensor
    from seqconv_jax.train.state import init_state, seed_keys

    task, model = small_task(), small_model()
    state = init_state(model, sc.optim.rmsprop(1e-3), task.example, seed=0)
    state.params["Dense_0"]["bias"] = jnp.array([jnp.nan])
    batch = sc.train.gather(sc.train.put_on_device(task), jnp.asarray(task.train[:4]))
    name = first_bad_tensor(model, sc.losses.mae, state, batch, seed_keys(0).dropout)
    assert name == "parameter Dense_0/bias"


def explode_after(steps):
    """An optimiser that throws the parameters away at one step."""
    return optax.sgd(optax.piecewise_constant_schedule(1e-3, {steps: 1e38}))


def test_the_last_good_checkpoint_is_kept(tmp_path):
    options = {"optimizer": explode_after(7), "loss": sc.losses.mse, "seed": 3}
    with sc.runs.open(tmp_path / "run") as run:
        before = fit(Mean(), epochs=1, run=run, **options)
        with pytest.raises(sc.train.NonFiniteError):
            fit(Mean(), epochs=2, run=run, **options)
        again = fit(Mean(), epochs=1, run=run, **options)
    assert same(before.state, again.state)
