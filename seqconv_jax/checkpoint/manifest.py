"""A directory that knows what belongs in it: every file's SHA-256 beside the content.

The manifest is a JSON file written last. Reading back checks the manifest against its
own digest and each file against the manifest, so damage is found before any other
library parses a byte, and nothing but the listed regular files is ever opened.
"""

import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqconv_jax._checks import UserError
from seqconv_jax._files import (
    cannot_read,
    link_error,
    open_regular,
    read_file,
    replace_file,
)
from seqconv_jax._json import digest, parse_object, plain, to_json

FORMAT = 1
NAME = "manifest.json"
_REMEDY = "remove that directory to go on without it"


class DamagedError(UserError):
    """A directory does not hold what was written there.

    Attributes:
        damage: where and what it is, without what to do about it.
        mends: whether what to do about it loses nothing.
    """

    def __init__(self, directory: Path, what: str, remedy: str = _REMEDY):
        """Word it."""
        self.damage = f"checkpoint {directory} is damaged: {what}"
        self.mends = remedy != _REMEDY
        super().__init__(f"{self.damage}; {remedy}")


def write(directory: Path, content: dict[str, Any]) -> None:
    """Seal a directory: write its manifest with `content` and every file's hash."""
    body = {"format": FORMAT, **plain(content), "files": _hashes(directory)}
    replace_file(directory / NAME, to_json({**body, "sha256": digest(body)}, indent=1))


def read(directory: Path) -> dict[str, Any]:
    """Return the manifest of a sealed directory without reading its other files.

    Raises:
        UserError: if there is none, it is damaged or its format is newer, or if the
            directory is a link to somewhere else.
    """
    if directory.is_symlink():
        raise link_error(directory, "directory")
    if not directory.is_dir():
        raise UserError(f"checkpoint {directory} is missing, expected a directory")
    path = directory / NAME
    if os.path.exists(path) and not os.path.isfile(
        path
    ):  # to remove it would leave no step
        raise DamagedError(directory, f"{NAME} is no regular file")
    try:
        content = read_file(path)
    except FileNotFoundError:
        raise DamagedError(directory, f"it holds no {NAME}") from None
    try:
        manifest = parse_object(content, NAME, finite=True)
    except UserError:
        raise DamagedError(directory, f"{NAME} cannot be read") from None
    version, stored = manifest.get("format"), manifest.pop("sha256", None)
    if isinstance(version, int) and version > FORMAT:
        raise UserError(
            f"checkpoint {directory} has format {version}, expected at most {FORMAT}: "
            "it was written by a newer seqconv_jax, so upgrade to read it"
        )
    if version != FORMAT or stored != digest(manifest):
        raise DamagedError(directory, f"{NAME} does not match its checksum")
    if not _has_all(manifest):
        raise DamagedError(directory, f"{NAME} does not hold what a checkpoint needs")
    if str(manifest["step"]) != directory.name:
        raise _renamed(directory, str(manifest["step"]))
    return manifest


def _renamed(directory: Path, step: str) -> DamagedError:
    """Return the error of a checkpoint that has another name."""
    is_free = not os.path.lexists(directory.with_name(step))
    remedy = f"rename that directory to {step}" if is_free else _REMEDY
    return DamagedError(directory, f"it holds step {step}", remedy)


def verify(directory: Path, manifest: dict[str, Any]) -> None:
    """Check every file of a sealed directory.

    Raises:
        UserError: naming the first file that is missing, changed, not listed or a link.
    """
    listed, present = manifest["files"], _hashes(directory)
    for name in sorted(listed.keys() - present.keys()):
        raise DamagedError(directory, f"{name} is missing")
    for name in sorted(present.keys() - listed.keys()):
        raise DamagedError(directory, f"{name} does not belong there")
    for name in sorted(listed):
        if listed[name] != present[name]:
            raise DamagedError(directory, f"{name} does not match its checksum")


def damage(directory: Path) -> DamagedError | None:
    """Return what is wrong with a sealed directory, or None if it is whole.

    Raises:
        UserError: if that cannot be told: it cannot be read, is a link, or of a newer
            format.
    """
    try:
        verify(directory, read(directory))
    except DamagedError as error:
        return error
    return None


def _hashes(directory: Path) -> dict[str, str]:
    """Return the SHA-256 of each regular file below, by relative name."""
    found = {}
    try:
        for parent, folders, files in os.walk(directory, onerror=_raise):
            for name in folders + files:
                path = Path(parent, name)
                relative = path.relative_to(directory).as_posix()
                mode = os.lstat(path).st_mode
                if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
                    raise DamagedError(directory, f"{relative} is not a regular file")
                if stat.S_ISREG(mode) and relative != NAME:
                    with os.fdopen(open_regular(path, os.O_RDONLY), "rb") as file:
                        found[relative] = hashlib.file_digest(
                            file, "sha256"
                        ).hexdigest()
    except OSError as error:
        raise cannot_read(error.filename or directory, error) from error
    return found


def _raise(error: OSError) -> None:
    raise error


def _has_all(manifest: Mapping[str, Any]) -> bool:
    """Return whether a manifest has the parts that are read, each of its kind."""
    metrics, leaves = manifest.get("metrics"), manifest.get("leaves")
    files = manifest.get("files")
    return (
        type(manifest.get("step")) is int
        and (metrics is None or isinstance(metrics, dict))
        and all(map(_is_score, (metrics or {}).values()))
        and isinstance(leaves, dict)
        and all(map(_is_leaf, leaves.values()))
        and isinstance(manifest.get("info", {}), dict)
        and isinstance(files, dict)
        and all(isinstance(checksum, str) for checksum in files.values())
    )


def _is_score(value: Any) -> bool:
    return value is None or isinstance(value, (int, float))


def _is_leaf(described: Any) -> bool:
    if not isinstance(described, dict) or described.keys() != {"shape", "dtype"}:
        return False
    shape, dtype = described["shape"], described["dtype"]
    if not isinstance(shape, list) or not isinstance(dtype, str):
        return False
    return all(type(size) is int and size >= 0 for size in shape)
