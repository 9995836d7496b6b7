import os
from pathlib import Path

import numpy as np
import pytest
from data.datasets.review_files import (
    X_TEST,
    X_TRAIN,
    keras_orders,
    plain_keras,
    plain_pad,
)

from seqconv_jax._checks import UserError
from seqconv_jax.data import decode, encode, generated_reviews
from seqconv_jax.data.datasets import imdb
from seqconv_jax.data.datasets.imdb import load_imdb, load_word_index
from seqconv_jax.data.datasets.imdb_file import read_reviews
from seqconv_jax.data.files import GeneratedDataWarning, find, sha256_file

os.environ.setdefault("KERAS_BACKEND", "jax")

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
REAL = Path(os.environ.get("SEQCONV_DATA") or SHARED)


def test_the_rows_of_a_small_file_are_known(small):
    task = load_imdb(small, num_words=10, maxlen=4, validation_fraction=0.4)
    train, test = keras_orders(113, 5, 3)
    assert train.tolist() != [0, 1, 2, 3, 4]
    of_train = np.array(
        [[1, 8, 4, 2], [0, 0, 1, 5], [0, 0, 0, 1], [4, 6, 2, 2], [0, 1, 9, 2]]
    )
    of_test = np.array([[1, 6, 5, 4], [0, 1, 2, 8], [0, 0, 1, 4]])
    expected = np.concatenate([of_train[train], of_test[test]])
    np.testing.assert_array_equal(task.inputs, expected.astype(np.uint16), strict=True)
    labels = np.concatenate(
        [np.array([1, 0, 1, 0, 1])[train], np.array([0, 1, 0])[test]]
    )
    np.testing.assert_array_equal(
        task.targets, labels[:, None].astype(np.float32), strict=True
    )
    assert task.offsets is None and task.replacement is False
    for rows, expected in (
        (task.train, [0, 1, 2]),
        (task.validation, [3, 4]),
        (task.test, [5, 6, 7]),
    ):
        np.testing.assert_array_equal(rows, np.array(expected, np.int32), strict=True)
    assert (task.vocabulary, task.data_source) == (10, "file")
    assert (task.data_path, task.data_sha256) == (str(small), sha256_file(small))
    assert task.example.shape == (1, 4)


OPTIONS = [
    {},
    {"num_words": 9},
    {"num_words": 12, "skip_top": 5},
    {"num_words": 12, "skip_top": 2},
    {"num_words": 10, "start": None},
    {"num_words": 10, "oov": None, "skip_top": 6},
    {"num_words": 3, "oov": None, "start": None, "shift": 0},
    {"num_words": 20, "start": 7, "oov": 8, "shift": 11},
    {"num_words": 10, "seed": 5},
    {"padding": "post", "truncating": "pre"},
    {"padding": "pre", "truncating": "post"},
    {"padding": "post", "truncating": "post", "maxlen": 2},
]


@pytest.mark.parametrize("changed", OPTIONS, ids=str)
def test_every_option_means_what_keras_means(small, changed):
    options = dict(num_words=10_000, skip_top=0, start=1, oov=2, shift=3)
    options |= {name: changed[name] for name in options if name in changed}
    maxlen, seed = changed.get("maxlen", 5), changed.get("seed", 113)
    sides = {n: changed[n] for n in ("padding", "truncating") if n in changed}
    train, test = keras_orders(seed, 5, 3)
    rows = plain_keras(X_TRAIN, train, **options) + plain_keras(X_TEST, test, **options)
    task = load_imdb(small, **{"maxlen": maxlen, **changed})
    assert task.inputs.tolist() == plain_pad(rows, maxlen, **sides)


def keras_rows(path, monkeypatch, maxlen, validation, **options):
    """Have Keras itself load a file: ids, labels and the validation rows."""
    keras = pytest.importorskip("keras")
    from keras.src.datasets import imdb as keras_imdb
    from keras.src.trainers.data_adapters import array_slicing

    monkeypatch.setattr(keras_imdb, "get_file", lambda **_: str(path))
    (x, y), (x_test, y_test) = keras_imdb.load_data(**options)
    pad = keras.utils.pad_sequences
    x, x_test = pad(x, maxlen=maxlen), pad(x_test, maxlen=maxlen)
    train, val = array_slicing.train_validation_split((x, y), validation)
    return train, val, (x_test, y_test)


def assert_same_as_keras(task, splits):
    for rows, (x, y) in zip(
        (task.train, task.validation, task.test), splits, strict=True
    ):
        inputs, targets = task.gather(rows)
        np.testing.assert_array_equal(inputs, x)
        np.testing.assert_array_equal(targets[:, 0], y)


@pytest.mark.parametrize("validation", [0.2, 0.3, 0.5])
def test_keras_makes_the_same_of_a_small_file(small, monkeypatch, validation):
    expected = keras_rows(
        small, monkeypatch, 4, validation, num_words=11, skip_top=2, index_from=4
    )
    task = load_imdb(
        small,
        num_words=11,
        skip_top=2,
        shift=4,
        maxlen=4,
        validation_fraction=validation,
    )
    assert_same_as_keras(task, expected)


@pytest.mark.skipif(
    not (REAL / "imdb" / "imdb.npz").exists() and not (REAL / "imdb.npz").exists(),
    reason=f"no imdb.npz in {REAL} ($SEQCONV_DATA)",
)
class TestRealReviews:
    @pytest.fixture(autouse=True)
    def shared_cache(self, cache, tmp_path_factory, monkeypatch):
        folder = tmp_path_factory.getbasetemp() / "imdb-cache"
        monkeypatch.setenv("SEQCONV_CACHE", str(folder))

    def test_keras_makes_the_same_of_the_real_file(self, monkeypatch):
        path = find(imdb.IMDB, REAL).path
        expected = keras_rows(path, monkeypatch, 500, 0.2, num_words=10_000)
        for _ in ("first", "from the flat copy"):
            task = load_imdb(path)
            assert_same_as_keras(task, expected)
        assert task.inputs.shape == (50_000, 500) and task.inputs.dtype == np.uint16
        assert (len(task.train), len(task.validation)) == (20_000, 5_000)
        assert task.targets[task.train].mean() == pytest.approx(0.5, abs=0.01)

    def test_the_real_file_is_read_whole(self):
        found = find(imdb.IMDB, REAL)
        assert found.path is not None and found.sha256 is not None
        train, test = read_reviews(found.path, found.sha256)
        assert (len(train), len(train.tokens)) == (25_000, 5_942_841)
        assert (train.lengths.min(), train.lengths.max()) == (10, 2_493)
        assert (train.tokens.min(), train.tokens.max()) == (1, 88_584)
        assert train.labels.sum() == test.labels.sum() == 12_500

    def test_all_words_can_be_kept_and_come_back(self):
        task = load_imdb(REAL, num_words=None, maxlen=100)
        assert task.vocabulary == 88_584 + 3 + 1 and task.inputs.dtype == np.int32
        index = load_word_index(REAL)
        assert len(index) == 88_584 and index["the"] == 1
        text = decode(task.inputs[0], index)
        again = encode(text, index, num_words=None, start=None)
        assert again.tolist() == task.inputs[0].tolist()


def test_a_review_that_is_too_long_keeps_its_end(small):
    index = {f"w{rank}": rank for rank in range(1, 21)}
    (row,) = np.flatnonzero(keras_orders(113, 5, 3)[0] == 3)
    task = load_imdb(small, maxlen=3)
    assert decode(task.inputs[row], index) == "w3 w20 w8"
    task = load_imdb(small, maxlen=3, truncating="post")
    assert decode(task.inputs[row], index) == "<start> w7 w7"


def test_retraining_uses_every_train_row(small):
    task = load_imdb(small, maxlen=4, validation_fraction=0.4).without_validation()
    assert task.train.tolist() == [0, 1, 2, 3, 4] and task.train.dtype == np.int32
    assert task.validation.tolist() == [] and task.validation.dtype == np.int32
    assert task.test.tolist() == [5, 6, 7] and task.vocabulary == 10_000


def test_validation_can_be_nothing(small):
    task = load_imdb(small, maxlen=4, validation_fraction=0)
    assert task.train.tolist() == [0, 1, 2, 3, 4] and len(task.validation) == 0


@pytest.mark.parametrize(
    "options, message",
    [
        ({"num_words": 0}, "`num_words` must be a positive integer, got 0"),
        ({"maxlen": 0}, "`maxlen` must be a positive integer, got 0"),
        ({"start": -1}, "`start` must be an integer of at least 0, got -1"),
        ({"oov": 1.5}, "`oov` must be an integer of at least 0, got 1.5"),
        ({"shift": -3}, "`shift` must be an integer of at least 0, got -3"),
        ({"skip_top": -1}, "`skip_top` must be an integer of at least 0, got -1"),
        ({"num_words": 5, "oov": 5}, r"`oov` must be below `num_words` \(5\), got 5"),
        ({"shift": 2**40}, r"`shift` must be at most 2 \*\* 30, got 1099511627776"),
        ({"seed": -1}, r"`seed` must be from 0 to 2 \*\* 32 - 1, got -1"),
        ({"padding": "left"}, "`padding` must be one of 'pre', 'post', got 'left'"),
        ({"truncating": "per"}, "`truncating`.*got 'per'; did you mean 'pre'"),
        ({"validation_fraction": 1.0}, r"`validation_fraction` .* \[0, 1\), got 1.0"),
        (
            {"validation_fraction": 0.9},
            "`validation_fraction` must be one that leaves rows",
        ),
    ],
)
def test_options_out_of_range_are_rejected(small, options, message):
    with pytest.raises(UserError, match=message):
        load_imdb(small, **options)


def test_without_any_file_the_reviews_are_generated(monkeypatch):
    few = generated_reviews(0, 30, 20)
    monkeypatch.setattr(imdb, "generated_reviews", lambda: few)
    with pytest.warns(GeneratedDataWarning, match="the IMDB reviews could not be had"):
        task = load_imdb()
    assert (task.data_source, task.data_path, task.data_sha256) == (
        "generated",
        None,
        None,
    )
    assert task.inputs.shape == (50, 500) and len(task.test) == 20
    first = keras_orders(113, 30, 20)[0][0]
    words = few[0].take(np.array([first])).tokens + 3
    words[words >= 10_000] = 2
    assert task.inputs[0].tolist() == plain_pad([[1, *words.tolist()]], 500)[0]


def test_real_reviews_can_be_required():
    with pytest.raises(UserError, match="the IMDB reviews: .*get imdb.npz from https"):
        load_imdb(require_real=True)
