"""How much arithmetic a training step needs, and how many bytes must move.

With `n` examples of length `T`, `C` features in, `F` features or units out, `K` taps,
a layer's forward pass takes, in floating-point operations (a multiply-add is two),

    Conv       2 n T' K C F          T' = T - K + 1
    Residual   2 n K (T1 C F + T2 F F)   and 2 n T2 C F for a shortcut of other width
    GRU        2 n T (3 C F + 3 F F)
    Dense      2 n C F

and its backward pass twice that: once for the weights, once for the input, which the
first layer of a series does not need. Biases, activations, pools, gates and dropout are
left out, a few per cent.

A convolution right after an embedding of `V` words may look its products up in the
table that is made of all words: 2 V K C F, and n T' K F additions. The cheaper way
counts. Of a TCN the last step alone is read: a block counts for the T1 and T2 steps of
its convolutions that it depends on.

Bytes, four a number: every parameter and its running mean square is read and written
once; the inputs are read once; what the backward pass needs is written once and read
once: the output of each layer with weights, after the pool behind it if there is one.
(A pool's maximum can be taken as the convolution makes its values.) Nothing else, so
the floor that follows from these counts is one that no program is expected to reach.
"""

from collections.abc import Iterator
from typing import NamedTuple

from _workloads import (
    GRU,
    Conv,
    Dense,
    Embedding,
    GlobalMaxPool,
    MaxPool,
    Residual,
    Workload,
)

from seqconv_jax.nn import Cone, cones

BYTES = 4


class LayerWork(NamedTuple):
    """What one layer of a training step does at least.

    Attributes:
        layer: its kind.
        shape: of its output, without the batch axis.
        parameters: how many it has.
        forward: floating-point operations of the forward pass.
        backward: floating-point operations of the backward pass.
        sequential: products that wait for each other, one way.
    """

    layer: str
    shape: tuple[int, ...]
    parameters: int
    forward: float = 0
    backward: float = 0
    sequential: int = 1


def layer_work(workload: Workload) -> list[LayerWork]:
    """Return a row for each layer of the network."""
    n, length, width = workload.batch_size, workload.length, workload.columns
    rows: list[LayerWork] = []
    table = 0  # words of an embedding right before
    blocks = cones_of(workload)
    for index, layer in enumerate(workload.layers):
        ways = 1 if index == 0 else 2
        name = type(layer).__name__
        match layer:
            case Embedding(vocabulary, features):
                table, width = vocabulary, features
                row = LayerWork(name, (length, width), vocabulary * width)
            case Conv(features, taps):
                length -= taps - 1
                products, sums = n * length, 0
                if 0 < table < products:
                    sums, products = n * length * taps * features, table
                weights = taps * width * features
                forward = 2 * products * weights + sums
                row = LayerWork(
                    name,
                    (length, features),
                    weights + features,
                    forward,
                    ways * 2 * products * weights + sums,
                )
                table, width = 0, features
            case GRU(units):
                weights = 3 * width * units
                recurrent = 3 * units * units
                row = LayerWork(
                    name,
                    (units,),
                    weights + recurrent + 3 * units,
                    2 * n * length * (weights + recurrent),
                    2 * n * length * (ways * weights + 2 * recurrent),
                    2 * length,
                )
                width = units
            case Residual(features, taps):
                cone = next(blocks)
                first = taps * width * features
                second = taps * features * features
                shortcut = width * features if width != features else 0
                biases = (3 if shortcut else 2) * features
                below = cone.inner * first + cone.outputs * shortcut
                above = cone.outputs * second
                row = LayerWork(
                    name,
                    (cone.outputs, features),
                    first + second + shortcut + biases,
                    2 * n * (below + above),
                    2 * n * (ways * below + 2 * above),
                )
                width = features
            case Dense(features):
                weights = width * features
                forward = 2 * n * weights
                row = LayerWork(
                    name, (features,), weights + features, forward, 2 * forward
                )
                width = features
            case MaxPool(window):
                length //= window
                row = LayerWork(name, (length, width), 0)
            case _:
                row = LayerWork(name, (width,), 0)
        rows.append(row)
    return rows


def cones_of(workload: Workload) -> Iterator[Cone]:
    """Return what each residual block computes."""
    blocks = [layer for layer in workload.layers if isinstance(layer, Residual)]
    if not blocks:
        return iter(())
    dilations = [block.dilation for block in blocks]
    return iter(cones(workload.length, blocks[0].kernel_size, dilations)[0])


def operations(workload: Workload) -> float:
    """Return the floating-point operations of a training step."""
    return float(sum(row.forward + row.backward for row in layer_work(workload)))


def bytes_moved(workload: Workload) -> float:
    """Return the bytes that a training step reads and writes at least."""
    rows = layer_work(workload)
    parameters = sum(row.parameters for row in rows)
    features = 1 if workload.is_text else workload.columns
    inputs = workload.batch_size * workload.length * features
    kept = workload.batch_size * kept_numbers(workload)
    return float(BYTES * (4 * parameters + inputs + 2 * kept))


def kept_numbers(workload: Workload) -> int:
    """Return the numbers that an example's backward pass needs of its forward pass."""
    layers, rows = workload.layers, layer_work(workload)
    total, time = 0, workload.length
    blocks = cones_of(workload)
    for layer, row, after in zip(layers, rows, [*layers[1:], None], strict=True):
        match layer:
            case Embedding():
                kept = 0
            case GRU():
                kept = time * layer.units
            case Residual():
                cone = next(blocks)
                kept = (cone.inner + cone.outputs) * layer.features
            case _:
                kept = 1
                for size in row.shape:
                    kept *= size
        if not isinstance(after, MaxPool | GlobalMaxPool):
            total += kept
        if len(row.shape) == 2:
            time = row.shape[0]
    return total


def sequential(workload: Workload) -> int:
    """Return how many products of a step must wait for each other, there and back."""
    return 2 * sum(row.sequential for row in layer_work(workload) if row.forward)
