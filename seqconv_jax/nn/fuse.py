"""The one place that knows which neighbours can be computed as one.

Layers are first written as `operations`: a convolution is the sums, then bias and
activation. Then a table of rewrites looks at two operations side by side, until none
applies. What comes out computes what the layers compute, to rounding, in less time.

Only layers that are exactly those of this library take part, where nobody asks for what
is in between: whoever looks at a layer's output sees an array. Where steps are masked,
all layers are called but an embedding and the convolution behind it.
"""

from collections.abc import Callable, Sequence

from flax import linen as nn

from seqconv_jax import _checks
from seqconv_jax.nn.causal import LastOf
from seqconv_jax.nn.operations import (
    BiasAndActivation,
    Convolve,
    Embed,
    Last,
    MaskedEmbedConvolve,
    Maximum,
    OneHotConvolve,
    Operation,
)

# They never fall, not even by a rounding, so that the largest value stays the largest.
RISING = ("linear", "relu")

Rewritten = tuple[Operation, ...] | None


def _embedding_convolution(first: Operation, second: Operation) -> Rewritten:
    """Convolve the table in place of the batch: `ops.embed_conv`."""
    if type(first) is Embed and isinstance(second, Convolve):
        return (Convolve(second.layer, embedding=first.layer),)
    return None


def _activation_maximum(first: Operation, second: Operation) -> Rewritten:
    """Take the maximum first: the same bits, and less to add to and activate."""
    if isinstance(first, BiasAndActivation) and isinstance(second, Maximum):
        if first.layer.activation in RISING:
            return second, first
    return None


def _convolution_maximum(first: Operation, second: Operation) -> Rewritten:
    """Multiply windows of windows, and keep the maxima alone: `ops.conv_max_pool`."""
    if isinstance(first, Convolve) and isinstance(second, Maximum):
        if first.is_plain and first.window is None and second.plain_window:
            return (Convolve(first.layer, window=second.plain_window),)
    return None


def _one_hot_convolution_maximum(first: Operation, second: Operation) -> Rewritten:
    """Keep where each maximum over time was: `ops.one_hot_conv_max`."""
    if isinstance(first, OneHotConvolve) and isinstance(second, Maximum):
        if not first.maximum and second.is_over_time:
            return (OneHotConvolve(first.layer, maximum=True),)
    return None


def _causal_last_step(first: Operation, second: Operation) -> Rewritten:
    """Compute no step that the last one does not depend on: `required_steps`."""
    if not first.is_causal:
        return None
    if isinstance(second, LastOf):
        return (LastOf(second.layer, (first, *second.operations)),)
    return (LastOf(second.layer, (first,)),) if isinstance(second, Last) else None


_TABLE: dict[str, Callable[[Operation, Operation], Rewritten]] = {
    "embedding, convolution": _embedding_convolution,
    "activation, maximum": _activation_maximum,
    "convolution, maximum": _convolution_maximum,
    "one-hot convolution, maximum": _one_hot_convolution_maximum,
    "causal, last step": _causal_last_step,
}
REWRITES = tuple(_TABLE)
# Its products do more arithmetic than the convolution, which the derivative wins back.
_FOR_TRAINING = ("convolution, maximum",)


def plan(
    layers: Sequence[nn.Module], rewrites: Sequence[str], train: bool = True
) -> list[Operation]:
    """Return operations that do what the layers do, one after another.

    Args:
        layers: bound modules, from the input upwards.
        rewrites: the names of those rewrites that may be used; none of them leaves each
            layer as it is.
        train: whether a derivative will be asked for; some rewrites pay only then.

    Raises:
        UserError: for a name that is not among `REWRITES`.
    """
    for name in rewrites:
        _checks.one_of("rewrites", name, REWRITES)
    if not rewrites:
        return [Operation(layer) for layer in layers]
    if not train:
        rewrites = [name for name in rewrites if name not in _FOR_TRAINING]
    done: list[Operation] = []
    for layer in layers:
        for operation in operations_of(layer):
            _append(done, operation, rewrites)
    return done


def masked_pair(
    layers: Sequence[nn.Module], rewrites: Sequence[str]
) -> MaskedEmbedConvolve | None:
    """Return the first two layers as one that takes a mask, if there is such a one."""
    if "embedding, convolution" not in rewrites or len(layers) < 2:
        return None
    (first, *others), (second, *_) = map(operations_of, layers[:2])
    if type(first) is not Embed or others or type(second) is not Convolve:
        return None
    return MaskedEmbedConvolve(first.layer, second.layer)


def operations_of(layer: nn.Module) -> tuple[Operation, ...]:
    """Return what a layer is made of; a class derived from it is a whole of its own."""
    if "operations" in vars(type(layer)):
        return layer.operations()  # pyright: ignore[reportAttributeAccessIssue]
    return (Operation(layer),)


def _append(done: list[Operation], new: Operation, rewrites: Sequence[str]) -> None:
    """Add an operation, and rewrite it with those before it as long as that works."""
    for name in rewrites if done else ():
        rewritten = _TABLE[name](done[-1], new)
        if rewritten is not None:
            done.pop()
            for operation in rewritten:
                _append(done, operation, rewrites)
            return
    done.append(new)
