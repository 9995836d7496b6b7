"""The parameters of a run, for whoever has its directory and not its model."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from seqconv_jax._best import Mode, best_of, known_mode
from seqconv_jax._checks import UserError, one_of
from seqconv_jax._checks import path as check_path
from seqconv_jax.checkpoint import manifest, steps
from seqconv_jax.checkpoint.leaves import nested
from seqconv_jax.checkpoint.variables import (
    AVERAGE,
    BATCH_STATS,
    PARAMS,
    has_part,
    read_variables,
)


def load_params(
    directory: str | os.PathLike[str],
    *,
    step: int | None = None,
    part: str | None = None,
    monitor: str | None = None,
    mode: Mode | None = None,
) -> Any:
    """Load the parameters of a run as nested dicts, without the model they belong to.

    They are those of the best epoch by whatever the run watched. Where no checkpoint
    was saved with a score, such as in a run's first epoch, they are the latest.

    Args:
        directory: a run directory or its `checkpoints/`.
        step: the step; None takes the best.
        part: where in the saved tree they are; None takes the moving average where one
            was kept (`"state/ema_params"`), else `"state/params"`.
            `"state/batch_stats"` loads the batch statistics that `fit` kept with them.
        monitor: the metric that says which step is best; None for that of the run.
        mode: whether a smaller ("min") or a larger ("max") metric is better; None for
            that of the run.

    Returns:
        Nested dicts of `jax.Array`.

    Raises:
        UserError: if there is no checkpoint, it is damaged or holds no such part, or
            if the checkpoints hold no such metric, or not as a finite number.

    Example:
        >>> import tempfile
        >>> import jax.numpy as jnp
        >>> from seqconv_jax.checkpoint import Checkpoints
        >>> path = tempfile.mkdtemp()
        >>> with Checkpoints(path) as checkpoints:
        ...     tree = {"state": {"params": {"Dense_0": {"bias": jnp.ones(2)}}}}
        ...     checkpoints.save(1, tree, {"val_loss": 0.5})
        >>> load_params(path)["Dense_0"]["bias"].tolist()
        [1.0, 1.0]
    """
    where = _step_directory(directory, step, monitor, mode)
    held = manifest.read(where)
    part = _part_of_params(held["leaves"]) if part is None else part
    values = _read(where, held, part)
    tree = _below(part, values)
    if not tree:
        got = ", ".join(sorted({name.split("/")[0] for name in held["leaves"]}))
        raise UserError(f"checkpoint {where} holds no {part!r}; got {got}")
    return tree


class Variables(NamedTuple):
    """What a model is called with.

    Attributes:
        step: the step that they were saved at.
        params: nested dicts of `jax.Array`; the moving average where one was kept.
        batch_stats: likewise, `{}` for a model without any.
    """

    step: int
    params: Any
    batch_stats: Any


def load_variables(
    directory: str | os.PathLike[str], *, step: int | None = None
) -> Variables:
    """Load what the model of a run is called with: `load_params`, and the rest.

    Args:
        directory: a run directory or its `checkpoints/`.
        step: the step; None takes the best.

    Raises:
        UserError: as `load_params`.

    Example:
        >>> import tempfile
        >>> import jax.numpy as jnp
        >>> from seqconv_jax.checkpoint import Checkpoints
        >>> path = tempfile.mkdtemp()
        >>> with Checkpoints(path) as checkpoints:
        ...     tree = {"state": {"params": {"Dense_0": {"bias": jnp.ones(2)}}}}
        ...     checkpoints.save(1, tree, {"val_loss": 0.5})
        >>> step, params, batch_stats = load_variables(path)
        >>> step, params["Dense_0"]["bias"].tolist(), batch_stats
        (1, [1.0, 1.0], {})
    """
    where = _step_directory(directory, step, None, None)
    held = manifest.read(where)
    part = _part_of_params(held["leaves"])
    values = _read(where, held, part)
    params = _below(part, values)
    if not params:
        raise UserError(f"checkpoint {where} holds no {PARAMS!r}, expected a run's")
    return Variables(int(where.name), params, _below(BATCH_STATS, values))


def _step_directory(
    directory: str | os.PathLike[str],
    step: int | None,
    monitor: str | None,
    mode: Mode | None,
) -> Path:
    check_path("directory", directory)
    root = Path(directory).absolute()
    root = root / "checkpoints" if (root / "checkpoints").is_dir() else root
    return root / str(_best_step(root, monitor, mode) if step is None else step)


def _part_of_params(values: Mapping[str, Any]) -> str:
    averaged = any(name.startswith(f"{AVERAGE}/") for name in values)
    return AVERAGE if averaged else PARAMS


def _read(where: Path, held: dict[str, Any], part: str) -> dict[str, Any]:
    """Return the arrays of a step; only those of a model if no others are wanted."""
    values = read_variables(where, held) if has_part(part) else None
    if values is not None:
        return values
    from seqconv_jax.checkpoint.arrays import read_arrays  # imports Orbax

    return read_arrays(where, held)


def _below(part: str, values: Mapping[str, Any]) -> Any:
    """Return the arrays whose names begin with a part, without it, as nested dicts."""
    prefix = f"{part}/"
    names = [name for name in values if name.startswith(prefix)]
    # A copy of its own: on a CPU the array is its memory. `jnp.array` would compile a
    # program for every shape.
    return nested(
        {k.removeprefix(prefix): jax.device_put(np.array(values[k])) for k in names}
    )


def _best_step(root: Path, monitor: str | None, mode: Mode | None) -> int:
    """Return the step that is best by what the run watched, or by what is asked for."""
    held = {step: manifest.read(root / str(step)) for step in steps.steps(root)}
    if not held:
        raise UserError(
            f"no checkpoint in {root}, expected a directory named by a step"
        )
    scored = {step: each for step, each in held.items() if each["metrics"]}
    if not scored and monitor is None:
        return max(held)
    newest: dict[str, Any] = scored[max(scored)] if scored else {"metrics": {}}
    watched = newest.get("monitor", next(iter(newest["metrics"]), None))
    monitor = one_of("monitor", monitor or watched, newest["metrics"])
    if mode is None:
        of_run = newest.get("mode") if monitor == watched else None
        mode = of_run or known_mode(monitor)
    if mode is None:
        raise UserError(
            f"`mode` must be given for {monitor!r}: the run in {root} is of an earlier "
            "version, which did not keep it, and the name does not say"
        )
    one_of("mode", mode, ("min", "max"))
    by_name = newest.get("mode") if monitor == watched else known_mode(monitor)
    if by_name not in (None, mode):
        raise UserError(
            f"`mode` must be {by_name!r} for {monitor!r} of the run in {root}, got "
            f"{mode!r}, which would give the worst; `step` takes any"
        )
    scores = [(step, each["metrics"].get(monitor)) for step, each in scored.items()]
    best = best_of(scores, mode)
    if best is None:
        raise UserError(
            f"no checkpoint in {root} has a finite {monitor!r}, expected one; say "
            f"which `step` to load, one of {', '.join(map(str, held))}"
        )
    return best
