"""Damage that leaves JSON valid: other types, lost keys, numbers a little off."""

import json
from random import Random
from typing import Any

_DEEP: Any = 0
for _ in range(200):
    _DEEP = [_DEEP]

_OTHER = (
    *(None, True, False, 0, -1, 1, 2**31, 2**64, 10**30, 1e308, -0.5, float("nan")),
    *(float("inf"), "", "x", "0", "../../etc/passwd", "\x00", "ü" * 3000, "\ud800"),
    *([], {}, [[]], {"": {}}, [0] * 1000, _DEEP),
)


def edit_json(rng: Random, data: bytes) -> bytes:
    """Return JSON text with one or more of its values changed.

    JSON lines are edited line by line; text that is no JSON is returned as it is.
    """
    try:
        lines = [data] if data.lstrip()[:1] == b"{" and b"}\n{" not in data else None
        parts = [json.loads(line) for line in lines or data.splitlines()]
    except ValueError:
        return data
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randrange(len(parts)) if parts else 0
        if lines is None and rng.random() < 0.4:
            _edit_lines(rng, parts, at)
        elif parts:
            parts[at] = _edit(rng, parts[at])
    indent = 1 if lines and b"\n " in data else None
    text = "\n".join(json.dumps(part, indent=indent) for part in parts) + "\n"
    return text.encode()


def _edit_lines(rng: Random, lines: list[Any], at: int) -> None:
    """Remove, double, swap or add a line."""
    choice = rng.randrange(5)
    if choice == 0 and lines:
        del lines[at]
    elif choice == 1 and lines:
        lines.insert(at, lines[at])
    elif choice == 2 and len(lines) > 1:
        lines[at], lines[at - 1] = lines[at - 1], lines[at]
    elif choice == 3:
        lines.append(rng.choice(_OTHER))
    else:
        lines.clear()


def _edit(rng: Random, value: Any) -> Any:
    """Return `value` with something in it changed."""
    inside = isinstance(value, (dict, list)) and len(value) > 0
    if not inside or rng.random() < 0.1:
        return _replaced(rng, value)
    value = value.copy()
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key: Any = rng.choice(keys)
    choice = rng.random()
    if choice < 0.15:
        del value[key]
    elif choice < 0.2 and isinstance(key, str):
        value[rng.choice((key + "x", key.upper(), "", "__class__"))] = value.pop(key)
    elif choice < 0.25 and isinstance(value, dict):
        value[key], other = value[rng.choice(keys)], value[key]
        value[rng.choice(keys)] = other
    elif choice < 0.3 and isinstance(value, list):
        value.insert(key, value[key])
    else:
        value[key] = _edit(rng, value[key])
    return value


def _replaced(rng: Random, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return rng.choice(_OTHER)
    if isinstance(value, str):
        return rng.choice((*_OTHER, value + " ", value[1:], value.upper()))
    near = (value + 1, value - 1, -value, value * 10, float(value), str(value), [value])
    return rng.choice((*near, *_OTHER))
