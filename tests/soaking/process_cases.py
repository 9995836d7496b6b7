"""Cases of whole processes: a fault, or several, then the run is gone on with."""

import json
import shutil
import time
from pathlib import Path
from random import Random

from soaking.cases import CRASH, HANG, LOST, REFUSED, RIGHT, Result, one_line, random_of
from soaking.directories import apply_remedy
from soaking.outcomes import BEST_IS_LOST, difference, outcome_of, without_best
from soaking.process_faults import FAULTS_OF, Fault, Usual
from soaking.processes import Ended, run_process
from soaking.programs import Program, programs
from soaking.run_damage import damage_run
from soaking.small_disk import SmallDisk
from soaking.training import SENDS
from soaking.worker import remove_tree, words_of
from soaking.workers import environment

INJECT = Path(__file__).parent / "inject"
KINDS = (*FAULTS_OF, "damage")


class ProcessCases:
    """Runs of processes that meet a fault; each is compared with a whole run.

    Args:
        scratch: a directory of its own.
        seed: what the cases follow from.
        only: how many of the programs to use, the first ones; None for all.
    """

    def __init__(self, scratch: Path, seed: int, only: int | None = None):
        """Run nothing yet."""
        self._scratch, self._seed = scratch, seed
        self._programs = programs(scratch / "data")[:only]
        self._whole: dict[str, tuple[Usual, dict]] = {}
        self._environment = environment(scratch)

    def run(self, kind: str, number: int) -> Result:
        """Run one case."""
        rng = random_of(self._seed, kind, number)
        program = rng.choice(self._programs)
        usual, want = self._whole_run(program)
        folder = self._scratch / "case"
        remove_tree(folder)
        case = _Case(kind, program, usual, want, folder, self._environment)
        started = time.monotonic()
        disk = SmallDisk(folder / "disk")
        try:
            outcome, what, place = case.run(rng, disk)
        finally:
            disk.unmount()
        return Result(
            *(kind, number, outcome, "; ".join([program.name, *case.done])),
            *(one_line(what), place, time.monotonic() - started, case.memory),
            detail="\n\n".join(case.errors)[-9999:],
            counts=tuple(case.counts.items()),
        )

    def _whole_run(self, program: Program) -> tuple[Usual, dict]:
        """Return what an uninterrupted run takes and leaves."""
        if program.name not in self._whole:
            out = self._scratch / "whole" / program.name.replace(" ", "-")
            shutil.rmtree(out, ignore_errors=True)
            count = self._scratch / "count.json"
            fault = {"root": str(out), "first": 0, "last": 0, "action": "none"}
            env = injected(self._environment, fault | {"count_to": str(count)})
            ended = run_process(program.at(out), env, self._scratch / "log")
            if ended.code != 0:
                raise RuntimeError(f"{program.name} does not run: {ended.error}")
            size = sum(p.stat().st_size for p in out.rglob("*") if p.is_file())
            # Half the time went into compiling, which happens once.
            uses = json.loads(count.read_text())
            usual = Usual(ended.seconds / 2, **uses, bytes=size + 200_000)
            self._whole[program.name] = usual, outcome_of(out)
        return self._whole[program.name]


def injected(environment: dict[str, str], fault: dict) -> dict[str, str]:
    """Return an environment in which Python meets a fault."""
    return environment | {
        "PYTHONPATH": f"{INJECT}:{environment['PYTHONPATH']}",
        "SOAK_FAULT": json.dumps(fault),
    }


class _Case:
    """One case while it runs."""

    def __init__(
        self,
        kind: str,
        program: Program,
        usual: Usual,
        want: dict,
        folder: Path,
        environment: dict[str, str],
    ):
        self._kind, self._program, self._usual, self._want = kind, program, usual, want
        self._folder, self._environment = folder, environment
        self.done: list[str] = []
        self.errors: list[str] = []
        self.counts: dict[str, int] = {}
        self.memory = 0

    def run(self, rng: Random, disk: SmallDisk) -> tuple[str, str, str]:
        """Return the outcome, what is wrong, and where."""
        out = self._folder / "disk" / "run"
        out.parent.mkdir(parents=True)
        kind = "kill" if self._kind == "damage" else self._kind
        refused = False
        for _ in range(1 if self._kind == "damage" else rng.choice((1, 1, 2, 3))):
            fault = FAULTS_OF[kind](rng, self._program, self._usual, out)
            if fault.room is not None and not disk.mount(fault.room):
                return RIGHT, "no small disk is to be had here", ""
            ended = self._start(out, fault)
            disk.grow(1 << 28)
            wrong = self._judge(ended, fault, out)
            if wrong:
                return wrong
            refused = refused or ended.code == 2
            if ended.code == 0 or fault.room is not None:
                break
        if self._kind == "damage" and out.exists():
            return self._damaged(rng, out)
        return self._finish(out, REFUSED if refused else RIGHT)

    def _start(self, out: Path, fault: Fault) -> Ended:
        inject = None if fault.inject is None else {"root": str(out), **fault.inject}
        env = (
            self._environment if inject is None else injected(self._environment, inject)
        )
        self.done.append(fault.how)
        ended = run_process(
            [*self._program.at(out), *fault.arguments],
            *(env, self._folder / "log"),
            moment=fault.moment,
            signals=fault.signals,
            gap=fault.gap,
        )
        self.memory = max(self.memory, ended.memory)
        self.errors.append(f"{fault.how}: {ended.code}\n{ended.error[-3000:]}")
        if ended.code == -9:
            self._count("killed")
            hidden = (*out.glob("checkpoints/.*"), *out.glob(".*.tmp"))
            self._count("killed inside a write", bool(hidden))
        if fault.is_signal:
            self._count("signals", max(ended.sent, 1))
        return ended

    def _judge(
        self, ended: Ended, fault: Fault, out: Path
    ) -> tuple[str, str, str] | None:
        """Return what is wrong with the way a process met its fault, or None."""
        code = ended.code
        if code is None:
            return HANG, f"{fault.how}: no end", f"{self._kind} hang"
        # An interrupt before training, while Python imports, is Python's to answer;
        # a second one may cut that answer short ("lost sys.stderr"), and NumPy makes an
        # ImportError of one.
        answers = ("KeyboardInterrupt", "ImportError")
        interrupted = any(answer in ended.error for answer in answers)
        early = interrupted and "seqconv_jax/train/loop.py" not in ended.error
        began = (out / "config.json").exists() and not early
        at_start = fault.is_signal and not began
        if "Traceback" in ended.error and not at_start:
            return CRASH, f"{fault.how}: {ended.line}", f"traceback, {ended.line[:60]}"
        stopped = fault.is_signal or fault.inject is not None
        allowed = {0, 2, -9} | ({-15, -2, 130, 143} if stopped else set())
        if code not in allowed and not at_start:
            return CRASH, f"{fault.how}: exit status {code}, {ended.line}", f"rc {code}"
        if fault.must_stop is not None and code == 0 and SENDS in ended.error:
            return LOST, f"{fault.how}: swallowed, exit status 0", "swallowed signal"
        if code == 2 and self._kind != "damage" and "remove that" in ended.line:
            what = f"{fault.how}: intact data is called damaged: {ended.line}"
            return LOST, what, "intact called damaged"
        return None

    def _damaged(self, rng: Random, out: Path) -> tuple[str, str, str]:
        whole = self._folder / "before"
        shutil.copytree(out, whole, symlinks=True)
        try:
            damage = damage_run(rng, out)
        except (IndexError, OSError):  # killed before there was anything to damage
            return self._finish(out, RIGHT)
        ended = self._start(out, Fault(damage.how))
        if damage.touched():
            return LOST, f"{damage.how}: a file outside was written", "link followed"
        wrong = self._judge(ended, Fault(damage.how), out)
        if wrong:
            return wrong
        if ended.code == 0:
            return self._finish(out, RIGHT, run=False)
        if rng.random() < 0.5 and apply_remedy(ended.error, out):
            self.done.append("the remedy")
        else:
            damage.undo(out, whole)
            self.done.append("undone")
        return self._finish(out, REFUSED)

    def _finish(
        self, out: Path, outcome: str, run: bool = True
    ) -> tuple[str, str, str]:
        """Go on to the end, and compare with the whole run."""
        if run:
            ended = self._start(out, Fault("resumed"))
            wrong = self._judge(ended, Fault("resumed"), out)
            if wrong:
                return wrong
            if ended.code != 0:
                return LOST, f"cannot go on: {ended.line}", words_of(ended.line)
        damaged = self._kind == "damage"
        got, want = outcome_of(out), self._want
        if damaged and any(BEST_IS_LOST in error for error in self.errors):
            got, want = without_best(got), without_best(want)
        wrong = difference(got, want, damaged=damaged)
        return (LOST, wrong, words_of(wrong)) if wrong else (outcome, "", "")

    def _count(self, name: str, more: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + int(more)
