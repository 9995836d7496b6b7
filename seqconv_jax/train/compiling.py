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


class Program:
    """A jitted function that can be compiled, while others are, before its first call.

    JAX gives the call what was compiled, if its arguments are those of the trace.

    Args:
        call: what `jax.jit` returns.
    """

    def __init__(self, call: Any):
        """Compile nothing yet."""
        self._call = call
        self._thread: Thread | None = None

    def __call__(self, *arguments: Any) -> Any:
        """Call it, once what was begun is compiled: else it would be so twice."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        return self._call(*arguments)

    def trace(self, *arguments: Any, ahead: bool) -> None:
        """Raise what a call would, and compute nothing.

        JAX keeps the trace for the call itself.

        Args:
            *arguments: arrays, or their shapes.
            ahead: whether to begin to compile, in a thread of its own, on a CPU:
                elsewhere XLA tries kernels, undisturbed.
        """
        if not ahead or jax.default_backend() != "cpu":
            self._call.eval_shape(*arguments)
            return
        self._thread = Thread(target=_compile, args=(self._call.lower(*arguments),))
        self._thread.start()


def _compile(lowered: jax.stages.Lowered) -> None:
    with suppress(Exception):  # the call itself raises it, to whom it concerns
        lowered.compile()
