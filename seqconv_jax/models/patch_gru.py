"""A GRU over patches of each column, beside a line: long forecasts of many columns."""

from typing import Any

from seqconv_jax import _checks
from seqconv_jax.models.series import SeriesNetwork
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

_NORMALISE = ("last", "revin")
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
        normalise: `"last"` subtracts the last value, `"revin"` also divides by the
            window's spread; None for neither.

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
        branches = tuple(
            branch for branch in (self._line, self._each, self._mixed) if branch
        )
        _checks.expect(len(branches) > 0, "skip", "a line without GRUs", self.skip)
        summed = branches[0] if len(branches) == 1 else (Parallel(branches, "sum"),)
        if self.normalise is None:
            return summed
        if _checks.one_of("normalise", self.normalise, _NORMALISE) == "last":
            return (LastValue(summed, self.columns),)
        return (RevIN(summed, self.columns, param_dtype=self.param_dtype),)

    @property
    def _line(self) -> tuple[Any, ...]:
        if self.skip is None:
            return ()
        shared = _checks.one_of("skip", self.skip, _WEIGHTS) == "shared"
        line = LinearMap(
            self.steps, shared=shared, kernel_init="zeros", name="skip", **self.types
        )
        return Columns(self.columns), line, Flatten()

    @property
    def _each(self) -> tuple[Any, ...]:
        if not _checks.non_negative_int("units", self.units):
            return ()
        shared = _checks.one_of("head", self.head, _WEIGHTS) == "shared"
        head = LinearMap(self.steps, shared=shared, kernel_init="zeros", **self.types)
        each = EachColumn(self._recurrent(self.units), self.embedding)
        return Columns(self.columns), each, *self._dropped, head, Flatten()

    @property
    def _mixed(self) -> tuple[Any, ...]:
        if not _checks.non_negative_int("mixed", self.mixed):
            return ()
        head = Dense(self.outputs, kernel_init="zeros", **self.types)
        return *self._recurrent(self.mixed), *self._dropped, head

    def _recurrent(self, units: int) -> tuple[Any, ...]:
        """Return the convolution into patches, and the GRUs over them."""
        depth = _checks.positive_int("depth", self.depth)
        patches = Conv1D(
            units, self.patch, stride=self.patch, activation="relu", **self.types
        )
        states = [
            GRU(units, return_sequences=k + 1 < depth, **self.types)
            for k in range(depth)
        ]
        return patches, *states

    @property
    def _dropped(self) -> tuple[Any, ...]:
        rate = _checks.dropout_rate("dropout", self.dropout)
        return (Dropout(rate),) if rate else ()
