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


class Reporters:
    """Shows several reporters the same.

    Args:
        *reporters: in this order.

    Example:
        >>> both = Reporters(NullReporter(), NullReporter())
        >>> both.begin(1, 2, 0, 10)
    """

    def __init__(self, *reporters: Reporter):
        """Show nothing yet."""
        self._reporters = reporters

    def begin(self, epoch: int, epochs: int, done: int, steps: int) -> None:
        """Tell all."""
        for reporter in self._reporters:
            reporter.begin(epoch, epochs, done, steps)

    def advance(self, steps: int, loss: Callable[[], float]) -> None:
        """Tell all."""
        for reporter in self._reporters:
            reporter.advance(steps, loss)

    def end(self, record: Record) -> None:
        """Tell all."""
        for reporter in self._reporters:
            reporter.end(record)
