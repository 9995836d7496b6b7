"""Reading more series the way that those of a training were read."""

import inspect
import os
from collections.abc import Mapping, Sequence
from typing import Any

from seqconv_jax.data.series import Series, SeriesGroup, read_series, read_series_group

__all__ = ["read_again", "series_of"]


def read_again(
    path: str | os.PathLike[str],
    options: Mapping[str, Any],
    keep_missing: bool,
    needed: Sequence[str],
) -> Series | Mapping[str, Series]:
    """Return the series of a file, or those of a long table.

    Args:
        path: the file.
        options: those of `read_series`, or of `read_series_group` if `"series"` is one.
        keep_missing: whether missing cells stay, for somebody else to look at.
        needed: the columns that are asked for; the file may lack others.

    Raises:
        UserError: as these functions do.
    """
    options = {**options, **({"missing": "keep"} if keep_missing else {})}
    if "keep" in options:
        asked = {*needed, *(options.get("categories") or ())}
        options["keep"] = [name for name in options["keep"] if name in asked]
    read = read_series_group if "series" in options else read_series
    return read(path, **options)


def series_of(raw: Any, options: Mapping[str, Any], keep_missing: bool) -> Any:
    """Return a pandas frame as series, and anything else as it is.

    Args:
        raw: a frame with the columns of the files, whose index may be the time.
        options: as in `read_again`, those without a meaning for a frame included.
        keep_missing: as in `read_again`.
    """
    if not hasattr(raw, "iloc"):
        return raw
    options = {**options, **({"missing": "keep"} if keep_missing else {})}
    time = options.get("time")
    names = {time} if isinstance(time, str) else set(time or ())
    if not names <= set(getattr(raw, "columns", ())):
        options.pop("time", None)
    grouped = "series" in options
    known = {*inspect.signature(Series.from_pandas).parameters, "series"}
    options = {name: value for name, value in options.items() if name in known}
    kind = SeriesGroup if grouped else Series
    return kind.from_pandas(raw, **options)
