"""The last step of causal operations, and no step that it does not depend on."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import jax

from seqconv_jax import _checks
from seqconv_jax.nn.activations import activation
from seqconv_jax.nn.operations import Operation
from seqconv_jax.nn.required_steps import Steps, all_steps, select, union
from seqconv_jax.ops.symbolic import is_symbolic


@dataclass(frozen=True, eq=False)
class Sum(Operation):
    """A residual layer: a body of operations, a shortcut beside it, an activation.

    Attributes:
        layer: the residual layer.
        body: its operations.
        shortcut: those beside it; none for the input itself.
    """

    body: tuple[Operation, ...]
    shortcut: tuple[Operation, ...]

    @property
    def is_causal(self) -> bool:
        """Whether both branches are."""
        return all(operation.is_causal for operation in (*self.body, *self.shortcut))

    def steps_before(self, wanted: Steps) -> Steps:
        """Return steps among which those of either branch are."""
        return union(_needed(self.body, wanted), _needed(self.shortcut, wanted))

    def at(self, x: jax.Array, given: Steps, wanted: Steps, train: bool) -> jax.Array:
        """Add up the branches at the wanted steps."""
        shortcut = compute_at(self.shortcut, x, given, wanted, train)
        return activation(
            self.layer.activation,
            shortcut + compute_at(self.body, x, given, wanted, train),
        )


@dataclass(frozen=True, eq=False)
class LastOf(Operation):
    """The last step of causal operations, and no step that it does not depend on.

    Attributes:
        layer: what reads the last step.
        operations: the causal ones before it.
    """

    operations: tuple[Operation, ...]

    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, new_features)`."""
        _checks.rank("x", x, ("batch", "time", "features"))
        if is_symbolic(x.shape[1]):
            return self.layer(
                reduce(lambda x, done: done(x, train), self.operations, x)
            )
        given, last = all_steps(x.shape[1]), Steps(x.shape[1])
        return self.layer(compute_at(self.operations, x, given, last, train))


def compute_at(
    operations: Sequence[Operation],
    x: jax.Array,
    given: Steps,
    wanted: Steps,
    train: bool,
) -> jax.Array:
    """Return the wanted outputs of causal operations, one after another.

    Args:
        operations: from the input upwards.
        x: `(batch, given.count, features)`.
        given: which steps of the input `x` holds.
        wanted: which outputs to compute.
        train: whether layers behave as in training.
    """
    outputs = [wanted]
    for operation in reversed(operations):
        outputs.append(operation.steps_before(outputs[-1]))
    x, given = select(x, given, outputs[-1]), outputs.pop()
    for operation, wanted in zip(operations, reversed(outputs), strict=True):
        x, given = operation.at(x, given, wanted, train), wanted
    return x


def _needed(operations: Sequence[Operation], wanted: Steps) -> Steps:
    """Return which input steps the wanted outputs of all operations are made of."""
    return reduce(
        lambda steps, each: each.steps_before(steps), operations[::-1], wanted
    )
