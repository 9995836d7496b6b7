"""Several seeds together: each is what it is alone, whatever becomes of the others."""

import jax
import numpy as np
import pytest
from train.test_step import same
from train.tiny import Line, tiny_fit, tiny_task

import seqconv_jax as sc
from seqconv_jax import UserError
from seqconv_jax.train import NonFiniteError, SeedsFailedError, fit_seeds

HOW = ["processes", "one by one"]


def options(**changes):
    return {
        "optimizer": sc.optim.rmsprop(1e-2),
        "loss": sc.losses.mae,
        "metrics": {"mse": sc.losses.mse},
        "epochs": 2,
        "batch_size": 8,
    } | changes


def scores(history):
    clock = ("seconds", "examples_per_second")
    return [{k: v for k, v in each.items() if k not in clock} for each in history]


@pytest.mark.parametrize("how", HOW)
def test_each_is_its_run_alone(how, tmp_path):
    told, model = [], Line(dropout=0.3)
    with sc.runs.open(tmp_path / "run", config={"task": "tiny"}) as run:
        trained = fit_seeds(
            model,
            tiny_task(),
            seeds=[3, 5],
            run=run,
            how=how,
            on_epoch=lambda seed, record: told.append((seed, record["epoch"])),
            **options(),
        )
    assert sorted(told) == [(3, 1), (3, 2), (5, 1), (5, 2)]
    for seed, result in trained.results.items():
        with sc.runs.open(tmp_path / str(seed), config={"seed": seed}) as own:
            alone = tiny_fit(model, seed=seed, run=own)
        assert same(result.state, alone.state)
        assert same(result.best.params, alone.best.params)
        assert scores(result.history) == scores(alone.history)
        folder = tmp_path / "run" / f"seed-{seed}"
        there = {path.name for path in folder.iterdir()}
        assert there == {path.name for path in (tmp_path / str(seed)).iterdir()}
        loaded = sc.runs.load(folder, model=model)
        assert same(loaded.params, alone.best.params)
        assert loaded.config["seed"] == seed and loaded.config["task"] == "tiny"

