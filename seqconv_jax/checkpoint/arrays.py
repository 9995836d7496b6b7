"""The arrays of a step in Orbax's format: the only place that knows Orbax."""

import contextlib
import errno
import logging
import os
import re
import shutil
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
from orbax.checkpoint import v1 as ocp

from seqconv_jax._checks import UserError, one_line
from seqconv_jax._leaves import named_leaves
from seqconv_jax.checkpoint.leaves import nested
from seqconv_jax.checkpoint.manifest import verify

_ARRAYS = "arrays"
_BLOCK, _OTHER_FILES = 4096, 16  # what a file takes at least; files besides the arrays
_PATIENCE = 10.0  # seconds for what fails anyway
# Orbax numbers the operations of a process, and its threads ask for the latest number:
# of two at once, one takes the other's sign that a directory is there for its own.
_ONE_AT_A_TIME = threading.Lock()

# Orbax reports failures in absl's log too; here they become the line of a UserError.
logging.getLogger("absl").addFilter(lambda record: "orbax" not in record.pathname)
# Of a failure it leaves coroutines behind, which Python would speak of at its end.
warnings.filterwarnings("ignore", "coroutine 'OrbaxLayout", RuntimeWarning)


def write_arrays(where: Path, leaves: dict[str, np.ndarray]) -> None:
    """Save named arrays into a step's directory.

    Orbax takes neither empty arrays nor empty trees: the manifest alone keeps those.
    """
    stored = {name: leaf for name, leaf in leaves.items() if leaf.size}
    if stored:
        _expect_space(where, stored)
        with _ONE_AT_A_TIME, _alone():
            try:
                ocp.save(str(where / _ARRAYS), nested(stored))
            except BaseException:
                _end_threads_of_failed_save()
                raise
        _expect_saved(where, stored)


def _expect_saved(where: Path, leaves: dict[str, np.ndarray]) -> None:
    """Raise unless what was saved is there, bit for bit.

    Where a directory cannot be listed for a moment, Orbax finds nothing to put together
    in it, and calls a checkpoint without arrays saved.
    """
    try:
        saved = _load(where)
        same = all(
            np.asarray(saved[name]).tobytes() == leaf.tobytes()
            for name, leaf in leaves.items()
        )
    except Exception as error:  # Orbax's failures have no common type
        raise OSError(errno.EIO, os.strerror(errno.EIO)) from error
    if not same:
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def _end_threads_of_failed_save() -> None:
    """End those threads of Orbax that wait for a step of a save that never comes.

    They would hold up the end of the process for five minutes, and Orbax has no public
    way to call them off. Let go, they fail as the save did, or write what is removed.
    """
    with contextlib.suppress(ImportError, AttributeError):  # another Orbax: they wait
        from orbax.checkpoint._src.futures import future, synchronization

        signals = synchronization.HandlerAwaitableSignal
        operation = synchronization.OperationIdGenerator.get_current_operation_id()
        created = [signals.STEP_DIRECTORY_CREATION, signals.ITEM_DIRECTORY_CREATION]
        future.set_signals(created, operation_id=operation)
        for thread in threading.enumerate():
            if getattr(thread, "_operation_id", None) == operation:
                threading.Thread.join(thread, _PATIENCE)


def _expect_space(where: Path, leaves: dict[str, np.ndarray]) -> None:
    """Raise if the disk is too full, before Orbax's threads meet that one by one."""
    blocks = _BLOCK * (len(leaves) + _OTHER_FILES)
    needed = blocks + sum(leaf.nbytes for leaf in leaves.values())
    if shutil.disk_usage(where).free < needed:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def read_arrays(where: Path, manifest: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return the arrays of a step by name, after every file has been checked."""
    verify(where, manifest)
    described = manifest["leaves"]
    values = {
        name: np.empty(spec["shape"], spec["dtype"])
        for name, spec in described.items()
        if 0 in spec["shape"]
    }
    if len(values) < len(described):
        try:
            values |= _load(where)
        except Exception as error:  # whatever it is, this Orbax cannot read those files
            raise UserError(
                f"checkpoint {where} cannot be read by the installed Orbax, expected "
                f"the version that wrote it: {reason_of(error)}"
            ) from error
    return values


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Let Orbax wait for no other process of several that train together.

    These are host arrays, and one process keeps them. Orbax can be told so, except by
    the public options where it compares the names of directories.
    """
    if jax.process_count() == 1:
        yield
        return
    from orbax.checkpoint.experimental.v1._src.saving import execution

    here, compare = jax.process_index(), execution._check_directory_consistency
    options = ocp.options.MultiprocessingOptions(
        primary_host=here, active_processes={here}, barrier_sync_key_prefix=f"of{here}"
    )
    execution._check_directory_consistency = lambda directory: None
    try:
        with ocp.Context(multiprocessing_options=options):
            yield
    finally:
        execution._check_directory_consistency = compare


def _load(where: Path) -> dict[str, np.ndarray]:
    with _ONE_AT_A_TIME, _alone():
        return named_leaves(ocp.load(str(where / _ARRAYS)))


def reason_of(error: BaseException) -> str:
    """Return what went wrong; the system's own words where it was a system call."""
    if isinstance(error, UserError) and error.__cause__ is not None:
        error = error.__cause__
    code = re.search(r"os_error_code='(\d+)'", str(error))
    if code or isinstance(error, OSError):
        number = int(code[1]) if code else getattr(error, "errno", None)
        return os.strerror(number) if number else str(error)
    return one_line(str(error), 300) or type(error).__name__
