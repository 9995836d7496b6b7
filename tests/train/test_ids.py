"""An id outside the vocabulary stops training, whatever a maximum makes of its NaN."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import linen
from numerics import quick_jit

import seqconv_jax as sc
from seqconv_jax.nn.declared import Ids, declared
from seqconv_jax.train.diagnose import first_bad_tensor

IDS = np.random.default_rng(0).integers(0, 50, (20, 6))
TEXT = sc.nn.Sequential(
    (
        sc.nn.Embedding(50, 3),
        sc.nn.Conv1D(2, 3, activation="relu"),
        sc.nn.GlobalMaxPool1D(),
        sc.nn.Dense(1),
    )
)


class Tagger(linen.Module):
    """A stranger's model: words, their positions, and a hash of them."""

    vocabulary: int = 50

    @linen.compact
    def __call__(self, x):
        y = linen.Embed(self.vocabulary, 4, name="words")(x)
        y += linen.Embed(6, 4, name="positions")(jnp.arange(x.shape[1]))[None]
        y += linen.Embed(7, 4, name="hashes")(x % 7)
        return linen.Dense(1)(y.max(axis=1))


def task(ids=IDS, **changes):
    settings = {"validation": 0.25, "test": 0.25, "seed": None} | changes
    return sc.data.arrays_task(ids, np.zeros(20, np.float32), **settings)


def with_id(value, row):
    ids = IDS.copy()
    ids[row, 2] = value
    return ids


def fit(model, data):
    settings = {"optimizer": optax.sgd(0.1), "loss": sc.losses.mae, "batch_size": 4}
    return sc.train.fit(model, data, epochs=1, **settings)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (TEXT, Ids(50, None)),
        (Tagger(40), Ids(40, None)),
        (sc.models.TextConvNet(vocabulary=9, mask_id=0), Ids(9, 0)),
        (sc.nn.Sequential((sc.nn.Sequential((sc.nn.Embedding(7, 2),)),)), Ids(7, None)),
        (sc.nn.Dense(1), None),
    ],
)
def test_the_vocabulary_of_a_model(model, expected):
    shape = (1, 90) if expected else (1, 90, 2)
    example = jax.ShapeDtypeStruct(shape, np.int64 if expected else np.float32)
    assert declared(model, example).ids == expected


@pytest.mark.parametrize("model", [TEXT, Tagger()], ids=["ours", "stranger's"])
@pytest.mark.parametrize(
    ("value", "row", "split"), [(50, 3, "task.train"), (-1, 11, "task.validation")]
)
def test_training_on_an_unknown_id_raises(model, value, row, split):
    message = (
        f"`task.inputs` must be ids from 0 to 49, the vocabulary of `model`, got "
        f"{value} in row {row} .* of `{split}` hold such"
    )
    with pytest.raises(sc.UserError, match=message):
        fit(model, task(with_id(value, row)))


def test_scoring_an_unknown_id_raises_where_it_is_used():
    data, rows = task(with_id(99, 17)), np.arange(15, 20)
    params = quick_jit(TEXT.init)(jax.random.key(0), IDS[:1])["params"]
    with pytest.raises(sc.UserError, match="got 99 in row 17 .1 of 5 rows of `rows`"):
        sc.train.evaluate(TEXT, params, data, rows, {"mae": sc.losses.mae})
    with pytest.raises(sc.UserError, match="got 99 in row 17"):
        sc.train.predict(TEXT, params, data, np.array([17]))
    assert sc.train.predict(TEXT, params, data, np.array([16, 18])).shape == (2, 1)


def test_the_id_of_padding_need_be_no_word():
    known = Ids(50, mask_id=-1)
    assert known.unknown(np.array([-1, 0, 49, 50, -2])).tolist() == [
        *(False, False, False),
        *(True, True),
    ]


def test_windows_over_a_text_are_checked_where_they_are_used():
    data = sc.data.Task(
        inputs=np.where(np.arange(40) == 9, 50, np.arange(40)),
        targets=np.zeros((40, 1), np.float32),
        offsets=np.arange(-3, 0),
        train=np.arange(20, 30),
        validation=np.arange(10, 13),
        test=np.arange(35, 40),
    )
    with pytest.raises(sc.UserError, match="got 50 in row 10 .3 of 3 rows of `task.v"):
        fit(TEXT, data)


def dropping(x):
    """What XLA may make of a maximum: a NaN is smaller than any number."""
    return jnp.where(jnp.isnan(x), -jnp.inf, x)


class NanDropping(linen.Module):
    """A model whose maximum drops NaN for certain."""

    @linen.compact
    def __call__(self, x):
        y = sc.nn.Embedding(50, 4)(x)
        return linen.Dense(1)(dropping(y).max(axis=1))


@pytest.mark.parametrize("value", [50, -1, 2**20])
def test_a_step_does_not_rely_on_nan_through_a_maximum(value):
    model, tx = NanDropping(), optax.sgd(0.1)
    step = jax.jit(sc.train.make_step(model, tx, sc.losses.mae))
    ids, targets = jnp.asarray(IDS[:4]), jnp.zeros((4, 1))
    state = sc.train.init_state(model, tx, ids, seed=0)
    good, _ = step(state, sc.train.Batch(ids, targets, jnp.ones(4)), jax.random.key(0))
    bad = sc.train.Batch(ids.at[2, 3].set(value), targets, jnp.ones(4))
    kept, metrics = step(state, bad, jax.random.key(0))
    assert np.isfinite(metrics["loss"])  # the alarm that did not go off
    assert (int(good.step), int(kept.step)) == (1, 0)
    name = first_bad_tensor(model, sc.losses.mae, state, bad, jax.random.key(0))
    assert name == f"the vector of id {value} (example 2 of the batch)"
