"""CSV bytes to a table of numbers: fast where all is well, exact where it is not.

The happy path is two vectorised passes: one counts the fields of every line, the
other is pandas' C reader. Only where a cell is no plain number is the file looked at
again, to find what stands for a missing cell, decimal commas and text; and only where
that does not help is it walked cell by cell, to name the line at fault.
"""

import io
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.series.cells import MISSING_WORDS
from seqconv_jax.data.series.csv_lines import (
    bad_cell,
    check_fields,
    check_unnamed_cells,
)
from seqconv_jax.data.series.csv_survey import Survey, sample_decimal, survey
from seqconv_jax.data.series.table import Columns, Table, text_only, unnamed_note
from seqconv_jax.data.series.text_form import TextForm, plain_text
from seqconv_jax.data.series.text_layout import Layout, find_layout

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["parse_csv"]

_BLANK_LINE = re.compile(rb"\n[^\S\n]*(?=\n)")


def parse_csv(
    data: bytes,
    columns: Columns,
    where: str,
    form: TextForm = TextForm(),  # noqa: B008 - frozen
) -> Table:
    r"""Return the table that CSV bytes hold.

    Any kind of line end, blank lines and a missing last line end are accepted; of one
    column, a note says how many blank lines stood between rows. The first line names
    the columns, after lines that have fewer fields.

    Args:
        data: the bytes of the file.
        columns: which columns to read.
        where: the file, for messages.
        form: how the file is written, as far as the caller says.

    Raises:
        UserError: naming the line, for text that is not numbers in a full rectangle.

    >>> parse_csv(b"a;b\n1;2,5\n3;4\n", Columns(drop=["a"]), "x.csv").values.tolist()
    [[2.5], [4.0]]
    """
    text, encoding = plain_text(data, form, where)
    layout = find_layout(text, form, where)
    columns = columns.resolved(layout.names, layout.rows, where)
    used, stamps = columns.pick(layout.names, where)
    if re.compile(rb"\S").search(text, layout.start) is None:
        raise _no_rows(where)
    blank_end = ""
    if columns.time is not None:  # a row without any cell has none
        text, blank_end = _without_blank_end(text, layout)
    form = replace(form, separator=form.separator or layout.separator)
    source = _Source(text, layout, form, columns.missing_texts, where)
    source.check()
    unnamed = columns.unnamed(layout.names)
    source.check_unnamed(unnamed)
    names = layout.names
    frame, seen, read = source.read(columns, used, stamps)
    texts = {names[at]: frame[at].to_numpy(object) for at in read}
    numbers = [at for at in used if at not in seen.texts]
    values = np.ascontiguousarray(frame[numbers].to_numpy(dtype=np.float64))
    notes = [f"encoded as {encoding.upper()} (found)"] if encoding else []
    notes += [*layout.notes(), *columns.notes, *_notes(seen, form)]
    notes += [blank_end] if blank_end else []
    notes += _blank_lines(text, layout, form)
    options = {**form.options(), "decimal": seen.decimal}
    if encoding:
        options["encoding"] = encoding
    if layout.above:
        options["skip_rows"] = layout.line - 1
    return Table(
        names=tuple(names[at] for at in numbers),
        values=values,
        stamps={names[at]: frame[at] for at in stamps} or None,
        notes=(*notes, *unnamed_note([names[at] for at in unnamed])),
        texts=texts,
        left_out=tuple(names[at] for at in seen.texts if names[at] not in texts),
        order=tuple(names[at] for at in used),
        options=options | columns.options(names, [*numbers, *read]),
        marks=tuple(mark.strip() for mark in seen.marks if mark.strip()),
    )


def _notes(seen: Survey, form: TextForm) -> Iterable[str]:
    if seen.decimal == "," and form.decimal is None:
        yield "decimal comma (found)"
    if seen.marks:
        marks = ", ".join(
            f"{mark!r} in {count:,} cells" for mark, count in seen.marks.items()
        )
        yield f"text that means missing: {marks} (found)"


def _without_blank_end(text: bytes, layout: Layout) -> tuple[bytes, str]:
    """Return the text without rows of empty cells at its end, and a note on them."""
    mark = layout.separator.encode()
    held = text.rstrip(mark + b" \n")
    end = text.find(b"\n", max(len(held), layout.start))
    rows = [line for line in text[end:].split(b"\n") if mark in line]
    if end < 0 or not rows:
        return text, ""
    note = f"{len(rows):,} rows at the end without any cell left out (found)"
    return text[: end + 1], note


def _blank_lines(text: bytes, layout: Layout, form: TextForm) -> Iterable[str]:
    """Say how many lines of one column might have been meant as missing values.

    Only where no line was left blank for being a comment or one to skip.
    """
    if len(layout.names) == 1 and form.comment is None and form.skip_rows is None:
        between = text[layout.start :].strip()
        if count := sum(1 for _ in _BLANK_LINE.finditer(between)):
            yield f'{count:,} blank lines left out; a missing value is "" (found)'


def _no_rows(where: str) -> UserError:
    return UserError(f"{where} has column names but no rows after them")


@dataclass
class _Source:
    """A text whose columns are known, for pandas to read, twice if need be."""

    text: bytes
    layout: Layout
    form: TextForm
    missing: Collection[str]
    where: str
    _form: dict[str, Any] = field(init=False, default_factory=dict)

    def check(self) -> None:
        """Raise for lines with another number of fields than there are names."""
        names, extra = len(self.layout.names), max(self.layout.extra, 0)
        mark = self.layout.separator
        check_fields(self.text, self.layout.start, names, extra, self.where, mark)

    def check_unnamed(self, unnamed: list[int]) -> None:
        """Raise for columns without a name that hold more than numbers."""
        layout = self.layout
        check_unnamed_cells(
            *(self.text, layout.start, layout.names, unnamed, self.where),
            layout.separator,
        )

    def read(
        self, columns: Columns, used: Sequence[int], stamps: Sequence[int]
    ) -> "tuple[pd.DataFrame, Survey, list[int]]":
        """Return the columns by position, what was found, and which texts are read.

        Args:
            columns: what the caller says of the columns.
            used: the columns of values, text included.
            stamps: the columns of the time.
        """
        known = [at for at in used if self.layout.names[at] in columns.texts]
        decimal = self.form.decimal
        if decimal is None and self.form.thousands is None:
            decimal = sample_decimal(self.layout.rows, used)
        seen = Survey(decimal or ".", {}, known)
        try:
            frame = self._numbers(used, stamps, known, seen)
            suspects = [
                at for at in used if at not in known and _flags(frame[at].to_numpy())
            ]
            words = re.compile(rb"true|false", re.IGNORECASE)
            if not suspects or words.search(self.text, self.layout.start) is None:
                return frame, seen, known
        except (ValueError, OverflowError):
            pass
        numbers = [at for at in used if at not in known]
        types = self._parse(dict.fromkeys(numbers, None), seen)
        seen = survey(
            *(types, decimal, self.form.thousands),
            timed=columns.time is not None,
            where=self.where,
        )
        seen = seen._replace(texts=[*known, *seen.texts])
        names = self.layout.names
        if len(seen.texts) == len(used) and columns.categories is None:
            raise text_only(names[seen.texts[0]], "text", self.where)
        read = columns.readable_texts(names, seen.texts, self.where)
        try:
            return self._numbers(used, stamps, read, seen), seen, read
        except (ValueError, OverflowError) as error:
            found = self._bad_cell([at for at in used if at not in seen.texts], seen)
            raise found or UserError(
                f"{self.where} cannot be read as separated numbers: {error}"
            ) from error

    def _numbers(
        self,
        used: Sequence[int],
        stamps: Sequence[int],
        texts: Sequence[int],
        seen: Survey,
    ) -> "pd.DataFrame":
        kinds: dict[int, Any] = dict.fromkeys([*texts, *stamps], str)
        kinds |= {at: "float64" for at in used if at not in seen.texts}
        return self._whole(self._parse(kinds, seen))

    def _parse(self, kinds: dict[int, Any], seen: Survey) -> "pd.DataFrame":
        import pandas as pd  # takes 80 MB, which reviews and arrays can do without

        buffer = io.BytesIO(self.text)
        buffer.seek(self.layout.start)
        try:
            return pd.read_csv(
                buffer,
                sep=self.layout.separator,
                decimal=seen.decimal,
                thousands=self.form.thousands,
                header=None,
                names=list(range(len(self.layout.names) + max(self.layout.extra, 0))),
                usecols=sorted(kinds),
                dtype={at: kind for at, kind in kinds.items() if kind is not None},
                index_col=False,
                keep_default_na=False,
                na_values=[*MISSING_WORDS, *self.missing, *seen.marks],
                low_memory=False,
            )
        except pd.errors.EmptyDataError:
            raise _no_rows(self.where) from None
        except pd.errors.ParserError as error:  # such as rows of one quoted blank
            raise UserError(
                f"{self.where} cannot be read as separated text: {error}"
            ) from error

    def _whole(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        """Return the frame after checking that it has rows, and what ends them."""
        if frame.empty:
            raise _no_rows(self.where)
        if self.layout.extra > 0:
            mark = self.layout.separator.encode()
            text = self.text[self.layout.start :].rstrip(b"\n ")
            if text.count(mark + b"\n") + text.endswith(mark) < len(frame):
                raise UserError(
                    f"{self.where}: rows have a field more than the first line names, "
                    "and it is not empty in all of them"
                )
        return frame

    def _bad_cell(self, used: list[int], seen: Survey) -> UserError | None:
        layout = self.layout
        return bad_cell(
            *(self.text, layout.start, layout.names, used, self.where),
            separator=layout.separator,
            decimal=seen.decimal,
            thousands=self.form.thousands,
            missing=tuple(self.missing),
        )


def _flags(column: np.ndarray) -> bool:
    """Return whether a column may be one of True and False, read as 1 and 0."""
    return bool(((column == 0) | (column == 1) | np.isnan(column)).all())
