"""What a run's network is as a function of raw arrays, and what they are called."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jax

if TYPE_CHECKING:
    from seqconv_jax.runs import Predictor

__all__ = ["Array", "Program", "program_of"]


@dataclass(frozen=True)
class Array:
    """An input of a program, or its output.

    Attributes:
        name: what it is called.
        shape: of one example.
        dtype: "float32" or "int32".
        about: what else there is to know: columns, units, classes.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str = "float32"
    about: Mapping[str, Any] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it."""
        shape = ["batch", *self.shape]
        return {"name": self.name, "shape": shape, "dtype": self.dtype, **self.about}

    def spec(self, batch: Any) -> jax.ShapeDtypeStruct:
        """Return the shape and type of a batch of so many."""
        return jax.ShapeDtypeStruct((batch, *self.shape), self.dtype)


@dataclass(frozen=True)
class Program:
    """A function of arrays to one array.

    Attributes:
        function: takes the inputs, in their order.
        inputs: what it takes.
        output: what it returns.
        about: what a caller needs to make the inputs and to read the output.
    """

    function: Callable[..., jax.Array]
    inputs: tuple[Array, ...]
    output: Array
    about: Mapping[str, Any] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        """Return all but the function as JSON can hold it."""
        inputs = [array.described() for array in self.inputs]
        return {**self.about, "inputs": inputs, "outputs": [self.output.described()]}


def program_of(predictor: "Predictor", **plain: Any) -> Program:
    """Return a predictor's network between raw arrays and answers.

    Args:
        predictor: of a run on texts, series, forecasts or plain arrays.
        **plain: as of `plain_model`.
    """
    # Each imports JAX, or pandas, that the others do without.
    from seqconv_jax.export.classes import of_series, of_texts
    from seqconv_jax.export.forecast import of_forecast
    from seqconv_jax.export.network import Network, of_arrays

    network = Network(predictor, **plain)
    kinds: dict[str, Callable[..., Program]] = {
        "text": of_texts,
        "series": of_series,
        "forecast": of_forecast,
    }
    return kinds.get(predictor.preprocessor.kind, of_arrays)(network, predictor)
