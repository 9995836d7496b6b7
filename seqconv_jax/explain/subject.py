"""What is explained: a network with its variables, and the examples it is asked of."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqconv_jax._checks import UserError, expect, non_negative_int
from seqconv_jax.data import Task
from seqconv_jax.runs.predictor import Predictor

__all__ = ["Example", "Held", "Subject", "example_of", "subject_of", "task_of"]


@dataclass(frozen=True, eq=False)
class Held:
    """A module as a static argument of `jax.jit`: the same one is compiled once.

    A module of a stranger's class need not be hashable.

    Attributes:
        model: the module.
    """

    model: Any

    def __hash__(self) -> int:
        """Return that of the one object."""
        return id(self.model)

    def __eq__(self, other: object) -> bool:
        """Say whether it holds the same object."""
        return isinstance(other, Held) and other.model is self.model


class Subject(NamedTuple):
    """A network, its variables, and what makes its inputs, if anything does."""

    held: Held
    variables: Mapping[str, Any]
    preprocessor: Any


class Example(NamedTuple):
    """One example: its input `(1, ...)`, its task, and its row there."""

    x: np.ndarray
    task: Task | None
    row: int


def subject_of(network: Any, params: Any, batch_stats: Any) -> Subject:
    """Return a predictor's network, or a module with the variables given.

    Raises:
        UserError: for a module without parameters, a predictor with some, and an
            ensemble, which answers by a mean of probabilities.
    """
    if isinstance(network, Predictor):
        if params is not None or batch_stats is not None:
            raise UserError("`params` must be left out for a Predictor, which has them")
        if network.members:
            raise UserError(
                f"`network` must be one network, got an ensemble of "
                f"{len(network.members) + 1}, whose answer is a mean of probabilities; "
                "explain one of `network.members`"
            )
        params, batch_stats = network.params, network.batch_stats
        return _subject(network.model, params, batch_stats, network.preprocessor)
    named = hasattr(network, "apply")
    expect(named, "network", "a Predictor or a Flax module", network)
    if params is None:
        raise UserError(
            "`params` must be given with a module, such as result.best.params"
        )
    return _subject(network, params, batch_stats, None)


def _subject(model, params, batch_stats, preprocessor) -> Subject:
    variables = {"params": params}
    if batch_stats:
        variables["batch_stats"] = batch_stats
    return Subject(Held(model), variables, preprocessor)


def task_of(subject: Subject, raw: Any) -> Any:
    """Return examples as a task, or as an array where nothing is known of them.

    Args:
        subject: whose inputs they are.
        raw: a task; what the preprocessor takes, as in `Predictor.predict`; or, for a
            module, an array.
    """
    if isinstance(raw, Task):
        return raw
    made = subject.preprocessor
    if made is None:
        array = np.asarray(raw)
        known = array.dtype.kind in "iuf" and array.ndim in (2, 3)
        what = "a Task, or an array (n, time) of ids or (n, time, features)"
        expect(known, "raw", what, raw)
        return array
    if isinstance(raw, str) and made.kind == "text":
        raw = [raw]
    if isinstance(raw, str | os.PathLike):
        raw = made.read(Path(raw).expanduser())
    return made.task(raw)


def example_of(subject: Subject, raw: Any, row: int) -> tuple[Subject, Example]:
    """Return one example, and the subject with the preprocessor that made it.

    Args:
        subject: the network.
        raw: as in `task_of`.
        row: which of the task's test rows, or of the array's, from 0.

    Raises:
        UserError: for a row that is not there.
    """
    task = task_of(subject, raw)
    place = non_negative_int("row", row)
    if isinstance(task, np.ndarray):
        expect(place < len(task), "row", f"below {len(task):,}", row)
        return subject, Example(task[place : place + 1], None, place)
    rows = task.test if len(task.test) else task.train
    expect(place < len(rows), "row", f"below {len(rows):,}", row)
    at = int(rows[place])
    made = task.preprocessor or subject.preprocessor
    x = task.gather(np.array([at]))[0]
    return subject._replace(preprocessor=made), Example(x, task, at)
