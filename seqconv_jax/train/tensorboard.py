"""Live curves: event files that TensorBoard shows while a network trains."""

import contextlib
import importlib
import importlib.util
import os
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from seqconv_jax._checks import UserError, is_number, path
from seqconv_jax._checks import expect as _expect
from seqconv_jax.train.selection import Record

__all__ = ["TensorBoard", "check_tensorboard"]

_VALIDATION = "val_"
_ALONE = ("gradient_norm", "seconds", "examples_per_second")
_PLACES = ("epoch", "step")


class TensorBoard:
    """A reporter that writes event files: `tensorboard --logdir DIRECTORY` shows them.

    After each epoch the scores, `loss/training` and `loss/validation` side by side, the
    norm of the gradient and the speed, against steps; within an epoch its mean loss so
    far, as `loss/so far`. Of a run that is gone on with, what lay behind its checkpoint
    is shown once.

    Args:
        directory: for the files; those of one run belong in one.
        every: seconds between two losses within an epoch, each of which waits for the
            device.

    Raises:
        UserError: where tensorboardX, the extra `tensorboard`, is not installed.
    """

    def __init__(self, directory: str | os.PathLike[str], *, every: float = 10.0):
        """Write nothing yet."""
        path("directory", directory)
        _expect(is_number(every) and every >= 0, "every", "seconds", every)
        check_tensorboard()
        self._directory = Path(directory).expanduser()
        self._every = every
        self._writer: Any = None
        self._step, self._said = 0, time.perf_counter()

    def begin(self, epoch: int, epochs: int, done: int, steps: int) -> None:
        """Open the file; what lies at this step or behind it is of a run before."""
        self._step = (epoch - 1) * steps + done
        if self._writer is None:
            self._writer = _open(self._directory)
            weakref.finalize(self, self._writer.close)
            self._write_start(self._step + (self._step > 0))

    def advance(self, steps: int, loss: Callable[[], float]) -> None:
        """Write the loss so far, now and then."""
        self._step += steps
        now = time.perf_counter()
        if now - self._said >= self._every:
            self._said = now
            self._write({"loss/so far": loss()}, self._step)

    def end(self, record: Record) -> None:
        """Write the scores of an epoch."""
        known = {
            _tag(name): float(value)
            for name, value in record.items()
            if name not in _PLACES and is_number(value)
        }
        self._write(known, record["step"])

    def _write(self, scalars: Mapping[str, float], step: int) -> None:
        """Write numbers, so that they can be read at once."""
        made = _messages("summary")
        values = [
            made.Summary.Value(tag=tag, simple_value=value)
            for tag, value in scalars.items()
        ]
        self._put(step, summary=made.Summary(value=values))

    def _write_start(self, step: int) -> None:
        """Say that what earlier files have from this step on counts no more."""
        made = _messages("event")
        start = made.SessionLog(status=made.SessionLog.START)
        self._put(step, session_log=start)

    def _put(self, step: int, **content: Any) -> None:
        event = _messages("event").Event(wall_time=time.time(), step=step, **content)
        with _wording_errors(self._directory):
            self._writer.write_event(event)
            self._writer.flush()


def check_tensorboard() -> None:
    """Raise unless event files can be written."""
    if importlib.util.find_spec("tensorboardX") is None:
        raise UserError(
            "event files for TensorBoard need tensorboardX, which is not installed: "
            "pip install 'seqconv-jax[tensorboard]'"
        )


def _tag(name: str) -> str:
    """Return what a score is called; what is before the slash is one group.

    >>> _tag("val_mae"), _tag("mae"), _tag("seconds")
    ('mae/validation', 'mae/training', 'epoch/seconds')
    """
    if name in _ALONE:
        return f"epoch/{name}"
    if name.startswith(_VALIDATION):
        return f"{name.removeprefix(_VALIDATION)}/validation"
    return f"{name}/training"


def _open(directory: Path) -> Any:
    """Return a new event file.

    Its writer is that beneath tensorboardX's `SummaryWriter`, which writes in a thread
    some time later, and whose files of one second have one name.
    """
    from tensorboardX.event_file_writer import EventsWriter

    with _wording_errors(directory):
        directory.mkdir(parents=True, exist_ok=True)
        return EventsWriter(str(directory / "events"), f".{time.time_ns()}")


def _messages(name: str) -> Any:
    """Return a module of messages, whose names are made when it is imported."""
    return importlib.import_module(f"tensorboardX.proto.{name}_pb2")


@contextlib.contextmanager
def _wording_errors(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"cannot write in {directory}: {reason}") from error
