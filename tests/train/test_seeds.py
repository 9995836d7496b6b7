"""Several seeds together: each is what it is alone, whatever becomes of the others."""

import os
import signal

import jax.numpy as jnp
import pytest
from flax import linen as nn
from train.test_step import same
from train.tiny import Line, tiny_fit, tiny_task

import seqconv_jax as sc
from seqconv_jax import UserError
from seqconv_jax.train import SeedsFailedError, TrainingInterrupted, fit_seeds

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


class Diverging(nn.Module):
    """A line; of the seeds 3, 5 and 7, the first draws one that is not finite."""

    @nn.compact
    def __call__(self, x, train=False):
        return nn.Dense(1, kernel_init=self.draw)(x)

    @staticmethod
    def draw(*arguments):
        kernel = nn.initializers.lecun_normal()(*arguments)
        return jnp.where(kernel[1] > 0, jnp.inf, kernel)


class FailsAfter:
    """A callback that fails where the first loss is that of one seed."""

    def __init__(self, loss):
        self.loss = loss

    def __call__(self, state, record):
        if record["loss"] == self.loss:
            raise ZeroDivisionError("of this seed\nand more")


@pytest.mark.parametrize("how", HOW)
def test_one_that_diverges_or_fails_leaves_the_others(how, tmp_path, capfd):
    model = Diverging()
    alone = {seed: tiny_fit(model, seed=seed) for seed in (5, 7)}
    fails = FailsAfter(alone[5].history[0]["loss"])
    given = {"seeds": [3, 5, 7], "how": how}
    with (
        sc.runs.open(tmp_path / "run") as run,
        pytest.raises(SeedsFailedError, match="1 of the seeds failed: seed 5: ") as got,
    ):
        fit_seeds(model, tiny_task(), run=run, callback=fails, **given, **options())
    assert got.value.failed == {5: "ZeroDivisionError: of this seed"}
    assert same(got.value.result.results[7].state, alone[7].state)
    assert "step 1" in str(got.value.result.diverged[3])
    assert "Traceback" not in capfd.readouterr().err
    with sc.runs.open(tmp_path / "run", resume=True) as run:
        summary = run.summary()
    assert summary["seeds"] == [7] and summary["without_scores"].keys() == {"3", "5"}
    assert summary["scores"]["val_loss"]["values"] == [alone[7].best.val_loss]

    if how == "one by one":  # and it can go on
        with (
            sc.runs.open(tmp_path / "run", resume=True) as run,
            pytest.warns(UserWarning, match="seed 3 diverged: training stopped at"),
        ):
            result = fit_seeds(model, tiny_task(), run=run, **given, **options())
        for seed in (5, 7):
            assert same(result.results[seed].state, alone[seed].state)


@pytest.mark.parametrize("how", HOW)
def test_a_signal_stops_all_and_they_go_on(how, tmp_path):
    told = []

    def stop(seed, record):
        told.append(seed)
        if len(told) == 1:  # a second signal would end us at once
            os.kill(os.getpid(), signal.SIGTERM)

    given = {"seeds": [3, 5], "task": tiny_task(), "model": Line()}
    with (
        sc.runs.open(tmp_path / "run") as run,
        pytest.raises(TrainingInterrupted, match="stopped by SIGTERM .*saved"),
    ):
        fit_seeds(run=run, how=how, on_epoch=stop, **given, **options(epochs=1000))
    done = max(
        len((folder / "history.jsonl").read_text().splitlines())
        for folder in (tmp_path / "run").glob("seed-*")
    )
    assert done < 900
    more = options(epochs=done + 1)
    with sc.runs.open(tmp_path / "run", resume=True) as run:
        trained = fit_seeds(run=run, how="one by one", **given, **more)
    for seed, result in trained.results.items():
        alone = tiny_fit(seed=seed, epochs=done + 1)
        assert same(result.state, alone.state)
        assert scores(result.history) == scores(alone.history)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seeds": []}, "`seeds` must be integers in .*, none twice, got "),
        ({"seeds": [1, 1]}, "`seeds` must be integers in .*, none twice, got "),
        ({"seeds": [-1]}, "`seeds` must be integers in .*, none twice, got "),
        ({"seeds": 3}, "`seeds` must be integers in .*, none twice, got 3"),
        ({"how": "threads"}, "`how` must be one of "),
        ({"seed": 3}, "`options` must be one of "),
        ({"at_once": 0}, "`at_once` must be a positive integer"),
        ({"loss": "mae"}, "`loss` must be"),
        ({"epochs": 0, "how": "one by one"}, "`epochs` must be a positive integer"),
    ],
)
def test_mistakes(changes, message):
    with pytest.raises(UserError, match=message):
        fit_seeds(Line(), tiny_task(), **({"seeds": [0, 1]} | options() | changes))


def test_a_script_without_a_guard_is_told(monkeypatch):
    monkeypatch.setenv("SEQCONV_SEED_PROCESS", "1")
    with pytest.raises(UserError, match="behind `if __name__"):
        fit_seeds(Line(), tiny_task(), seeds=[0], **options())
