"""Commands at once: cores of their own, signals passed on, none that is left behind."""

import os
import signal
import subprocess
import sys
import time

import pytest

from seqconv_jax._processes import (
    Job,
    cores,
    places_on_cores,
    python,
    run_together,
)

SLEEP = "import time; print('begun', flush=True); time.sleep(60)"


class Listener:
    def __init__(self, on_line=lambda line: None):
        self.lines, self.ends, self.on_line = [], [], on_line

    def line(self, name, line, is_error):
        self.lines.append((name, line, is_error))
        self.on_line(line)

    def ended(self, name, end):
        self.ends.append((name, *end))


def run(codes, count=2, **options):
    jobs = [Job(name, python("-c", code)) for name, code in codes.items()]
    listener = Listener(**options)
    return run_together(jobs, places_on_cores(count), listener), listener


def test_each_has_cores_of_its_own_and_is_told_of_all():
    code = (
        "import os, time; time.sleep(0.5);"
        "print(sorted(os.sched_getaffinity(0)), os.environ['NPROC'])"
    )
    outcome, listener = run({"a": code, "b": code})
    seen = [eval(line.rsplit(" ", 1)[0]) for _, line, _ in listener.lines]
    assert sorted(sum(seen, [])) == cores() or len(cores()) == 1
    assert {line.rsplit(" ", 1)[1] for _, line, _ in listener.lines} == {
        str(len(cores()))
    }
    assert outcome.signum is None and {e.status for e in outcome.ended.values()} == {0}


def test_the_last_gets_the_cores_that_are_free():
    code = (
        "import os, time\n"
        "for _ in range(600):\n"
        "    time.sleep(0.05)\n"
        f"    if sorted(os.sched_getaffinity(0)) == {cores()}: break\n"
        "else: raise SystemExit(3)"
    )
    assert run({"a": "pass", "b": code})[0].ended["b"].status == 0


def test_status_and_last_error_are_told_and_kept_in_a_log(tmp_path):
    log = tmp_path / "a.log"
    code = (
        "import sys; print('out'); sys.stderr.write('first\\nlast\\n\\n'); sys.exit(2)"
    )
    listener = Listener()
    job = Job("a", python("-c", code), log)
    outcome = run_together([job], places_on_cores(1), listener)
    assert listener.ends == [("a", 2, "last")] and outcome.ended["a"] == (2, "last")
    assert sorted(log.read_text().split()) == ["first", "last", "out"]
    killed = "import os; os.kill(os.getpid(), 9)"
    assert run({"a": killed})[0].ended["a"].status == 128 + signal.SIGKILL


def test_a_signal_goes_to_all_and_no_other_is_begun():
    def stop(line):
        if line == "begun":  # a second signal would end us at once
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    started = time.monotonic()
    outcome, _ = run({"a": SLEEP, "b": "print('never')"}, count=1, on_line=stop)
    assert time.monotonic() - started < 30
    assert outcome.signum == signal.SIGINT and outcome.ended.keys() == {"a"}
    assert signal.getsignal(signal.SIGINT) is before


def test_an_error_here_ends_all():
    def fail(line):
        raise ZeroDivisionError

    started = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        run({"a": SLEEP}, on_line=fail)
    assert time.monotonic() - started < 30


def test_none_outlives_a_parent_that_is_killed(tmp_path):
    script = tmp_path / "child.py"
    script.write_text(f"import os; print(os.getpid(), flush=True)\n{SLEEP}")
    parent = f"""
from seqconv_jax._processes import *
class Listener:
    def line(self, name, line, is_error): print(line, flush=True)
    def ended(self, name, end): pass
job = Job("a", python("-m", "seqconv_jax._processes", {str(script)!r}))
run_together([job], places_on_cores(1), Listener())
"""
    process = subprocess.Popen(
        [sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        assert process.stdout.readline() == "begun\n"
        process.kill()
    for _ in range(200):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        if is_zombie(child):
            return
        time.sleep(0.05)
    pytest.fail("the child is still there")


def is_zombie(process):
    with open(f"/proc/{process}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[0] == "Z"
