"""The JSON of a run that knows its own checksum: config, summary, lines of the history.

Config, summary and predictor keep a format and a SHA-256 beside what they hold, a line
of the history a SHA-256. Format 1, of older versions, had no checksum anywhere, and is
still read. That the format says whether there must be a checksum is what shows a
flipped bit in either of the two.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from seqconv_jax._checks import UserError
from seqconv_jax._files import read_file, replace_file
from seqconv_jax._json import digest, parse_object, plain, to_json

FORMAT_KEY, FORMAT = "run_format", 2  # marks a config.json as one of ours
PREDICTOR = "predictor.json"
_CHECKSUM_KEY = "run_sha256"


def write_sealed(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON object with its format and its checksum."""
    body = {**plain(content), FORMAT_KEY: FORMAT}
    body.pop(_CHECKSUM_KEY, None)
    replace_file(path, to_json({**body, _CHECKSUM_KEY: digest(body)}, indent=2))


def read_config(path: Path) -> dict[str, Any]:
    """Return the config of a run, with its format.

    Raises:
        UserError: if it is missing, damaged, or not that of a run.
    """
    remedy = "put a copy of it back, or choose another directory"
    try:
        config = _read_sealed(path, remedy)
    except FileNotFoundError:
        raise UserError(f"{path} is missing; {remedy}") from None
    version = config.get(FORMAT_KEY)
    if type(version) is not int or not 1 <= version <= FORMAT:
        raise UserError(
            f"{path} is not the config of a run that this version can read, expected "
            f"{FORMAT_KEY} of 1 to {FORMAT}, got {version!r}; choose another directory"
        )
    if version < FORMAT and (path.parent / PREDICTOR).exists():
        raise UserError(
            f"{path} is damaged: it has no checksum, beside a {PREDICTOR} that no "
            f"version without checksums wrote; {remedy}"
        )
    return config


def read_summary(path: Path, *, sealed: bool = True) -> dict[str, Any] | None:
    """Return how a run ended, or None if it has not.

    Args:
        path: the file.
        sealed: whether a summary without a checksum is an error.

    Raises:
        UserError: if it is damaged.
    """
    remedy = "remove it, and resume the run to write it again"
    try:
        summary = _read_sealed(path, remedy)
    except FileNotFoundError:
        return None
    if summary.pop(FORMAT_KEY, None) != FORMAT and sealed:
        raise UserError(f"{path} is damaged: it has no checksum; {remedy}")
    return summary


def read_predictor(path: Path) -> dict[str, Any] | None:
    """Return what a run's predictor is made of, or None where that is not kept.

    Raises:
        UserError: if it is damaged.
    """
    remedy = "put a copy of it back, or resume the run to write it again"
    try:
        settings = _read_sealed(path, remedy)
    except FileNotFoundError:
        return None
    if settings.pop(FORMAT_KEY, None) != FORMAT:  # there never was one without
        raise UserError(f"{path} is damaged: it does not say its format; {remedy}")
    return settings


def write_lines(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Write a JSON object a line, each with its checksum."""
    bodies = [plain(record) for record in records]
    lines = [to_json({**body, _CHECKSUM_KEY: digest(body)}) for body in bodies]
    replace_file(path, "".join(lines))


def read_lines(path: Path, *, sealed: bool = True) -> list[dict[str, Any]]:
    """Return the JSON object of each line, without its checksum; [] for no file.

    Args:
        path: the file.
        sealed: whether a line without a checksum is an error.

    Raises:
        UserError: naming the line that is damaged, or is not the epoch of its number.
    """
    try:
        lines = read_file(path).split(b"\n")
    except FileNotFoundError:
        return []
    lines = lines[:-1] if lines[-1] == b"" else lines
    return [_read_line(path, i, line, sealed) for i, line in enumerate(lines, start=1)]


def _read_line(path: Path, number: int, line: bytes, sealed: bool) -> dict[str, Any]:
    where, remedy = f"{path}, line {number}", "put a whole copy of the file back"
    body = parse_object(line, where, finite=True, remedy=remedy)
    checksum = body.pop(_CHECKSUM_KEY, None)
    if (sealed or checksum is not None) and checksum != digest(body):
        raise UserError(f"{where} is damaged: not that of its checksum; {remedy}")
    epoch = body.get("epoch", number)
    if type(epoch) is not int or epoch != number:
        raise UserError(f"{where} must be epoch {number}, got {epoch!r}; {remedy}")
    return body


def _read_sealed(path: Path, remedy: str) -> dict[str, Any]:
    content = read_file(path, remedy=remedy)
    body = parse_object(content, str(path), finite=True, remedy=remedy)
    checksum = body.pop(_CHECKSUM_KEY, None)
    sealed = checksum is not None or body.get(FORMAT_KEY) == FORMAT
    if sealed and checksum != digest(body):
        raise UserError(f"{path} is damaged: it does not match its checksum; {remedy}")
    return body
