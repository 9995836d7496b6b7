"""Class names: their numbers as targets, and the names that outputs stand for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from seqconv_jax._checks import UserError, expect, flag

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Classes"]


@dataclass(frozen=True)
class Classes:
    """The classes that examples belong to, one each or, with `several`, any number.

    A model has one logit for two classes (positive: the second), one a class for more,
    and one a class where an example may have several.

    >>> Classes(("bad", "good")).targets(["good", "bad"]).tolist()
    [[1.0], [0.0]]
    >>> Classes(("a", "b", "c")).targets(["c", "a"]).tolist()
    [[2], [0]]
    >>> Classes(("a", "b", "c"), several=True).targets([("a", "c"), ()]).tolist()
    [[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]

    Attributes:
        names: at least two, all different, in the order of their numbers.
        several: whether an example may have several classes, or none.
    """

    names: tuple[str, ...]
    several: bool = False

    def __post_init__(self) -> None:
        """Look at the names once."""
        listed = isinstance(self.names, tuple | list)
        expect(listed, "names", "a tuple of class names", self.names)
        texts = all(isinstance(name, str) and name for name in self.names)
        expect(texts, "names", "texts", list(self.names))
        different = len(set(self.names)) == len(self.names)
        expect(different, "names", "all different", list(self.names))
        least = 1 if self.several else 2
        if len(self.names) < least:
            raise UserError(
                f"`names` must be at least {least} classes, got {list(self.names)}"
            )
        flag("several", self.several)
        object.__setattr__(self, "names", tuple(self.names))

    @classmethod
    def of(cls, labels: Iterable[Any], several: bool = False) -> "Classes":
        """Return the classes of labels, sorted; numbers in the order of their size.

        Args:
            labels: a label each or, with `several`, a collection of them each.
            several: see the class.

        Example:
            >>> Classes.of(["10", "9", "9"]).names
            ('9', '10')
        """
        seen = {
            str(name) for label in labels for name in (label if several else [label])
        }
        return cls(tuple(sorted(seen, key=_by_number)), several)

    @property
    def outputs(self) -> int:
        """The width of a model's output."""
        two = len(self.names) == 2 and not self.several
        return 1 if two else len(self.names)

    def targets(self, labels: Sequence[Any]) -> np.ndarray:
        """Return labels as targets.

        Args:
            labels: `n` labels or, with `several`, `n` collections of them.

        Returns:
            `(n, 1)` float32, 0 or 1, for two classes; `(n, 1)` int32, the class's
            number, for more; `(n, classes)` float32, 0 or 1, with `several`.

        Raises:
            UserError: for a label that is none of the classes.
        """
        number = {name: index for index, name in enumerate(self.names)}
        if self.several:
            table = np.zeros((len(labels), len(self.names)), np.float32)
            for row, of_row in enumerate(labels):
                for label in of_row:
                    table[row, self._number(number, label, row)] = 1
            return table
        numbers = [self._number(number, each, row) for row, each in enumerate(labels)]
        dtype = np.float32 if len(self.names) == 2 else np.int32
        return np.array(numbers, dtype).reshape(-1, 1)

    def probabilities(self, outputs: Any) -> np.ndarray:
        """Return the probability of each class, `(n, classes)` float64, from logits.

        Raises:
            UserError: for logits of another number of outputs.

        Example:
            >>> Classes(("bad", "good")).probabilities([[0.0]]).tolist()
            [[0.5, 0.5]]
        """
        logits = np.asarray(outputs, np.float64)
        width = self.outputs
        if logits.ndim != 2 or logits.shape[1] != width:
            raise UserError(
                f"`outputs` must have shape (n, {width}) for {len(self.names)} "
                f"classes, got {logits.shape}"
            )
        if self.several:
            return _sigmoid(logits)
        if width == 1:
            logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def logits(self, probabilities: Any) -> np.ndarray:
        """Return outputs, `(n, outputs)` float64, that have these probabilities.

        The inverse of `probabilities`; those of 0 count as 1e-30.

        Args:
            probabilities: `(n, classes)`.

        Example:
            >>> two = Classes(("bad", "good"))
            >>> two.probabilities(two.logits([[0.25, 0.75]])).round(9).tolist()
            [[0.25, 0.75]]
        """
        table = np.asarray(probabilities, np.float64)
        logs = np.log(np.maximum(table, 1e-30))
        if self.several:
            return logs - np.log(np.maximum(1 - table, 1e-30))
        return logs[:, 1:] - logs[:, :1] if self.outputs == 1 else logs

    def answers(self, outputs: Any) -> "pd.DataFrame":
        """Return the most probable class of each row, and the probability of each.

        Args:
            outputs: `(n, outputs)` logits.

        Returns:
            Columns `label` (joined by `;` with `several`, of those above a half) and
            one for each class, by its name: its probability.
        """
        import pandas as pd

        table = self.probabilities(outputs)
        if self.several:
            names = np.array(self.names, object)
            labels = [";".join(names[row > 0.5]) for row in table]
        else:
            labels = [self.names[index] for index in table.argmax(axis=1)]
        columns = {f"p({name})": table[:, i] for i, name in enumerate(self.names)}
        return pd.DataFrame({"label": labels, **columns})

    def _number(self, number: dict[str, int], label: Any, row: int) -> int:
        if str(label) not in number:
            known = ", ".join(map(repr, self.names[:9]))
            more = ", ..." if len(self.names) > 9 else ""
            raise UserError(
                f"`labels` must be of the classes {known}{more}, got {str(label)!r} "
                f"for example {row:,}"
            )
        return number[str(label)]


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * logits))  # exp would overflow


def _by_number(name: str) -> tuple[int, float, str]:
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name
