"""A stack of convolutions and pools described as data, and the lengths it leaves."""

from collections.abc import Iterable
from dataclasses import dataclass

from seqconv_jax import _checks
from seqconv_jax.ops import conv_output_length


@dataclass(frozen=True)
class ConvBlock:
    """One convolution of a stack, and the pool behind it, if any.

    Attributes:
        features: filters of the convolution.
        kernel_size: its taps.
        pool: the window of the pool behind it; None for no pool.
        activation: `"linear"`, `"relu"`, `"tanh"` or `"sigmoid"`.
        padding: `"valid"`, `"same"` or `"causal"`.
        dilation: steps between two taps.
        pooling: `"max"` or `"average"`.
    """

    features: int
    kernel_size: int
    pool: int | None = None
    activation: str = "relu"
    padding: str = "valid"
    dilation: int = 1
    pooling: str = "max"


def check_lengths(length: int, blocks: Iterable[ConvBlock]) -> list[int]:
    """Return the length after every convolution and pool, the input's first.

    Raises:
        UserError: where a layer has too few steps; the message lists all lengths.

    Example:
        >>> check_lengths(60, [ConvBlock(128, 7), ConvBlock(32, 7, pool=5)])
        [60, 54, 48, 9]
    """
    lengths = [length]
    for index, block in enumerate(blocks):
        layers = [
            (f"Conv1D_{index}", block.kernel_size, 1, block.padding, block.dilation)
        ]
        if block.pool is not None:
            layers.append((f"pool {index}", block.pool, block.pool, "valid", 1))
        for name, size, stride, padding, dilation in layers:
            try:
                left = conv_output_length(
                    lengths[-1],
                    size,
                    stride=stride,
                    padding=padding,
                    dilation=dilation,
                )
            except _checks.UserError as error:
                chain = " -> ".join(map(str, lengths))
                raise _checks.UserError(
                    f"the sequence is too short for {name}: {error} "
                    f"(lengths so far: {chain}); give longer sequences, or smaller "
                    "kernels and pools"
                ) from None
            lengths.append(left)
    return lengths
