"""Which way is better: known by a score's name, or asked for."""

import pytest
from train.tiny import tiny_fit, tiny_task

import seqconv_jax as sc
from seqconv_jax._best import known_mode
from seqconv_jax.train.selection import ModelSelection


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        *((name, "min") for name in ("loss", "mae", "mse", "rmse", "hinge_loss")),
        *(
            (name, "min")
            for name in ("mean_absolute_error", "error_rate", "perplexity")
        ),
        *((name, "min") for name in ("binary_cross_entropy", "brier_score", "L1_Loss")),
        *((name, "max") for name in ("accuracy", "auc", "roc_auc", "f1", "f1_macro")),
        *((name, "max") for name in ("top_5_accuracy", "recall_at_5", "r2_score")),
        *((name, "max") for name in ("log_likelihood", "hit_rate", "precision")),
        *((name, "min") for name in ("categorical_cross_entropy", "pinball", "huber")),
        *((name, None) for name in ("interval_rate", "quantile_rate")),
        *((name, None) for name in ("negative_log_likelihood", "neg_mae", "score")),
        *((name, None) for name in ("accuracy_drop", "lossless", "throughput", "5")),
    ],
)
def test_the_name_says_it_or_nothing(name, mode):
    assert known_mode(name) == known_mode(f"val_{name}") == mode
    selection = ModelSelection.of(name, mode or "max", None, [name], False)
    assert selection.mode == (mode or "max")


def test_the_best_accuracy_is_the_largest():
    falling = iter([0.5, 0.9, 0.7])

    def accuracy(p, y):
        return p[:, 0]

    result = tiny_fit(metrics={"accuracy": accuracy}, monitor="val_accuracy", epochs=3)
    values = [record["val_accuracy"] for record in result.history]
    assert result.best.record["val_accuracy"] == max(values)
    history = [{"epoch": n, "val_accuracy": v} for n, v in enumerate(falling, 1)]
    selection = ModelSelection.of("val_accuracy", None, 1, ["loss", "accuracy"], True)
    assert selection.best(history)["epoch"] == 2 and selection.is_stale(history)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"monitor": "val_score"},
            "`mode` must be given for `monitor` 'val_score', whose name does not say",
        ),
        (
            {"monitor": "val_auc", "mode": "min"},
            "`mode` must be 'max' for `monitor` 'val_auc', got 'min'; if that is what",
        ),
        ({"mode": "max"}, "`mode` must be 'min' for `monitor` 'val_loss', got 'max'"),
        (
            {"monitor": "val_acu"},
            "one of 'val_loss', 'val_auc', 'val_score', got 'val_ac",
        ),
        ({"monitor": "auc"}, "`monitor` must be one of 'val_loss', .*got 'auc'"),
        ({"monitor": ""}, "`monitor` must be one of "),
        ({"mode": "most"}, "`mode` must be one of 'min', 'max', got 'most'"),
    ],
)
def test_what_is_not_known_is_an_error_before_training(options, message, tmp_path):
    metrics = {"auc": sc.losses.mae, "score": sc.losses.mae}
    with sc.runs.open(tmp_path / "run") as run:
        with pytest.raises(sc.UserError, match=message):
            tiny_fit(metrics=metrics, run=run, **options)
        assert run.history() == [] and not run.checkpoint_dir.exists()


def test_a_mode_given_for_an_unknown_name_holds():
    options = {"metrics": {"score": sc.losses.mse}, "monitor": "val_score", "epochs": 3}
    largest, smallest = (tiny_fit(mode=mode, **options) for mode in ("max", "min"))
    assert largest.best.epoch == 1 < smallest.best.epoch == 3


def test_the_best_validation_loss_needs_validation_rows():
    best = tiny_fit(task=tiny_task(validation=tiny_task().train[:0]), epochs=1).best
    with pytest.raises(sc.UserError, match="`val_loss` must be read of a run with"):
        _ = best.val_loss
