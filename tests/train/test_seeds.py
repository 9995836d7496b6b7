"""Several seeds together: each is what it is alone, whatever becomes of the others."""

import os
import signal

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from train.test_step import leaves, same
from train.tiny import Line, tiny_fit, tiny_task

import seqconv_jax as sc
from seqconv_jax import UserError
from seqconv_jax.train import SeedsFailedError, TrainingInterrupted, fit_seeds

# On a GPU, which they would share, processes are refused.
PROCESSES = pytest.param(
    "processes",
    marks=pytest.mark.skipif(jax.default_backend() != "cpu", reason="a CPU's way"),
)
HOW = [PROCESSES, "vmap", "one by one"]


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


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The results of runs of their own, and where they are."""
    directory = tmp_path_factory.mktemp("alone")

    def train(seed):
        with sc.runs.open(directory / str(seed), config={"seed": seed}) as run:
            return tiny_fit(Diverging(), seed=seed, run=run)

    return directory, {seed: train(seed) for seed in (5, 7)}


@pytest.mark.parametrize("how", HOW)
def test_each_is_its_run_alone_whatever_becomes_of_the_others(
    how, alone, tmp_path, capfd
):
    """Seed 3 diverges, 5 fails, 7 goes through."""
    directory, results = alone
    told = []
    given = {
        "model": Diverging(),
        "task": tiny_task(),
        "seeds": [3, 5, 7],
        "how": how,
        "on_epoch": lambda seed, record: told.append((seed, record["epoch"])),
    }
    first_loss = results[5].history[0]["loss"]
    with (
        sc.runs.open(tmp_path / "run", config={"name": "tiny"}) as run,
        pytest.raises(SeedsFailedError, match="1 of the seeds failed: seed 5: ") as got,
    ):
        fit_seeds(run=run, callback=FailsAfter(first_loss), **given, **options())
    assert sorted(told) == [(5, 1), (7, 1), (7, 2)]
    assert got.value.failed == {5: "ZeroDivisionError: of this seed"}
    assert got.value.result.diverged.keys() == {3}
    assert "step 1 " in str(got.value.result.diverged[3])
    assert "Traceback" not in capfd.readouterr().err
    check_same(got.value.result.results[7], results[7], how)
    check_folder(tmp_path / "run" / "seed-7", directory / "7", results[7], how)
    with sc.runs.open(tmp_path / "run", resume=True) as run:
        summary = run.summary()
    assert summary is not None
    assert summary["seeds"] == [7] and summary["without_scores"].keys() == {"3", "5"}
    [score] = summary["scores"]["val_loss"]["values"]
    assert score == pytest.approx(results[7].best.val_loss, rel=1e-6)

    if how == "one by one":  # and they can go on
        with (
            sc.runs.open(tmp_path / "run", resume=True) as run,
            pytest.warns(UserWarning, match="seed 3 diverged: training stopped at"),
        ):
            gone_on = fit_seeds(run=run, **given, **options())
        for seed in (5, 7):
            check_same(gone_on.results[seed], results[seed], how)
        assert gone_on.summary()["seeds"] == [5, 7]


def check_same(result, alone, how):
    """Check it to the bit, or, of one program for all, to rounding."""
    if how != "vmap":
        assert same(result.state, alone.state)
        assert same(result.best.params, alone.best.params)
        assert scores(result.history) == scores(alone.history)
        return
    for one, other in zip(leaves(result.state), leaves(alone.state), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    for one, other in zip(result.history, alone.history, strict=True):
        assert scores([one])[0] == pytest.approx(scores([other])[0], rel=1e-5)


def check_folder(folder, alone, result, how):
    there = {path.name for path in folder.iterdir()}
    assert there == {path.name for path in alone.iterdir()}
    loaded = sc.runs.load(folder, model=Diverging())
    assert loaded.config["seed"] == 7 and loaded.config["name"] == "tiny"
    if how != "vmap":
        assert same(loaded.params, result.best.params)


@pytest.mark.parametrize("how", [PROCESSES, "vmap"])
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
    histories = (tmp_path / "run").glob("seed-*/history.jsonl")  # one may have none yet
    done = max(len(history.read_text().splitlines()) for history in histories)
    assert done < 900
    more, then = options(epochs=done + 1), "vmap" if how == "vmap" else "one by one"
    with sc.runs.open(tmp_path / "run", resume=True) as run:
        trained = fit_seeds(run=run, how=then, **given, **more)
    for seed, result in trained.results.items():
        check_same(result, tiny_fit(seed=seed, epochs=done + 1), how)


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
