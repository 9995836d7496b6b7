"""What a new series lacks of the columns that a forecaster was trained with."""

from collections.abc import Sequence

from seqconv_jax._checks import UserError
from seqconv_jax.data.forecast.outputs import unit_of
from seqconv_jax.data.series.table import listed

__all__ = ["lacking_columns"]


def lacking_columns(
    needed: Sequence[str], held: Sequence[str], where: str
) -> UserError:
    """Return the error for a series without some columns, or with another unit of one.

    >>> print(lacking_columns(["T (degC)", "p"], ["T (K)", "p"], "new.csv"))
    new.csv has 'T (K)', of another unit than 'T (degC)', which the model was trained \
on; convert it
    >>> print(lacking_columns(["T", "p"], ["p", "q"], "new.csv"))
    new.csv has no column 'T', which the model was trained on; it needs 'T', 'p', \
and there are 'p', 'q'

    Args:
        needed: the columns that are read.
        held: those that there are.
        where: the file or series.
    """
    lacking = [name for name in needed if name not in held]
    for name in lacking:
        for other in held:
            if other not in needed and _bare(other) == _bare(name):
                return UserError(
                    f"{where} has {other!r}, of another unit than {name!r}, which the "
                    "model was trained on; convert it"
                )
    return UserError(
        f"{where} has no column {listed(lacking, 10)}, which the model was trained on; "
        f"it needs {listed(needed)}, and there are {listed(held)}"
    )


def _bare(name: str) -> str:
    return name.removesuffix(f"({unit_of(name)})").strip()
