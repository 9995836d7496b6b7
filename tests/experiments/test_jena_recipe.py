"""The best recipe for the Jena climate: a line, and a network beside it."""

import json

import jax
import jena_hybrid
import numpy as np
import pytest
from _jena import load_task
from numerics import quick_jit

import seqconv_jax as sc

TINY = {
    **{"every": "1h", "lookback": "24h", "split": ("0.6", "0.8"), "products": (1, 24)},
    **{"features": 4, "units": 4, "steps_per_epoch": 2, "batch_size": 8},
    "no_baselines": True,
}


def settings_of(weather, out, **options):
    return jena_hybrid.Settings(
        data=weather, out=out, recipe="best", **{**TINY, **options}
    )


def test_flags_go_before_the_recipe_and_the_recipe_before_the_book():
    filled = jena_hybrid.resolved(jena_hybrid.Settings(recipe="best", units=7))
    assert (filled.units, filled.every) == (7, "30min")
    for name, value in jena_hybrid.RECIPES["best"].items():
        assert getattr(jena_hybrid.Settings(), name) is None
        assert name == "units" or getattr(filled, name) == value


def test_the_best_recipe_begins_as_a_line_and_resumes(weather, tmp_path):
    settings = settings_of(weather, tmp_path / "run", epochs=2)
    summary = jena_hybrid.main(settings)
    config = json.loads((settings.out / "config.json").read_text())
    assert (config["recipe"], config["line"]) == ("best", True)
    settings = jena_hybrid.resolved(settings)
    assert settings.calendar and settings.products
    task = load_task(settings, calendar=settings.calendar)
    line = sc.baselines.ridge_lags(
        task, columns=task.columns, calendar={}, products=settings.products
    )
    run = sc.runs.load(settings.out)
    x, _ = task.gather(task.test)
    variables = quick_jit(run.model.init)(jax.random.key(0), x[:1])
    params = sc.models.start_from_line(variables["params"], line)
    np.testing.assert_allclose(
        quick_jit(run.model.apply)({"params": params}, x),
        line.outputs(task, task.test),
        atol=1e-4,
    )
    resumed = jena_hybrid.main(
        settings_of(weather, settings.out, epochs=2, resume=True)
    )
    assert resumed["best_val_mae"] == summary["best_val_mae"]
    assert resumed["test_mae"] == summary["test_mae"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"predict": "value"}, "--line goes with --predict change"),
        ({"line": False}, "--products goes with --line True"),
        ({"products": (0,)}, "`products` must be a positive integer, got 0"),
        ({"products": (25,)}, "`products` must be spans of at most 24 inputs, got 25"),
        ({"learning_rate": 0.0}, "`learning_rate` must be above 0, got 0.0"),
        ({"weight_decay": -1.0}, "`weight_decay` must be 0 or more, got -1.0"),
        ({"delta": -1.0}, "`delta` must be 0 or more, got -1.0"),
        ({"ema_decay": 1.0}, r"`ema_decay` must be a number in \(0, 1\), got 1.0"),
        ({"epochs": 0}, "`epochs` must be a positive integer, got 0"),
        ({"units": 0}, "`units` must be"),
        ({"model": "gru"}, "`recipe` is for --model hybrid"),
    ],
)
def test_flags_that_do_not_fit(weather, tmp_path, wrong, message):
    with pytest.raises(sc.UserError, match=message):
        jena_hybrid.main(settings_of(weather, tmp_path / "run", **wrong))
    assert not (tmp_path / "run").exists()
