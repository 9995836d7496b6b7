import pickle

import numpy as np
import pytest

from seqconv_jax._checks import (
    LONGEST_MESSAGE,
    UserError,
    expect,
    non_negative_int,
    one_of,
    positive_int,
    shown,
)


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("`x` must be 1, got 2", "`x` must be 1, got 2"),
        ("a  b.csv", "a  b.csv"),
        ("first\n\n  second\r\nthird\n", "first second third"),
        ("a\u2028b\x85c\x0cd", "a b c d"),
        ("\x1b[31mred\x00\ttab", r"\x1b[31mred\x00\ttab"),
        ("größe \udcff", r"größe \udcff"),
        ("", ""),
        (KeyError("k"), "'k'"),
    ],
)
def test_message_is_one_printable_line(message, kept):
    assert str(UserError(message)) == kept


@pytest.mark.parametrize("middle", ["x" * 10_000, "line\n" * 10**6, "\x1b" * 5_000])
def test_long_message_keeps_its_beginning_and_its_end(middle):
    message = str(UserError(f"`path` must be whole, got {middle}; fetch it again"))
    assert len(message) <= LONGEST_MESSAGE
    assert message.startswith("`path` must be whole, got ")
    assert message.endswith("; fetch it again")
    assert message.isprintable()


def test_message_survives_pickling():
    error = pickle.loads(pickle.dumps(UserError("a\nb")))
    assert type(error) is UserError
    assert str(error) == "a b"


class Unspeakable:
    def __repr__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (3, "3"),
        ("text", "'text'"),
        (np.zeros((2, 3), np.float32), "ndarray of float32 with shape (2, 3)"),
        (np.float32(3.0), "np.float32(3.0)"),
        ([1] * 10**6, "[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, ...]"),
    ],
)
def test_value_is_shown_short(value, words):
    assert shown(value) == words


@pytest.mark.parametrize("value", ["y" * 10**6, {"k" * 5_000: 1}, Unspeakable()])
def test_no_value_makes_a_message_long(value):
    with pytest.raises(UserError, match=r"`mode` must be short, got ") as error:
        expect(False, "mode", "short", value)
    assert len(str(error.value)) < 400
    with pytest.raises(UserError, match=r"`mode` must be one of 'min', 'max', got "):
        one_of("mode", "y" * 10**6, ("min", "max"))


@pytest.mark.parametrize(
    "value", [True, 1.0, "1", None, np.array([1, 2]), np.array(1.0), np.bool_(True)]
)
def test_no_integer(value):
    for check in (positive_int, non_negative_int):
        with pytest.raises(UserError, match="`units` must be a.* integer.*, got "):
            check("units", value)


def test_arrays_are_no_choice():
    with pytest.raises(UserError, match="`mode` must be one of 'min', got ndarray of"):
        one_of("mode", np.array(["min", "max"]), ["min"])
