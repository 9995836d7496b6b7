"""The score of each test example of one run, and which examples these were."""

import io
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from seqconv_jax import _windows
from seqconv_jax._checks import UserError, expect
from seqconv_jax._files import read_file, replace_file
from seqconv_jax._json import parse_object, to_json

__all__ = ["ExampleScores", "score_examples", "truth_of"]

_AT_ONCE = 2**22  # numbers
_LARGEST = 2**30  # bytes
_SCORE = "score_"


@dataclass(frozen=True, eq=False, kw_only=True)
class ExampleScores:
    """What one run scores on each of its test examples.

    `score_examples` makes one of a run or a baseline. The experiments keep one in each
    run directory, as `test_scores.npz`, which `sc.compare` reads.

    Attributes:
        values: by metric `(n,)` float64.
        truth: `(n,)` a number of each example's truth, so that those of one test set
            are told from those of another; None if it is not known. See `truth_of`.
        horizon: how many rows of a series lie from the newest input of an example to
            its last target: so many neighbours are forecast of the same rows. 0 for
            examples that have nothing in common; None where nobody knows.
        functions: what each metric is, as `train.saved_scores` writes it, where it is
            one of this library.
        seed: that of the run; None for none.
    """

    values: Mapping[str, np.ndarray]
    truth: np.ndarray | None = field(default=None, repr=False)
    horizon: int | None = None
    functions: Mapping[str, Any] = field(default_factory=dict, repr=False)
    seed: int | None = None

    def __post_init__(self) -> None:
        """Look at the numbers once."""
        expect(len(self.values) > 0, "values", "scores by metric", self.values)
        arrays = {
            str(name): np.asarray(each, np.float64)
            for name, each in self.values.items()
        }
        object.__setattr__(self, "values", arrays)
        count = len(self)
        checked = arrays if self.truth is None else {**arrays, "truth": self.truth}
        for name, each in checked.items():
            if each.shape != (count,) or count == 0:
                raise UserError(
                    f"`values` must be a score of each example, `(n,)` for each "
                    f"metric, got {each.shape} for {name!r}"
                )
            bad = np.flatnonzero(~np.isfinite(each))
            if len(bad):
                raise UserError(
                    f"`values` must be finite, got {each[bad[0]]} for {name!r} of "
                    f"example {bad[0]:,}, one of {len(bad):,} such"
                )

    def __len__(self) -> int:
        """Return how many examples there are."""
        first = next(iter(self.values.values()))
        return len(first) if first.ndim else 0

    @classmethod
    def of(
        cls,
        task: Any,
        values: Mapping[str, np.ndarray],
        *,
        functions: Mapping[str, Any] | None = None,
        seed: int | None = None,
    ) -> "ExampleScores":
        """Return scores of the test rows of a task.

        Args:
            task: the data.
            values: by metric `(n,)`, in the order of `task.test`, such as those of
                `train.example_scores`.
            functions: the functions that gave them, by metric.
            seed: that of the run.
        """
        from seqconv_jax.train.saved_scores import encode_scores

        return cls(
            values=values,
            truth=truth_of(task),
            horizon=getattr(task, "horizon_rows", 0 if task.offsets is None else None),
            functions=encode_scores(functions or {}),
            seed=seed,
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write them to an .npz file, whole or not at all.

        Raises:
            UserError: if it cannot be written.
        """
        about = {
            "horizon": self.horizon,
            "seed": self.seed,
            "functions": dict(self.functions),
        }
        arrays: dict[str, Any] = {
            f"{_SCORE}{name}": each for name, each in self.values.items()
        }
        if self.truth is not None:
            arrays["truth"] = self.truth
        file = io.BytesIO()
        arrays["about"] = np.array(to_json(about))
        np.savez_compressed(file, **arrays)
        replace_file(Path(path), file.getvalue())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "ExampleScores":
        """Return what `save` wrote.

        Raises:
            UserError: if there is no such file, or it is damaged.
        """
        path = Path(path)
        try:
            content = read_file(path, at_most=_LARGEST)
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            about = parse_object(str(arrays.pop("about")), str(path))
        except FileNotFoundError:
            raise UserError(f"{path} does not exist") from None
        except (*_DAMAGED, KeyError) as error:
            if isinstance(error, UserError):
                raise
            raise UserError(
                f"{path} is damaged, or no file of test scores: {error}; resume the "
                "run to write it again"
            ) from error
        return cls(
            values={
                name.removeprefix(_SCORE): each
                for name, each in arrays.items()
                if name.startswith(_SCORE)
            },
            truth=arrays.get("truth"),
            horizon=about.get("horizon"),
            functions=about.get("functions") or {},
            seed=about.get("seed"),
        )


_DAMAGED = (ValueError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError)


def score_examples(
    scorer: Any, task: Any, scores: Mapping[str, Any] | None = None
) -> ExampleScores:
    """Return the scores of each test example of a trained run, or of a baseline.

    Args:
        scorer: a `runs.Predictor`, or what a function of `baselines` returned.
        task: the task whose `test` rows are scored: that of the training, or one that
            the run's preprocessor made.
        scores: functions by name; None for those of the run.

    Raises:
        UserError: for rows that the task does not have, and for a baseline without
            scores.

    Example:
        >>> from seqconv_jax import losses
        >>> from seqconv_jax.baselines import majority
        >>> from seqconv_jax.data import arrays_task
        >>> y = np.array([0.0, 1, 1, 1, 0, 1, 1, 0])
        >>> task = arrays_task(np.zeros((8, 3, 1)), y, validation=0.25, test=0.25)
        >>> found = score_examples(majority(task), task, {"accuracy": losses.accuracy})
        >>> len(found), found.horizon
        (2, 0)
    """
    if hasattr(scorer, "preprocessor"):  # only runs have one
        from seqconv_jax.runs.example_scores import example_scores

        functions = scorer.scores if scores is None else scores
        expect(bool(functions), "scores", "functions by name", functions)
        values = example_scores(scorer, task, functions)
        seed = scorer.config.get("seed")
        seed = seed if isinstance(seed, int) else None
        return ExampleScores.of(task, values, functions=functions, seed=seed)
    if not scores:
        raise UserError(
            "`scores` must be functions by name for a baseline, such as "
            f'{{"mae": losses.mae}} (in compare: metric=losses.mae), got {scores!r}'
        )
    parts: dict[str, list[np.ndarray]] = {name: [] for name in scores}
    for rows in _blocks(task):
        outputs = np.asarray(scorer.outputs(task, rows), np.float32)
        truth = _windows.targets_at(task, rows)
        for name, score in scores.items():
            parts[name].append(np.asarray(score(outputs, truth), np.float64))
    values = {name: np.concatenate(each) for name, each in parts.items()}
    return ExampleScores.of(task, values, functions=scores)


def truth_of(task: Any) -> np.ndarray:
    r"""Return a number of the truth of each test example, `(n,)` float64.

    $\sum_k k\, y_k / \sum_k k$ over its outputs, of forecasts in the values themselves,
    whether a model gives these or changes: so that the numbers of the same examples in
    the same unit are the same, to rounding, whatever a model reads of them.

    Example:
        >>> from seqconv_jax.data import arrays_task
        >>> task = arrays_task(np.zeros((4, 3, 1)), np.arange(4.0), test=0.5)
        >>> truth_of(task).tolist() == task.targets[task.test][:, 0].tolist()
        True
    """
    found = []
    for rows in _blocks(task):
        y = _windows.targets_at(task, rows).astype(np.float64)
        y = y.reshape(len(rows), -1)
        if getattr(task, "predict", "value") != "value":
            y = y + np.tile(task.last[rows].astype(np.float64), (1, task.steps))
        weights = np.arange(1.0, y.shape[1] + 1)
        found.append(y @ (weights / weights.sum()))
    return np.concatenate(found)


def _blocks(task: Any) -> list[np.ndarray]:
    rows = np.asarray(task.test)
    expect(len(rows) > 0, "task.test", "at least one row", [])
    size = max(1, _AT_ONCE // max(_windows.outputs_of(task), 1))
    return [rows[at : at + size] for at in range(0, len(rows), size)]
