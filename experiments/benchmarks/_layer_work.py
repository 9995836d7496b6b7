"""The work of one layer, from what it is given: `_work.py` has the formulas."""

from math import prod
from typing import Any, NamedTuple

import seqconv_jax as sc


class Product(NamedTuple):
    """`(rows, inner)` times `(inner, columns)`, forward."""

    rows: int
    inner: int
    columns: int

    @property
    def operations(self) -> int:
        """Those of the forward pass."""
        return 2 * prod(self)


class Recurrence(NamedTuple):
    """A GRU's products in a row: `(batch, units)` times `(units, 3 * units)`."""

    time: int
    batch: int
    units: int

    @property
    def operations(self) -> int:
        """Those of the forward pass."""
        return 2 * 3 * self.units * prod(self)


class Input(NamedTuple):
    """What a layer is given.

    Attributes:
        batch: examples.
        length: steps of each.
        width: features of a step.
        ways: products that the derivative takes: 2, or 1 where the input needs none.
        words: how many different vectors there are, if an embedding made them.
        steps: how many steps the convolutions of a residual block compute.
    """

    batch: int
    length: int
    width: int
    ways: int = 2
    words: int | None = None
    steps: tuple[int, int] = (0, 0)


class LayerWork(NamedTuple):
    """What one layer of a training step does at least.

    Attributes:
        layer: its kind.
        shape: of its output, without the batch axis.
        parameters: how many it has.
        products: of the forward pass, a shortcut's aside.
        forward: floating-point operations of the forward pass.
        backward: floating-point operations of the backward pass.
        sequential: products that wait for each other, one way.
        kept: numbers that an example's backward pass needs, unless a pool follows.
    """

    layer: str
    shape: tuple[int, ...]
    parameters: int = 0
    products: tuple[Product | Recurrence, ...] = ()
    forward: float = 0
    backward: float = 0
    sequential: int = 1
    kept: int = 0


def work_of(layer: Any, given: Input) -> LayerWork:
    """Return what a layer does to what it is given.

    Raises:
        UserError: for a layer whose work is not known.
    """
    match layer:
        case sc.nn.Embedding(vocabulary=words, features=features):
            shape = given.length, features
            return LayerWork("Embedding", shape, words * features)
        case sc.nn.Conv1D():
            return _convolution(layer, given)
        case sc.nn.ResidualBlock():
            return _residual_block(layer, given)
        case sc.nn.GRU():
            return _gru(layer, given)
        case sc.nn.Dense(features=features):
            product = Product(given.batch, given.width, features)
            parameters = (given.width + 1) * features
            return _of_products(layer, (features,), parameters, product)
        case sc.nn.MaxPool1D():
            shape = layer.output_length(given.length), given.width
            return LayerWork("MaxPool1D", shape, kept=prod(shape))
        case sc.nn.GlobalMaxPool1D() | sc.nn.LastStep():
            return LayerWork(type(layer).__name__, (given.width,), kept=given.width)
    raise sc.UserError(f"nothing is known of the work of {type(layer).__name__}")


def _of_products(
    layer: Any,
    shape: tuple[int, ...],
    parameters: int,
    *products: Product | Recurrence,
    ways: int = 2,
) -> LayerWork:
    """Return the work of products, the first of which has so many derivatives."""
    first, *others = (product.operations for product in products)
    forward, backward = first + sum(others), ways * first + 2 * sum(others)
    row = LayerWork(type(layer).__name__, shape, parameters, products)
    return row._replace(forward=forward, backward=backward, kept=prod(shape))


def _convolution(layer: Any, given: Input) -> LayerWork:
    taps, features = layer.kernel_size, layer.features
    shape = layer.output_length(given.length), features
    positions = given.batch * shape[0]
    product, sums = Product(positions, taps * given.width, features), 0
    if given.words is not None and given.words < positions:
        # All words, in place of the batch.
        product = Product(given.words, given.width, taps * features)
        sums = positions * taps * features
    parameters = (taps * given.width + 1) * features
    row = _of_products(layer, shape, parameters, product, ways=given.ways)
    return row._replace(forward=row.forward + sums, backward=row.backward + sums)


def _residual_block(layer: Any, given: Input) -> LayerWork:
    taps, features, (inner, outputs) = layer.kernel_size, layer.features, given.steps
    first = Product(given.batch * inner, taps * given.width, features)
    second = Product(given.batch * outputs, taps * features, features)
    parameters = (taps * (given.width + features) + 2) * features
    kept, shape = (inner + outputs) * features, (outputs, features)
    row = _of_products(layer, shape, parameters, first, second, ways=given.ways)
    row = row._replace(kept=kept)
    if given.width == features:
        return row
    shortcut = Product(given.batch * outputs, given.width, features).operations
    return row._replace(
        parameters=parameters + (given.width + 1) * features,
        forward=row.forward + shortcut,
        backward=row.backward + given.ways * shortcut,
    )


def _gru(layer: Any, given: Input) -> LayerWork:
    units, length = layer.units, given.length
    projection = Product(given.batch * length, given.width, 3 * units)
    recurrence = Recurrence(length, given.batch, units)
    parameters = 3 * units * (given.width + units + 1)
    products = projection, recurrence
    row = _of_products(layer, (units,), parameters, *products, ways=given.ways)
    return row._replace(sequential=2 * length, kept=length * units)
