"""Reading `imdb.npz`, with a flat copy in the cache because unpickling is slow."""

import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.files import cache
from seqconv_jax.data.files.npz import Ragged, read_npz
from seqconv_jax.data.text.sequences import HIGHEST_TOKEN, LabelledSequences

__all__ = ["checked_reviews", "read_reviews"]

_SPLITS = ("train", "test")
_PARTS = ("tokens", "offsets", "labels")

Splits = tuple[LabelledSequences, LabelledSequences]


def read_reviews(path: Path, sha256: str) -> Splits:
    """Read the train and test reviews of a file in the format of Keras's `imdb.npz`.

    The first time, the reviews are also written to the cache directory as plain
    arrays, under the hash of the file they come from; that copy is read from then on.
    It is a convenience: one that cannot be written is done without, and a damaged one
    is made anew.

    Args:
        path: the file: arrays `x_train`, `y_train`, `x_test` and `y_test`.
        sha256: its hash.

    Returns:
        Train and test, tokens being word ranks.

    Raises:
        UserError: if the file is not what it should be.
    """
    flat = cache.cache_dir() / f"imdb-{sha256[:16]}-flat.npz"
    splits = _read_copy(flat)
    if splits is None:
        splits = _read_original(path)
        with suppress(OSError), cache.replacing(flat) as temporary:
            _write_copy(temporary, splits)
    for name, reviews in zip(_SPLITS, splits, strict=True):
        if np.all(reviews.labels == reviews.labels[0]):
            warnings.warn(
                f"{path}: all {name} labels are {reviews.labels[0]}; an accuracy on "
                "one class says nothing",
                stacklevel=2,
            )
    return splits


def _read_original(path: Path) -> Splits:
    arrays = read_npz(path, tuple(f"{xy}_{split}" for split in _SPLITS for xy in "xy"))
    train, test = (
        _reviews(arrays[f"x_{split}"], arrays[f"y_{split}"], f"{path}: {split}")
        for split in _SPLITS
    )
    return train, test


def _reviews(
    x: np.ndarray | Ragged, y: np.ndarray | Ragged, where: str
) -> LabelledSequences:
    if not isinstance(x, Ragged) or isinstance(y, Ragged):
        raise UserError(
            f"{where} must be an object array of lists (x) and an array of numbers "
            f"(y), got {type(x).__name__} and {type(y).__name__}"
        )
    return checked_reviews(x.values, x.offsets, y, where)


def checked_reviews(
    tokens: np.ndarray, offsets: np.ndarray, labels: np.ndarray, where: str
) -> LabelledSequences:
    """Return reviews of arrays if these fit together and hold ids and labels.

    Args:
        tokens: as in `LabelledSequences`.
        offsets: likewise.
        labels: likewise.
        where: the file and split, for messages.

    Raises:
        UserError: if sizes do not agree, an id is negative or huge, or a label is
            not 0 or 1.
    """
    if labels.ndim != 1 or offsets.shape != (len(labels) + 1,):
        raise UserError(
            f"{where} must have one label for each review, got {offsets.size - 1} "
            f"reviews and labels of shape {labels.shape}"
        )
    ends = offsets[0] == 0 and offsets[-1] == tokens.size and tokens.ndim == 1
    if not len(labels) or not ends or np.diff(offsets).min() < 0:
        raise UserError(
            f"{where} must hold whole reviews, got {tokens.size} tokens in "
            f"{len(labels)} rows"
        )
    lowest, highest = tokens.min(initial=0), tokens.max(initial=0)
    if lowest < 0 or highest > HIGHEST_TOKEN:
        wrong = lowest if lowest < 0 else highest
        raise UserError(
            f"{where} must have word ids from 0 to {HIGHEST_TOKEN}, got {wrong}"
        )
    wrong = labels[(labels != 0) & (labels != 1)]
    if len(wrong):
        raise UserError(f"{where} must have labels 0 and 1 only, got {wrong[0]}")
    return LabelledSequences(tokens, offsets, labels)


def _read_copy(flat: Path) -> Splits | None:
    """Return the reviews of the flat copy, or None after dropping a damaged one."""
    if not flat.exists():
        return None
    try:
        arrays = read_npz(
            flat, tuple(f"{s}_{part}" for s in _SPLITS for part in _PARTS)
        )
        train, test = (
            _reviews(
                Ragged(_plain(arrays, f"{s}_tokens"), _plain(arrays, f"{s}_offsets")),
                arrays[f"{s}_labels"],
                f"{flat}: {s}",
            )
            for s in _SPLITS
        )
    except UserError:
        with suppress(OSError):
            flat.unlink()
        return None
    return train, test


def _plain(arrays: dict[str, np.ndarray | Ragged], name: str) -> np.ndarray:
    array = arrays[name]
    if isinstance(array, Ragged) or array.ndim != 1 or array.dtype.kind != "i":
        raise UserError(f"{name} must be a vector of integers")
    return array


def _write_copy(path: Path, splits: Splits) -> None:
    arrays = {
        f"{split}_{part}": getattr(reviews, part)
        for split, reviews in zip(_SPLITS, splits, strict=True)
        for part in _PARTS
    }
    with open(path, "wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
