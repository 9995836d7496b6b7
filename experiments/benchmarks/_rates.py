"""How fast the device copies and multiplies, and how calls are timed."""

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

Call = Callable[[], Any]
"""Starts some work on the device, and returns an array that is there at its end."""


def matrix_call(size: int, dtype: str = "float32", precision: str = "highest") -> Call:
    """Return a call that multiplies two square matrices of `size` rows.

    It takes `2 * size ** 3` floating-point operations.
    """
    keys = jax.random.split(jax.random.key(0))
    a, b = (jax.random.normal(key, (size, size), dtype) for key in keys)
    product = jax.jit(lambda a, b: jnp.matmul(a, b, precision=precision))
    return lambda: product(a, b)


def copy_call(megabytes: int) -> Call:
    """Return a call that reads an array of that size and writes its negative."""
    arrays = [jnp.ones((megabytes << 18,), jnp.float32)]
    negate = jax.jit(lambda a: -a, donate_argnums=0)

    def call():
        arrays.append(negate(arrays.pop()))
        return arrays[0]

    return call


def best_seconds(call: Call, repeats: int = 12) -> float:
    """Return the shortest time, for these are limits."""
    return min(seconds_of(call, rounds=repeats))


def seconds_of(call: Call, *, rounds: int, calls: int = 1) -> list[float]:
    """Return the seconds of a call, one of each round.

    Args:
        call: what to time.
        rounds: how often.
        calls: of a round. They are started without waiting for the one before, so that
            the device is seen, and not the host that starts them.
    """
    jax.block_until_ready(call())
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(calls - 1):
            call()
        jax.block_until_ready(call())
        seconds.append((time.perf_counter() - started) / calls)
    return seconds
