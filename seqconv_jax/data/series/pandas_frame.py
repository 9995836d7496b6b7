"""A pandas frame as a table of numbers and times."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from seqconv_jax._checks import UserError, shown
from seqconv_jax.data.series.cells import looks_like_a_number
from seqconv_jax.data.series.given import from_pandas, given_times
from seqconv_jax.data.series.table import (
    Columns,
    Table,
    check_unnamed,
    listed,
    text_only,
    unnamed_note,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["frame_table"]

_WHERE = "the frame"


def frame_table(frame: Any, columns: Columns) -> Table:
    """Return the table that a pandas frame or series holds; a missing cell is NaN.

    Raises:
        UserError: for another object, an index that is neither times nor a count of
            rows, names that are not text, and columns that are no numbers and no text.
    """
    frame = _frame(frame)
    if not len(frame):
        raise UserError("`frame` must have at least one row, got none")
    index, asked = frame.index, columns.time is not None
    names = list(frame.columns)
    by_index = columns.time in (None, (index.name,)) and index.name not in names
    if columns.time == "auto" and index.dtype.kind == "M":
        by_index = True
    by_index |= columns.time is None
    columns = replace(columns, time=None) if by_index else columns
    head = frame.head(100).astype(object).to_numpy().tolist()
    columns = columns.resolved(names, head, _WHERE)
    used, times = columns.pick(names, _WHERE)
    unnamed = [names[at] for at in columns.unnamed(names)]
    for name in unnamed:
        check_unnamed(name, str(frame[name].dtype), _numeric(frame[name].dtype), _WHERE)
    asked_for = columns.keep or ()
    timed = bool(times) or index.dtype.kind == "M"
    texts = [at for at in used if _is_text(frame.iloc[:, at])]
    others = [
        at
        for at in used
        if timed and frame.dtypes.iloc[at].kind == "M" and names[at] not in asked_for
    ]
    read = columns.readable_texts(names, texts, _WHERE)
    numbers = [at for at in used if at not in {*texts, *others}]
    values = _numbers(frame.iloc[:, numbers], [names[at] for at in numbers])
    if not numbers and not read:
        at = [*texts, *others][0]
        raise text_only(names[at], str(frame.dtypes.iloc[at]), _WHERE)
    stamps, notes = {}, ()
    for at in times:
        stamps[names[at]], said = _stamps(frame.iloc[:, at])
        notes += tuple(note for note in said if note not in notes)
    if not times:
        cells, notes = _index_times(index, asked)
        stamps = {} if cells is None else {str(index.name or ""): cells}
    options = columns.options(names, [*numbers, *read])
    if not times and stamps:
        options["time"] = index.name if isinstance(index.name, str) else "auto"
    return Table(
        names=tuple(names[at] for at in numbers),
        values=values,
        stamps=stamps or None,
        notes=(*columns.notes, *notes, *unnamed_note(unnamed)),
        texts={names[at]: _texts(frame.iloc[:, at]) for at in read},
        left_out=tuple(names[at] for at in [*texts, *others] if at not in read),
        order=tuple(names[at] for at in used),
        options=options,
    )


def _frame(frame: Any) -> "pd.DataFrame":
    other_kind = UserError(
        f"`frame` must be a pandas DataFrame or Series, got {shown(frame)}"
    )
    if not from_pandas(frame):
        raise other_kind
    import pandas as pd

    if isinstance(frame, pd.Series):
        if frame.name is None:
            raise UserError("`frame` is a series without a name: frame.rename('level')")
        frame = frame.to_frame()
    if not isinstance(frame, pd.DataFrame):
        raise other_kind
    if isinstance(frame.index, pd.MultiIndex) or isinstance(
        frame.columns, pd.MultiIndex
    ):
        raise UserError(
            "`frame` must have one level of rows and of columns, got a MultiIndex; "
            "take one group (frame.xs), or one column a group (frame.unstack)"
        )
    other = [name for name in frame.columns if not isinstance(name, str)]
    if other:
        raise UserError(
            f"`frame` must have texts as column names, got {listed(other, 5)}; "
            "frame.rename(columns=str) makes them so"
        )
    return frame


def _numbers(frame: "pd.DataFrame", names: list[str]) -> np.ndarray:
    kinds = dict(zip(names, frame.dtypes, strict=True))
    other = {name: kind for name, kind in kinds.items() if not _numeric(kind)}
    if other:
        kinds = ", ".join(f"{name!r} {kind}" for name, kind in list(other.items())[:8])
        raise UserError(
            f"{_WHERE}: {len(other)} columns hold no numbers ({kinds}); leave them out "
            f"with drop=[{next(iter(other))!r}], or make numbers of them with "
            "frame.astype or pandas.to_numeric"
        )
    if not names:
        return np.empty((len(frame), 0))
    columns = [
        frame.iloc[:, at].to_numpy(np.float64, na_value=np.nan)
        for at in range(len(names))
    ]
    return np.stack(columns, axis=1)


def _is_text(cells: "pd.Series") -> bool:
    """Return whether a column holds text that does not look like numbers."""
    from pandas.api import types

    dtype = cells.dtype
    if types.is_bool_dtype(dtype) or isinstance(dtype, _categorical()):
        return True
    if not types.is_string_dtype(dtype) and dtype.kind != "O":
        return False
    held = cells.dropna()
    if not len(held) or not all(isinstance(cell, str) for cell in held):
        return False
    return not held.map(looks_like_a_number).all()


def _categorical() -> type:
    import pandas as pd

    return pd.CategoricalDtype


def _texts(cells: "pd.Series") -> np.ndarray:
    """Return a column's texts as objects, None where one is missing."""
    gone = cells.isna().to_numpy()
    texts = [None if no else str(cell) for cell, no in zip(cells, gone, strict=True)]
    return np.array(texts, object)


def _numeric(dtype: Any) -> bool:
    from pandas.api import types

    return types.is_numeric_dtype(dtype) and not (
        types.is_bool_dtype(dtype) or types.is_complex_dtype(dtype)
    )


def _stamps(cells: "pd.Series") -> tuple[Any, tuple[str, ...]]:
    """Return the cells of a time column, text (read as in a file) or times."""
    import pandas as pd

    if isinstance(cells.dtype, pd.PeriodDtype) or cells.dtype.kind == "M":
        return given_times(cells, len(cells))
    if isinstance(cells.iloc[0], str) or _numeric(cells.dtype):
        return cells.reset_index(drop=True), ()
    return given_times(cells, len(cells))


def _index_times(index: "pd.Index", asked: bool) -> tuple[Any, tuple[str, ...]]:
    import pandas as pd

    if isinstance(index.dtype, pd.PeriodDtype) or index.dtype.kind == "M" or asked:
        return given_times(index, len(index))
    if index.dtype.kind in "iu" and index.name is None:
        in_order = (np.diff(index.to_numpy()) == 1).all()
        if in_order:
            return None, ()
        raise UserError(
            "`frame` has an index that counts rows out of order; sort the frame, or "
            "number its rows anew with frame.reset_index(drop=True)"
        )
    raise UserError(
        f"`frame` must have an index of times, or one that counts rows, got one of "
        f"{index.dtype} ({shown(index[0])} ...); set it with frame.set_index("
        "pandas.to_datetime(...)), pass time=..., or frame.reset_index(drop=True)"
    )
