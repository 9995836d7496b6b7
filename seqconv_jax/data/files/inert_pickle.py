"""Reading a pickled object array of lists of integers without running anything.

Two fences, one behind the other. First, the whole pickle must consist of the few
opcodes that such an array needs, none of which can claim memory that the file does
not back. Then, the three globals it may name are inert stand-ins: NumPy's own
constructors are never called with arguments from the file.
"""

import io
import pickle
import re
from typing import Any

from seqconv_jax._checks import UserError

__all__ = ["load_rows"]

_GLOBALS = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}


def _allowed_opcodes() -> re.Pattern[bytes]:
    # SHORT_BINUNICODE, SHORT_BINBYTES, SHORT_BINSTRING, BINUNICODE: length, then text
    texts = [
        re.escape(opcode + bytes([length]) + pad) + b".{%d}" % length
        for opcode, pad in ((b"\x8c", b""), (b"C", b""), (b"U", b""), (b"X", b"\0\0\0"))
        for length in range(32)
    ]
    opcodes = [
        rb"K.|M..|J....",  # integers of 1, 2 and 4 bytes
        rb"[]()eaN\x85-\x89t\x94]",  # lists, tuples, None, booleans, MEMOIZE
        rb"[qh].|j....",  # memo, with an index below 256 or only read
        rb"r..[\x00-\x1f]\x00",  # memo, with an index below 2 ** 21
        rb"[Rb\x93]|c[\w.]+\n\w+\n",  # REDUCE, BUILD and the globals
        rb"\x80.|\x95.{8}",  # protocol, frame
        *texts,
    ]
    return re.compile(rb"(?s:" + b"|".join(opcodes) + rb")*+\.")


_OPCODES = _allowed_opcodes()


class _Inert:
    """Takes the place of every global: remembers the rows of an array, does nothing."""

    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows: list[Any] | None = None

    def __call__(self, *_: Any) -> "_Inert":
        return _Inert()

    def __setstate__(self, state: Any) -> None:
        # an array's state is (version, shape, dtype, is_fortran, rows)
        if type(state) is tuple and len(state) == 5 and type(state[4]) is list:
            self.rows = state[4]


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> _Inert:
        if (module, name) not in _GLOBALS:
            raise UserError(f"the global {module}.{name}")
        return _Inert()


def load_rows(content: bytes, where: str) -> list[Any]:
    """Return the elements of a pickled one-dimensional object array.

    Args:
        content: the pickle, of protocol 2 to 5.
        where: file and array, for messages.

    Returns:
        The rows; that they are lists of integers is for the caller to check.

    Raises:
        UserError: if the pickle needs anything but what lists of integers need.
    """
    accepted = _OPCODES.match(content)
    if accepted is None or accepted.end() != len(content):
        raise _not_rows(where, "other instructions")
    try:
        result = _Unpickler(io.BytesIO(content)).load()
    except UserError as error:
        raise _not_rows(where, str(error)) from error
    except Exception as error:  # a damaged pickle can raise almost anything
        raise _not_rows(where, f"a damaged pickle ({error})") from error
    if not isinstance(result, _Inert) or result.rows is None:
        raise _not_rows(where, "something else")
    return result.rows


def _not_rows(where: str, got: str) -> UserError:
    return UserError(
        f"{where} must be a pickle of lists of integers only, got {got}; "
        "do not use this file"
    )
