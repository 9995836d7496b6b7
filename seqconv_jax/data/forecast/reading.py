"""Reading more series the way that those of a training were read."""

import inspect
import itertools
import os
from collections.abc import Mapping, Sequence
from typing import Any

from seqconv_jax._checks import UserError
from seqconv_jax.data.forecast.lacking import lacking_columns
from seqconv_jax.data.series import Series, SeriesGroup, read_series, read_series_group
from seqconv_jax.data.series.table import UnknownColumnError

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
        UserError: as these functions do, without the advice to pass other options.
    """
    options = {**options, **({"missing": "keep"} if keep_missing else {})}
    if "keep" in options:
        asked = {*needed, *(options.get("categories") or ())}
        options["keep"] = [name for name in options["keep"] if name in asked]
    read = read_series_group if "series" in options else read_series
    try:
        return read(path, **options)
    except UnknownColumnError as error:
        asked = [_several(options.get(name)) for name in ("time", "series", "keep")]
        names = tuple(dict.fromkeys(itertools.chain(*asked)))
        raise lacking_columns(names, error.names, str(path)) from error
    except UserError as error:
        what, _, advice = str(error).partition("; ")
        if "=" not in advice:
            raise
        raise UserError(
            f"{what}; it is read as the file of the training was, so change the file"
        ) from error


def _several(names: Any) -> Sequence[str]:
    return (names,) if isinstance(names, str) else names or ()


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
