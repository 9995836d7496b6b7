"""Runs begun by the version before batch statistics, whose state had three fields."""

import json
from typing import Any, NamedTuple

import pytest
from train.helpers import fit, small_model, small_task
from train.test_batch_stats import Normalised
from train.test_resume import scores
from train.test_step import same

import seqconv_jax as sc
from seqconv_jax.checkpoint import Checkpoints
from seqconv_jax.train.step import zero_totals

LAYERS = [
    *("Conv1D_0/bias", "Conv1D_0/kernel", "Conv1D_1/bias", "Conv1D_1/kernel"),
    *("Dense_0/bias", "Dense_0/kernel"),
]
LEAVES = {
    "state/step",
    *(f"state/params/{name}" for name in LAYERS),
    *(f"state/opt_state/0/nu/{name}" for name in LAYERS),
    *(f"totals/{name}" for name in ("examples", "gradient_norm", "loss", "mae")),
}


class OldState(NamedTuple):
    step: Any
    params: Any
    opt_state: Any


def leaf_names(run, step):
    manifest = json.loads(
        (run / "checkpoints" / str(step) / "manifest.json").read_text()
    )
    return set(manifest["leaves"])


@pytest.fixture
def old_run(tmp_path):
    """The directory of a run of one epoch, its checkpoint in the old layout."""
    done = fit(epochs=1)
    old = OldState(*done.state[:3])
    totals = zero_totals(("loss", "mae", "gradient_norm"))
    with sc.runs.open(tmp_path / "run") as run:
        run.write_history(done.history)
        monitored = {"val_loss": done.best.val_loss}
        with Checkpoints(run.checkpoint_dir) as checkpoints:
            checkpoints.save(5, {"state": old, "totals": totals}, monitored)
    assert leaf_names(tmp_path / "run", 5) == LEAVES
    return tmp_path / "run"


def goes_unchecked():
    return pytest.warns(UserWarning, match="begun by an earlier version .* not checked")


def test_an_old_checkpoint_loads_bit_for_bit(old_run):
    task, done = small_task(), fit(epochs=1)
    tx = sc.optim.rmsprop(1e-3)
    fresh = sc.train.init_state(small_model(), tx, task.example, seed=1)
    loaded = Checkpoints(old_run / "checkpoints").load(5, {"state": fresh})["state"]
    assert isinstance(loaded, sc.train.TrainState)
    assert same(loaded, done.state) and loaded.batch_stats == {}
    assert same(sc.checkpoint.load_params(old_run), done.state.params)


def test_an_old_run_goes_on_as_if_never_stopped(old_run):
    whole = fit(epochs=2)
    with sc.runs.open(old_run, resume=True) as run, goes_unchecked():
        resumed = fit(epochs=2, run=run)
    assert same(resumed.state, whole.state) and same(resumed.best[1:], whole.best[1:])
    assert scores(resumed.history) == scores(whole.history)
    assert leaf_names(old_run, 10) == LEAVES


def test_its_best_epoch_is_found(old_run):
    with sc.runs.open(old_run, resume=True) as run, goes_unchecked():
        again = fit(epochs=1, run=run)
    assert same(again.best.params, fit(epochs=1).best.params)
    assert again.best.batch_stats == {}


def test_it_is_no_run_of_a_model_with_statistics(old_run):
    with (
        sc.runs.open(old_run, resume=True) as run,
        pytest.raises(sc.UserError, match="start a new run"),
        goes_unchecked(),
    ):
        fit(Normalised(), epochs=2, run=run)
