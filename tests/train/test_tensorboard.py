"""Event files hold what the history holds, once each step, also of a resumed run."""

import importlib
import struct

import pytest

from seqconv_jax import UserError
from seqconv_jax.train import Reporters, TensorBoard, check_tensorboard, tensorboard


class Heard:
    """A reporter that keeps what it is shown."""

    def __init__(self):
        self.calls = []

    def begin(self, epoch, epochs, done, steps):
        self.calls.append((epoch, epochs, done, steps))

    def advance(self, steps, loss):
        self.calls.append((steps, loss()))

    def end(self, record):
        self.calls.append(record)


def test_reporters_are_all_shown_the_same():
    one, other = Heard(), Heard()
    both = Reporters(one, other)
    both.begin(1, 2, 0, 10)
    both.advance(5, lambda: 0.5)
    both.end({"epoch": 1})
    assert one.calls == other.calls == [(1, 2, 0, 10), (5, 0.5), {"epoch": 1}]


def test_without_the_extra_it_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(tensorboard.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'seqconv-jax\[tensorboard\]'"):
        check_tensorboard()
    with pytest.raises(UserError, match="tensorboardX, which is not installed"):
        TensorBoard(tmp_path)


def events(directory):
    """The scalars of all event files as TensorBoard shows them, by tag and step.

    A start of a session drops what earlier files have at its step and behind it.
    """
    protos = importlib.import_module("tensorboardX.proto.event_pb2")
    found = {}
    for path in sorted(directory.iterdir(), key=lambda each: each.stat().st_mtime_ns):
        content, at = path.read_bytes(), 0
        while at < len(content):
            [length] = struct.unpack("<Q", content[at : at + 8])
            event = protos.Event.FromString(content[at + 12 : at + 12 + length])
            at += 12 + length + 4
            if event.session_log.status == protos.SessionLog.START:
                found = {key: v for key, v in found.items() if key[1] < event.step}
            for value in event.summary.value:
                assert (value.tag, event.step) not in found
                found[value.tag, event.step] = value.simple_value
    return found


def epoch(reporter, number, loss):
    reporter.begin(number, 3, 0, 10)
    reporter.advance(4, lambda: loss + 0.5)
    reporter.advance(6, lambda: loss + 0.25)
    reporter.end(
        {
            **{"epoch": number, "step": 10 * number, "loss": loss, "val_mae": loss / 2},
            **{"seconds": 1.5, "val_loss": None},
        }
    )


def test_event_files(tmp_path):
    pytest.importorskip("tensorboardX")
    reporter = TensorBoard(tmp_path / "made", every=0)
    epoch(reporter, 1, 1.0)
    first = {
        ("loss/so far", 4): 1.5,
        ("loss/so far", 10): 1.25,
        ("loss/training", 10): 1.0,
        ("mae/validation", 10): 0.5,
        ("epoch/seconds", 10): 1.5,
    }
    assert events(tmp_path / "made") == first  # at once, while it is open
    epoch(reporter, 2, 0.75)
    del reporter
    resumed = TensorBoard(tmp_path / "made", every=0)
    epoch(resumed, 2, 0.5)  # the second epoch again, from its beginning
    found = events(tmp_path / "made")
    assert found.items() > first.items() and found["loss/training", 20] == 0.5
    del resumed
    epoch(TensorBoard(tmp_path / "made", every=1e9), 1, 2.0)  # a new run in its place
    assert events(tmp_path / "made") == {
        ("loss/training", 10): 2.0,
        ("mae/validation", 10): 1.0,
        ("epoch/seconds", 10): 1.5,
    }


def test_a_directory_that_cannot_be_made(tmp_path):
    pytest.importorskip("tensorboardX")
    (tmp_path / "file").write_text("")
    reporter = TensorBoard(tmp_path / "file" / "made")
    with pytest.raises(UserError, match="cannot write in"):
        reporter.begin(1, 1, 0, 1)
    with pytest.raises(UserError, match="`every` must be seconds, got -1"):
        TensorBoard(tmp_path, every=-1)
