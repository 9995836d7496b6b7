"""What the training engine asks of data: plain arrays and the rows of each split."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Task:
    """Examples as arrays that fit on a device once, and which rows belong where.

    The example of row `r` is `x = inputs[r]`, or `x = inputs[r + offsets]` where
    `offsets` is given, and `y = targets[r]`. No window is ever materialised for the
    whole set: batches are gathered from `inputs` when they are needed.

    Attributes:
        inputs: `(rows, length)` integer token ids, or `(rows, features)` float32.
        targets: `(rows, outputs)` float32.
        offsets: `(length,)` int32, added to a row to find its inputs; None where a
            row of `inputs` is a whole sequence.
        train: `(n,)` int32, the rows of the training examples.
        validation: `(n,)` int32; every one is scored exactly once.
        test: `(n,)` int32; every one is scored exactly once.
        replacement: whether training rows are drawn with replacement (else each
            epoch visits them in a new order).
    """

    inputs: np.ndarray
    targets: np.ndarray
    offsets: np.ndarray | None
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    replacement: bool = False

    def gather(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return `(x, y)` of the given rows: the plain reference of a batch."""
        rows = np.asarray(rows)
        where = rows if self.offsets is None else rows[:, None] + self.offsets
        return self.inputs[where], self.targets[rows]

    @property
    def example(self) -> np.ndarray:
        """The input of one training example with a leading batch axis of 1."""
        return self.gather(self.train[:1])[0]
