"""JSON with an object a line and a key of texts, some lines at a time."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqconv_jax._checks import UserError, shown
from seqconv_jax.data.text.opened import opened_text

__all__ = ["JsonLines"]

_CHARACTERS = 8 << 20  # that are read at a time
_LONGEST_LINE = 64 << 20


@dataclass(frozen=True)
class JsonLines:
    """A file of JSON objects, one a line; blank lines do not count.

    Attributes:
        path: the file; `.gz` and `.zip` are unpacked.
        encoding: as Python calls it.
        max_bytes: most bytes to read, after unpacking.
    """

    path: Path
    encoding: str
    max_bytes: int
    notes: tuple[str, ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments that read another file in the same way."""
        return {"encoding": self.encoding}

    def chunks(
        self, columns: Sequence[str] | None = None, rows: int | None = None
    ) -> Iterator[tuple[int, dict[str, list[Any]]]]:
        """Yield the number of the first row of a chunk, and its values by key.

        Args:
            columns: the keys to read; None for all, None being a value not there.
            rows: the most to read; None for all.

        Raises:
            UserError: for a line that is no JSON object, or has no such key.
        """
        first, used, objects = 0, 0, []
        for number, line in self._lines():
            value = self._object(line, number)
            for name in columns or ():
                if name not in value:
                    raise UserError(f"{self.path}, line {number:,}: no key {name!r}")
            objects.append(
                value if columns is None else {name: value[name] for name in columns}
            )
            used += len(line)
            if used > _CHARACTERS or first + len(objects) == rows:
                yield first, _by_key(objects, columns)
                first, used, objects = first + len(objects), 0, []
                if first == rows:
                    return
        if objects:
            yield first, _by_key(objects, columns)

    def _lines(self) -> Iterator[tuple[int, str]]:
        with opened_text(self.path, self.encoding, self.max_bytes) as file:
            number = 0
            while line := file.readline(_LONGEST_LINE):
                number += 1
                if len(line) == _LONGEST_LINE:
                    raise UserError(
                        f"{self.path}, line {number:,}, must have at most "
                        f"{_LONGEST_LINE:,} characters"
                    )
                if not line.isspace():
                    yield number, line

    def _object(self, line: str, number: int) -> dict[str, Any]:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UserError(
                f"{self.path}, line {number:,}, is no JSON: {error}; an object is "
                "expected on every line"
            ) from None
        if not isinstance(value, dict):
            raise UserError(
                f"{self.path}, line {number:,}: an object is expected on every line, "
                f"got {shown(value)}"
            )
        return value


def _by_key(
    objects: list[dict[str, Any]], columns: Sequence[str] | None
) -> dict[str, list[Any]]:
    names = columns or dict.fromkeys(name for each in objects for name in each)
    return {name: [each.get(name) for each in objects] for name in names}
