"""Training from several seeds, each as if it were alone."""

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal, NamedTuple, Protocol

import jax

from seqconv_jax import _checks
from seqconv_jax._checks import UserError, first_line
from seqconv_jax._processes import cores
from seqconv_jax._seeds import seed_folder, seeds_summary
from seqconv_jax.train.batches import Dataset
from seqconv_jax.train.diagnose import NonFiniteError
from seqconv_jax.train.door import check_fit_arguments
from seqconv_jax.train.feed import is_streamed
from seqconv_jax.train.loop import Result, fit
from seqconv_jax.train.plan import Plan, make_plan
from seqconv_jax.train.reporter import NullReporter
from seqconv_jax.train.seed_process import check_not_within, fit_in_processes
from seqconv_jax.train.selection import Record
from seqconv_jax.train.stacked import Member, fit_stacked
from seqconv_jax.train.state import seed_keys

HOW = ("processes", "vmap", "one by one")
How = Literal["processes", "vmap", "one by one"]
OnEpoch = Callable[[int, Record], None]
Opener = Callable[[], AbstractContextManager[Any]]


class SeedsDirectory(Protocol):
    """Where the runs of several seeds are kept: `seqconv_jax.runs.Run`."""

    def opener(self, folder: str, **config: Any) -> Opener:
        """Return what opens the run in a folder, to be called in any process."""
        ...

    def write_members(self, folders: Sequence[str]) -> None: ...  # noqa: D102
    def write_summary(self, summary: Mapping[str, Any]) -> None: ...  # noqa: D102


class SeedsResult(NamedTuple):
    """What training from several seeds leaves.

    Attributes:
        results: what `fit` returned, by seed.
        diverged: by seed, the error of one whose loss or gradient was not finite.
    """

    results: dict[int, Result]
    diverged: dict[int, NonFiniteError]

    def summary(self) -> dict[str, Any]:
        """Return mean and 95 % interval (Student's t) of each score of the best epochs.

        They are under `"scores"`, by name: `mean`, `low`, `high` and `values`.
        """
        scores = {seed: result.best.record for seed, result in self.results.items()}
        return seeds_summary(scores, {s: str(e) for s, e in self.diverged.items()})


class SeedsFailedError(RuntimeError):
    """Some seeds failed; the others have been trained to their ends.

    Attributes:
        failed: by seed, what went wrong, in a line.
        result: the others, a `SeedsResult`.
    """

    def __init__(self, failed: Mapping[int, str], result: SeedsResult):
        """Word what happened."""
        each = "; ".join(f"seed {seed}: {reason}" for seed, reason in failed.items())
        super().__init__(f"{len(failed)} of the seeds failed: {each}")
        self.failed, self.result = dict(failed), result


def fit_seeds(
    model: Any,
    task: Dataset,
    *,
    seeds: Sequence[int],
    run: SeedsDirectory | None = None,
    how: How | None = None,
    at_once: int | None = None,
    on_epoch: OnEpoch | None = None,
    **options: Any,
) -> SeedsResult:
    """Train a model from several seeds together, each as `fit` does it alone.

    `"processes"` trains each seed in a process of its own, as many at a time as there
    are cores, each on cores that no other has; what a seed gives is, to the bit, what
    `fit` gives in this process. All that is given goes to the other processes, so it
    must be defined in a file, and a script that calls this must do so behind
    `if __name__ == "__main__":`, if it defines any of it itself. `"vmap"` trains all
    in one program, whose arrays have an axis for the seeds: a GPU takes hardly longer
    for several small networks than for one. The numbers are those of `fit` to rounding.
    `"one by one"` trains them one after the other, in this process.

    A seed that diverges, or fails, leaves the others untouched.

    Args:
        model: as of `fit`.
        task: as of `fit`.
        seeds: one for each training, none twice.
        run: an open run directory; it gets a folder `seed-0`, ... for each, which is
            the run that `fit` would have made, the summary of all, and answers, once
            loaded, as an ensemble. A resumed one goes on with what is not done.
        how: by default `"vmap"` on a GPU, `"processes"` on a CPU of several cores.
        at_once: the processes at a time; by default as many as there are cores.
        on_epoch: told the seed and the record of each epoch, in this process.
        **options: the other options of `fit`, but for `seed`, `reporter` and `mesh`. A
            `callback` is called in the seed's own process.

    Returns:
        What `fit` returns for each seed, and which seeds diverged.

    Raises:
        UserError: as `fit`.
        SeedsFailedError: where a seed ended with another error, once all have ended.
        NonFiniteError: where all seeds diverged.
        TrainingInterrupted: after SIGINT or SIGTERM, once all are saved.

    Example:
        >>> import numpy as np
        >>> from seqconv_jax import losses, nn, optim
        >>> from seqconv_jax.data import Task
        >>> rows = np.arange(8, dtype=np.int32)
        >>> x = rows[:, None].astype(np.float32)
        >>> split = {"train": rows, "validation": rows, "test": rows}
        >>> task = Task(inputs=x, targets=x, offsets=None, **split)
        >>> trained = fit_seeds(
        ...     nn.Dense(1),
        ...     task,
        ...     seeds=range(2),
        ...     how="one by one",
        ...     optimizer=optim.rmsprop(1e-2),
        ...     loss=losses.mae,
        ...     epochs=1,
        ... )
        >>> sorted(trained.results), sorted(trained.summary()["scores"]["val_loss"])
        ([0, 1], ['high', 'low', 'mean', 'values'])
    """
    check_not_within()
    seeds = check_seeds(seeds)
    check_options(model, task, options)
    streamed = is_streamed(task, options.get("data"))
    how = _check_how(how, len(seeds), streamed)
    if at_once is not None:
        _checks.positive_int("at_once", at_once)
    openers = {seed: _opener(run, seed) for seed in seeds}
    tell = on_epoch or (lambda seed, record: None)
    fitted = (model, task, options)
    if how == "vmap":
        ended = _as_one_program(*fitted, openers, tell, kept=run is not None)
    elif how == "processes":
        ended = fit_in_processes(*fitted, openers, tell, at_once or len(cores()))
    else:
        ended = _one_by_one(*fitted, openers, tell)
    return _finish(ended, run)


def check_seeds(seeds: Any) -> list[int]:
    """Return the seeds as a list, or raise."""
    what = "integers in [0, 2**32), none twice"
    try:
        found = list(seeds)
        for seed in found:
            seed_keys(seed)
    except (TypeError, UserError):
        raise UserError(f"`seeds` must be {what}, got {_checks.shown(seeds)}") from None
    _checks.expect(0 < len(found) == len(set(found)), "seeds", what, found)
    return [int(seed) for seed in found]


def _check_how(how: Any, seeds: int, streamed: bool) -> How:
    backend = jax.default_backend()
    if how is not None:
        _checks.one_of("how", how, HOW)
        on_cpu = how != "processes" or backend == "cpu"
        expected = f"'vmap' or 'one by one' on a {backend}, which processes would share"
        _checks.expect(on_cpu, "how", expected, how)
        together = how != "vmap" or not streamed
        _checks.expect(together, "how", "another where data is streamed", how)
        return how
    if seeds == 1 or (backend == "cpu" and len(cores()) == 1):
        return "one by one"
    if backend == "cpu":
        return "processes"
    return "one by one" if streamed else "vmap"


def check_options(model: Any, task: Any, options: Mapping[str, Any]) -> None:
    """Raise for what is no option of `fit`, or what `fit` would raise for at once."""
    theirs = {"seed", "reporter", "run", "mesh"}
    known = inspect.signature(fit).parameters.keys() - theirs
    for name in options:
        _checks.one_of("options", name, sorted(known))
    for name in ("optimizer", "loss", "epochs"):
        _checks.expect(name in options, name, "given", None)
    named = (options["optimizer"], options["loss"], options.get("metrics"))
    check_fit_arguments(model, task, *named)


def _opener(run: SeedsDirectory | None, seed: int) -> Opener:
    if run is None:
        return nullcontext
    return run.opener(seed_folder(seed), seed=seed)


def _one_by_one(
    model: Any,
    task: Dataset,
    options: Mapping[str, Any],
    openers: Mapping[int, Opener],
    on_epoch: OnEpoch,
) -> dict[int, Any]:
    """Return by seed the result of `fit`, a `NonFiniteError`, or what went wrong."""
    ended: dict[int, Any] = {}
    for seed, opened in openers.items():
        reporter = EpochReporter(seed, on_epoch)
        try:
            with opened() as run:
                ended[seed] = fit(
                    model, task, seed=seed, run=run, reporter=reporter, **options
                )
        except UserError:
            raise
        except NonFiniteError as error:
            ended[seed] = error
        except Exception as error:
            ended[seed] = f"{type(error).__name__}: {first_line(error)}"
    return ended


def _as_one_program(
    model: Any,
    task: Dataset,
    options: Mapping[str, Any],
    openers: Mapping[int, Opener],
    on_epoch: OnEpoch,
    *,
    kept: bool,
) -> dict[int, Any]:
    """Return what `_one_by_one` does."""
    plan = plan_of(model, task, {**options, "seed": min(openers)}, kept=kept)
    members = {
        seed: Member(plan, seed, opener, EpochReporter(seed, on_epoch))
        for seed, opener in openers.items()
    }
    return fit_stacked(members)


def plan_of(
    model: Any, task: Dataset, options: Mapping[str, Any], *, kept: bool
) -> Plan:
    """Return the plan of what `fit` would do with these options, or raise as `fit`."""
    bound = inspect.signature(fit).bind(model, task, **options)
    bound.apply_defaults()
    theirs = ("run", "reporter", "mesh")
    asked = {k: v for k, v in bound.arguments.items() if k not in theirs}
    return make_plan(**asked, kept=kept)


class EpochReporter(NullReporter):
    """Tells of each epoch of a seed."""

    def __init__(self, seed: int, on_epoch: OnEpoch):
        """Tell nothing yet."""
        self._seed, self._on_epoch = seed, on_epoch

    def end(self, record: Record) -> None:
        """Tell of it."""
        self._on_epoch(self._seed, record)


def _finish(ended: Mapping[int, Any], run: SeedsDirectory | None) -> SeedsResult:
    """Sort out how the seeds ended, write the whole, and warn or raise."""

    def of(kind: Any) -> dict[int, Any]:
        return {seed: end for seed, end in ended.items() if isinstance(end, kind)}

    diverged, failed = of(NonFiniteError), of(str)
    result = SeedsResult(of(Result), diverged)
    if run is not None:
        summary = result.summary()
        summary["without_scores"] |= {str(s): why for s, why in failed.items()}
        run.write_summary(summary)
        if result.results:
            run.write_members([seed_folder(seed) for seed in result.results])
    if failed:
        raise SeedsFailedError(failed, result)
    if not result.results:
        raise next(iter(diverged.values()))
    for seed, error in diverged.items():
        warnings.warn(f"seed {seed} diverged: {error}", stacklevel=3)
    return result
