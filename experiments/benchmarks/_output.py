"""What the scripts of this folder write and check alike."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from seqconv_jax import UserError


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write strict JSON: a number that is not finite is an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=1, allow_nan=False, default=str)
    path.write_text(text + "\n", encoding="utf-8")


def check_names(flag: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raise a `UserError` for a name that is not known."""
    for name in given:
        if name not in known:
            raise UserError(f"{flag} must be of {', '.join(known)}, got {name!r}")
