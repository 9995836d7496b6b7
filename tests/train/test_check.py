"""What no machine has is an error before any of it is taken."""

import jax.numpy as jnp
import numpy as np
import pytest
from train.helpers import fit, small_model, small_task

import seqconv_jax as sc
from seqconv_jax.train import check_fit, fits_memory

MODEL, TASK = small_model(), small_task()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "`epochs` must be a positive integer, got 0"),
        ({"seed": -1}, "`seed` must be an integer of at least 0, got -1"),
        ({"patience": 0}, "`patience` must be a positive integer, got 0"),
        ({"batch_size": True}, "`batch_size` must be a positive integer, got True"),
        ({"batch_size": 10**12}, "`batch_size` must be small enough for fewer than"),
        ({"steps_per_epoch": 10**12}, "`steps_per_epoch` must be small enough for"),
    ],
)
def test_settings(options, message):
    with pytest.raises(sc.UserError, match=message):
        check_fit(MODEL, TASK, **{"epochs": 1, **options})
    with pytest.raises(sc.UserError, match=message):
        fit(MODEL, TASK, **options)


def test_what_fits_passes():
    check_fit(MODEL, TASK, epochs=1)
    check_fit(MODEL, TASK, epochs=1, batch_size=10_000)  # of 188 rows, with replacement


def test_outputs_count_where_the_batch_is_large(monkeypatch):
    """36 float32 come in for a row; the layers' outputs are more than they are."""
    row = 4 * 36
    for batch_size, memory in ((1000, 1050 * row), (1000, 900 * row)):
        monkeypatch.setattr(fits_memory, "_device_memory", lambda: memory)  # noqa: B023
        with pytest.raises(
            sc.UserError, match="`batch_size` must fit in memory, got 1"
        ):
            check_fit(MODEL, TASK, epochs=1, batch_size=batch_size)
    monkeypatch.setattr(fits_memory, "_device_memory", lambda: 3000 * row)
    check_fit(MODEL, TASK, epochs=1, batch_size=1000)


@pytest.mark.parametrize(
    "model",
    [sc.models.GRURegressor(units=10**7), sc.models.TextConvNet(vocabulary=10**9)],
    ids=["units", "vocabulary"],
)
def test_parameters(model):
    task = TASK
    if isinstance(model, sc.models.TextConvNet):
        x = jnp.zeros((8, 60), jnp.int32)
        rows = np.arange(8, dtype=np.int32)
        task = sc.data.Task(
            inputs=np.asarray(x),
            targets=np.zeros((8, 1), np.float32),
            offsets=None,
            train=rows,
            validation=rows,
            test=rows,
        )
    with pytest.raises(sc.UserError, match="`model` must fit in memory, got one of"):
        check_fit(model, task, epochs=1)
    with pytest.raises(sc.UserError, match="`model` must fit in memory, got one of"):
        fit(model, task, steps_per_epoch=None)


def test_data(monkeypatch):
    monkeypatch.setattr(fits_memory, "_device_memory", lambda: 100)
    with pytest.raises(sc.UserError, match="`task` must fit in memory, got its arrays"):
        check_fit(MODEL, TASK, epochs=1, data="resident")
    with pytest.raises(sc.UserError, match="`batch_size` must fit in memory, got 128"):
        check_fit(MODEL, TASK, epochs=1)  # streamed
    monkeypatch.setattr(fits_memory, "_device_memory", lambda: None)  # not known
    check_fit(MODEL, TASK, epochs=1, batch_size=10**9)
