"""Reading a time series from a text file of columns or a Parquet file."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from seqconv_jax._checks import positive_int
from seqconv_jax.data.files.array_folder import holds
from seqconv_jax.data.files.origin import Origin
from seqconv_jax.data.series.csv import parse_csv
from seqconv_jax.data.series.missing import split_marks
from seqconv_jax.data.series.parquet import read_parquet
from seqconv_jax.data.series.rules import Rules
from seqconv_jax.data.series.series import Series
from seqconv_jax.data.series.source_file import MAX_BYTES, existing_file, text_bytes
from seqconv_jax.data.series.table import Columns, Table
from seqconv_jax.data.series.text_form import TextForm

__all__ = ["read_series", "read_table", "reading"]


def read_series(
    path: str | os.PathLike[str] | Origin,
    *,
    time: str | Sequence[str] | None = None,
    keep: Sequence[str] | None = None,
    drop: Sequence[str] = (),
    categories: str | Mapping[str, Sequence[str]] | None = None,
    time_format: str | None = None,
    day_first: bool | None = None,
    zone: str | None = None,
    separator: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    encoding: str | None = None,
    comment: str | None = None,
    skip_rows: int | Sequence[int] | None = None,
    skip_footer: int = 0,
    names: str | Sequence[str] | None = None,
    missing_marks: Sequence[float | str] = (-9999.0,),
    missing: str = "error",
    trim: bool = False,
    reverse: bool = False,
    unsorted: str = "error",
    duplicates: str = "error",
    max_bytes: int = MAX_BYTES,
) -> Series:
    r"""Read a time series from a text or Parquet file; nothing is fixed unasked.

    How a text file is written is found where it is plain, and `Series.notes` says what
    was found: the separator, lines above the names that have fewer fields, a decimal
    comma, texts that mean "missing" (`?`, `NA`, `-`, `.`, `n/a`, `null` and the like),
    UTF-16 by its mark. Where two readings are possible an error names the option to
    pass. Blank lines, any line ends, a byte order mark and a separator at the end of
    every row are accepted. Rows are counted from 0, the first row after the names.

    Args:
        path: a `.csv`, `.tsv`, `.txt`, `.dat` or `.parquet` file, a `.csv.gz`, or a
            `.zip` with one text file; or what `find` returned for one, which is not
            hashed again; or a folder that `convert_series` made, which is opened as
            it was converted, whatever the options.
        time: the column of times, or the columns whose parts make up the time; see
            `times.parse_time_columns` for the forms. "auto" finds it. None for a file
            without one, which then understands rows only, no durations.
        keep: the columns to read, None for all; they stay in the file's order.
        drop: columns to leave out.
        categories: what to do with columns of text: None leaves them out with a note;
            "one-hot" makes a column of 0 and 1 of each of at most 50 values; a mapping
            of columns to their values does so with the values given.
        time_format: a `strptime` format, where the form is not recognised.
        day_first: whether the day comes before the month, where the data leaves it
            open.
        zone: the zone of times that name none, such as "Europe/Berlin", summer time
            included; they become UTC. None keeps them as they are.
        separator: what stands between fields: ",", ";", "\\t", "|" or " " (one blank
            or more); None to find it.
        decimal: the decimal mark: "." or ","; None to find it.
        thousands: what stands between groups of three digits, never looked for.
        encoding: of the text, as Python names it, such as "latin-1"; None for UTF-8, or
            UTF-16 with a byte order mark.
        comment: the character that begins a comment, up to the end of its line.
        skip_rows: how many lines to leave out above the names, or a list with the
            numbers of lines to leave out, counted from 1. None finds lines above the
            names by their number of fields.
        skip_footer: how many lines to leave out at the end, blank ones aside.
        names: of the columns, where no line of the file has them; "numbered" for
            "column 1", "column 2" and so on.
        missing_marks: numbers, and texts beside the known ones, that mean "missing";
            pass `()` if -9999 is a value.
        missing: what to do about cells that are empty, infinite or a mark: "error",
            "keep" them as they are, take the "previous" value, "interpolate" (which
            looks at the next value, so a window may see past its end) or "drop" rows.
        trim: leave out the rows at the beginning and the end that have missing cells,
            before `missing` says what to do about the others.
        reverse: whether the file has its newest row first.
        unsorted: what to do where time runs backwards: "error", "sort" or "keep".
        duplicates: what to do about repeated times: "error", "first", "last" (keep
            that row only) or "keep" all.
        max_bytes: most bytes to read, after unpacking.

    Parquet has types and needs none of `separator` to `names`; they are then without
    effect, so that options of one file read another.

    Returns:
        The series, its values finite unless `missing="keep"`.

    Raises:
        UserError: one line that names the file, the place and the remedy.

    Warns:
        SentinelWarning: of a number that looks as if it meant "missing": far outside
            the rest of its column, and repeated. It is read as a number.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "river.csv")
        ...     _ = path.write_text("day;level (m)\n2020-01-01;2,5\n2020-01-02;?\n")
        ...     series = read_series(path, time="day", missing="previous")
        >>> series.values.tolist(), dict(series.missing)
        ([[2.5], [2.5]], {'level (m)': 1})
        >>> series.notes[:2]
        ("separated by ';' (found)", 'decimal comma (found)')
        >>> series.read_options["separator"], series.read_options["decimal"]
        (';', ',')
    """
    if isinstance(path, str | os.PathLike) and holds(path, "series"):
        from seqconv_jax.data.series.convert import open_series

        return open_series(path)
    options = dict(locals())
    columns, form, rules = reading(options)
    table, where, origin = read_table(path, columns, form, max_bytes)
    return Series(**rules.apply(table, where)._asdict(), origin=origin)


def reading(options: Mapping[str, Any]) -> tuple[Columns, TextForm, Rules]:
    """Return what options of `read_series` say: of columns, the text, and the rules."""

    def given(kind: Any) -> dict[str, Any]:
        return {name: options[name] for name in kind if name in options}

    marks = options.get("missing_marks", Rules().missing_marks)
    columns = given(("time", "keep", "drop", "categories"))
    texts = tuple(split_marks(marks)[1])
    form = given(each.name for each in fields(TextForm))
    return (
        Columns(**columns, missing_texts=texts),
        TextForm(**form),
        Rules(**given(Rules._fields)),
    )


def read_table(
    path: str | os.PathLike[str] | Origin,
    columns: Columns,
    form: TextForm,
    max_bytes: int,
) -> tuple[Table, str, Origin]:
    """Return the table that a file holds, what to call it, and where it is from."""
    file = existing_file(path.path if isinstance(path, Origin) else path)
    positive_int("max_bytes", max_bytes)
    if file.name.lower().endswith(".parquet"):
        table = read_parquet(file, columns, max_bytes)
    else:
        table = parse_csv(text_bytes(file, max_bytes), columns, str(file), form)
    return table, str(file), path if isinstance(path, Origin) else Origin.of(file)
