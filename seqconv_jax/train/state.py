"""What training carries from step to step: arrays, and nothing else."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.core import Tracer

from seqconv_jax import _checks
from seqconv_jax._leaves import check_leaves, named_leaves
from seqconv_jax.ops import faster_key
from seqconv_jax.train import compiling
from seqconv_jax.train.fits_memory import check_parameters
from seqconv_jax.train.forward import initial_variables

_NEEDS_VALUES = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
)


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
    return Keys(*_three_keys(np.uint32(seed)))


@jax.jit
def _three_keys(seed):
    return tuple(jax.random.split(jax.random.key(seed), 3))


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
        variables = initial(faster_key(key), x)
        return {k: v for k, v in variables.items() if k not in given}

    traced = any(isinstance(x, Tracer) for x in jax.tree.leaves(arguments))
    options = None if traced else compiling.options(compiling.ONCE)
    drawing = jax.jit(draw, compiler_options=options)
    check_parameters(drawing.eval_shape(*arguments).get("params"))
    variables = {**drawing(*arguments), **jax.tree.map(jnp.array, given)}
    step, params = jnp.zeros((), jnp.int32), variables["params"]
    average = params if ema else {}
    opt_state = _first_opt_state(tx, params)
    state = TrainState(step, params, opt_state, variables["batch_stats"], average)
    return _distinct(state)


def _first_opt_state(tx: optax.GradientTransformation, params: Any) -> Any:
    """Return `tx.init(params)`, in one program, or in many where it needs values."""
    try:
        return jax.jit(tx.init)(params)
    except _NEEDS_VALUES:
        return tx.init(params)


@jax.jit
def copied(tree: Any) -> Any:
    """Return copies of all arrays: the training loop gives a state's buffers away."""
    return jax.tree.map(jnp.copy, tree)


def state_shapes(
    model: Any, tx: optax.GradientTransformation, example: Any, *, ema: bool = False
) -> TrainState | None:
    """Return the shapes of what `init_state` draws; None where `tx.init` needs values.

    Args:
        model: as of `init_state`.
        tx: likewise.
        example: likewise.
        ema: likewise.
    """
    arguments = jax.eval_shape(partial(jax.random.key, 0)), jnp.asarray(example)
    variables = jax.eval_shape(partial(initial_variables, model), *arguments)
    params: Any = variables["params"]
    check_parameters(params)
    try:
        opt_state = jax.eval_shape(tx.init, params)
    except _NEEDS_VALUES:
        return None
    step: Any = jax.ShapeDtypeStruct((), jnp.int32)
    average = params if ema else {}
    return TrainState(step, params, opt_state, variables["batch_stats"], average)


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
