"""`load_params` gives the best epoch by whatever the run watched."""

import numpy as np
import pytest
from checkpoint.helpers import assert_same, make_tree
from train.test_same_fit import edit_info
from train.test_step import same
from train.tiny import tiny_fit

import seqconv_jax as sc
from seqconv_jax import UserError
from seqconv_jax.checkpoint import Checkpoints, load_params


def params_of(seed):
    return make_tree(seed)["state"].params


def save(directory, scores, **options):
    with Checkpoints(directory, **options) as checkpoints:
        for step, metrics in enumerate(scores, start=1):
            checkpoints.save(step, make_tree(step), metrics)


@pytest.mark.parametrize(
    ("monitor", "mode", "scores", "best"),
    [
        ("val_accuracy", "max", [0.5, 0.9, 0.7], 2),
        ("val_accuracy", "min", [0.5, 0.9, 0.7], 1),
        ("val_score", "max", [0.9, 0.5, 0.7], 1),
        ("val_mae", "min", [0.9, 0.5, 0.7], 2),
        ("val_loss", "min", [0.5, 0.9, None], 1),
    ],
)
def test_the_checkpoints_know_what_was_watched(tmp_path, monitor, mode, scores, best):
    metrics = [{monitor: score} for score in scores]
    save(tmp_path, metrics, monitor=monitor, mode=mode)
    assert_same(load_params(tmp_path), params_of(best))


def test_the_middle_of_an_epoch_is_not_the_best(tmp_path):
    save(tmp_path, [{"auc": 0.5}, None], monitor="auc", mode="max")
    assert_same(load_params(tmp_path), params_of(1))


def test_where_nothing_was_scored_it_is_the_latest(tmp_path):
    save(tmp_path, [None, None], monitor="auc", mode="max")
    assert_same(load_params(tmp_path), params_of(2))


def test_what_the_checkpoints_do_not_hold_is_an_error(tmp_path):
    save(tmp_path, [{"auc": 0.5}], monitor="auc", mode="max")
    with pytest.raises(
        UserError, match="`monitor` must be one of 'auc', got 'val_loss'"
    ):
        load_params(tmp_path, monitor="val_loss")
    with pytest.raises(UserError, match="`mode` must be one of 'min', 'max', got 'up'"):
        load_params(tmp_path, mode="up")  # type: ignore[arg-type]
    save(tmp_path / "nan", [{"auc": float("nan")}] * 2, monitor="auc", mode="max")
    with pytest.raises(
        UserError, match="finite 'auc', .*say which `step` to load, one "
    ):
        load_params(tmp_path / "nan")


@pytest.mark.parametrize(
    ("monitor", "best"), [("val_accuracy", 2), ("val_loss", 1), ("val_score", None)]
)
def test_an_earlier_version_kept_what_it_watched_by_its_name(tmp_path, monitor, best):
    """Its manifests hold one metric, and no mode."""
    scores = [{monitor: score} for score in (0.5, 0.9, 0.7)]
    mode = "min" if monitor == "val_loss" else "max"
    with sc.runs.open(tmp_path) as run:
        save(run.checkpoint_dir, scores, monitor=monitor, mode=mode)

        def edit(content):
            for name in ("info", "monitor", "mode"):
                content.pop(name)

        edit_info(run, edit)
    if best is None:
        with pytest.raises(
            UserError, match="`mode` must be given for 'val_score': the"
        ):
            load_params(tmp_path)
        assert_same(load_params(tmp_path, mode="max"), params_of(2))
    else:
        assert_same(load_params(tmp_path), params_of(best))


@pytest.mark.parametrize(
    ("metric", "mode", "best"), [("accuracy", None, 1), ("score", "min", 3)]
)
def test_that_of_a_run_is_that_of_fit(tmp_path, metric, mode, best):
    """A score that falls from epoch to epoch: the first one's if large is good."""
    options = {"monitor": f"val_{metric}", "mode": mode, "epochs": 3}
    with sc.runs.open(tmp_path / "run") as run:
        result = tiny_fit(metrics={metric: sc.losses.mse}, run=run, **options)
    values = [record[f"val_{metric}"] for record in result.history]
    assert values == sorted(values, reverse=True) and result.best.epoch == best
    loaded = load_params(tmp_path / "run")
    assert same(loaded, result.best.params)
    assert same(loaded, result.state.params) == (best == 3)
    assert np.isfinite(loaded["Dense_0"]["kernel"]).all()
