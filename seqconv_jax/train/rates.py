"""Several learning rates tried together, as several seeds are."""

import itertools
import math
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import Any, Literal, NamedTuple

import jax
import optax

from seqconv_jax import _checks
from seqconv_jax._best import Mode
from seqconv_jax._checks import UserError
from seqconv_jax._seeds import Interval, mean_interval
from seqconv_jax.train.batches import Dataset
from seqconv_jax.train.diagnose import NonFiniteError
from seqconv_jax.train.feed import is_streamed
from seqconv_jax.train.loop import Result, fit
from seqconv_jax.train.reporter import NullReporter
from seqconv_jax.train.seeds import (
    check_options,
    check_seeds,
    plan_of,
)
from seqconv_jax.train.stacked import Member, fit_stacked

HOW = ("vmap", "one by one")


class RatesResult(NamedTuple):
    """What training at several rates leaves.

    Attributes:
        results: what `fit` returned, by rate and seed.
        diverged: by rate and seed, the error of one that was not finite.
        monitor: the score that says which epoch is best.
        mode: whether the smallest or the largest of it is.
    """

    results: dict[tuple[float, int], Result]
    diverged: dict[tuple[float, int], NonFiniteError]
    monitor: str
    mode: Mode

    def scores(self) -> dict[float, Interval]:
        """Return by rate the mean of `monitor` at the best epochs, and its interval.

        A rate at which a seed diverged has none.
        """
        lost = {rate for rate, _ in self.diverged}
        values: dict[float, list[float]] = {}
        for (rate, _), result in self.results.items():
            if rate not in lost:
                values.setdefault(rate, []).append(result.best.record[self.monitor])
        return {rate: mean_interval(each) for rate, each in values.items()}

    def best(self) -> float:
        """Return the rate of the best mean; the first of equals.

        Raises:
            NonFiniteError: where at every rate a seed diverged.
        """
        sign = 1 if self.mode == "min" else -1
        finite = {
            rate: sign * score.mean
            for rate, score in self.scores().items()
            if math.isfinite(score.mean)
        }
        if not finite:
            raise next(iter(self.diverged.values()))
        return min(finite, key=lambda rate: finite[rate])


def fit_rates(
    model: Any,
    task: Dataset,
    *,
    optimizer: optax.GradientTransformation,
    rates: Sequence[float],
    seeds: Sequence[int] = (0,),
    how: Literal["vmap", "one by one"] | None = None,
    **options: Any,
) -> RatesResult:
    """Train a model at several learning rates, and from several seeds at each.

    `"vmap"` trains all in one program, whose arrays have an axis for the trainings: a
    GPU takes hardly longer for several small networks than for one. `"one by one"`
    trains them one after the other. Each is, to rounding, what `fit` gives with that
    learning rate and seed. Nothing is kept on disk: it is a search, after which the
    rate that is chosen is trained by `fit`.

    Args:
        model: as of `fit`.
        task: as of `fit`.
        optimizer: an optax optimiser of learning rate 1, or of a schedule that begins
            there; its updates are multiplied by each rate.
        rates: positive numbers, none twice.
        seeds: those of each rate, none twice.
        how: by default `"vmap"` on a GPU, `"one by one"` on a CPU.
        **options: the other options of `fit`, but for `seed`, `reporter`, `run` and
            `mesh`.

    Raises:
        UserError: as `fit`.
        RuntimeError: where a callback fails, under `"vmap"` once all have ended.
        TrainingInterrupted: after SIGINT or SIGTERM.

    Example:
        >>> import numpy as np
        >>> from seqconv_jax import losses, nn, optim
        >>> from seqconv_jax.data import Task
        >>> rows = np.arange(8, dtype=np.int32)
        >>> x = rows[:, None].astype(np.float32)
        >>> split = {"train": rows, "validation": rows, "test": rows}
        >>> task = Task(inputs=x, targets=3 * x, offsets=None, **split)
        >>> tried = fit_rates(
        ...     nn.Dense(1),
        ...     task,
        ...     optimizer=optim.rmsprop(1.0),
        ...     rates=[0.1, 0.001],
        ...     loss=losses.mae,
        ...     epochs=9,
        ... )
        >>> sorted(tried.results), tried.best()
        ([(0.001, 0), (0.1, 0)], 0.1)
    """
    wanted = list(itertools.product(_check_rates(rates), check_seeds(seeds)))
    check_options(model, task, {"optimizer": optimizer, **options})
    streamed = is_streamed(task, options.get("data"))
    if how is None:
        on_cpu = jax.default_backend() == "cpu"
        how = "one by one" if on_cpu or streamed else "vmap"
    _checks.one_of("how", how, HOW)
    together = how == "vmap"
    fits = not (together and streamed)
    _checks.expect(fits, "how", "another where data is streamed", how)
    asked = {
        (rate, seed): {"optimizer": _at(optimizer, rate), "seed": seed, **options}
        for rate, seed in wanted
    }
    plans = {n: plan_of(model, task, each, kept=False) for n, each in asked.items()}
    if together:
        members = {
            (rate, seed): Member(plan, seed, nullcontext, NullReporter())
            for (rate, seed), plan in plans.items()
        }
        ended = fit_stacked(members)
    else:
        ended = {name: _alone(model, task, each) for name, each in asked.items()}
    for (rate, seed), end in ended.items():
        if isinstance(end, str):
            raise RuntimeError(f"rate {rate:g}, seed {seed}: {end}")
    selection = next(iter(plans.values())).selection
    return RatesResult(
        {name: end for name, end in ended.items() if isinstance(end, Result)},
        {name: end for name, end in ended.items() if isinstance(end, NonFiniteError)},
        selection.monitor,
        selection.mode,
    )


def _check_rates(rates: Any) -> list[float]:
    what = "positive numbers, none twice"
    given = list(rates) if isinstance(rates, Iterable) else []
    try:
        found = [float(rate) for rate in given]
    except (TypeError, ValueError):
        found = []
    positive = all(0 < rate < math.inf for rate in found)
    if not (found and positive and len(set(found)) == len(found)):
        raise UserError(f"`rates` must be {what}, got {_checks.shown(rates)}")
    return found


def _at(optimizer: Any, rate: float) -> optax.GradientTransformation:
    """Return the optimiser at a rate, which is an array of its state.

    So optimisers that differ by it alone are one function, of several states.
    """
    return optax.chain(optimizer, optax.inject_hyperparams(optax.scale)(step_size=rate))


def _alone(
    model: Any, task: Dataset, options: dict[str, Any]
) -> Result | NonFiniteError:
    try:
        return fit(model, task, **options)
    except NonFiniteError as error:
        return error
