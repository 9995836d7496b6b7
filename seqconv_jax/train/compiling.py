"""How programs are compiled on a CPU: as well as their use is worth, and ahead.

LLVM's highest level takes a third more of the processor's time to compile a training
step than the second, and more than twice as much as the first for random numbers, for
the same bits and, of programs without long loops, the same speed.
"""

import os
from contextlib import suppress
from threading import Thread
from typing import Any

import jax

_FLAG = "xla_backend_optimization_level"
ONCE, OFTEN = 1, 2  # what runs a few times, and what runs in every step


def options(level: int) -> dict[str, Any] | None:
    """Return the `compiler_options` of `jax.jit` for a program that is not nested.

    None on other devices than a CPU, and where `XLA_FLAGS` says the level.

    Args:
        level: `ONCE` or `OFTEN`.
    """
    told = _FLAG in os.environ.get("XLA_FLAGS", "")
    return None if told or jax.default_backend() != "cpu" else {_FLAG: level}


class Ahead:
    """A program that is compiled in a thread of its own while others are.

    JAX gives the call that comes what was compiled, if its arguments are those that the
    program was lowered for.
    """

    def __init__(self) -> None:
        """Compile nothing."""
        self._thread: Thread | None = None

    def start(self, lowered: jax.stages.Lowered) -> None:
        """Start on a CPU; elsewhere XLA tries kernels, undisturbed."""
        if jax.default_backend() == "cpu":
            self._thread = Thread(target=_compile, args=(lowered,))
            self._thread.start()

    def wait(self) -> None:
        """Wait for the end; a call before it would compile once more."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None


def _compile(lowered: jax.stages.Lowered) -> None:
    with suppress(Exception):  # the call itself raises it, to whom it concerns
        lowered.compile()
