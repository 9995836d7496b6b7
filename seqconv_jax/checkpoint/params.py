"""The parameters of a run, for whoever has its directory and not its model."""

import os
from pathlib import Path
from typing import Any, Literal

import jax.numpy as jnp

from seqconv_jax._checks import UserError
from seqconv_jax.checkpoint import manifest, steps
from seqconv_jax.checkpoint.arrays import read_arrays
from seqconv_jax.checkpoint.leaves import nested


def load_params(
    directory: str | os.PathLike[str],
    *,
    step: int | None = None,
    part: str = "state/params",
    monitor: str = "val_loss",
    mode: Literal["min", "max"] = "min",
) -> Any:
    """Load the parameters of a run as nested dicts, without the model they belong to.

    Args:
        directory: a run directory or its `checkpoints/`.
        step: the step; None takes the best, or the latest where none has a metric.
        part: where in the saved tree they are; `"state/batch_stats"` loads the batch
            statistics that `fit` kept with them.
        monitor: the metric that says which step is best.
        mode: whether a smaller ("min") or a larger ("max") metric is better.

    Returns:
        Nested dicts of `jax.Array`.

    Raises:
        UserError: if there is no checkpoint, it is damaged or holds no such part.

    Example:
        >>> import tempfile
        >>> from seqconv_jax.checkpoint import Checkpoints
        >>> path = tempfile.mkdtemp()
        >>> with Checkpoints(path) as checkpoints:
        ...     tree = {"state": {"params": {"Dense_0": {"bias": jnp.ones(2)}}}}
        ...     checkpoints.save(1, tree, {"val_loss": 0.5})
        >>> load_params(path)["Dense_0"]["bias"].tolist()
        [1.0, 1.0]
    """
    root = Path(directory).absolute()
    root = root / "checkpoints" if (root / "checkpoints").is_dir() else root
    if step is None:
        step = steps.best(root, monitor, mode)
    if step is None:
        step = max(steps.steps(root), default=None)
    if step is None:
        raise UserError(
            f"no checkpoint in {root}, expected a directory named by a step"
        )
    where = root / str(step)
    values = read_arrays(where, manifest.read(where))
    prefix = f"{part}/"
    chosen = {
        k.removeprefix(prefix): v for k, v in values.items() if k.startswith(prefix)
    }
    if not chosen:
        held = ", ".join(sorted({name.split("/")[0] for name in values}))
        raise UserError(f"checkpoint {where} holds no {part!r}; got {held}")
    return nested({k: jnp.array(v) for k, v in chosen.items()})
