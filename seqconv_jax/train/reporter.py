"""Who is shown the progress of a training run."""

from collections.abc import Callable
from typing import Protocol

from seqconv_jax.train.selection import Record


class Reporter(Protocol):
    """Shown what happens; only reading a loss waits for the device."""

    def begin(self, epoch: int, epochs: int, done: int, steps: int) -> None:
        """An epoch begins, `done` of its `steps` already behind."""

    def advance(self, steps: int, loss: Callable[[], float]) -> None:
        """`steps` more are on their way; `loss()` is the epoch's mean so far."""

    def end(self, record: Record) -> None:
        """An epoch has ended."""


class NullReporter:
    """Shows nothing."""

    def begin(self, epoch: int, epochs: int, done: int, steps: int) -> None:
        """Do nothing."""

    def advance(self, steps: int, loss: Callable[[], float]) -> None:
        """Do nothing."""

    def end(self, record: Record) -> None:
        """Do nothing."""
