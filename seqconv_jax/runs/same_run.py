"""Which settings may change when a run is resumed, and which make it another run."""

import json
import warnings
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from seqconv_jax._checks import UserError
from seqconv_jax.runs.sealed import FORMAT_KEY

# The keys of `runs.environment`.
_MAY_CHANGE_WITH_WARNING = {"versions", "python", "platform", "device"}


def check_same_run(
    directory: Path,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    may_change: Collection[str],
) -> None:
    """Raise if a resumed run would not be the same one; warn if it might not.

    Args:
        directory: the run directory, for the message.
        old: the config of the run.
        new: the config to go on with.
        may_change: top-level keys that are not compared.

    Raises:
        UserError: naming every key that differs.
    """
    before, now = (_identity(config, may_change) for config in (old, new))
    changed = [
        f"{key} ({json.dumps(before.get(key))} → {json.dumps(now.get(key))})"
        for key in sorted(before.keys() | now.keys())
        if before.get(key) != now.get(key)
    ]
    place = [c for c in changed if _top(c) in _MAY_CHANGE_WITH_WARNING]
    other = [c for c in changed if _top(c) not in _MAY_CHANGE_WITH_WARNING]
    if other:
        raise UserError(
            f"cannot resume {directory} with another config: {', '.join(other)}; use "
            "the old values, or choose another directory"
        )
    if place:
        warnings.warn(
            f"resuming {directory} elsewhere: {', '.join(place)}; the results may "
            "differ in the last bits from those of an uninterrupted run",
            stacklevel=3,
        )


def _identity(config: Mapping[str, Any], may_change: Collection[str]) -> dict[str, Any]:
    """Return the flat settings that make a run what it is."""
    free = {FORMAT_KEY, *may_change}
    flat = _flatten({k: v for k, v in config.items() if k not in free})
    if flat.get("data_source") in ("file", "cache", "download"):
        flat["data_source"] = "real"  # the same bytes, by the same data_sha256
    return flat


def _flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in config.items():
        name = f"{prefix}{key}"
        nested = isinstance(value, Mapping)
        flat |= _flatten(value, f"{name}.") if nested else {name: value}
    return flat


def _top(key: str) -> str:
    return key.split(".")[0].split(" ")[0]
