"""How much arithmetic a training step needs, and how many bytes must move.

With `n` examples of length `T`, `C` features in, `F` features or units out, `K` taps,
a layer's forward pass takes, in floating-point operations (a multiply-add is two),

    Conv1D         2 n T' K C F      T' = T - K + 1
    ResidualBlock  2 n K (T1 C F + T2 F F)   and 2 n T2 C F for a shortcut of that width
    GRU            2 n T (3 C F + 3 F F)
    Dense          2 n C F

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

from typing import Any

from _layer_work import Input, LayerWork, work_of
from _workloads import Workload

import seqconv_jax as sc

BYTES = 4


def layer_work(workload: Workload) -> list[LayerWork]:
    """Return a row for each layer of the network."""
    layers = workload.layers
    blocks = iter(steps_of_blocks(workload.length, layers))
    given = Input(workload.batch_size, workload.length, workload.columns, ways=1)
    rows: list[LayerWork] = []
    for layer in layers:
        if isinstance(layer, sc.nn.ResidualBlock):
            given = given._replace(steps=next(blocks))
        row = work_of(layer, given)
        rows.append(row)
        words = getattr(layer, "vocabulary", None)
        given = given._replace(width=row.shape[-1], ways=2, words=words)
        if len(row.shape) == 2:
            given = given._replace(length=row.shape[0])
    return rows


def steps_of_blocks(length: int, layers: tuple[Any, ...]) -> list[tuple[int, int]]:
    """Return how many steps the two convolutions of each residual block compute.

    They are those that the last step depends on.
    """
    from seqconv_jax.nn.required_steps import Steps, steps_under

    wanted, found = Steps(length), []
    for layer in reversed(layers):
        if isinstance(layer, sc.nn.ResidualBlock):
            inner = steps_under(wanted, layer.kernel_size, layer.dilation)
            found.append((inner.count, wanted.count))
            wanted = steps_under(inner, layer.kernel_size, layer.dilation)
    return found[::-1]


def operations(workload: Workload) -> float:
    """Return the floating-point operations of a training step."""
    return float(sum(row.forward + row.backward for row in layer_work(workload)))


def bytes_moved(workload: Workload) -> float:
    """Return the bytes that a training step reads and writes at least."""
    parameters = sum(row.parameters for row in layer_work(workload))
    features = 1 if workload.is_text else workload.columns
    inputs = workload.batch_size * workload.length * features
    kept = workload.batch_size * kept_numbers(workload)
    return float(BYTES * (4 * parameters + inputs + 2 * kept))


def kept_numbers(workload: Workload) -> int:
    """Return the numbers that an example's backward pass needs of its forward pass."""
    rows = layer_work(workload)
    behind = [row.layer for row in rows[1:]] + [""]
    pools = "MaxPool1D", "GlobalMaxPool1D"
    return sum(
        row.kept for row, after in zip(rows, behind, strict=True) if after not in pools
    )


def sequential(workload: Workload) -> int:
    """Return how many products of a step must wait for each other, there and back."""
    return 2 * sum(row.sequential for row in layer_work(workload) if row.forward)
