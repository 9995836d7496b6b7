"""A signal is never lost, wherever it comes: saved, then raised, with the model."""

import os
import signal

import pytest
from train.test_resume import scores
from train.test_step import same
from train.tiny import tiny_fit

import seqconv_jax as sc
from seqconv_jax.train import evaluation, interrupt, store
from seqconv_jax.train.reporter import NullReporter

PLACES = ("advance", "end", "callback", "evaluation", "save", "after")
EPOCHS = 2


def send_at(place, epoch, signum, monkeypatch):
    """Let a signal come at a place of an epoch; return the options of `fit` for it.

    Steps are calls of their own, as they are not on a GPU unless asked for.
    """
    at = {"epoch": 0}

    def here(name):
        if name == place and at["epoch"] == epoch:
            os.kill(os.getpid(), signum)

    class Sender(NullReporter):
        def begin(self, epoch, epochs, done, steps):
            at["epoch"] = epoch

        def advance(self, steps, loss):
            here("advance")

        def end(self, record):
            here("end")

    def before(owner, name, label):
        original = getattr(owner, name)

        def wrapped(*arguments):
            here(label)
            return original(*arguments)

        monkeypatch.setattr(owner, name, wrapped)

    before(evaluation.Evaluator, "__call__", "evaluation")
    before(store.RunStore, "save", "save")
    before(sc.checkpoint.Checkpoints, "close", "after")
    return {
        "reporter": Sender(),
        "callback": lambda state, record: here("callback"),
        "steps_per_call": 1,
    }


@pytest.mark.parametrize(
    ("place", "epoch"),
    [(p, e) for p in PLACES for e in (1, EPOCHS) if (p, e) != ("after", 1)],
)
def test_it_is_raised_once_all_is_saved(place, epoch, tmp_path, monkeypatch):
    signum = signal.SIGTERM if place in ("end", "save") else signal.SIGINT
    whole = tiny_fit(epochs=EPOCHS)
    with monkeypatch.context() as patch, sc.runs.open(tmp_path / "run") as run:
        options = send_at(place, epoch, signum, patch)
        with pytest.raises(sc.train.TrainingInterrupted, match=r"\(saved\)") as caught:
            tiny_fit(epochs=EPOCHS, run=run, **options)
    stop = caught.value
    steps = 1 if place == "advance" else 3
    assert (stop.signum, stop.saved) == (signum, True)
    assert stop.step == int(stop.state.step) == 3 * (epoch - 1) + steps
    assert scores(stop.history) == scores(whole.history[: stop.step // 3])
    assert (stop.best is None) == (stop.step < 3)
    with sc.runs.open(tmp_path / "run", resume=True) as run:
        resumed = tiny_fit(epochs=EPOCHS, run=run)
    assert same(resumed.state, whole.state)
    assert scores(resumed.history) == scores(whole.history)


@pytest.mark.parametrize("place", ["end", "advance", "callback"])
def test_a_notebook_gets_its_model_back(place, monkeypatch):
    options = send_at(place, 2, signal.SIGINT, monkeypatch)
    with pytest.raises(KeyboardInterrupt) as caught:
        tiny_fit(epochs=5, **options)
    stop = caught.value
    assert isinstance(stop, sc.train.TrainingInterrupted) and not stop.saved
    whole = tiny_fit(epochs=1 if place == "advance" else 2)
    assert same(stop.best.params, whole.best.params)
    assert sc.count_parameters(stop.state.params) == 3
    assert float(stop.state.params["Dense_0"]["bias"][0]) != 0  # its buffers are there


def test_an_interrupt_of_a_finished_run_is_raised_too(tmp_path, monkeypatch):
    with sc.runs.open(tmp_path / "run") as run:
        tiny_fit(run=run)
        options = send_at("after", 0, signal.SIGINT, monkeypatch)
        with pytest.raises(sc.train.TrainingInterrupted) as caught:
            tiny_fit(run=run, **options)
    assert len(caught.value.history) == 2 and caught.value.best is not None


def test_handlers_are_put_back_whatever_happens(monkeypatch):
    before = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]

    class Broken(NullReporter):
        def end(self, record):
            raise RuntimeError("a reporter's own")

    with pytest.raises(RuntimeError, match="a reporter's own"):
        tiny_fit(reporter=Broken())
    with pytest.raises(sc.train.TrainingInterrupted):
        tiny_fit(**send_at("callback", 1, signal.SIGINT, monkeypatch))
    after = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]
    assert after == before


def test_the_second_signal_exits_at_once(monkeypatch):
    left = []
    monkeypatch.setattr(os, "_exit", left.append)
    with interrupt.stop_on_signals() as request:
        signal.raise_signal(signal.SIGINT)
        assert request.signum == signal.SIGINT and left == []
        signal.raise_signal(signal.SIGTERM)
    assert left == [128 + signal.SIGTERM]


def test_an_ignored_signal_stays_ignored():
    """As under nohup."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupt.stop_on_signals() as request:
            signal.raise_signal(signal.SIGINT)
        assert request.signum is None
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
