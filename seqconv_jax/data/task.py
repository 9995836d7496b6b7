"""What the training engine asks of data: plain arrays and the rows of each split."""

from dataclasses import dataclass, field

import numpy as np

from seqconv_jax import _examples, _windows
from seqconv_jax.data.files.origin import DataSource, Origin
from seqconv_jax.data.preprocessor import Preprocessor

__all__ = ["Task"]


@dataclass(frozen=True, kw_only=True)
class Task:
    """Examples as arrays that fit on a device once, and which rows belong where.

    The example of row `r` is `x = inputs[r]`, or `x = inputs[r + offsets]` where
    `offsets` is given, and `y = targets[r]`, or `y = targets[r + target_offsets]`. No
    window is ever materialised for the whole set: batches are gathered from `inputs`
    when they are needed.

    Ten values, each to be told from the three before it:

    >>> table = np.arange(10, dtype=np.float32)[:, None]
    >>> task = Task(
    ...     inputs=table,
    ...     targets=table,
    ...     offsets=np.arange(-3, 0, dtype=np.int32),
    ...     train=np.arange(3, 6, dtype=np.int32),
    ...     validation=np.arange(6, 8, dtype=np.int32),
    ...     test=np.arange(8, 10, dtype=np.int32),
    ... )
    >>> x, y = task.gather(task.train[:2])
    >>> x[..., 0].tolist(), y.tolist()
    ([[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]], [[3.0], [4.0]])
    >>> task.example.shape
    (1, 3, 1)

    Attributes:
        inputs: `(rows, length)` integer token ids, `(rows, length, features)` float32,
            or, with `offsets`, `(rows, features)` float32.
        targets: `(rows, outputs)` float32; with `target_offsets`, `(rows, columns)`.
        offsets: `(length,)` int32, added to a row to find its inputs; None where a
            row of `inputs` is a whole sequence.
        train: `(n,)` int32, the rows of the training examples.
        validation: `(n,)` int32; every one is scored exactly once.
        test: `(n,)` int32; every one is scored exactly once.
        replacement: whether training rows are drawn with replacement (else each
            epoch visits them in a new order).
        origin: the file that the arrays come from, if any.
        weights: `(rows,)` float, at least 0: how much each example's loss counts in
            training (`class_weights` makes them of labels). None where all count
            alike. Scores of validation and test rows are unweighted.
        preprocessor: what made the arrays of raw examples, and makes answers of a
            model's outputs; None for arrays that came as such.
        target_offsets: `(steps,)` int32, added to a row to find its targets, which are
            then `(steps * columns,)` numbers, the step slower; None where a row of
            `targets` is all of them.
        reference: the offset of a row, such as the newest input's, whose targets are
            subtracted from an example's, column by column; None for nothing.
        relative: `(features,)` bool: the inputs of which the value in the row
            `reference` is subtracted; None for none.
        visible: `(length, features)` bool: where inputs are shown; the others are 0,
            whatever they hold. None where all are.

    Raises:
        UserError: if the arrays are of other shapes or types, are not equally many, or
            a row or one of its offsets lies outside them.
    """

    inputs: np.ndarray
    targets: np.ndarray
    offsets: np.ndarray | None = None
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    replacement: bool = False
    origin: Origin = Origin()
    weights: np.ndarray | None = None
    preprocessor: Preprocessor | None = field(default=None, repr=False)
    target_offsets: np.ndarray | None = None
    reference: int | None = None
    relative: np.ndarray | None = None
    visible: np.ndarray | None = field(default=None, repr=False)

    def __post_init__(self):
        """Look at the arrays once."""
        _examples.check_task(self)

    def gather(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return `(x, y)` of the given rows: the plain reference of a batch.

        Args:
            rows: `(n,)` integers.

        Returns:
            `x`, `(n, length)` ids or `(n, length, features)` float32, and `y`,
            `(n, outputs)` float32.

        Raises:
            UserError: if a row, or one of its offsets, lies outside the data.
        """
        rows = _examples.check_rows("rows", rows, self)
        return _windows.inputs_at(self, rows), _windows.targets_at(self, rows)

    def truth(self, rows: np.ndarray) -> np.ndarray:
        """Return `(n, outputs)`: the `y` of `gather`, without its windows.

        Args:
            rows: `(n,)` integers.

        Raises:
            UserError: if a row, or one of its offsets, lies outside the data.
        """
        rows = _examples.check_rows("rows", rows, self)
        return _windows.targets_at(self, rows)

    @property
    def outputs(self) -> int:
        """How many numbers the target of an example is: the width of a model."""
        return _windows.outputs_of(self)

    @property
    def example(self) -> np.ndarray:
        """The input of one example, a training one, with a batch axis of 1 before."""
        splits = (self.train, self.validation, self.test)
        rows = next((rows for rows in splits if len(rows)), self.train)
        return self.gather(rows[:1])[0]

    @property
    def data_source(self) -> DataSource:
        """Where the data comes from: "file", "cache", "download" or "generated"."""
        return self.origin.source

    @property
    def data_path(self) -> str | None:
        """The file that the data was read from, or None."""
        return None if self.origin.path is None else str(self.origin.path)

    @property
    def data_sha256(self) -> str | None:
        """The hash of that file, or None."""
        return self.origin.sha256
