"""What training carries from step to step: arrays, and nothing else."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.core import Tracer

from seqconv_jax import _checks
from seqconv_jax._leaves import check_leaves, named_leaves
from seqconv_jax.train.fits_memory import check_parameters
from seqconv_jax.train.forward import initial_variables

# Random numbers take XLA long to optimise; of a program that runs once this saves more
# than half a second, and changes no bit.
_LESS_OPTIMISED = {"xla_backend_optimization_level": 1}


class TrainState(NamedTuple):
    """The whole state of a training run.

    No random key is kept: the keys of a step are a function of the seed and the step,
    so resuming needs this and the seed alone.

    Attributes:
        step: int32 scalar, updates done so far.
        params: the model's parameters.
        opt_state: the optimiser's state.
        batch_stats: Flax's collection of that name, such as the running means of
            `flax.linen.BatchNorm`; `{}` for a model without any.
        ema_params: the exponential moving average of the parameters; `{}` where none
            is kept.
    """

    step: jax.Array
    params: Any
    opt_state: Any
    batch_stats: Any = {}
    ema_params: Any = {}

    @property
    def eval_params(self) -> Any:
        """The parameters to evaluate: their moving average where one is kept."""
        return self.ema_params or self.params

    @property
    def steps_done(self) -> int:
        """`step` as a number, asked of the device outright: `int` is a hidden copy."""
        return int(jax.device_get(self.step))


class Keys(NamedTuple):
    """The random streams of a run, each independent of the others."""

    params: jax.Array
    order: jax.Array
    dropout: jax.Array


def seed_keys(seed: int) -> Keys:
    """Return the run's random streams.

    Raises:
        UserError: unless `seed` is an integer in [0, 2**32).
    """
    _checks.non_negative_int("seed", seed)
    _checks.expect(seed < 2**32, "seed", "an integer below 2**32", seed)
    return Keys(*jax.random.split(jax.random.key(seed), 3))


def init_state(
    model: Any,
    tx: optax.GradientTransformation,
    example: Any,
    *,
    seed: int,
    params: Any = None,
    batch_stats: Any = None,
    ema: bool = False,
) -> TrainState:
    """Return the state before the first step.

    Args:
        model: a Flax module that maps a batch of sequences to `(batch, outputs)`.
        tx: an optax optimiser.
        example: a batch of inputs, `(batch, time)` ids or `(batch, time, features)`;
            only its shape and dtype matter.
        seed: an integer in [0, 2**32).
        params: parameters to begin with, which are copied; None draws them.
        batch_stats: batch statistics to begin with, which are copied; None takes the
            model's first ones.
        ema: whether to keep a moving average of the parameters.

    Raises:
        UserError: if `params` or `batch_stats` are not the model's.

    Example:
        >>> import numpy as np
        >>> from seqconv_jax import models, optim
        >>> model, tx = models.GRURegressor(units=4), optim.rmsprop(1e-3)
        >>> state = init_state(model, tx, np.zeros((1, 9, 2), np.float32), seed=0)
        >>> int(state.step), state.params["Dense_0"]["kernel"].shape, state.batch_stats
        (0, (4, 1), {})
    """
    arguments = seed_keys(seed).params, jnp.asarray(example)
    initial = partial(initial_variables, model)
    given = {"params": params, "batch_stats": batch_stats}
    given = {name: tree for name, tree in given.items() if tree is not None}
    if given:
        expected = jax.eval_shape(initial, *arguments)
        for name, tree in given.items():
            shapes = named_leaves(expected[name])
            check_leaves(name, named_leaves(tree), shapes, dtypes=False)

    def draw(key, x):
        return {k: v for k, v in initial(key, x).items() if k not in given}

    drawing = jax.jit(draw, compiler_options=_options_of_one_call(arguments))
    check_parameters(drawing.eval_shape(*arguments).get("params"))
    variables = {**drawing(*arguments), **jax.tree.map(jnp.array, given)}
    step, params = jnp.zeros((), jnp.int32), variables["params"]
    average = params if ema else {}
    state = TrainState(step, params, tx.init(params), variables["batch_stats"], average)
    return _distinct(state)


def _distinct(state: TrainState) -> TrainState:
    """Return the state with a copy wherever an array comes up again.

    The training loop gives every buffer away, which can be done only once; the states
    of some optimisers hold the parameters.
    """
    seen: set[int] = set()

    def own(leaf):
        known = id(leaf) in seen
        seen.add(id(leaf))
        return jnp.copy(leaf) if known else leaf

    return jax.tree.map(own, state)


def _options_of_one_call(arguments: Any) -> dict[str, Any] | None:
    """Return how to compile what runs once; None within another program."""
    traced = any(isinstance(x, Tracer) for x in jax.tree.leaves(arguments))
    return None if traced or jax.default_backend() != "cpu" else _LESS_OPTIMISED
