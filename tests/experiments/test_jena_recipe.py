"""The best recipe for the Jena climate: a line, and networks beside it."""

import json

import jena_hybrid
import numpy as np
import pytest
from _jena import load_task

import seqconv_jax as sc

TINY = {
    **{"every": "1h", "lookback": 12, "split": ("0.6", "0.8"), "ensemble": 2},
    **{"features": 4, "units": 4, "steps_per_epoch": 2, "batch_size": 8},
    "no_baselines": True,
}


def settings_of(weather, out, **options):
    return jena_hybrid.Settings(
        data=weather, out=out, recipe="best", **{**TINY, **options}
    )


def test_flags_go_before_the_recipe_and_the_recipe_before_the_book():
    settings = jena_hybrid.Settings(recipe="best", units=7, epochs=3)
    filled = jena_hybrid.resolved(settings)
    assert (filled.units, filled.epochs, filled.every) == (7, 3, "30min")
    for name, value in jena_hybrid.RECIPES["best"].items():
        assert getattr(jena_hybrid.Settings(), name) is None
        assert name in ("units", "epochs") or getattr(filled, name) == value


def test_the_best_recipe_begins_as_a_ridge_and_resumes(weather, tmp_path):
    whole = settings_of(weather, tmp_path / "whole", epochs=2)
    summary = jena_hybrid.main(whole)
    parts = settings_of(weather, tmp_path / "parts", epochs=2, patience=None)
    parts_first = settings_of(weather, tmp_path / "parts", epochs=1)
    assert parts.out == parts_first.out
    config = json.loads((whole.out / "config.json").read_text())
    assert (config["recipe"], config["line"], config["ensemble"]) == ("best", True, 2)
    task = load_task(
        jena_hybrid.resolved(whole), calendar=["hour of day", "day of year"]
    )
    run = sc.runs.load(whole.out)
    assert len(run.members) == 1
    np.testing.assert_allclose(
        run.evaluate(task)["mae"], summary["test_mae"], rtol=1e-5
    )
    line = sc.baselines.ridge_lags(task, columns=task.columns, calendar={})
    kernel = run.params["Parallel_0"]["skip"]["kernel"]
    np.testing.assert_allclose(kernel, line.model.kernel, atol=0.02)
    resumed = jena_hybrid.main(settings_of(weather, whole.out, epochs=2, resume=True))
    for name in ("best_val_mae", "test_mae", "network_test_maes"):
        assert resumed[name] == summary[name]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"predict": "value"}, "--line goes with --predict change"),
        ({"model": "gru"}, "`recipe` is for --model hybrid"),
        ({"ensemble": 0}, "`ensemble` must be from 1 to 100, got 0"),
    ],
)
def test_flags_that_do_not_fit(weather, tmp_path, wrong, message):
    with pytest.raises(sc.UserError, match=message):
        jena_hybrid.main(settings_of(weather, tmp_path / "run", **wrong))
    assert not (tmp_path / "run").exists()
