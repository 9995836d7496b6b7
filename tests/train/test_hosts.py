"""Processes that train together: stopped, killed, and resumed with other numbers."""

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import jax
import numpy as np
import pytest
from train.tiny import Line, tiny_fit

import seqconv_jax as sc

TESTS = Path(__file__).parents[1]
EPOCHS = 24
KILLS = int(os.environ.get("SEQCONV_HOST_KILLS", "1"))
# Their numbers are compared with this process's, and they can't share its GPU.
pytestmark = pytest.mark.skipif(
    jax.default_backend() != "cpu", reason="two processes, each with a device"
)


@contextmanager
def started(count, run, *arguments):
    """So many processes at work on a run; none is left behind."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        coordinator = f"127.0.0.1:{free.getsockname()[1]}"
    paths = [str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH", "")]
    environ = os.environ | {
        "PYTHONPATH": os.pathsep.join(paths),
        "JAX_DEFAULT_MATMUL_PRECISION": "highest",  # as here, or no run is resumed
    }
    common = [sys.executable, "-m", "train.host_case", str(run), *map(str, arguments)]
    processes = [
        subprocess.Popen(
            [*common, coordinator, str(count), str(number)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environ,
        )
        for number in range(count)
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def wait_for_epoch(process):
    for line in process.stdout:
        if line.startswith("epoch"):
            return
    raise AssertionError("it ended before its first epoch")


def last_line(process):
    said, _ = process.communicate(timeout=60)
    return said.splitlines()[-1]


def expect_told_of_the_loss(process):
    """By us, or by JAX: its own thread ends a process when the first is gone.

    Whichever sees it first. That thread can be given no function of Python.
    """
    said, errors = process.communicate(timeout=60)
    told = said.splitlines()[-1].startswith(
        "ProcessLostError: another process was lost"
    )
    aborted = process.returncode == -signal.SIGABRT and errors
    assert told or aborted, f"{process.returncode}: {said}{errors}"


def scores(history):
    return np.array([[each["loss"], each["val_loss"]] for each in history])


def test_stopped_then_killed_then_resumed_alone(tmp_path):
    with started(2, tmp_path / "run", 0.05, EPOCHS) as both:
        wait_for_epoch(both[0])
        both[1].send_signal(signal.SIGTERM)
        said = [last_line(process) for process in both]
    pattern = r"TrainingInterrupted: stopped by SIGTERM after step (\d+)"
    steps = [int(step) for line in said for step in re.findall(pattern, line)]
    assert len(steps) == 2
    assert steps[0] == steps[1] < 3 * EPOCHS
    assert "(saved)" in said[0]

    with started(4, tmp_path / "run", 0.3, EPOCHS) as all_four:
        wait_for_epoch(all_four[0])
        time.sleep(random.uniform(0, 0.5))
        all_four[2].kill()
        begun = time.monotonic()
        expect_told_of_the_loss(all_four[0])
        for process in all_four:
            process.wait(timeout=60 - (time.monotonic() - begun))
        assert 0 not in [process.returncode for process in all_four]

    whole = tiny_fit(Line(0.3), epochs=EPOCHS)
    with sc.runs.open(tmp_path / "run", resume=True) as run:
        assert steps[0] // 3 <= len(run.history()) < EPOCHS
        resumed = tiny_fit(Line(0.3), epochs=EPOCHS, run=run)
    assert len(resumed.history) == EPOCHS
    np.testing.assert_allclose(
        scores(resumed.history), scores(whole.history), rtol=1e-5
    )


def test_one_of_two_is_killed_and_nothing_is_lost(tmp_path):
    """As often as $SEQCONV_HOST_KILLS says, at moments that are drawn anew."""
    epochs, done = EPOCHS * KILLS, 0
    whole = scores(tiny_fit(Line(0.3), epochs=epochs).history)
    for _ in range(KILLS):
        with started(2, tmp_path / "run", 0.05, epochs) as both:
            wait_for_epoch(both[0])
            time.sleep(random.uniform(0, 1))
            victim = random.randrange(2)
            both[victim].kill()
            expect_told_of_the_loss(both[1 - victim])
        with sc.runs.open(tmp_path / "run", resume=True) as run:
            found = scores(run.history())
        assert done <= len(found) < epochs  # an epoch is told of again on resuming
        done = len(found)
        np.testing.assert_allclose(found, whole[:done], rtol=1e-5)
    with sc.runs.open(tmp_path / "run", resume=True) as run:
        resumed = tiny_fit(Line(0.3), epochs=epochs, run=run)
    np.testing.assert_allclose(scores(resumed.history), whole, rtol=1e-5)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"coordinator": "a:1"}, "`processes` must be given where `coordinator` is"),
        ({"process": 0}, "`coordinator` must be given where `process` is"),
        (
            {"coordinator": "a:1", "processes": 2, "process": 2},
            "`process` must be below the 2 processes, got 2",
        ),
        (
            {"coordinator": "a", "processes": 2, "process": 0},
            "`coordinator` must be HOST:PORT, got 'a'",
        ),
    ],
)
def test_what_is_given_must_be_whole(given, message):
    with pytest.raises(sc.UserError, match=f"^{message}"):
        sc.train.join_hosts(**given)


def test_alone_there_is_nothing_to_join():
    sc.train.join_hosts()
    assert sc.train.is_first()
