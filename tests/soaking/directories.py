"""Run directories that are damaged, and then read or resumed, inside a worker."""

import os
import re
import shutil
import signal
import warnings
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from soaking.cases import LOST, RIGHT
from soaking.digest import digest
from soaking.outcomes import BEST_IS_LOST, difference, outcome_of, without_best
from soaking.run_damage import Damage, damage_run
from soaking.training import SignalReporter, train

OUTSIDE = "a file outside, which a link leads to, was written"
# Where the runs that are damaged were stopped: amid an epoch, after one, at the end.
STOPS = (("advance", 15), ("end", 2), ("end", 3), None)


class ResumeKind:
    """Cases of a stopped run that is damaged and resumed.

    It must end as the whole run does, bit for bit, or say what is wrong; then, with the
    printed remedy or with the damage undone, it must do so.
    """

    def __init__(self, folder: Path, variant: str):
        """Train the whole run, and those that are stopped."""
        self._folder, self._variant = folder, variant
        train(folder / "whole", variant)
        self._whole = outcome_of(folder / "whole")
        for i, stop in enumerate(STOPS):
            reporter = None if stop is None else SignalReporter(*stop, signal.SIGTERM)
            try:
                train(folder / f"stopped-{i}", variant, reporter)
            except KeyboardInterrupt:
                pass

    def damage(self, rng: Random, folder: Path) -> tuple[Any, str]:
        """Copy a stopped run and damage it."""
        which = rng.randrange(len(STOPS))
        stopped, out = self._folder / f"stopped-{which}", folder / "run"
        shutil.copytree(stopped, out)
        damage = damage_run(rng, out)
        return (out, stopped, damage, rng), f"run {which}: {damage.how}"

    def run(self, case: Any) -> tuple[str, str]:
        """Resume; return the outcome and what differs, or raise the error."""
        from seqconv_jax import UserError

        out, stopped, damage, rng = case
        try:
            wrong = self._resumed(out, damage)
            return (LOST, wrong) if wrong else (RIGHT, "")
        except UserError as error:
            way = rng.choice(("remedy", "undo", "nothing", "nothing"))
            if way == "remedy" and not apply_remedy(str(error), out):
                way = "undo"
            if way == "undo":
                damage.undo(out, stopped)
            if way != "nothing":
                wrong = self._resumed_after(way, out, damage, error)
                if wrong:
                    return LOST, wrong
            raise

    def _resumed_after(
        self, way: str, out: Path, damage: Damage, first: Exception
    ) -> str:
        from seqconv_jax import UserError

        before = f"after the {way}" if way == "remedy" else "with the damage undone"
        try:
            wrong = self._resumed(out, damage)
        except UserError as error:
            return f"{before} of {first}: {error}"
        return f"{before}: {wrong}" if wrong else ""

    def _resumed(self, out: Path, damage: Damage) -> str:
        from seqconv_jax import UserError

        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                train(out, self._variant)
        except UserError:
            if damage.touched():
                return OUTSIDE
            raise
        if damage.touched():
            return OUTSIDE
        said = any(BEST_IS_LOST in str(each.message) for each in caught)
        got, want = outcome_of(out), self._whole
        if said:
            got, want = without_best(got), without_best(want)
        return difference(got, want, damaged=True)


class CheckpointKind:
    """Cases of a damaged run whose parameters are loaded."""

    def __init__(self, folder: Path):
        """Train a run with two checkpoints."""
        self._whole = folder / "whole"
        train(self._whole, "text")
        self._expected = {
            step: digest(load(self._whole, step)) for step in _steps(self._whole)
        }

    def damage(self, rng: Random, folder: Path) -> tuple[Any, str]:
        """Copy the run and damage it."""
        out = folder / "run"
        shutil.copytree(self._whole, out)
        damage = damage_run(rng, out)
        step = rng.choice(sorted(self._expected))
        return (out, step, damage), f"step {step}, {damage.how}"

    def run(self, case: Any) -> tuple[str, str]:
        """Load the parameters; return the outcome, or raise the error."""
        out, step, damage = case
        got = digest(load(out, step))
        if damage.touched():
            return LOST, OUTSIDE
        if got != self._expected[step]:
            return LOST, "other parameters than were saved"
        return RIGHT, ""


class RecordsKind:
    """Cases of a damaged run whose config, history and summary are read."""

    def __init__(self, folder: Path):
        """Train a run."""
        self._whole = folder / "whole"
        train(self._whole, "gru")
        self._expected = records(self._whole)

    def damage(self, rng: Random, folder: Path) -> tuple[Any, str]:
        """Copy the run and damage it."""
        out = folder / "run"
        shutil.copytree(self._whole, out)
        damage = damage_run(rng, out)
        return (out, damage), damage.how

    def run(self, case: Any) -> tuple[str, str]:
        """Read the records; return the outcome, or raise the error."""
        out, damage = case
        got = records(out)
        if damage.touched():
            return LOST, OUTSIDE
        wrong = difference(got, self._of_what_is_left(got))
        return (LOST, wrong) if wrong else (RIGHT, "")

    def _of_what_is_left(self, got: dict[str, Any]) -> dict[str, Any]:
        """Return what is expected where records are missing, not changed.

        Whether epochs are missing is for those to say who see the checkpoints too.
        """
        expected = dict(self._expected)
        if got["summary"] is None:
            expected["summary"] = None
        expected["history"] = expected["history"][: len(got["history"])]
        return expected


class PredictorKind:
    """Cases of a damaged run that somebody wants to use."""

    def __init__(self, folder: Path):
        """Train a run with two checkpoints."""
        self._whole = folder / "whole"
        train(self._whole, "gru")
        self._expected = {
            step: predictor_of(self._whole, step) for step in _steps(self._whole)
        }

    def damage(self, rng: Random, folder: Path) -> tuple[Any, str]:
        """Copy the run and damage it."""
        out = folder / "run"
        shutil.copytree(self._whole, out)
        damage = damage_run(rng, out)
        step = rng.choice(sorted(self._expected))
        return (out, step, damage), f"step {step}, {damage.how}"

    def run(self, case: Any) -> tuple[str, str]:
        """Load the predictor; return the outcome, or raise the error."""
        out, step, damage = case
        got = predictor_of(out, step)
        if damage.touched():
            return LOST, OUTSIDE
        wrong = [k for k, v in self._expected[step].items() if got[k] != v]
        return (LOST, f"another {', '.join(wrong)}") if wrong else (RIGHT, "")


def load(out: Path, step: int) -> Any:
    """Return the state of a run at a step."""
    from seqconv_jax import checkpoint

    return checkpoint.load_params(out, step=step, part="state")


def predictor_of(out: Path, step: int) -> dict[str, Any]:
    """Return what a predictor of a run is made of."""
    from seqconv_jax import runs

    predictor = runs.load(out, step=step)
    return {
        "model": predictor.model,
        "params": digest(predictor.params),
        "input": predictor.preprocessor.settings(),
        "scores": predictor.scores,
    }


def records(out: Path) -> dict[str, Any]:
    """Return what the library reads of a run beside its arrays."""
    from seqconv_jax import runs

    with runs.open(out, resume=True) as run:
        history, summary = run.history(), run.summary()
        return {"config": run.config, "history": history, "summary": summary}


def apply_remedy(message: str, out: Path) -> bool:
    """Do what an error says: remove, rename, or rebuild the history.

    Returns whether it said any of them.
    """
    rebuild = "rebuild_history(run)" in message
    told = re.search(r"remove (it|that|the|this)\b", message)
    paths = re.findall(rf"{re.escape(str(out))}/[^\s,;:]+", message)
    if (name := re.search(r"rename that directory to (\d+)", message)) and paths:
        Path(paths[0]).rename(Path(paths[0]).with_name(name[1]))
        return True
    if told and paths:
        path = Path(paths[0])
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif os.path.lexists(path):
            path.unlink()
    if rebuild:
        from seqconv_jax import runs, train

        with runs.open(out, resume=True) as run:
            train.rebuild_history(run)
    return rebuild or bool(told and paths)


def _steps(out: Path) -> list[int]:
    return sorted(
        int(path.name)
        for path in (out / "checkpoints").iterdir()
        if path.name.isdecimal()
    )


DIRECTORIES: dict[str, Callable[[Path], Any]] = {
    "resume-gru": lambda folder: ResumeKind(folder, "gru"),
    "resume-text": lambda folder: ResumeKind(folder, "text"),
    "checkpoint": CheckpointKind,
    "predictor": PredictorKind,
    "records": RecordsKind,
}
WEIGHTS = {
    **{"resume-gru": 1, "resume-text": 1},
    **{"checkpoint": 3, "predictor": 3, "records": 6},
}
