"""A run as StableHLO: a line of JSON, and behind it what `jax.export` serialised."""

import datetime
import hashlib
import json
import os
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import jax
import jax.export
import numpy as np

from seqconv_jax import _checks
from seqconv_jax._checks import UserError, first_line
from seqconv_jax._files import replace_file
from seqconv_jax._json import to_json
from seqconv_jax.export.given import import_extra, new_file, predictor_of
from seqconv_jax.export.program import program_of

__all__ = ["StableHLO", "load_stablehlo", "stablehlo"]

FORMAT = "seqconv_jax stablehlo"
VERSION = 1
PLATFORMS = ("cpu", "cuda")
MONTHS = 6  # JAX's promise: docs.jax.dev, "Exporting", compatibility guarantees
_LONGEST_HEADER = 2**26  # bytes; a vocabulary is in it


def stablehlo(run: Any, path: str | os.PathLike[str]) -> None:
    """Write a run's best epoch as StableHLO, for CPU and CUDA, for any batch size.

    The file is one line of JSON and then the bytes of `jax.export`; with those ten
    lines of docs/export.md it is used without this library. JAX promises to read it for
    six months, counted from the day of writing (in truth from the release of the JAX
    that wrote it, whose date no JAX knows: export with a recent one).

    Args:
        run: a run directory, or what `runs.load` returned.
        path: the file; replaced at once and whole if it exists.

    Raises:
        UserError: if the run cannot be loaded or the file not be written.

    Example:
        >>> import importlib.util, tempfile
        >>> import seqconv_jax as sc
        >>> x = np.arange(8, dtype=np.float32).reshape(8, 1, 1)
        >>> model = sc.nn.Sequential((sc.nn.Flatten(), sc.nn.Dense(1)))
        >>> options = {"optimizer": sc.optim.rmsprop(1e-2), "loss": sc.losses.mae}
        >>> directory = tempfile.mkdtemp()
        >>> with sc.runs.open(directory + "/run") as run:
        ...     task = sc.data.arrays_task(x, x[:, 0])
        ...     result = sc.train.fit(model, task, epochs=1, run=run, **options)
        >>> if importlib.util.find_spec("flatbuffers"):  # the extra `export`
        ...     stablehlo(directory + "/run", directory + "/model.stablehlo")
        ...     loaded = load_stablehlo(directory + "/model.stablehlo")
        ...     assert loaded(x[:5]).shape == (5, 1)
    """
    import_extra("flatbuffers", "export")
    file = new_file(path)
    program = program_of(predictor_of(run))
    (batch,) = jax.export.symbolic_shape("batch")
    specs = [each.spec(batch) for each in program.inputs]
    export = jax.export.export(jax.jit(program.function), platforms=PLATFORMS)
    body = bytes(export(*specs).serialize())
    today = datetime.datetime.now(datetime.UTC).date()
    header = {
        "format": FORMAT,
        "version": VERSION,
        "jax": jax.__version__,
        "written": today.isoformat(),
        "promised_until": _months_later(today, MONTHS).isoformat(),
        "platforms": PLATFORMS,
        "bytes": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        **program.described(),
    }
    replace_file(file, to_json(header).encode() + body)


@dataclass(frozen=True, eq=False)
class StableHLO:
    """A loaded file: a function of arrays, and what is known of them.

    Attributes:
        header: its first line, such as `inputs`, `outputs` and `classes`.
        exported: what `jax.export.deserialize` returned.
    """

    header: Mapping[str, Any]
    exported: Any = field(repr=False)

    def __call__(self, *arrays: Any) -> jax.Array:
        """Return what the network says of a batch; compiled once for each batch size.

        Args:
            *arrays: the inputs of `header`, in their order.

        Raises:
            UserError: for others than those.
        """
        inputs = self.header["inputs"]
        count = f"{len(inputs)} arrays"
        _checks.expect(len(arrays) == len(inputs), "arrays", count, len(arrays))
        arrays = tuple(np.asarray(each) for each in arrays)
        for about, array in zip(inputs, arrays, strict=True):
            _checks.shape(about["name"], array, (None, *about["shape"][1:]))
            is_ids = about["dtype"] == "int32"
            check = _checks.integers if is_ids else _checks.floats
            check(about["name"], array)
        sizes = sorted({len(each) for each in arrays})
        fits = len(sizes) == 1 and sizes[0] > 0
        _checks.expect(fits, "arrays", "one batch of at least 1 example", sizes)
        typed = zip(inputs, arrays, strict=True)
        return self._call(*(array.astype(about["dtype"]) for about, array in typed))

    @cached_property
    def _call(self) -> Any:
        return jax.jit(self.exported.call)


def load_stablehlo(
    path: str | os.PathLike[str], *, past_promise: bool = False
) -> StableHLO:
    """Return what `stablehlo` wrote, as a function.

    Args:
        path: the file.
        past_promise: whether to try where JAX does not promise it any more. The JAX
            that wrote a file reads it at any time.

    Raises:
        UserError: for another file, a damaged one, one of a newer format, and one past
            JAX's promise.
    """
    import_extra("flatbuffers", "export")
    _checks.path("path", path)
    file = Path(path).expanduser()
    header, body = _split(file)
    until = header["promised_until"]
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    past = today > until and header["jax"] != jax.__version__
    if past and not past_promise:
        raise UserError(
            f"{file} was written by JAX {header['jax']}, and promised to load until "
            f"{until}; export the run again, install that JAX, or try it all the same "
            "with past_promise=True"
        )
    # JAX from 0.11.1 on looks at its own promise as well.
    flag, before = "jax_export_deserialize_expired_versions", None
    if past_promise and hasattr(jax.config, flag):
        before = getattr(jax.config, flag)
        jax.config.update(flag, True)
    try:
        exported = jax.export.deserialize(bytearray(body))
    except Exception as error:  # of MLIR, flatbuffers and JAX, without a common type
        raise UserError(
            f"JAX {jax.__version__} cannot read {file}, written by JAX "
            f"{header['jax']}: {first_line(error)}; export the run again"
        ) from error
    finally:
        if before is not None:
            jax.config.update(flag, before)
    return StableHLO(header, exported)


def _split(file: Path) -> tuple[dict[str, Any], bytes]:
    """Return header and body, of which the header says what the body is."""
    try:
        with file.open("rb") as opened:
            line = opened.readline(_LONGEST_HEADER)
            header = json.loads(line)
            body = opened.read()
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror or error}") from error
    except ValueError:
        header, body = None, b""
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise UserError(f"{file} is no file that export.stablehlo wrote")
    version = header.get("version")
    if type(version) is not int or not 1 <= version <= VERSION:
        raise UserError(
            f"{file} has version {version!r}, expected at most {VERSION}: it was "
            "written by a newer seqconv_jax, so upgrade to read it"
        )
    texts = all(isinstance(header.get(key), str) for key in ("jax", "promised_until"))
    whole = header.get("sha256") == hashlib.sha256(body).hexdigest()
    if not texts or not whole or not _described(header.get("inputs")):
        raise UserError(
            f"{file} is damaged: its content does not match its first line; export "
            "the run again"
        )
    return header, body


def _described(inputs: Any) -> bool:
    return isinstance(inputs, list) and all(
        isinstance(each, dict)
        and each.keys() >= {"name", "shape", "dtype"}
        and isinstance(each["shape"], list)
        for each in inputs
    )


def _months_later(day: datetime.date, months: int) -> datetime.date:
    """Return the same day some months later, or the last of a shorter month.

    >>> _months_later(datetime.date(2026, 8, 31), 6).isoformat()
    '2027-02-28'
    """
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return datetime.date(year, month, min(day.day, monthrange(year, month)[1]))
