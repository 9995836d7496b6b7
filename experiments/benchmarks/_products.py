"""How long the matrix products of a training step take by themselves, done by XLA.

A convolution is one product over all positions: the steps that a position sees, side by
side, times the kernel. Each product is timed alone with its operands at hand, and with
it the two of its derivative. A GRU's recurrent products run in a loop, each waiting for
the one before. What a step takes beyond that is laying the operands out, everything
between the products, and the cost of calling them.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from _layer_work import Product, Recurrence
from _work import layer_work
from _workloads import Workload
from jax import lax

from seqconv_jax.ops.product import dot


def products(workload: Workload) -> list[Product | Recurrence]:
    """Return the forward products of a workload, from the input upwards.

    >>> from _workloads import WORKLOADS
    >>> products(WORKLOADS["S7a"])[0]
    Product(rows=30208, inner=70, columns=32)
    """
    return [product for row in layer_work(workload) for product in row.products]


def seconds_of_products(workload: Workload, best: Callable[[Any], float]) -> float:
    """Return the seconds of a training step's products, each timed alone.

    Args:
        workload: whose step.
        best: returns the shortest seconds of a call.
    """
    total = 0.0
    for index, each in enumerate(products(workload)):
        if isinstance(each, Recurrence):
            total += _seconds_of_recurrence(each, best)
        else:
            needs_input = index > 0 or workload.is_text
            total += _seconds_of_product(each, needs_input, best)
    return total


def _seconds_of_product(each: Product, needs_input: bool, best: Any) -> float:
    x, kernel, dy = (
        jnp.ones(shape)
        for shape in (
            (each.rows, each.inner),
            (each.inner, each.columns),
            (each.rows, each.columns),
        )
    )
    pairs = [(x, kernel, 1, 0), (x, dy, 0, 0)]
    if needs_input:
        pairs.append((dy, kernel, 1, 1))
    total = 0.0
    for a, b, axis_a, axis_b in pairs:
        product = jax.jit(partial(dot, axis_a=axis_a, axis_b=axis_b))
        total += best(partial(product, a, b))
    return total


def _seconds_of_recurrence(each: Recurrence, best: Any) -> float:
    """Return the seconds there and back: two products in a row, and four."""
    kernel = jnp.eye(each.units)
    gates = jnp.concatenate([kernel, kernel], axis=1)
    state = jnp.ones((each.batch, each.units))

    @jax.jit
    def there(state):
        def step(_, h):
            return (h @ gates)[:, : each.units] @ kernel

        return lax.fori_loop(0, each.time, step, state)

    @jax.jit
    def back(state):
        def step(_, carry):
            d, d_kernel, d_gates = carry
            d_gate = d @ kernel.T
            both = jnp.concatenate([d_gate, d], axis=1)
            d_kernel = d_kernel + state.T @ d
            return both @ gates.T, d_kernel, d_gates + state.T @ both

        zeros = jnp.zeros_like(kernel), jnp.zeros_like(gates)
        return lax.fori_loop(0, each.time, step, (state, *zeros))

    return best(lambda: there(state)) + best(lambda: back(state)[0])
