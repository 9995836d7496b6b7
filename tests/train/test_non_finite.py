import jax.numpy as jnp
import numpy as np
import optax
import pytest
from train.helpers import fit, small_model, small_task
from train.test_step import same

import seqconv_jax as sc


def spoiled(task, row, value=np.nan, array="inputs"):
    copies = {"inputs": task.inputs.copy(), "targets": task.targets.copy()}
    copies[array][row] = value
    return sc.data.Task(
        **copies,
        offsets=task.offsets,
        train=task.train,
        validation=task.validation,
        test=task.test,
    )


def test_bad_input_is_named_with_its_step():
    task = spoiled(small_task(replacement=False), 150)
    with pytest.raises(
        sc.train.NonFiniteError,
        match=r"step \d+ \(epoch 1, batch \d+\): the "
        r"batch's input \(example \d+ of the batch\) is not finite",
    ):
        fit(task=task, steps_per_epoch=None, epochs=1)


def test_bad_target_is_named():
    task = spoiled(small_task(), slice(12, 200), np.inf, "targets")
    with pytest.raises(
        sc.train.NonFiniteError, match="step 1 .*the batch's target"
    ) as caught:
        fit(task=task)
    assert caught.value.step == 0


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
    options = {"optimizer": explode_after(7), "seed": 3}
    with sc.runs.open(tmp_path / "run") as run:
        before = fit(epochs=1, run=run, **options)
        with pytest.raises(sc.train.NonFiniteError):
            fit(epochs=2, run=run, **options)
        again = fit(epochs=1, run=run, **options)
    assert same(before.state, again.state)
