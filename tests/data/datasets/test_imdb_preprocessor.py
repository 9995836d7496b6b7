"""Raw reviews through Keras's word index, as `encode` makes ids of them."""

import json
from typing import Any

import numpy as np
import pytest

from seqconv_jax.data import encode, load_imdb, load_word_index
from seqconv_jax.data.datasets.imdb_preprocessor import reviews_preprocessor
from seqconv_jax.data.preprocessor import preprocessor_of

INDEX = {
    word: rank for rank, word in enumerate("the a film good it's not bad".split(), 1)
}
REVIEWS = [
    "The film, it's NOT good.<br />",
    "",
    "the rest is noise: a bad, bad film! " * 4,
]
KERAS: dict[str, Any] = {
    **{"num_words": 10_000, "maxlen": 500, "start": 1, "oov": 2, "shift": 3},
    **{"padding": "pre", "truncating": "pre"},
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQCONV_CACHE", str(tmp_path / "cache"))
    reviews = np.empty(10, object)
    reviews[:] = [[1 + rank % 7] * 9 for rank in range(10)]
    labels = np.arange(10) % 2
    path = tmp_path / "imdb.npz"
    np.savez(path, x_train=reviews, y_train=labels, x_test=reviews, y_test=labels)
    return tmp_path


@pytest.mark.parametrize(
    "options", [{}, {"padding": "post"}, {"start": None, "oov": None}]
)
def test_raw_reviews_are_encoded(folder, options):
    (folder / "imdb_word_index.json").write_text(json.dumps(INDEX))
    task = load_imdb(folder, num_words=8, maxlen=12, **options)
    assert task.preprocessor is not None
    settings = json.loads(json.dumps(task.preprocessor.settings()))
    made = preprocessor_of(settings).task(REVIEWS)
    marks = {key: value for key, value in options.items() if key != "padding"}
    for review, row in zip(REVIEWS, made.inputs, strict=True):
        ids = encode(review, INDEX, num_words=8, **marks)[-12:]
        zeros = [0] * (12 - len(ids))
        want = [*ids, *zeros] if "padding" in options else [*zeros, *ids]
        assert row.tolist() == want
    assert task.preprocessor.classes.names == ("negative", "positive")
    assert made.inputs.dtype.kind == "u" and task.vocabulary == 8
    assert task.without_validation().preprocessor is task.preprocessor


def test_without_a_word_index_there_is_none(folder):
    assert load_imdb(folder, num_words=8, maxlen=12).preprocessor is None
    (folder / "imdb_word_index.json").write_text(json.dumps({"the": 1, "a": 3}))
    assert load_imdb(folder, num_words=8, maxlen=12).preprocessor is None


def test_the_index_may_lie_in_the_cache(folder):
    (folder / "cache").mkdir(exist_ok=True)
    (folder / "cache" / "imdb_word_index.json").write_text(json.dumps(INDEX))
    assert load_imdb(folder, num_words=8, maxlen=12).preprocessor is not None


def test_the_real_index(data_file):
    path = data_file("imdb", "imdb_word_index.json")
    index = load_word_index(path)
    made = reviews_preprocessor(index, **KERAS)
    assert made is not None
    review = "Excruciatingly dull, zyzzogeton; a film I won't rewatch."
    row = made.task([review]).inputs[0]
    np.testing.assert_array_equal(row, encode(review, index, maxlen=500))
