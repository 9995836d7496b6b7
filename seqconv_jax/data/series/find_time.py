"""Which column of a table holds the time."""

import re
from collections.abc import Sequence
from typing import Any

from seqconv_jax._checks import UserError

__all__ = ["find_time_columns"]

_DATE = re.compile(r"\s*(\d{4}[-/.]\d{1,2}([-/.]\d|$)|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})")


def find_time_columns(
    names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> tuple[str, ...] | None:
    """Return the columns of the time, or None if there are none.

    Args:
        names: every column name.
        rows: the cells of the first rows.

    Raises:
        UserError: naming the choice, where several columns look like times.
    """
    found = [
        name
        for at, name in enumerate(names)
        if rows and all(_DATE.match(str(row[at])) for row in rows)
    ]
    if len(found) > 1:
        shown = ", ".join(map(repr, found))
        raise UserError(
            f"{len(found)} columns look like times: {shown}; name one with time=..."
        )
    return tuple(found) or None
