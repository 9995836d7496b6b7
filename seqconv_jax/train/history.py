"""Whether a run's history is that of its checkpoint, and how to get it back."""

import math
from collections.abc import Sequence
from typing import Any

from seqconv_jax._checks import UserError, expect
from seqconv_jax.train.selection import Record


def remedy(where: Any, held: Sequence[Record] | None) -> str:
    """Return what to do about a wrong history, as the end of a message.

    Args:
        where: the run directory.
        held: the history that the checkpoint carries, if any.
    """
    if held is None:
        return "put back the file as it was, or start a new run"
    return (
        "the checkpoints know the history: write it anew with "
        "`seqconv_jax.train.rebuild_history(run)`, run being "
        f"`runs.open({str(where)!r}, resume=True)`, and resume"
    )


def check_history(
    where: Any,
    lines: Sequence[Record],
    held: Sequence[Record] | None,
    *,
    epochs: int,
    steps: int,
    monitor: str,
) -> None:
    """Raise unless line `i` is epoch `i` at step `i x steps`, as the checkpoint has it.

    Lines behind those of the checkpoint may be there: they are written first.

    Args:
        where: the run directory, for the message.
        lines: the history as read.
        held: the history that the checkpoint carries; None for one that carries none.
        epochs: whole epochs that the checkpoint has behind it.
        steps: steps of an epoch.
        monitor: the score that every line must hold.

    Raises:
        UserError: naming the first line that is wrong.
    """

    def error(line: int, what: str) -> UserError:
        end = remedy(where, held)
        return UserError(f"the history in {where}: line {line} {what}; {end}")

    for line, record in enumerate(lines, start=1):
        got = record.get("epoch"), record.get("step")
        if got != (line, line * steps) or any(isinstance(n, bool) for n in got):
            raise error(
                line,
                f"must be epoch {line} at step {line * steps}, got epoch {got[0]!r} at "
                f"step {got[1]!r}",
            )
        for name, value in record.items():
            if isinstance(value, float) and not math.isfinite(value):
                raise error(line, f"has {value} as {name}, which no history holds")
        if not isinstance(record.get(monitor, ""), (int, float, type(None))):
            raise error(line, f"must have a number as {monitor}")
    if len(lines) < epochs:
        raise error(
            len(lines) + 1,
            f"is missing: the checkpoint has {epochs} epochs behind it",
        )
    for line, (record, kept) in enumerate(zip(lines, held or (), strict=False), 1):
        for name in dict.fromkeys([*kept, *record]):
            if name not in record or name not in kept or record[name] != kept[name]:
                got, want = record.get(name), kept.get(name)
                raise error(line, f"has {got!r} as {name}, the checkpoint {want!r}")


def check_run(run: Any) -> None:
    """Raise unless `run` is an open run directory, or acts as one; a path is none."""
    methods = ("checkpoint_dir", "history", "write_history")
    fits = not isinstance(run, type) and all(hasattr(run, name) for name in methods)
    expect(fits, "run", "an open run directory, such as of runs.open(path)", run)


def rebuild_history(run: Any) -> list[Record]:
    """Write a run's history anew, as its latest checkpoint has it.

    Args:
        run: the open run directory.

    Returns:
        The records, one for each epoch.

    Raises:
        UserError: if there is no checkpoint, or it is of an earlier version, whose
            checkpoints had no history.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from seqconv_jax import runs
        >>> from seqconv_jax.checkpoint import Checkpoints
        >>> with runs.open(tempfile.mkdtemp()) as run:
        ...     records = [{"epoch": 1, "step": 5, "val_loss": 0.5}]
        ...     with Checkpoints(run.checkpoint_dir) as checkpoints:
        ...         checkpoints.save(5, {"w": np.ones(2)}, None, {"history": records})
        ...     rebuild_history(run) == run.history() == records
        True
    """
    from seqconv_jax.checkpoint import Checkpoints

    check_run(run)
    with Checkpoints(run.checkpoint_dir) as checkpoints:
        step = checkpoints.latest
        if step is None:
            raise UserError(
                f"no checkpoint in {run.checkpoint_dir}, expected one to rebuild the "
                "history from"
            )
        held = checkpoints.info(step).get("history")
    if held is None:
        raise UserError(
            f"checkpoint {run.checkpoint_dir / str(step)} holds no history: it was "
            "written by an earlier version of this library"
        )
    run.write_history(held)
    return held
