"""What a layer hands to the next before it is finished, so that less is computed.

A lookup and the convolution behind it are one operation, and so are a convolution and
the maximum of windows behind it. The maximum can be taken before the bias is added and
a rising activation applied, which leaves the same numbers, to the bit, to a fraction of
the work.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
from flax import struct

from seqconv_jax import _checks, ops
from seqconv_jax.nn.activations import RISING, activation


class Lookup(NamedTuple):
    """An embedding whose vectors have not been looked up.

    Attributes:
        ids: `(batch, time)` integers.
        table: `(vocabulary, features)`.
    """

    ids: jax.Array
    table: jax.Array

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the vectors: `(batch, time, features)`."""
        return (*self.ids.shape, self.table.shape[1])

    def finish(self) -> jax.Array:
        """Look them up."""
        return ops.embed(self.ids, self.table)


class Convolution(NamedTuple):
    """A plain convolution, without padding or gaps, that has not been done.

    Attributes:
        x: `(batch, time, features)`.
        kernel: `(kernel_size, features, filters)`.
    """

    x: jax.Array
    kernel: jax.Array

    @property
    def shape(self) -> tuple[int, ...]:
        """Of its output: `(batch, new_time, filters)`."""
        batch, time, _ = self.x.shape
        taps, _, filters = self.kernel.shape
        return batch, ops.conv_output_length(time, taps), filters

    def finish(self) -> jax.Array:
        """Do it."""
        return ops.conv1d(self.x, self.kernel)


class Sums(struct.PyTreeNode):
    """A convolution that lacks its bias and activation, if it has been done at all.

    Attributes:
        sums: `(batch, time, features)`, or without time once a maximum was taken.
        bias: `(features,)`, or None.
        function: the activation's name.
    """

    sums: jax.Array | Convolution
    bias: jax.Array | None
    function: str = struct.field(pytree_node=False)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the sums."""
        return self.sums.shape

    @property
    def commutes(self) -> bool:
        """Whether a maximum may be taken first."""
        return self.function in RISING

    def finish(self) -> jax.Array:
        """Add the bias and apply the activation."""
        y = finished(self.sums)
        if self.bias is not None:
            _checks.shape("bias", self.bias, (y.shape[-1],))
            y = y + self.bias.reshape((1,) * (y.ndim - 1) + self.bias.shape)
        return activation(self.function, y)


def finished(y: jax.Array | Lookup | Convolution | Sums) -> jax.Array:
    """Return what a layer returned, finished if it is not."""
    return y.finish() if isinstance(y, Lookup | Convolution | Sums) else y


def maximum_of(
    x: jax.Array | Sums,
    take: Callable[[jax.Array], jax.Array],
    convolve_and_take: Callable[[jax.Array, jax.Array], jax.Array] | None = None,
) -> jax.Array:
    """Take a maximum over steps, and finish afterwards what it is taken of.

    Args:
        x: what a layer returned.
        take: from `(batch, time, features)` to its maximum.
        convolve_and_take: the same of a convolution of `x` with `kernel`, in one; None
            where there is no such operation.
    """
    if not isinstance(x, Sums):
        return take(x)
    if isinstance(x.sums, Convolution) and convolve_and_take is not None:
        return x.replace(sums=convolve_and_take(*x.sums)).finish()
    return x.replace(sums=take(finished(x.sums))).finish()
