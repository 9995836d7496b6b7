"""From a published file to its series, or to the stand-in where there is no file."""

import os
from collections.abc import Callable
from typing import Any

from seqconv_jax.data.files.find import find
from seqconv_jax.data.files.source import Source
from seqconv_jax.data.series.read import read_series
from seqconv_jax.data.series.series import Series

__all__ = ["load_series"]


def load_series(
    source: Source,
    path: str | os.PathLike[str] | None,
    generate: Callable[[], Series],
    *,
    require_real: bool,
    **reading: Any,
) -> Series:
    """Find and read a series, or generate its stand-in.

    Args:
        source: the published file.
        path: where the user says it is; see `files.find`.
        generate: makes the stand-in.
        require_real: raise where the stand-in would be used.
        **reading: options of `read_series`.

    Raises:
        UserError: if the file cannot be found or read.
    """
    origin = find(source, path, require_real=require_real)
    return generate() if origin.path is None else read_series(origin, **reading)
