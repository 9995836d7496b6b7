"""How long the sequence is behind each layer, and how far back an output sees."""

from collections import Counter
from collections.abc import Sequence

from flax import linen as nn

from seqconv_jax import ops
from seqconv_jax.ops.conv import TooShortError
from seqconv_jax.ops.symbolic import surely


def check_lengths(length: int, layers: Sequence[nn.Module]) -> list[int]:
    """Return the length after each layer, the input's first.

    The list ends where a layer leaves no sequence, or does not say what it leaves.

    Args:
        length: steps of the input.
        layers: from the input upwards.

    Raises:
        UserError: where a layer has too few steps; the message lists all lengths.

    Example:
        >>> from seqconv_jax.nn import Conv1D, GlobalMaxPool1D, MaxPool1D
        >>> check_lengths(60, [Conv1D(32, 7), MaxPool1D(5), GlobalMaxPool1D()])
        [60, 54, 10]
    """
    lengths, seen = [length], Counter()
    for layer in layers:
        kind = type(layer).__name__
        number, seen[kind] = seen[kind], seen[kind] + 1
        shorten = getattr(layer, "output_length", None)
        if shorten is None:
            break
        try:
            left = shorten(lengths[-1])
        except TooShortError as error:
            chain = " -> ".join(map(str, lengths))
            raise TooShortError(
                f"the sequence is too short for {kind}_{number}: {error} "
                f"(lengths so far: {chain}); give longer sequences, or smaller "
                "kernels and pools"
            ) from None
        if left is None:
            break
        lengths.append(left)
    return lengths


def output_length(length: int, layers: Sequence[nn.Module]) -> int | None:
    """Return the length behind all layers; None if no sequence, or none known, is left.

    Raises:
        UserError: as `check_lengths` does.

    Example:
        >>> from seqconv_jax.nn import Conv1D, MaxPool1D
        >>> output_length(60, [Conv1D(32, 7), MaxPool1D(5)])
        10
    """
    lengths = check_lengths(length, layers)
    return lengths[-1] if len(lengths) == len(layers) + 1 else None


def is_shorter(length: int, than: int) -> bool:
    """Say whether a length, which may be symbolic, is surely less than another."""
    return surely(lambda: length < than)


def receptive_field(layers: Sequence[nn.Module]) -> int | None:
    """Return how many steps of the input one output of the layers sees.

    Args:
        layers: from the input upwards.

    Returns:
        The width of the field, or None if an output sees all steps, or a layer does
        not say what it sees.

    Example:
        >>> from seqconv_jax.nn import Conv1D, MaxPool1D
        >>> receptive_field([Conv1D(32, 5), MaxPool1D(3), Conv1D(32, 5)])
        19
    """
    windows = windows_of(layers)
    return None if windows is None else ops.receptive_field(windows)


def windows_of(
    layers: Sequence[nn.Module],
) -> tuple[tuple[int, int, int], ...] | None:
    """Return the windows of layers one after another; None for all steps."""
    windows = [getattr(layer, "windows", None) for layer in layers]
    known = [each for each in windows if each is not None]
    return sum(known, ()) if len(known) == len(windows) else None
