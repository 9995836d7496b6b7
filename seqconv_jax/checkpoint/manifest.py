"""A directory that knows what belongs in it: every file's SHA-256 beside the content.

The manifest is a JSON file written last. Reading back checks the manifest against its
own digest and each file against the manifest, so damage is found before any other
library parses a byte, and nothing but the listed regular files is ever opened.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from seqconv_jax._checks import UserError
from seqconv_jax._files import plain, replace_file, to_json

FORMAT = 1
NAME = "manifest.json"
_REMEDY = "remove that directory to go on from another step, or start a new run"


def write(directory: Path, content: dict[str, Any]) -> None:
    """Seal a directory: write its manifest with `content` and every file's hash."""
    body = {"format": FORMAT, **plain(content), "files": _hashes(directory)}
    replace_file(directory / NAME, to_json({**body, "sha256": _digest(body)}, indent=1))


def read(directory: Path) -> dict[str, Any]:
    """Return the manifest of a sealed directory without reading its other files.

    Raises:
        UserError: if there is none, it is damaged or its format is newer, or if the
            directory is a link to somewhere else.
    """
    if directory.is_symlink():
        raise UserError(
            f"checkpoint {directory} is a link to {os.readlink(directory)}, expected a "
            "directory: links are not followed, so put the directory itself there"
        )
    if not directory.is_dir():
        raise UserError(f"checkpoint {directory} is missing, expected a directory")
    path = directory / NAME
    if path.is_symlink() or not path.is_file():
        raise UserError(
            f"checkpoint {directory} holds no {NAME}: it was not written by "
            f"seqconv_jax, or is damaged; {_REMEDY}"
        )
    try:
        manifest = json.loads(path.read_bytes())
        version, stored = manifest["format"], manifest.pop("sha256", None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _damaged(directory, f"{NAME} cannot be read") from None
    if isinstance(version, int) and version > FORMAT:
        raise UserError(
            f"checkpoint {directory} has format {version}, expected at most {FORMAT}: "
            "it was written by a newer seqconv_jax, so upgrade to read it"
        )
    if version != FORMAT or stored != _digest(manifest):
        raise _damaged(directory, f"{NAME} does not match its checksum")
    return manifest


def verify(directory: Path, manifest: dict[str, Any]) -> None:
    """Check every file of a sealed directory.

    Raises:
        UserError: naming the first file that is missing, changed, not listed or a link.
    """
    listed, present = manifest["files"], _hashes(directory)
    for name in sorted(listed.keys() - present.keys()):
        raise _damaged(directory, f"{name} is missing")
    for name in sorted(present.keys() - listed.keys()):
        raise _damaged(directory, f"{name} does not belong there")
    for name in sorted(listed):
        if listed[name] != present[name]:
            raise _damaged(directory, f"{name} does not match its checksum")


def _hashes(directory: Path) -> dict[str, str]:
    """Return the SHA-256 of each regular file below, by relative name."""
    found = {}
    for parent, folders, files in os.walk(directory):
        for name in folders + files:
            path = Path(parent, name)
            relative = path.relative_to(directory).as_posix()
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                raise _damaged(directory, f"{relative} is not a regular file")
            if path.is_file() and relative != NAME:
                with path.open("rb") as file:
                    found[relative] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _digest(body: dict[str, Any]) -> str:
    """Return the SHA-256 of a manifest's canonical JSON."""
    text = json.dumps(body, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _damaged(directory: Path, what: str) -> UserError:
    return UserError(f"checkpoint {directory} is damaged: {what}; {_REMEDY}")
