"""Random damage to bytes, of kinds that disks, editors and attackers do."""

import re
from collections.abc import Callable, Sequence
from random import Random

Edit = Callable[[Random, bytes], bytes]

_MOST = 1 << 20  # an input stays small, however often its blocks are doubled
_ODD_BYTES = b"\x00\x01\x7f\x80\xff\n\r\",;{}[]()-.0e'\\ "
_ODD_NUMBERS = (
    *(b"0", b"-1", b"1", b"255", b"256", b"65536", b"2147483648", b"-2147483649"),
    *(b"9223372036854775807", b"18446744073709551616", b"1" + b"0" * 30, b"1e400"),
    *(
        b"-1e400",
        b"NaN",
        b"Infinity",
        b"1.5",
        b"0x10",
        b"1_000",
        b"9" * 5000,
        b"\xd9\xa3",
    ),
)
_LONG = (b"A" * 20_000, b"\x00" * 4096, b"[" * 20_000, b"(" * 3000, b"\n" * 3000)


def flip_bit(rng: Random, data: bytes) -> bytes:
    """Flip one bit."""
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def set_byte(rng: Random, data: bytes) -> bytes:
    """Replace a byte by one that often means something."""
    at = rng.randrange(len(data))
    return data[:at] + bytes([rng.choice(_ODD_BYTES)]) + data[at + 1 :]


def cut(rng: Random, data: bytes) -> bytes:
    """Keep the beginning."""
    return data[: rng.randrange(len(data))]


def cut_front(rng: Random, data: bytes) -> bytes:
    """Keep the end."""
    return data[rng.randrange(len(data)) :]


def drop_block(rng: Random, data: bytes) -> bytes:
    """Leave out some bytes."""
    start, end = _block(rng, data)
    return data[:start] + data[end:]


def double_block(rng: Random, data: bytes) -> bytes:
    """Repeat some bytes, once or many times."""
    start, end = _block(rng, data)
    return data[:end] + data[start:end] * rng.choice((1, 1, 2, 50)) + data[end:]


def zero_block(rng: Random, data: bytes) -> bytes:
    """Zero some bytes, as a file system may after a power cut."""
    start, end = _block(rng, data)
    return data[:start] + b"\x00" * (end - start) + data[end:]


def move_block(rng: Random, data: bytes) -> bytes:
    """Put some bytes elsewhere."""
    start, end = _block(rng, data)
    block, rest = data[start:end], data[:start] + data[end:]
    at = rng.randrange(len(rest) + 1)
    return rest[:at] + block + rest[at:]


def insert(rng: Random, data: bytes) -> bytes:
    """Insert random bytes."""
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.randbytes(rng.choice((1, 2, 8, 100))) + data[at:]


def insert_long(rng: Random, data: bytes) -> bytes:
    """Insert thousands of equal bytes."""
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(_LONG) + data[at:]


def set_integer(rng: Random, data: bytes) -> bytes:
    """Overwrite 2, 4 or 8 bytes by an integer at the edge of its range."""
    size = rng.choice((2, 4, 8))
    at = rng.randrange(max(1, len(data) - size))
    edges = (0, 1, (1 << 8 * size) - 1, 1 << 8 * size - 1, (1 << 8 * size - 1) - 1)
    value = rng.choice((*edges, len(data), len(data) + 1)) % (1 << 8 * size)
    return data[:at] + value.to_bytes(size, "little") + data[at + size :]


def set_number(rng: Random, data: bytes) -> bytes:
    """Replace a number written in digits."""
    found = list(re.finditer(rb"-?\d+(\.\d+)?", data[:_MOST]))
    if not found:
        return flip_bit(rng, data)
    start, end = rng.choice(found).span()
    return data[:start] + rng.choice(_ODD_NUMBERS) + data[end:]


EDITS: tuple[Edit, ...] = (
    *(flip_bit, flip_bit, set_byte, cut, cut_front, drop_block, double_block),
    *(zero_block, move_block, insert, insert_long, set_integer, set_number),
)


def mutate(
    rng: Random, data: bytes, edits: Sequence[Edit] = EDITS
) -> tuple[bytes, str]:
    """Return damaged bytes, and what was done to them.

    Args:
        rng: where the choices come from.
        data: whole bytes.
        edits: the kinds of damage to choose from.
    """
    done = []
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        edit = rng.choice(edits)
        if data or edit is insert:
            data = edit(rng, data)[:_MOST]
            done.append(edit.__name__)
    return data, ", ".join(done)


def splice(rng: Random, data: bytes, other: bytes) -> bytes:
    """Return the beginning of one file and the end of another."""
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def _block(rng: Random, data: bytes) -> tuple[int, int]:
    start = rng.randrange(len(data))
    return start, min(len(data), start + rng.choice((1, 2, 4, 16, 100, 1000)))
