"""Many training steps in one call, of one training or of several seeds at once."""

import time
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from _data import Problem
from _work import layer_work
from _workloads import Workload
from jax import lax

import seqconv_jax as sc
from seqconv_jax.train.batches import DeviceData, gather
from seqconv_jax.train.forward import initial_variables


class Stretch:
    """A compiled scan of training steps; each call goes on where the last one ended.

    The data lies on the device once, whatever the number of seeds; every seed has its
    own parameters, optimiser's state, order of the batches and dropout.

    Args:
        workload: whose steps.
        problem: the examples.
        steps: of a call.
        seeds: trained at once: by the plain step for 1, else by `jax.vmap` of it.
        implementation: of a GRU's loop, as for `sc.nn.GRU`.
    """

    def __init__(
        self,
        workload: Workload,
        problem: Problem,
        *,
        steps: int,
        seeds: int = 1,
        implementation: str | None = None,
    ):
        """Initialise and compile; run nothing."""
        self.steps, self._done = steps, 0
        model, tx = network(workload, implementation), sc.optim.rmsprop(1e-3)
        loss = sc.losses.binary_cross_entropy if workload.is_text else sc.losses.mae
        step = sc.train.make_step(model, tx, loss)
        self._data = DeviceData(
            jnp.asarray(problem.inputs),
            jnp.asarray(problem.targets),
            None if problem.offsets is None else jnp.asarray(problem.offsets),
        )
        rng = np.random.default_rng(0)
        shape = (seeds, steps, workload.batch_size)
        self._rows = jnp.asarray(rng.choice(problem.rows, shape))
        self._keys = jax.random.split(jax.random.key(0), seeds)
        example = gather(self._data, self._rows[0, 0, :1]).x
        init, run = partial(first_state, model, tx, example), partial(run_steps, step)
        if seeds == 1:
            self._rows, self._keys = self._rows[0], self._keys[0]
        else:
            init, run = jax.vmap(init), jax.vmap(run, in_axes=(0, None, 0, 0))
        self._state = jax.jit(init)(self._keys)
        arguments = (self._state, self._data, self._rows, self._keys)
        self.compiled = jax.jit(run, donate_argnums=0).lower(*arguments).compile()

    def __call__(self) -> None:
        """Do the steps, and wait for the last.

        Raises:
            RuntimeError: where a loss was not finite.
        """
        self._state = self.compiled(self._state, self._data, self._rows, self._keys)
        self._done += self.steps
        if int(jnp.min(self._state.step)) != self._done:
            raise RuntimeError("a training step was not finite")

    def seconds(self, rounds: int) -> list[float]:
        """Return the seconds of a training step of all seeds, one of each round."""
        self()
        return [timed(self) / self.steps for _ in range(rounds)]


def network(workload: Workload, implementation: str | None) -> Any:
    """Return the workload's model, its GRUs of the given implementation."""
    if implementation is None:
        return workload.model()
    return sc.nn.Sequential(
        tuple(
            layer.clone(implementation=implementation)
            if isinstance(layer, sc.nn.GRU)
            else layer
            for layer in workload.layers
        )
    )


def first_state(model: Any, tx: Any, example: jax.Array, key: jax.Array) -> Any:
    """Return the state before the first step, as a function of a key."""
    variables = initial_variables(model, key, example)
    params = variables["params"]
    step = jnp.zeros((), jnp.int32)
    return sc.train.TrainState(step, params, tx.init(params))


def run_steps(
    step: Any, state: Any, data: DeviceData, rows: jax.Array, key: jax.Array
) -> Any:
    """Return the state after a step on each row of `rows`, `(steps, batch)`."""

    def body(state, rows):
        return step(state, gather(data, rows), key)[0], None

    return lax.scan(body, state, rows)[0]


def timed(call: Any) -> float:
    """Return the seconds that a call takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


class GRUStretch:
    """Forward and backward passes of a workload's GRU alone, many in one call.

    Args:
        workload: which has one.
        steps: of a call.
        implementation: of its loop.
        precision: of its products: "highest", or "default", which is TF32 on a GPU.
    """

    def __init__(
        self, workload: Workload, *, steps: int, implementation: str, precision: str
    ):
        """Initialise and compile; run nothing."""
        self.steps = steps
        index, layer = next(
            (index, layer)
            for index, layer in enumerate(workload.layers)
            if isinstance(layer, sc.nn.GRU)
        )
        given = (workload.length, workload.columns)
        shape = layer_work(workload)[index - 1].shape if index else given
        layer = layer.clone(implementation=implementation)
        x = jax.random.normal(jax.random.key(1), (workload.batch_size, *shape))
        # The inputs of a series need no gradient.
        moving = partial(_moved, layer, inputs=index > 0, steps=steps)
        with jax.default_matmul_precision(precision):
            variables = layer.init(jax.random.key(0), x)
            self._arguments = (variables, x, jax.random.key(2))
            self.compiled = jax.jit(moving).lower(*self._arguments).compile()

    def __call__(self) -> None:
        """Do the passes, and wait for the last."""
        jax.block_until_ready(self.compiled(*self._arguments))

    def seconds(self, rounds: int) -> list[float]:
        """Return the seconds there and back, one of each round."""
        self()
        return [timed(self) / self.steps for _ in range(rounds)]


def _moved(layer: Any, variables: Any, x: Any, key: Any, *, inputs: bool, steps: int):
    """Move what has gradients against them, so that each pass needs the one before."""

    def loss(moving, key):
        variables, x = moving
        drawn = {"dropout": key}
        return jnp.mean(layer.apply(variables, x, train=True, rngs=drawn))

    def body(moving, key):
        if inputs:
            gradients = jax.grad(loss)(moving, key)
        else:
            variables, x = moving
            gradient = jax.grad(lambda v: loss((v, x), key))(variables)
            gradients = gradient, jnp.zeros_like(x)
        return jax.tree.map(lambda a, g: a - 1e-3 * g, moving, gradients), None

    return lax.scan(body, (variables, x), jax.random.split(key, steps))[0]
