"""A training command repeated for several seeds, each in a process of its own.

The command takes `--seeds`, `--seed`, `--out` and `--resume`, and leaves a run
directory with a summary. Those of the seeds lie as folders `seed-0`, ... in one run
directory, which holds their mean scores, answers as all of them, and is gone on with as
any other.
"""

import signal
import sys
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from seqconv_jax import runs
from seqconv_jax._checks import UserError
from seqconv_jax._processes import (
    Ended,
    Job,
    Outcome,
    places_for,
    python,
    run_together,
)
from seqconv_jax._seeds import seed_folder, seeds_summary
from seqconv_jax.runs.content import remove_run
from seqconv_jax.runs.sealed import read_config, read_lines, read_summary

_STOPPED = (128 + signal.SIGINT, 128 + signal.SIGTERM)  # exit statuses
SHOWN = ("best_val_", "test_", "retrain_", "baseline_")  # how a shown score begins


class SeedsStopped(KeyboardInterrupt):
    """A signal stopped the seeds, after each had saved its state."""

    saved = True

    def __init__(self, signum: int, left: Collection[str]):
        """Word what happened."""
        name, seeds = signal.Signals(signum).name, ", ".join(map(str, left))
        super().__init__(f"stopped by {name}; seeds not ended: {seeds} (saved)")
        self.signum = signum


class SeedsFailedError(ArithmeticError):
    """Some seeds have not ended, the others have."""


def train_seeds(
    script: Path,
    arguments: Sequence[str],
    *,
    seeds: Sequence[int],
    out: Path,
    config: Mapping[str, Any],
    resume: bool,
    overwrite: bool,
    may_change: Collection[str],
    load_task: Callable[[], Any],
    metrics: Sequence[str] = ("loss", "accuracy", "mae"),
) -> dict[str, Any]:
    """Run a training command for each seed, on a CPU a core each, and sum them up.

    Seeds that have ended are not repeated. What each prints is in `seed-0.log`, ...;
    here a line is shown for every epoch, and the scores with their intervals at last.

    Args:
        script: the file of the command.
        arguments: what it was called with.
        seeds: one for each run.
        out: the run directory of all.
        config: what they have in common.
        resume: go on with the seeds that are there.
        overwrite: start anew in their place.
        may_change: keys of the config that a resumed run may change.
        load_task: returns the data, whose test rows the ensemble is scored on.
        metrics: which curves to draw, of those that the histories have.

    Returns:
        The summary of all.

    Raises:
        UserError: where a setting is wrong.
        SeedsFailedError: where some seeds have failed, once the others have ended.
        SeedsStopped: after SIGINT or SIGTERM.
    """
    out = out.expanduser().absolute()
    folders = {seed: out / seed_folder(seed) for seed in seeds}
    logs = {seed: out / f"{seed_folder(seed)}.log" for seed in seeds}
    files = [f"{metric}.png" for metric in metrics] + [p.name for p in logs.values()]
    before = _epochs(out)
    config = {**config, "seeds": list(seeds)}
    options = {"resume": resume, "overwrite": overwrite, "files": files}
    with runs.open(out, config=config, may_change=may_change, **options) as run:
        if run.resumed and before != config.get("epochs"):
            for folder in folders.values():  # which may have more epochs to do
                (folder / runs.SUMMARY).unlink(missing_ok=True)
        command = [*python("-m", "seqconv_jax._processes", str(script)), *arguments]
        jobs = []
        for seed, folder in folders.items():
            if run.resumed and (folder / runs.SUMMARY).exists():
                print(f"seed {seed}  has ended before", flush=True)
                continue
            own = ["--seeds", "1", "--seed", str(seed), "--out", str(folder)]
            own += [] if overwrite else ["--resume"]
            jobs.append(Job(str(seed), [*command, *own], logs[seed]))
        summary = run.summary()
        if not jobs and summary is not None and summary["seeds"] == list(seeds):
            _report(summary, out, None)
            return summary
        listener = _Progress()
        outcome = run_together(jobs, places_for(len(jobs)), listener)
        begun = any((folder / runs.CONFIG).exists() for folder in folders.values())
        if not begun and outcome.signum is None:
            if not run.resumed:  # a mistake leaves nothing
                remove_run(out, files)
            raise UserError(next(iter(listener.held.values()), "no seed has begun"))
        listener.release()
        summary = _sum_up(run, folders, outcome, metrics)
        if outcome.signum is None and len(summary["seeds"]) > 1:
            summary["ensemble"] = _ensemble(run, load_task)
            run.write_summary(summary)
    _report(summary, out, outcome.signum)
    return summary


class _Progress:
    """Shows a line for each epoch of each seed, and what goes wrong.

    Errors are held until a seed has done an epoch: before, they are mistakes that all
    seeds have in common, and which are said once.
    """

    def __init__(self):
        self.held: dict[str, str] = {}
        self._started, self._warned = False, set()

    def line(self, name: str, line: str, is_error: bool) -> None:
        if not is_error and line.startswith("epoch "):
            self.release()
            print(f"seed {name}  {line}", flush=True)
        elif line.startswith("warning: ") and line not in self._warned:
            self._warned.add(line)
            print(line, file=sys.stderr, flush=True)

    def ended(self, name: str, end: Ended) -> None:
        if end.status not in (0, *_STOPPED):
            self.held[name] = _reason(end)
            if self._started:
                self.release()

    def release(self) -> None:
        """Say what has gone wrong so far, and from here on at once."""
        self._started = True
        for name, reason in self.held.items():
            print(f"seed {name}  failed: {reason}", file=sys.stderr, flush=True)
        self.held.clear()


def _reason(end: Ended) -> str:
    if not end.error:
        return f"exit status {end.status}"
    return end.error.removeprefix("error: ")


def _epochs(out: Path) -> Any:
    """Return the epochs that the runs in a directory were to have, if there are any."""
    if not (out / runs.CONFIG).exists():
        return None
    return read_config(out / runs.CONFIG).get("epochs")


def _sum_up(
    run: runs.Run,
    folders: Mapping[int, Path],
    outcome: Outcome,
    metrics: Sequence[str],
) -> dict[str, Any]:
    """Write the summary of all, and draw the curves of those that have ended."""
    scores, without = {}, {}
    for seed, folder in folders.items():
        end = outcome.ended.get(str(seed))
        summary = read_summary(folder / runs.SUMMARY)
        if summary is not None and (end is None or not end.status):
            scores[seed] = summary
        else:
            without[seed] = "not begun" if end is None else _reason(end)
    found = seeds_summary(scores, without)
    run.write_summary(found)
    names = [folders[seed].name for seed in scores]
    if names and all((run.path / name / runs.PREDICTOR).exists() for name in names):
        run.write_members(names)
    histories = [read_lines(run.path / name / runs.HISTORY) for name in names]
    shared = [m for m in metrics if all(m in h[-1] for h in histories if h)]
    for metric in shared if histories else []:
        _draw(run.path / f"{metric}.png", histories, metric)
    return found


def _ensemble(run: runs.Run, load_task: Callable[[], Any]) -> dict[str, float]:
    """Return the test scores of all seeds' networks as one."""
    try:
        task = load_task()
        scores = runs.load(run.path).evaluate(task) if len(task.test) else {}
    except UserError as error:
        warnings.warn(f"the ensemble is not scored: {error}", stacklevel=2)
        return {}
    return {f"test_{name}": value for name, value in scores.items()}


def _draw(path: Path, histories: Sequence[Any], metric: str) -> None:
    from seqconv_jax import plots

    plots.curves(histories, path, metric=metric, title=f"{len(histories)} seeds")


def _report(summary: Mapping[str, Any], out: Path, signum: int | None) -> None:
    """Print the table of scores, and raise where a seed has none."""
    left = summary["without_scores"]
    if signum is not None:
        raise SeedsStopped(signum, list(left))
    shown = {
        name: score
        for name, score in summary["scores"].items()
        if name.startswith(SHOWN)
    }
    width = max(map(len, shown), default=0)
    if shown:
        print(f"\n{'score':<{width}}  mean of {len(summary['seeds'])} seeds  (95 %)")
    for name, score in shown.items():
        print(f"{name:<{width}}  {_words(score)}")
    if ensemble := summary.get("ensemble"):
        words = "  ".join(f"{name} {value:.4f}" for name, value in ensemble.items())
        print(f"ensemble of the {len(summary['seeds'])}: {words}")
    print(f"run directory: {out}", flush=True)
    if left:
        raise SeedsFailedError(
            f"of {len(left) + len(summary['seeds'])} seeds {len(left)} failed: "
            f"{', '.join(left)}; --resume tries them again"
        )


def _words(score: Mapping[str, Any]) -> str:
    values, half = score["values"], (score["high"] or 0) - score["mean"]
    if len(values) == 1 or len(set(values)) == 1:
        return f"{score['mean']:.4f}"
    each = " ".join(f"{value:.4f}" for value in values)
    return f"{score['mean']:.4f} ± {half:.4f}  ({each})"
