"""A GRU over patches of each column, beside a line: long forecasts of many columns."""

from typing import Any

from seqconv_jax import _checks
from seqconv_jax.models.series import SeriesNetwork
from seqconv_jax.models.skip import SKIP
from seqconv_jax.nn import (
    GRU,
    Columns,
    Conv1D,
    Dense,
    Dropout,
    EachColumn,
    Flatten,
    LastValue,
    LinearMap,
    Parallel,
    RevIN,
)

__all__ = ["PatchGRU"]

_ALONE = ("last", "revin")
_NORMALISE = (*_ALONE, "both")
_WEIGHTS = ("shared", "columns")


class PatchGRU(SeriesNetwork):
    """Patches of each column in front of a GRU, a line, and patches of all columns.

    A convolution whose stride is its width turns a look-back of 512 steps into 32
    patches, so that the recurrence is short. What is summed up, between the
    normalisation of a window and its inverse:

    - a linear map from look-back to horizon (`skip`);
    - the GRU of each column, with the same weights for all (`units`);
    - a GRU of all columns together, the calendar among them (`mixed`).

    The networks' outputs begin at zero: at first it is the line, which
    `start_from_line` gives its closed form, and they learn what it can't do.

    Attributes:
        steps: the horizon.
        columns: which features are forecast: the targets' places among the inputs.
        patch: steps of a patch.
        units: width of a patch and of the GRU's state; 0 for none.
        depth: how many GRUs lie on top of each other.
        embedding: how many learned numbers of each column its GRU is shown.
        mixed: width of the GRU of all columns together; 0 for none.
        dropout: rate at which values are dropped before the output.
        head: weights from state to horizon, `"shared"` or one for each of `"columns"`.
        skip: weights of the line, `"shared"`, one for each of `"columns"`, or None.
        normalise: `"last"` subtracts the last value, `"revin"` the mean, and divides by
            the window's spread; `"both"` averages two networks, one behind each; None
            for neither.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> model, x = PatchGRU(steps=24, columns=(0, 1), units=8), jnp.ones((2, 96, 3))
        >>> model.apply(model.init(jax.random.key(0), x), x).shape
        (2, 48)

    Reference:
        S. Lin and others, "SegRNN", arXiv:2308.11200; A. Zeng and others,
        arXiv:2205.13504.
    """

    steps: int
    columns: tuple[int, ...]
    patch: int = 16
    units: int = 128
    depth: int = 1
    embedding: int = 8
    mixed: int = 0
    dropout: float = 0.0
    head: str = "shared"
    skip: str | None = "columns"
    normalise: str | None = "last"

    @property
    def outputs(self) -> int:
        """The width of the output, the step slower."""
        return self.steps * len(self.columns)

    @property
    def layers(self) -> tuple[Any, ...]:
        """The layers, from the input upwards."""
        if self.normalise == "both":
            pair = (self.clone(parent=None, normalise=name) for name in _ALONE)
            return (Parallel(tuple((network,) for network in pair), "average"),)
        made = (make(self) for make in (_line, _each, _mixed))
        branches = tuple(branch for branch in made if branch)
        _checks.expect(len(branches) > 0, "skip", "a line without GRUs", self.skip)
        summed = branches[0] if len(branches) == 1 else (Parallel(branches, "sum"),)
        if self.normalise is None:
            return summed
        if _checks.one_of("normalise", self.normalise, _NORMALISE) == "last":
            return (LastValue(summed, self.columns),)
        return (RevIN(summed, self.columns, param_dtype=self.param_dtype),)


# No methods: Flax would take what those of an unbound module make for submodules.
def _line(model: PatchGRU) -> tuple[Any, ...]:
    """Return the linear map from look-back to horizon."""
    if model.skip is None:
        return ()
    shared = _checks.one_of("skip", model.skip, _WEIGHTS) == "shared"
    line = LinearMap(
        model.steps, shared=shared, kernel_init="zeros", name=SKIP, **model.types
    )
    return Columns(model.columns), line, Flatten()


def _each(model: PatchGRU) -> tuple[Any, ...]:
    """Return the GRU of each column by itself."""
    if not _checks.non_negative_int("units", model.units):
        return ()
    shared = _checks.one_of("head", model.head, _WEIGHTS) == "shared"
    head = LinearMap(model.steps, shared=shared, kernel_init="zeros", **model.types)
    each = EachColumn(_recurrent(model, model.units), model.embedding)
    return Columns(model.columns), each, *_dropped(model), head, Flatten()


def _mixed(model: PatchGRU) -> tuple[Any, ...]:
    """Return the GRU of all columns together."""
    if not _checks.non_negative_int("mixed", model.mixed):
        return ()
    head = Dense(model.outputs, kernel_init="zeros", **model.types)
    return *_recurrent(model, model.mixed), *_dropped(model), head


def _recurrent(model: PatchGRU, units: int) -> tuple[Any, ...]:
    """Return the convolution into patches, and the GRUs over them."""
    depth = _checks.positive_int("depth", model.depth)
    size = _checks.positive_int("patch", model.patch)
    patches = Conv1D(units, size, stride=size, activation="relu", **model.types)
    states = [
        GRU(units, return_sequences=k + 1 < depth, **model.types) for k in range(depth)
    ]
    return patches, *states


def _dropped(model: PatchGRU) -> tuple[Any, ...]:
    rate = _checks.dropout_rate("dropout", model.dropout)
    return (Dropout(rate),) if rate else ()
