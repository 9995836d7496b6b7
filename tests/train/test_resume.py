import os
import signal
import threading

import jax
import pytest
from train.helpers import fit, small_hybrid, small_model, small_task
from train.test_step import same

import seqconv_jax as sc


class StopAt:
    """A reporter that sends the process a signal after so many steps."""

    def __init__(self, step, signum=signal.SIGINT):
        self.left, self.signum = step, signum

    def begin(self, epoch, epochs, done, steps):
        pass

    def advance(self, steps, loss):
        self.left -= steps
        if self.left == 0:
            os.kill(os.getpid(), self.signum)

    def end(self, record):
        pass


def scores(history):
    """Return the history without what the clock put into it."""
    clock = ("seconds", "examples_per_second")
    return [{k: v for k, v in r.items() if k not in clock} for r in history]


@pytest.mark.parametrize(
    ("step", "signum", "replacement", "make_model"),
    [
        (1, signal.SIGINT, True, small_model),
        (4, signal.SIGTERM, False, small_model),
        (5, signal.SIGINT, False, small_model),
        (8, signal.SIGTERM, True, small_model),
        (8, signal.SIGINT, True, small_hybrid),
    ],
)
def test_stopped_anywhere_and_continued_is_the_uninterrupted_run(
    tmp_path, step, signum, replacement, make_model
):
    model, task = make_model(), small_task(replacement=replacement)
    whole = fit(model, task, epochs=3, seed=7)
    with sc.runs.open(tmp_path / "run") as run:
        with pytest.raises(
            sc.train.TrainingInterrupted, match=f"after step {step} .saved"
        ):
            fit(model, task, epochs=3, seed=7, run=run, reporter=StopAt(step, signum))
    with sc.runs.open(tmp_path / "run", resume=True) as run:
        resumed = fit(model, task, epochs=3, seed=7, run=run)
        assert same(resumed.state, whole.state)
        assert same(resumed.best.params, whole.best.params)
        assert scores(resumed.history) == scores(whole.history)
        assert scores(run.history()) == scores(whole.history)


def test_five_steps_save_restore_five_steps_are_ten_steps(tmp_path):
    whole = fit(epochs=2)
    with sc.runs.open(tmp_path / "run") as run:
        fit(epochs=1, run=run)
        resumed = fit(epochs=2, run=run)
    assert same(resumed.state, whole.state)
    assert scores(resumed.history) == scores(whole.history)


def test_a_finished_run_is_not_trained_again(tmp_path):
    with sc.runs.open(tmp_path / "run") as run:
        first = fit(run=run)
        again = fit(run=run)
    assert same(first.state, again.state) and same(first.best.params, again.best.params)
    assert first.history == again.history


def test_history_ahead_of_the_checkpoint_is_cut_back(tmp_path):
    """A crash between the two writes leaves one line too many."""
    with sc.runs.open(tmp_path / "run") as run:
        fit(epochs=1, run=run)
        extra = dict(run.history()[0], epoch=2, step=10, val_loss=-1.0)
        run.append(extra)
        resumed = fit(epochs=2, run=run)
    whole = fit(epochs=2)
    assert scores(resumed.history) == scores(whole.history)
    assert same(resumed.state, whole.state)


def test_resuming_another_model_raises(tmp_path):
    with sc.runs.open(tmp_path / "run") as run:
        fit(run=run)
        with pytest.raises(sc.UserError, match="features` was 4, is 6"):
            fit(small_model(features=6), run=run)


def test_without_a_run_directory_an_interrupt_says_that_nothing_was_saved():
    with pytest.raises(sc.train.TrainingInterrupted, match="not saved") as caught:
        fit(reporter=StopAt(2))
    assert (caught.value.signum, caught.value.step) == (signal.SIGINT, 2)


def test_an_interrupt_is_no_ordinary_exception():
    assert not issubclass(sc.train.TrainingInterrupted, Exception)


def test_handlers_are_put_back():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    fit(epochs=1)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_training_works_outside_the_main_thread():
    results = []
    thread = threading.Thread(target=lambda: results.append(fit(epochs=1)))
    thread.start()
    thread.join()
    assert len(results) == 1


def test_restored_steps_do_not_depend_on_the_call_size(tmp_path):
    """A run stopped on one kind of device may go on with other calls."""
    with sc.runs.open(tmp_path / "run") as run:
        fit(epochs=1, steps_per_call=3, run=run)
        resumed = fit(epochs=2, steps_per_call=1, run=run)
    assert int(resumed.state.step) == 10
    assert jax.tree.leaves(resumed.state.params)
