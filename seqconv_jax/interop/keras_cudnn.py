"""The weights of Keras 2's CuDNNGRU and CuDNNLSTM, which lie as CuDNN wants them.

A gate's kernel is stored by output, as one row for each unit, its recurrent kernel
transposed, and there are two biases, of the input and of the state, one behind the
other. Keras 2 turns them likewise when its own GRU or LSTM is given such weights.
"""

import numpy as np

from seqconv_jax.interop.layers import Weight


def shape_in_cudnn(weight: Weight) -> tuple[int, ...]:
    """Return the shape in which a weight of ours is stored.

    Args:
        weight: of a GRU that resets after the product, whose bias has two rows, or of
            an LSTM.
    """
    if weight.name != "bias":
        return weight.shape
    return (2 * weight.shape[-1],)


def from_cudnn(weight: Weight, array: np.ndarray, gates: int) -> np.ndarray:
    """Return an array of that shape as our layer has it.

    Args:
        weight: as for `shape_in_cudnn`.
        array: what is stored.
        gates: how many the layer has, with the candidate: 3 or 4.

    Example:
        >>> bias = Weight("", "bias", "bias", "params/bias", (4,))
        >>> from_cudnn(bias, np.arange(8.0), 4).tolist()
        [4.0, 6.0, 8.0, 10.0]
    """
    if weight.name == "bias":
        rows = array.reshape(2, -1)
        return rows if len(weight.shape) == 2 else rows.sum(0)
    inputs, width = weight.shape
    blocks = np.split(array, gates, axis=1)
    if weight.name == "recurrent_kernel":
        return np.concatenate([block.T for block in blocks], axis=1)
    turned = [block.reshape(width // gates, inputs).T for block in blocks]
    return np.concatenate(turned, axis=1)
