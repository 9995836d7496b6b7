"""The experiments' command lines: settings, errors in one line, a progress bar.

Nothing heavy is imported before the settings are read, so that `--help` is quick.
"""

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, redirect_stdout
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, TypeVar

import tyro
from _baselines import BASELINE_FILES
from _devices import DeviceSettings, joined, mesh_of
from _flags import with_flags

Settings = TypeVar("Settings")
STAND_IN_NOTE = "GENERATED STAND-IN DATA"
Flag = Annotated[bool, tyro.conf.FlagCreatePairsOff]
FIGURES = (
    *("loss.png", "accuracy.png", "mae.png", "forecast.png"),
    *("errors.png", "confusion.png", "coverage.png", "reliability.png"),
)
# What a resumed run may change: the path of the data, because `data_sha256` may not;
# and what was found in the data, which follows from it and from the settings.
MAY_CHANGE = (
    *("epochs", "out", "resume", "overwrite", "data", "data_file"),
    *("compilation_cache", "no_compilation_cache", "no_baselines", "calibrate"),
    *("real_horizon", "found", "seeds", "tensorboard"),
    *("devices", "coordinator", "processes", "process"),
)


@dataclass(frozen=True, kw_only=True)
class RunSettings(DeviceSettings):
    """Flags that every experiment has."""

    seed: int = 0
    """What parameters, order of the data and dropout follow from."""
    seeds: int = 1
    """Train for so many seeds, from --seed on, on a CPU each on cores of its own; then
    --out holds a folder for each, and their mean scores."""
    resume: Flag = False
    """Continue the run in --out where it was stopped."""
    overwrite: Flag = False
    """Replace the run in --out."""
    require_real_data: Flag = False
    """Fail, rather than train on a generated stand-in, when there is no data."""
    no_baselines: Flag = False
    """Fit no baselines beside the network."""
    tensorboard: Flag = False
    """Write event files for TensorBoard in the run directory, as training goes on."""
    compilation_cache: Path | None = None
    """Keep compiled programs in this directory, so that the next run starts sooner;
    by default in the user's cache directory."""
    no_compilation_cache: Flag = False
    """Keep no compiled programs."""


def open_run(
    settings: Any, model: Any, task: Any, folder: str = "", **more: Any
) -> AbstractContextManager[Any]:
    """Open the run directory of the settings, or a folder in it, once all are checked.

    Args:
        settings: the experiment's settings, which become the run's config.
        model: the network.
        task: the data.
        folder: a folder of the run directory.
        **more: what else the config should say.
    """
    if _only_task:
        raise _TaskFoundError(task)
    import jax

    from seqconv_jax import runs, train

    if settings.tensorboard:
        train.check_tensorboard()
    mesh_of(settings)
    train.check_fit(
        model,
        task,
        epochs=settings.epochs,
        steps_per_epoch=settings.steps_per_epoch,
        batch_size=settings.batch_size,
        seed=settings.seed,
        patience=settings.patience,
    )
    config = {
        **asdict(settings),
        "data_file": task.data_path,
        "data_sha256": task.data_sha256,
        "data_source": task.data_source,
        **runs.environment(device=jax.devices()[0].device_kind),
        **more,
    }
    return runs.open(
        settings.out / folder,
        config=config,
        resume=settings.resume,
        overwrite=settings.overwrite,
        may_change=MAY_CHANGE,
        files=(*FIGURES, *BASELINE_FILES),
    )


def book_figure(value: float, metric: str, note: str = "") -> dict[str, Any]:
    """Return a validation score of the book as `report` shows it, of a run's summary.

    Args:
        value: the score.
        metric: which one.
        note: on what.
    """
    name = "F. Chollet, Deep Learning with Python, 6.4"
    return {
        **{"name": name, "note": note},
        **{"split": "val", "metric": metric, "value": value},
    }


def training_summary(result: Any) -> dict[str, float]:
    """Return what every summary says: size, cost, and the best epoch's number.

    Args:
        result: what `fit` returned.
    """
    import jax

    import seqconv_jax as sc

    on_device = (jax.local_devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
    return {
        "parameters": sc.count_parameters(result.best.params),
        "seconds": sum(record["seconds"] for record in result.history),
        "peak_memory_bytes": sc.runs.peak_memory(),
        **({} if on_device is None else {"peak_device_bytes": on_device}),
        "best_epoch": result.best.epoch,
    }


def test_scores(model: Any, best: Any, task: Any, scores: Any) -> dict[str, float]:
    """Return scores of the test rows, as `python -m seqconv_jax evaluate` finds them.

    Args:
        model: the network.
        best: the best epoch, as `fit` returned it.
        task: the data.
        scores: functions by name.
    """
    from seqconv_jax import train

    values = train.evaluate(
        *(model, best.params, task, task.test, scores), batch_stats=best.batch_stats
    )
    return {f"test_{name}": value for name, value in values.items()}


def keep_test_scores(run: Any, task: Any, outputs: Any = None) -> None:
    """Keep in a run what `python -m seqconv_jax compare` and `report` take.

    The scores of each test row, and the answers to some of them.

    Args:
        run: the open run, trained.
        task: the data.
        outputs: what the run's model makes of the test rows, where that is known.
    """
    from seqconv_jax import comparison, report, runs, train

    if len(task.test) and train.is_first():
        scores = comparison.score_examples(runs.load(run.path), task)
        scores.save(run.path / runs.TEST_SCORES)
        report.keep_answers(run, task, outputs=outputs)


def launch(settings_type: type[Settings], main: Callable[[Settings], Any]) -> None:
    """Read the settings, run `main`, and word what goes wrong in one line.

    Exit status: 2 for a mistake in the settings or the data, 1 for a training that
    diverged, 128 + the signal's number for one that was stopped. The environment
    variable SEQCONV_TRACEBACK=1 shows tracebacks.
    """
    # On a GPU JAX would multiply float32 arrays in TF32, which is not what Keras's
    # figures were made with; read when JAX is imported.
    os.environ.setdefault("JAX_DEFAULT_MATMUL_PRECISION", "highest")
    description = sys.modules[main.__module__].__doc__
    _expect_required(settings_type, description or "", sys.argv[1:])
    settings = tyro.cli(settings_type, description=description)
    from seqconv_jax.cli.errors import call_or_exit

    call_or_exit(
        lambda: _start(main, settings),
        worded=lambda message: with_flags(message, settings),
        out_of_memory="out of memory; take a smaller --batch-size",
    )


def _expect_required(
    settings_type: Any, description: str, arguments: Sequence[str]
) -> None:
    """End the process with one line where a flag without a default is not given."""
    given = {argument.split("=")[0].replace("_", "-") for argument in arguments}
    for field in () if given & {"-h", "--help"} else fields(settings_type):
        flag = f"--{field.name.replace('_', '-')}"
        if field.default is field.default_factory is MISSING and flag not in given:
            from seqconv_jax.cli.errors import exit_with

            lines = [line for line in description.splitlines() if f"{flag} " in line]
            example = f", such as: {lines[0].strip()}" if lines else ""
            exit_with(f"error: {flag} is needed{example}", 2)


def _start(main: Callable[[Settings], Any], settings: Settings) -> None:
    if not getattr(settings, "no_compilation_cache", False):
        from seqconv_jax.cli.compiled import keep_compiled

        keep_compiled(getattr(settings, "compilation_cache", None))
    if not isinstance(settings, RunSettings):
        main(settings)
    elif settings.seeds == 1:
        with joined(settings) as own:
            main(own)
    else:
        _train_seeds(main, settings)


def _train_seeds(main: Callable[[Any], Any], settings: Any) -> None:
    """Run this command for each seed in a process of its own."""
    from seqconv_jax import UserError, runs, train
    from seqconv_jax.cli.seeds import train_seeds

    # A run of several networks takes as many seeds.
    count, step = settings.seeds, max(getattr(settings, "ensemble", 1), 1)
    if settings.processes is not None or train.started_together():
        words = "where several processes train together"
        raise UserError(f"`seeds` must be 1 {words}, got {count}")
    if not 0 < count <= 1000:
        raise UserError(f"`seeds` must be from 1 to 1,000, got {count}")
    seeds = range(settings.seed, settings.seed + count * step, step)
    if seeds.start < 0 or seeds.stop > 2**32:
        raise UserError(f"`seed` must be in [0, 2**32), got {settings.seed}")
    train_seeds(
        Path(sys.argv[0]),
        sys.argv[1:],
        seeds=seeds,
        out=settings.out,
        config={**asdict(settings), **runs.environment()},
        resume=settings.resume,
        overwrite=settings.overwrite,
        may_change=MAY_CHANGE,
        load_task=lambda: _task_of(main, settings),
    )


class _TaskFoundError(Exception):
    """Ends an experiment where it would begin its run; carries the data."""


_only_task = False


def _task_of(main: Callable[[Any], Any], settings: Any) -> Any:
    """Return the data of an experiment, which goes no farther than that."""
    global _only_task
    _only_task = True
    try:
        with (
            open(os.devnull, "w") as nowhere,
            redirect_stdout(nowhere),
            warnings.catch_warnings(action="ignore"),
        ):
            main(settings)
    except _TaskFoundError as found:
        return found.args[0]
    finally:
        _only_task = False
