"""A folder of text files: one folder a class, in train and test folders or not."""

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seqconv_jax._checks import UserError
from seqconv_jax.data.text.opened import cannot_read, check_encoding, decoded
from seqconv_jax.data.text.texts import Batch, Label

__all__ = ["TextFolder", "part_of_name"]

_PARTS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("test", "testing"), "test"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
}
# Reviews without a label, in the folder of train: the archive of the IMDB reviews.
_UNLABELLED = "unsup"
_BATCH = 512
_LARGEST = 64 << 20


def part_of_name(name: str) -> str | None:
    """Return the part that a folder or file holds by its name, if it says so.

    >>> part_of_name("20news-bydate-train"), part_of_name("Test"), part_of_name("neg")
    ('train', 'test', None)
    """
    return _PARTS.get(re.split(r"[-_ ]", name.lower())[-1])


@dataclass(frozen=True)
class TextFolder:
    """The text files of a folder, found once, in the order of their names.

    Attributes:
        path: the folder.
        files: the files, relative to it, with the part of each and its label.
        notes: what was left out, a sentence each.
    """

    path: Path
    files: tuple[tuple[str, str | None, str | None], ...]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, path: Path, *, labelled: bool | None) -> "TextFolder":
        """Find the files of `PART/LABEL/*.txt`, `LABEL/*.txt` or, without labels, all.

        Hidden files and links are left out, and so are files that lie elsewhere.

        Args:
            path: the folder.
            labelled: whether folders are labels; None where one is that of train, or no
                text lies beside them.

        Raises:
            UserError: where there is none.
        """
        notes: list[str] = []
        folders, here = _entries(path, notes)
        parts = {name: part for name in folders if (part := part_of_name(name))}
        if labelled is None:
            labelled = "train" in parts.values() or not _of_text(here)
        files: list[tuple[str, str | None, str | None]] = []
        if labelled and parts and "train" in parts.values():
            for name, part in sorted(parts.items(), key=lambda item: item[1]):
                _one_part(path, name, part, files, notes)
        elif labelled:
            _leave_out_unlabelled(folders, path.name, notes)
            for label in folders:
                files += [
                    (f"{label}/{name}", None, label)
                    for name in _texts(path / label, notes)
                ]
        else:
            files += [(name, None, None) for name in _of_text(here)]
            for label in () if files else folders:
                files += [
                    (f"{label}/{name}", None, None)
                    for name in _texts(path / label, notes)
                ]
        if not files:
            raise UserError(
                f"{path} has no text files"
                + (
                    "; expected LABEL/*.txt, train/LABEL/*.txt and test/LABEL/*.txt, "
                    "or files train.csv and test.csv"
                    if labelled
                    else " (*.txt)"
                )
            )
        return cls(path, tuple(files), tuple(notes))

    @property
    def labelled(self) -> bool:
        """Whether every file has a label."""
        return all(label is not None for *_, label in self.files)

    def batches(self, encoding: str, max_bytes: int, labels: bool) -> Iterator[Batch]:
        """Read the files.

        Raises:
            UserError: for one that cannot be read, or is too large.
        """
        left = max_bytes
        for at in range(0, len(self.files), _BATCH):
            some = self.files[at : at + _BATCH]
            start = 0
            for end in range(1, len(some) + 1):  # a batch is of one part
                if end < len(some) and some[end][1] == some[start][1]:
                    continue
                rows = some[start:end]
                texts = []
                for name, _, _ in rows:
                    text, size = _read(self.path / name, encoding)
                    left -= size
                    if left < 0:
                        raise UserError(
                            f"{self.path} holds more than {max_bytes:,} bytes; raise "
                            "`max_bytes` to read it"
                        )
                    texts.append(text)
                names = [name for name, _, _ in rows]
                known: list[Label] = [str(label) for *_, label in rows]
                yield Batch(texts, known if labels else None, names, rows[0][1])
                start = end

    def sha256(self) -> str:
        """Return a hash of the files' names and contents."""
        whole = hashlib.sha256()
        for name, *_ in self.files:
            content = _content(self.path / name)
            whole.update(f"{name}\0{len(content)}\0".encode("utf-8", "surrogateescape"))
            whole.update(content)
        return whole.hexdigest()


def _one_part(path: Path, name: str, part: str, files: list, notes: list[str]) -> None:
    labels, beside = _entries(path / name, notes)
    _leave_out_unlabelled(labels, name, notes)
    if beside:
        notes.append(f"left out: {len(beside):,} files in {name}/ beside the labels'")
    for label in labels:
        files += [
            (f"{name}/{label}/{file}", part, label)
            for file in _texts(path / name / label, notes)
        ]


def _leave_out_unlabelled(labels: list[str], name: str, notes: list[str]) -> None:
    if _UNLABELLED in labels:
        labels.remove(_UNLABELLED)
        notes.append(f"left out: {name}/{_UNLABELLED}, which has no labels")


def _texts(folder: Path, notes: list[str]) -> list[str]:
    folders, files = _entries(folder, notes)
    if folders:
        notes.append(f"left out: {len(folders):,} folders in {folder.name}/")
    return _of_text(files)


def _of_text(files: list[str]) -> list[str]:
    """Return the `.txt` files; where there are none, those without an ending."""
    found = [name for name in files if name.lower().endswith(".txt")]
    return found or [
        name for name in files if not Path(name).suffix.strip(".0123456789")
    ]


def _entries(folder: Path, notes: list[str]) -> tuple[list[str], list[str]]:
    """Return the names of a folder's folders and of its files, sorted."""
    folders, files, links = [], [], 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_symlink():
                    links += 1
                elif entry.is_dir():
                    folders.append(entry.name)
                elif entry.is_file():
                    files.append(entry.name)
    except OSError as error:
        raise cannot_read(folder, error) from error
    if links:
        notes.append(f"left out: {links:,} links in {folder.name}/, not followed")
    return sorted(folders), sorted(files)


def _content(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise cannot_read(path, error) from error
    if len(content) > _LARGEST:
        raise UserError(f"{path} must have at most {_LARGEST:,} bytes for one text")
    return content


def _read(path: Path, encoding: str) -> tuple[str, int]:
    content = _content(path)
    return decoded(content, check_encoding(encoding), path), len(content)
