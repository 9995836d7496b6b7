"""The preprocessor of tasks that came as arrays: none but their shape is known."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from seqconv_jax._checks import UserError, expect, shown
from seqconv_jax.data.task import Task

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PlainArrays"]


class PlainArrays:
    """Makes tasks of arrays as a model takes them, and tables of its outputs.

    See `seqconv_jax.data.preprocessor.Preprocessor`. A file of arrays is a `.npy` with
    the examples, or a `.npz` with those as `x` and the truth as `y`.

    Args:
        shape: of one example: `(length,)` of ids or `(length, features)`. A length may
            be another where the model takes it.
        dtype: of the examples.

    Example:
        >>> arrays = PlainArrays((3, 1), "float32")
        >>> task = arrays.task(np.zeros((2, 3, 1)))
        >>> task.test, task.inputs.dtype
        (array([0, 1], dtype=int32), dtype('float32'))
        >>> arrays.answers(np.zeros((2, 1)), task).to_dict("list")
        {'output': [0.0, 0.0]}
    """

    kind = "arrays"

    def __init__(self, shape: tuple[int, ...], dtype: str):
        """Keep both."""
        self._shape, self._dtype = tuple(shape), np.dtype(dtype)

    def settings(self) -> dict[str, Any]:
        """Return shape and dtype."""
        return {
            "kind": self.kind,
            "shape": list(self._shape),
            "dtype": self._dtype.name,
        }

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Return that of a shape and a dtype."""
        try:
            shape = tuple(int(size) for size in settings["shape"])
            return cls(shape, np.dtype(settings["dtype"]).name)
        except (KeyError, TypeError, ValueError) as error:
            got = shown(dict(settings))
            raise UserError(
                f"`input` must be a shape and a dtype, got {got}"
            ) from error

    def read(self, path: str | os.PathLike[str]) -> Any:
        """Return the examples of a `.npy`, or those and the truth of a `.npz`.

        Raises:
            UserError: for any other file, and for one that holds something else.
        """
        suffix = Path(path).suffix.lower()
        if suffix not in (".npy", ".npz"):
            raise UserError(
                f"{path} must be a .npy or .npz file, since the model was trained on "
                "plain arrays"
            )
        try:
            with open(path, "rb") as file:
                held = np.load(file, allow_pickle=False)
                if suffix == ".npy":
                    return held
                return held["x"], (held["y"] if "y" in held else None)
        except OSError:
            raise
        except Exception as error:  # NumPy's and the zip's errors have no common type
            what = "an array" if suffix == ".npy" else "arrays x and y"
            raise UserError(f"{path} must hold {what}, got {error}") from error

    def task(self, raw: Any, *, targets: bool = False) -> Task:
        """Return arrays as a task whose `test` rows are all examples.

        Args:
            raw: `(n, ...)` examples, or `(examples, truth)`.
            targets: whether the truth is known, and to be scored.

        Raises:
            UserError: for arrays of another number of axes, features, or type.
        """
        x, y = raw if isinstance(raw, tuple) and len(raw) == 2 else (raw, None)
        x = self._examples(x)
        if targets and y is None:
            raise UserError(
                "`raw` must be (examples, truth) to be scored, got no truth"
            )
        if not targets:
            y = np.full((len(x), 1), np.nan, np.float32)
        y = np.asarray(y)
        y = y.astype(np.float32) if y.dtype.kind == "f" else y
        y = y[:, None] if y.ndim == 1 else y
        none = np.zeros(0, np.int32)
        rows = np.arange(len(x), dtype=np.int32)
        return Task(inputs=x, targets=y, train=none, validation=none, test=rows)

    def answers(self, outputs: Any, task: Task) -> "pd.DataFrame":
        """Return a column for each output: `output`, or `output_0` and so on."""
        import pandas as pd

        outputs = np.asarray(outputs)
        table = outputs.reshape(len(outputs), -1)
        width = table.shape[1]
        names = ["output"] if width == 1 else [f"output_{i}" for i in range(width)]
        return pd.DataFrame(table, columns=names)

    def _examples(self, x: Any) -> np.ndarray:
        try:
            x = np.asarray(x)
        except ValueError:  # rows of unequal length
            x = np.empty(0, object)
        what = f"an array of shape {self._words()}, as in training"
        fits = x.ndim == len(self._shape) + 1 and x.shape[2:] == self._shape[1:]
        expect(fits, "raw", what, x)
        expect(len(x) > 0, "raw", "at least one example", x)
        kinds = "iu" if self._dtype.kind in "iu" else "fiu"
        expect(x.dtype.kind in kinds, "raw", f"of {self._dtype}", str(x.dtype))
        if self._dtype.kind in "iu":
            limits = np.iinfo(self._dtype)
            inside = x.min() >= limits.min and x.max() <= limits.max
            expect(bool(inside), "raw", f"ids of {self._dtype}", x)
        return x.astype(self._dtype)

    def _words(self) -> str:
        length, *features = map(str, self._shape) if self._shape else ("",)
        return f"({', '.join(['n', length, *features])})"
