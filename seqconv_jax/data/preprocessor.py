"""What stands between raw examples and a model: the way in, and the way back.

A task that was made of raw examples (texts, a file of series) carries the preprocessor
that made it. It is kept with a run, so that whoever has the run directory can hand it
raw examples and gets answers, not arrays.
"""

import importlib
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, Self

from seqconv_jax._checks import UserError, expect

if TYPE_CHECKING:
    import pandas as pd

    from seqconv_jax.data.task import Task

__all__ = ["Preprocessor", "preprocessor_of"]

# Where each kind lives; imported when one is asked for.
_KINDS = {
    "text": ("seqconv_jax.data.text.preprocessor", "TextPreprocessor"),
    "forecast": ("seqconv_jax.data.forecast.preprocessor", "ForecastPreprocessor"),
    "series": ("seqconv_jax.data.classification.preprocessor", "SeriesPreprocessor"),
}


class Preprocessor(Protocol):
    """Makes tasks of raw examples, and answers of a model's outputs.

    Everything that was fitted on training data (a vocabulary, a scale) is part of its
    settings; nothing is fitted again.

    Attributes:
        kind: which preprocessor the settings are of; see `preprocessor_of`.
    """

    kind: str

    def settings(self) -> dict[str, Any]:
        """Return what `from_settings` makes an equal one of: strict JSON."""
        ...

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Return the preprocessor that has these settings.

        Raises:
            UserError: for settings that none has.
        """
        ...

    def read(self, path: str | os.PathLike[str]) -> Any:
        """Return the raw examples of a file or folder, read as the training data was.

        Raises:
            UserError: for a file with other columns, another sampling, or no example.
        """
        ...

    def task(self, raw: Any, *, targets: bool = False) -> "Task":
        """Return raw examples as a task whose `test` rows are all of them, in order.

        Args:
            raw: what `read` returns, or what a caller has in memory.
            targets: whether the truth is known and is to be scored. Else the targets
                are NaN, which `train.predict` never looks at.

        Raises:
            UserError: for examples that the model cannot take.
        """
        ...

    def answers(self, outputs: Any, task: "Task") -> "pd.DataFrame":
        """Return what outputs say about the test rows of a task, a row for each.

        Args:
            outputs: `(n, outputs)`, what the model makes of the task's `test` rows.
            task: what `task` returned.
        """
        ...


def preprocessor_of(settings: Any) -> Preprocessor:
    """Return the preprocessor that settings describe, by their `"kind"`.

    Raises:
        UserError: for a kind that does not exist, and for settings that none has.

    Example:
        >>> preprocessor_of({"kind": "sound"})
        Traceback (most recent call last):
        seqconv_jax._checks.UserError: `kind` must be one of text, forecast, series, \
got 'sound'
    """
    mapped = isinstance(settings, Mapping)
    expect(mapped, "settings", "those of a preprocessor", settings)
    kind = settings.get("kind")
    if kind not in _KINDS:
        known = ", ".join(_KINDS)
        raise UserError(f"`kind` must be one of {known}, got {kind!r}")
    module, name = _KINDS[kind]
    return getattr(importlib.import_module(module), name).from_settings(settings)
