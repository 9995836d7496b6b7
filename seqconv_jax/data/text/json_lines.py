"""JSON with a key of texts: an object a line, some lines at a time, or an array."""

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
_LONGEST_ARRAY = 1 << 28


@dataclass(frozen=True)
class JsonLines:
    """A file of JSON objects, one a line, or in one array.

    Blank lines do not count. An array is in memory as a whole, lines are not.

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
        for where, value, size in self._objects():
            for name in columns or ():
                if name not in value:
                    raise UserError(f"{where}: no key {name!r}")
            objects.append(
                value if columns is None else {name: value[name] for name in columns}
            )
            used += size
            if used > _CHARACTERS or first + len(objects) == rows:
                yield first, _by_key(objects, columns)
                first, used, objects = first + len(objects), 0, []
                if first == rows:
                    return
        if objects:
            yield first, _by_key(objects, columns)

    def _objects(self) -> Iterator[tuple[str, dict[str, Any], int]]:
        """Yield what to call an object, the object, and its characters."""
        with opened_text(self.path, self.encoding, self.max_bytes) as file:
            number = 0
            while line := file.readline(_LONGEST_LINE):
                number += 1
                if number == 1 and line.startswith("["):
                    yield from self._of_array(line + file.read(_LONGEST_ARRAY))
                    return
                where = f"{self.path}, line {number:,}"
                if len(line) == _LONGEST_LINE:
                    raise UserError(
                        f"{where}, must have at most {_LONGEST_LINE:,} characters"
                    )
                if not line.isspace():
                    wanted = "an object is expected on every line"
                    yield where, _object(_parsed(line, where, wanted), where), len(line)

    def _of_array(self, content: str) -> Iterator[tuple[str, dict[str, Any], int]]:
        if len(content) > _LONGEST_ARRAY:
            raise UserError(
                f"{self.path} is an array of more than {_LONGEST_ARRAY:,} characters; "
                "write it as JSON lines, an object a line"
            )
        values = _parsed(content, str(self.path), "an array of objects is expected")
        size = len(content) // max(len(values), 1)
        for number, value in enumerate(values):
            where = f"{self.path}, element {number:,}"
            yield where, _object(value, where), size


def _parsed(text: str, where: str, wanted: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where}, is no JSON: {error}; {wanted}") from None


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UserError(f"{where}: an object is expected, got {shown(value)}")
    return value


def _by_key(
    objects: list[dict[str, Any]], columns: Sequence[str] | None
) -> dict[str, list[Any]]:
    names = columns or dict.fromkeys(name for each in objects for name in each)
    return {name: [each.get(name) for each in objects] for name in names}
