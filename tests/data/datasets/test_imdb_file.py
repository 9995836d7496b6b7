import numpy as np
import pytest
from data.datasets.review_files import objects, write_reviews

from seqconv_jax._checks import UserError
from seqconv_jax.data import load_imdb
from seqconv_jax.data.files import sha256_file


def test_the_flat_copy_gives_the_same(small, cache, monkeypatch):
    first = load_imdb(small, maxlen=4)
    (copy,) = cache.iterdir()
    assert copy.name == f"imdb-{sha256_file(small)[:16]}-flat.npz"
    np.load(copy, allow_pickle=False)["train_tokens"]
    monkeypatch.setattr("seqconv_jax.data.datasets.imdb_file._read_original", None)
    np.testing.assert_array_equal(load_imdb(small, maxlen=4).inputs, first.inputs)


@pytest.mark.parametrize("damage", ["cut", "empty", "other", "ragged", "negative"])
def test_a_damaged_flat_copy_is_made_anew(small, cache, damage):
    first = load_imdb(small, maxlen=4)
    (copy,) = cache.iterdir()
    whole = copy.read_bytes()
    arrays = dict(np.load(copy))
    if damage == "cut":
        copy.write_bytes(whole[:-30])
    elif damage == "empty":
        copy.write_bytes(b"")
    elif damage == "other":
        np.savez(copy, train_tokens=arrays["train_tokens"])
    elif damage == "ragged":
        np.savez(copy, **{**arrays, "train_offsets": objects([[1]])})
    elif damage == "negative":
        np.savez(copy, **{**arrays, "test_offsets": arrays["test_offsets"][::-1]})
    np.testing.assert_array_equal(load_imdb(small, maxlen=4).inputs, first.inputs)
    assert np.load(copy)["test_offsets"].tolist() == [0, 3, 5, 6]


def test_a_cache_that_cannot_be_written_does_no_harm(small, tmp_path, monkeypatch):
    (tmp_path / "plain").write_bytes(b"")
    monkeypatch.setenv("SEQCONV_CACHE", str(tmp_path / "plain" / "below"))
    assert load_imdb(small, maxlen=4).inputs.shape == (8, 4)


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"x_train": [[1], [-2]], "y_train": [0, 1]}, "train must have word ids .* -2"),
        ({"x_test": [[1], [2**31 - 1]], "y_test": [0, 1]}, "test .* got 2147483647"),
        ({"y_test": [0, 1, 2]}, "test must have labels 0 and 1 only, got 2"),
        ({"y_train": [0.5] * 5}, "train must have labels 0 and 1 only, got 0.5"),
        ({"y_train": [float("nan")] * 5}, "train must have labels .* got nan"),
        ({"y_train": [0, 1]}, "train must have one label for each review, got 5 rev"),
        (
            {"y_train": [[0]] * 5},
            r"train .* got 5 reviews and labels of shape \(5, 1\)",
        ),
        ({"x_test": [], "y_test": []}, "test must hold whole reviews, got 0 tokens"),
        ({"y_train": objects([[1]] * 5)}, "train must be .* got Ragged and Ragged"),
    ],
)
def test_bad_reviews_are_rejected(tmp_path, cache, changed, message):
    path = write_reviews(tmp_path / "bad.npz", **changed)
    with pytest.raises(UserError, match="bad.npz: " + message):
        load_imdb(path)
    assert not cache.exists()


def test_one_class_only_is_announced_every_time(tmp_path):
    path = write_reviews(tmp_path / "one.npz", y_test=[1, 1, 1])
    for _ in range(2):
        with pytest.warns(
            UserWarning, match="all test labels are 1; an accuracy on one"
        ):
            load_imdb(path)
