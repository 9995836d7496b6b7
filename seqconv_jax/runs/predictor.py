"""What a run has learnt, ready to use: raw examples in, answers out."""

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from seqconv_jax._checks import UserError, one_of
from seqconv_jax._checks import path as check_path
from seqconv_jax.checkpoint import load_variables
from seqconv_jax.data.plain_arrays import PlainArrays
from seqconv_jax.data.preprocessor import Preprocessor, preprocessor_of
from seqconv_jax.runs.calibration import calibrated_answers
from seqconv_jax.runs.calibration_file import Calibration, read_calibration
from seqconv_jax.runs.content import CONFIG, PREDICTOR
from seqconv_jax.runs.description import describe_run
from seqconv_jax.runs.ensemble import as_one, check_members, mean_outputs
from seqconv_jax.runs.kept_model import kept_model
from seqconv_jax.runs.sealed import read_config, read_predictor
from seqconv_jax.train.evaluation import Outputs, evaluate, score_outputs
from seqconv_jax.train.precision import matmul_precision
from seqconv_jax.train.predictor_settings import FORMAT
from seqconv_jax.train.saved_scores import decode_scores
from seqconv_jax.train.scores import Score

if TYPE_CHECKING:
    import pandas as pd

    from seqconv_jax.data import Task

__all__ = ["Predictor", "load"]

Windows = Literal["latest", "all"]


class Predictor:
    """A trained model with what makes its inputs and reads its outputs; see `load`.

    What it is given, `raw`, is what the run's preprocessor takes:

    - texts: a list of them, a pandas Series, or one `str`;
    - forecasts and series: a pandas DataFrame or whatever else they were made of;
    - plain arrays: `(n, length)` ids or `(n, length, features)`; to be scored, a pair
      of those and the truth;
    - any of them: a `pathlib.Path` of a file or folder, read as the training data was,
      or a `Task`, whose `test` rows are taken.

    A call compiles for the number of examples that it is given, the next with as many
    does not.

    Attributes:
        path: the run directory.
        config: its config.
        model: the network.
        params: its parameters.
        batch_stats: its batch statistics, `{}` for none.
        step: the step that both are of.
        preprocessor: what makes tasks of raw examples, and answers of outputs.
        scores: the loss and the metrics of the run by name, those of this library.
        example: a batch of one input, all zeros, of the shape in training.
        precision: of its products, as `jax_default_matmul_precision` has it.
        members: the other networks of an ensemble, which answers by the mean of their
            probabilities and its own; `()` for one network.
    """

    def __init__(
        self,
        path: Path,
        *,
        config: Mapping[str, Any],
        model: Any,
        params: Any,
        batch_stats: Any,
        step: int,
        preprocessor: Preprocessor,
        scores: Mapping[str, Score],
        input_shape: tuple[int, ...],
        input_dtype: str,
        precision: str | None = None,
        members: tuple["Predictor", ...] = (),
    ):
        """Keep the parts; `load` finds them."""
        self.path, self.config, self.step = path, config, step
        self.model, self.params, self.batch_stats = model, params, batch_stats
        self.preprocessor, self.scores = preprocessor, scores
        self.example = np.zeros((1, *input_shape), input_dtype)
        self.precision = precision
        self._outputs = Outputs(model)
        self.members = members
        for member in members:
            if member.model == model:
                member._outputs = self._outputs  # which is then compiled once

    @cached_property
    def calibration(self) -> Calibration | None:
        """What `runs.calibrate` has found; None before."""
        return read_calibration(self.path)

    def __repr__(self) -> str:
        """Return what it is of."""
        return f"Predictor({str(self.path)!r}, step={self.step})"

    def predict(self, raw: Any, *, windows: Windows = "latest") -> "pd.DataFrame":
        """Return what the model says about raw examples, a row for each.

        Args:
            raw: the examples; see the class.
            windows: of a forecaster, which windows of a series to forecast from: its
                newest, or all that are whole.

        Returns:
            For classes `label` and the probability of each; for forecasts times and
            values in their unit; for plain arrays a column for each output.

        Raises:
            UserError: for examples that the model cannot take: of other columns,
                another sampling, too short.
        """
        one_of("windows", windows, ("latest", "all"))
        if windows == "all" and self.preprocessor.kind != "forecast":
            raise UserError(
                "`windows` is for forecasters, which read windows of a series, got a "
                f"run on {self.preprocessor.kind}"
            )
        task = self._task(raw, targets=False, windows=windows)
        return calibrated_answers(self, self._outputs_of(task), task)

    def outputs(self, raw: Any) -> np.ndarray:
        """Return the model's outputs as they are: logits, or scaled values.

        Args:
            raw: the examples; see the class.

        Returns:
            `(n, outputs)`.

        Raises:
            UserError: as `predict`.
        """
        return self._outputs_of(self._task(raw, targets=False))

    def evaluate(
        self, raw: Any, scores: Mapping[str, Score] | None = None
    ) -> dict[str, float]:
        """Return the mean scores of raw examples whose truth is known.

        Of the same examples they are what `train.evaluate` gave in training, to the bit
        on the same machine.

        Args:
            raw: the examples with their truth; see the class.
            scores: others than those of the run, by name.

        Raises:
            UserError: as `predict`; and where the run's scores are functions of its
                author's, which no run can keep.
        """
        scores = self.scores if scores is None else scores
        if not scores:
            raise UserError(
                f"the scores of {self.path} are functions of its author's, which a run "
                "does not keep; give `scores`, such as {'mae': losses.mae}"
            )
        task = self._task(raw, targets=True)
        if self.members:
            outputs = self._outputs_of(task)
            return score_outputs(outputs, task.truth(task.test), scores)
        with matmul_precision(self.precision):
            return evaluate(
                self.model,
                self.params,
                task,
                task.test,
                scores,
                batch_stats=self.batch_stats,
            )

    def summary(self) -> str:
        """Return what the run was asked, how it went, and its model, as text.

        Raises:
            UserError: if a file of the run is damaged.
        """
        return describe_run(self)

    def _outputs_of(self, task: "Task") -> np.ndarray:
        with matmul_precision(self.precision):
            own = self._outputs(self.params, self.batch_stats, task, task.test)
        if not self.members:
            return own
        others = [member._outputs_of(task) for member in self.members]
        classes = getattr(self.preprocessor, "classes", None)
        return mean_outputs([own, *others], classes)

    def _task(self, raw: Any, *, targets: bool, windows: Windows = "latest") -> "Task":
        if all(hasattr(raw, name) for name in ("inputs", "targets", "test")):
            return raw
        if isinstance(raw, str):
            raw = self._of_string(raw)
        if isinstance(raw, os.PathLike):
            raw = self.preprocessor.read(Path(raw).expanduser())
        raw = (raw, windows) if windows == "all" else raw
        return self.preprocessor.task(raw, targets=targets)

    def _of_string(self, raw: str) -> Any:
        if self.preprocessor.kind != "text":
            return Path(raw)
        if len(raw) < 4096 and "\n" not in raw and os.path.exists(raw):
            raise UserError(
                f"`raw` must be a text, got {raw!r}, which is a file's name too; give "
                "pathlib.Path(...) for the file, or [...] for a list of one text"
            )
        return [raw]


def load(
    path: str | os.PathLike[str], *, step: int | None = None, model: Any = None
) -> Predictor:
    """Return a predictor of what a run has trained, of its best epoch.

    All that is needed lies in the run directory, which may have been moved. Of an
    ensemble, whose other networks lie in folders of it, all networks are loaded.

    Args:
        path: the run directory.
        step: a step that a checkpoint is there of; None takes the best epoch's.
        model: the network, where it is a module of the caller's own class; None for one
            of this library's, which the run describes.

    Raises:
        UserError: if there is no usable run, no epoch has ended, or a file is damaged.

    Example:
        >>> import tempfile
        >>> import seqconv_jax as sc
        >>> x = np.arange(8, dtype=np.float32).reshape(8, 1, 1)
        >>> task = sc.data.arrays_task(x, x[:, 0], test=0.25)
        >>> model = sc.nn.Sequential((sc.nn.Flatten(), sc.nn.Dense(1)))
        >>> options = {"optimizer": sc.optim.rmsprop(1e-2), "loss": sc.losses.mae}
        >>> directory = tempfile.mkdtemp()
        >>> with sc.runs.open(directory) as run:
        ...     result = sc.train.fit(model, task, epochs=1, run=run, **options)
        >>> predictor = load(directory)
        >>> predictor.predict(x[:2]).shape, sorted(predictor.evaluate(task))
        ((2, 1), ['loss'])
    """
    check_path("path", path)
    return _load(Path(path).expanduser().absolute(), step, model)


def _load(directory: Path, step: int | None, given: Any) -> Predictor:
    if not directory.is_dir():
        raise UserError(f"{directory} is no run directory: it does not exist")
    config = read_config(directory / CONFIG)
    file = directory / PREDICTOR
    settings = read_predictor(file)
    if settings is None:
        raise UserError(
            f"{directory} holds no {PREDICTOR}: its training has not begun, or an "
            "earlier version did it; resume it with this one and no more epochs"
        )
    version = settings.get("format")
    if type(version) is not int or not 1 <= version <= FORMAT:
        raise UserError(
            f"{file} has format {version!r}, expected at most {FORMAT}: it was written "
            "by a newer seqconv_jax, so upgrade to read it"
        )
    if settings.keys() == {"format", "members"}:
        names = check_members(settings["members"], file)
        networks = [_load(directory / name, step, given) for name in names]
        return as_one(networks, directory, config)
    try:
        model = kept_model(settings) if given is None else given
        arrays = PlainArrays.from_settings(settings.get("input") or {})
        fitted = settings.get("preprocessor")
        preprocessor = arrays if fitted is None else preprocessor_of(fitted)
        scores = decode_scores(settings.get("scores") or {})
        precision = settings.get("matmul_precision")
        matmul_precision(precision)
    except UserError as error:
        raise UserError(f"cannot use {file}: {error}") from error
    names = check_members(settings.get("members") or [], file)
    variables = load_variables(directory, step=step)
    return Predictor(
        directory,
        config=config,
        model=model,
        **variables._asdict(),
        preprocessor=preprocessor,
        scores=scores,
        input_shape=tuple(arrays.settings()["shape"]),
        input_dtype=arrays.settings()["dtype"],
        precision=precision,
        members=tuple(_load(directory / name, step, given) for name in names),
    )
