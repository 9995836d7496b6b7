"""Several trainings as one program: its arrays have an axis for them in front.

A GPU is not filled by one small network, so that several take hardly longer than one.
They train together as long as they are at the same step: of those that were stopped at
different ones, the last go first, and have caught up at the end of an epoch.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from seqconv_jax._checks import UserError, first_line
from seqconv_jax.train import compiling
from seqconv_jax.train.batches import epoch_order
from seqconv_jax.train.diagnose import NonFiniteError
from seqconv_jax.train.engine import Trainer
from seqconv_jax.train.epochs import (
    Parts,
    Training,
    count_examples,
    end_of_epoch,
    non_finite_error,
)
from seqconv_jax.train.evaluation import Evaluator
from seqconv_jax.train.feed import feed_of
from seqconv_jax.train.interrupt import TrainingInterrupted, stop_on_signals
from seqconv_jax.train.loop import result_of
from seqconv_jax.train.plan import Plan
from seqconv_jax.train.reporter import Reporter
from seqconv_jax.train.state import seed_keys


class Member(NamedTuple):
    """One of the trainings.

    Attributes:
        plan: what it does; all have one, but for what their initial states differ in.
        seed: its own.
        opener: opens its run.
        reporter: is shown its progress.
    """

    plan: Plan
    seed: int
    opener: Callable[[], Any]
    reporter: Reporter


def fit_stacked(members: Mapping[Any, Member]) -> dict[Any, Any]:
    """Return by name the result of `fit`, a `NonFiniteError`, or what went wrong.

    Args:
        members: the trainings, by name.

    Raises:
        UserError: as `fit`.
        TrainingInterrupted: after SIGINT or SIGTERM.
    """
    plan = next(iter(members.values())).plan
    data = feed_of(plan.task, "resident")  # each seed reads rows of its own
    trainer = Trainer(
        plan.model,
        plan.optimizer,
        plan.loss,
        plan.metrics,
        data,
        jnp.stack([seed_keys(member.seed).dropout for member in members.values()]),
        plan.steps_per_call,
        plan.ema_decay,
        stacked=True,
    )
    evaluator = Evaluator(plan.model, plan.scores, data)
    order_of = _order_function(plan)
    with stop_on_signals() as request, ExitStack() as stack:
        trainings = {}
        for name, member in members.items():
            run = stack.enter_context(member.opener())
            store = member.plan.open_store(run, member.seed)
            keys = seed_keys(member.seed)
            parts = Parts(
                member.plan,
                data,
                keys.dropout,
                trainer,
                evaluator,
                order_of=partial(order_of, keys.order),
                reporter=member.reporter,
                stopped=lambda: request.signum is not None,
            )
            state = member.plan.initial_state(member.seed)
            trainings[name] = Training(parts, state, stack.enter_context(store))
        failed = _train(trainings)
    if request.signum is not None:
        steps = sum(training.state.steps_done for training in trainings.values())
        saved = bool(plan.settings)
        raise TrainingInterrupted(request.signum, steps, saved)
    return {
        name: failed[name] if name in failed else result_of(training.trained())
        for name, training in trainings.items()
    }


def _order_function(plan: Plan) -> Callable[[jax.Array, int], jax.Array]:
    """Return the compiled function from a seed's key and an epoch to its order."""
    rows = jnp.asarray(plan.task.train, jnp.int32)
    order = jax.jit(
        partial(
            epoch_order,
            steps=plan.steps,
            batch_size=plan.batch_size,
            replacement=plan.task.replacement,
        ),
        compiler_options=compiling.options(compiling.ONCE),
    )
    return lambda key, epoch: order(key, jax.device_put(np.int32(epoch)), rows)


def _train(trainings: Mapping[Any, Training]) -> dict[Any, Any]:
    """Do all epochs of all; return by name what has ended one before its time."""
    failed: dict[Any, Any] = {}
    while True:
        left = {
            name: training
            for name, training in trainings.items()
            if name not in failed and training.goes_on()
        }
        if not left:
            return failed
        lowest = min(training.state.steps_done for training in left.values())
        group = {n: t for n, t in left.items() if t.state.steps_done == lowest}
        failed |= _run_epoch(group)


def _run_epoch(group: Mapping[Any, Training]) -> dict[Any, Any]:
    """Do what is left of an epoch, for those at the same step; return who failed."""
    members = list(group.values())
    for training in members:
        training.begin()
    first = members[0]
    epoch, begun = len(first.history), first.state.steps_done
    orders = [training.parts.order_of(epoch) for training in members]
    counted = count_examples(first.totals)
    started = time.perf_counter()
    states, totals, done = _run_steps(members, orders, begun, epoch)
    trained, failed = time.perf_counter() - started, {}
    for name, training, order, state, own in zip(
        group, members, orders, states, totals, strict=True
    ):
        try:
            if state.steps_done < begun + done:
                raise non_finite_error(training.parts, state, epoch, order)
            record = None
            if state.steps_done == (epoch + 1) * training.parts.plan.steps:
                state, record = end_of_epoch(training.parts, state, own, epoch)
                record["seconds"] = time.perf_counter() - started
                speed = (count_examples(own) - counted) / max(trained, 1e-9)
                record["examples_per_second"] = speed
            training.keep(state, own, record)
        except UserError:
            raise
        except NonFiniteError as error:
            failed[name] = error
        except Exception as error:
            failed[name] = f"{type(error).__name__}: {first_line(error)}"
    return failed


def _run_steps(members: Sequence[Training], orders: Any, begun: int, epoch: int):
    """Return the states and totals of all, and how many steps were to be done.

    One call is always ahead of the one that is waited for. One that diverges stays at
    its step, while the others go on.
    """
    parts = members[0].parts
    trainer, left = parts.trainer, (epoch + 1) * parts.plan.steps - begun
    state = _stacked([training.state for training in members])
    totals = _stacked([training.totals for training in members])
    keys = jnp.stack([training.parts.dropout_key for training in members])
    calls = trainer.calls(jnp.stack(orders), begun, left)
    waiting, done = None, 0
    while left > done and not parts.stopped():
        data, rows = next(calls)
        state, totals, handle, count = trainer.call(
            state, totals, data, rows, left - done, keys
        )
        done += count
        if waiting is not None:
            jax.block_until_ready(waiting.step)
        waiting = handle
        for number, training in enumerate(members):
            training.parts.reporter.advance(count, partial(_loss, handle, number))
    count = len(members)
    return _apart(state, count), _apart(totals, count), done


def _loss(handle: Any, number: int) -> float:
    return float(jax.device_get(handle.loss)[number])


def _stacked(trees: Sequence[Any]) -> Any:
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)


def _apart(tree: Any, count: int) -> list[Any]:
    return [jax.tree.map(itemgetter(n), tree) for n in range(count)]
