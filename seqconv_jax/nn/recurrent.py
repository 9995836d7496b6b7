"""What the recurrent layers share: their settings, their masks, their dropout."""

import jax

from seqconv_jax import _checks, ops
from seqconv_jax.nn.precision import Parameterised


class Recurrent(Parameterised):
    """The base of the recurrent layers here.

    A recurrent layer of one's own needs no base class: `Bidirectional` and the models
    take any layer from `(batch, time, features)` to `(batch, units)`, or to
    `(batch, time, units)` where it returns all states. One that has a field `reverse`
    is asked to run backwards itself, any other is given reversed steps.
    """

    units: int
    dropout: float = 0.0
    recurrent_dropout: float = 0.0

    @property
    def windows(self) -> tuple[tuple[int, int, int], ...] | None:
        """None: it sees all steps."""
        return None

    def output_length(self, length):
        """Return the length where all states are returned, else None."""
        return length if self.returns_states else None

    def mask_after(self, mask, x):
        """Return the mask where all states are returned, else None."""
        return mask if self.returns_states else None

    @property
    def returns_states(self) -> bool:
        """Whether there is a state for every step."""
        return getattr(self, "return_sequences", False)

    def draw_masks(
        self, x: jax.Array, train: bool, gates: int | None
    ) -> dict[str, jax.Array | None]:
        """Return the two dropout masks of a batch, which all steps share.

        Args:
            x: `(batch, time, features)`, the inputs.
            train: whether anything is dropped.
            gates: how many gates have a mask of their own; None where one serves all.
        """
        _checks.floats("x", x)
        batch, _, features = x.shape
        lead = (batch,) if gates is None else (gates, batch)

        def draw(name: str, rate: float, width: int) -> jax.Array | None:
            if _checks.dropout_rate(name, rate) == 0.0 or not train:
                return None
            key = self.make_rng("dropout")
            shape = (*lead, width)
            return ops.dropout_mask(key, rate, shape, x.dtype, batch_axis=-2)

        return {
            "input_dropout_mask": draw("dropout", self.dropout, features),
            "recurrent_dropout_mask": draw(
                "recurrent_dropout", self.recurrent_dropout, self.units
            ),
        }
