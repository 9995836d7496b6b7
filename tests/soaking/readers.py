"""The readers that are fuzzed: a valid file each, ways to damage it, a judge."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
from soaking import oracles, samples
from soaking.cases import LOST, READ, RIGHT
from soaking.containers import edit_csv, edit_safetensors, edit_zip, zip_of
from soaking.digest import digest
from soaking.hdf5_edits import edit_hdf5
from soaking.json_edits import edit_json
from soaking.mutate import Edit, mutate, splice

Read = Callable[[Path], Any]
Oracle = Callable[[bytes, Any], str | None]


class FileReader(NamedTuple):
    """A reader of one file.

    Attributes:
        suffix: of the file's name.
        make: makes the valid files, in a folder for those who need one.
        read: the library's reader.
        sealed: damage to its outer bytes shows in a checksum, so it is never misread.
        edit: damage that keeps the outer form, if there is any of that kind.
        oracle: says what is wrong with a result, or None; reads by other means.
        weight: how often, against the others.
    """

    suffix: str
    make: Callable[[Path], list[bytes]]
    read: Read
    sealed: bool = False
    edit: Edit | None = None
    oracle: Oracle | None = None
    weight: int = 1


class FileKind:
    """Cases of a `FileReader`: damaged files in a folder of their own."""

    def __init__(self, reader: FileReader, folder: Path):
        """Make the valid files and what they are read as."""
        self._reader = reader
        self._samples = reader.make(folder)
        self._expected: list[str | None] = []
        for content in self._samples:
            path = folder / f"valid{reader.suffix}"
            path.write_bytes(content)
            try:
                self._expected.append(digest(reader.read(path)))
            except ValueError:  # one that is to be refused, whatever is done to it
                self._expected.append(None)
        if set(self._expected) == {None}:
            reader.read(folder / f"valid{reader.suffix}")  # shows why

    def damage(self, rng: Random, folder: Path) -> tuple[Any, str]:
        """Write a damaged file; return what `run` needs, and what was done."""
        which = rng.randrange(len(self._samples))
        content, edit = self._samples[which], self._reader.edit
        choice, sealed = rng.random(), self._reader.sealed
        if edit is not None and choice < 0.6:
            content, how, sealed = edit(rng, content), edit.__name__, False
            if choice < 0.1:
                content, more = mutate(rng, content)
                how = f"{how}, {more}"
        elif choice < 0.62 and len(self._samples) > 1:
            content = splice(rng, content, rng.choice(self._samples))
            how = "splice"
        else:
            content, how = mutate(rng, content)
        path = folder / f"input{self._reader.suffix}"
        path.write_bytes(content)
        return (path, which, sealed), f"file {which}: {how}"

    def run(self, case: Any) -> tuple[str, str]:
        """Read the file; return the outcome and what is wrong, or raise."""
        path, which, sealed = case
        content = path.read_bytes()
        value = self._reader.read(path)
        if digest(value) == self._expected[which]:
            return RIGHT, ""
        if self._reader.oracle is not None:
            wrong = self._reader.oracle(content, value)
            return (RIGHT, "") if wrong is None else (LOST, wrong)
        if sealed and content != self._samples[which]:
            return LOST, "other content than that of the valid file"
        return READ, ""


def _series(path: Path) -> Any:
    from seqconv_jax import data

    return _columns(data.read_series(path, time="day"))


def _rows(path: Path) -> Any:
    from seqconv_jax import data

    series = data.read_series(path, keep=["level 0"], missing="previous")
    return _columns(series)


def _columns(series: Any) -> dict[str, Any]:
    times = None if series.times is None else series.times.astype("datetime64[us]")
    return {"columns": series.columns, "values": series.values, "times": times}


def _npz(path: Path) -> Any:
    from seqconv_jax import data

    return data.files.read_npz(path, ("a", "b"))


def _imdb(path: Path) -> Any:
    from seqconv_jax import data

    task = data.load_imdb(path, num_words=90, maxlen=9)
    arrays = (task.inputs, task.targets, task.train, task.validation, task.test)
    return tuple(np.asarray(array) for array in arrays)


def _words(path: Path) -> Any:
    from seqconv_jax import data

    return data.load_word_index(path)


def _safetensors(path: Path) -> Any:
    from seqconv_jax import interop

    return _loaded(interop.load_safetensors(path))


def _keras(path: Path) -> Any:
    from seqconv_jax import interop

    return _loaded(interop.load_keras(path))


def _keras_weights(path: Path) -> Any:
    from seqconv_jax import interop

    return interop.load_keras_weights(path, *samples.network())


def _loaded(loaded: Any) -> dict[str, Any]:
    names = ("params", "input_shape", "batch_stats")
    return {name: getattr(loaded, name) for name in names} | {
        "model": repr(loaded.model)
    }


def _csv_files(_: Path) -> list[bytes]:
    return [samples.csv_of(), samples.csv_of(5, 1), samples.csv_of(200, 3)]


READERS = {
    "csv": FileReader(
        *(".csv", _csv_files, _series),
        edit=edit_csv,
        oracle=oracles.dated_csv,
        weight=24,
    ),
    "csv-rows": FileReader(
        ".csv",
        lambda _: [samples.csv_of(30, 1, times=False), samples.csv_of(9, 2, False)],
        *(_rows, False, edit_csv, oracles.plain_csv, 12),
    ),
    "csv.gz": FileReader(
        ".csv.gz",
        lambda _: [samples.gz_of(samples.csv_of())],
        *(_series, True, None, None, 10),
    ),
    "csv.zip": FileReader(
        ".zip",
        lambda _: [zip_of({"level.csv": samples.csv_of()})],
        *(_series, True, edit_zip, None, 12),
    ),
    "npz": FileReader(
        *(".npz", lambda _: [samples.numbers()], _npz, True),
        *(edit_zip, oracles.numpy_arrays, 20),
    ),
    "imdb": FileReader(
        *(".npz", lambda _: [samples.reviews(), samples.reviews(6, 4, 3)], _imdb, True),
        *(edit_zip, None, 12),
    ),
    "words": FileReader(
        *(".json", lambda _: [samples.word_index()], _words, False, edit_json, None),
        10,
    ),
    "parquet": FileReader(
        *(".parquet", lambda _: samples.parquet_files(), _series), weight=16
    ),
    "safetensors": FileReader(
        ".safetensors",
        lambda folder: [samples.safetensors(folder)],
        *(_safetensors, False, edit_safetensors, oracles.tensors, 12),
    ),
    "keras": FileReader(
        *(".keras", lambda folder: [samples.keras_archive(folder)], _keras, True),
        *(edit_zip, None, 2),
    ),
    "keras.h5": FileReader(
        *(".h5", lambda folder: [samples.keras_h5(folder)], _keras, False),
        *(edit_hdf5, None, 2),
    ),
    "weights.h5": FileReader(
        ".weights.h5",
        lambda folder: [samples.keras_weights(folder)],
        *(_keras_weights, False, edit_hdf5, None, 2),
    ),
}
