"""What callers supply wrongly raises before anything is compiled or written."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import linen
from numerics import quick_jit

import seqconv_jax as sc

X = np.random.default_rng(0).normal(size=(20, 6, 2)).astype(np.float32)
Y = X[:, -1, :1]
NONE = np.zeros(0, np.int32)


class Mean(linen.Module):
    """The simplest model that there is."""

    outputs: int = 1

    @linen.compact
    def __call__(self, x, train=False):
        return linen.Dense(self.outputs)(x.mean(1))


class Deterministic(linen.Module):
    @linen.compact
    def __call__(self, x, deterministic=True):
        return linen.Dropout(0.5)(x, deterministic=deterministic)


class AlwaysDropping(linen.Module):
    @linen.compact
    def __call__(self, x):
        return linen.Dense(1)(linen.Dropout(0.5, deterministic=False)(x.mean(1)))


class Noisy(linen.Module):
    @linen.compact
    def __call__(self, x, train=False):
        noise = jax.random.normal(self.make_rng("noise"), (1, 1)) if train else 0
        return linen.Dense(1)(x.mean(1)) + noise


class Counting(linen.Module):
    @linen.compact
    def __call__(self, x, train=False):
        return x.mean(1) + self.variable("counts", "n", jnp.zeros, (1, 1)).value


class Measured(linen.Module):
    @linen.compact
    def __call__(self, x, lengths):
        return linen.Dense(1)(x.mean(1))


class Pair(linen.Module):
    @linen.compact
    def __call__(self, x, train=False):
        return linen.Dense(1)(x.mean(1)), x


class Reduced(linen.Module):
    @linen.compact
    def __call__(self, x, train=False):
        return linen.Dense(1)(x.mean((0, 1)))


def task(**changes) -> sc.data.Task:
    settings: dict[str, Any] = {
        "inputs": X,
        "targets": Y,
        "train": np.arange(12),
        "validation": np.arange(12, 16),
        "test": np.arange(16, 20),
    }
    return sc.data.Task(**(settings | changes))


def fit(model: Any = None, data: Any = None, **options):
    settings: dict[str, Any] = {
        "optimizer": optax.sgd(0.1),
        "loss": sc.losses.mae,
        "epochs": 1,
        "batch_size": 4,
    }
    model, data = model or Mean(), task() if data is None else data
    return sc.train.fit(model, data, **(settings | options))


def params(model: Any = None) -> Any:
    return quick_jit((model or Mean()).init)(jax.random.key(0), X[:1])["params"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((X, Y), r"`task` must be .*`data.arrays_task\(x, y\)`.* got tuple without"),
        ({"inputs": X}, "`task` must be a Task.* got dict"),
        (iter([]), "`task` must be a Task.* got list_iterator"),
        (X, "`task` must be a Task.* got numpy.ndarray"),
    ],
)
def test_data_that_is_no_task(data, message):
    with pytest.raises(sc.UserError, match=message):
        fit(data=data)
    with pytest.raises(sc.UserError, match=message):
        sc.train.predict(Mean(), params(), data, np.arange(2))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train": NONE}, "`task.train` must be at least one row"),
        (
            {"inputs": np.where(np.arange(20)[:, None, None] == 3, np.nan, X)},
            "`task.inputs` must be finite where it is used, got NaN or infinity for 1 "
            "of 12 rows of `task.train`, first row 3",
        ),
        (
            {"targets": np.where(np.arange(20)[:, None] == 13, np.inf, Y)},
            "`task.targets` must be finite .* of 4 rows of `task.validation`",
        ),
        ({"inputs": X.astype(float) * 1e200}, "`task.inputs` must fit float32"),
        (
            {"inputs": np.full((20, 6), 2**32 + 5)},
            "`task.inputs` must fit int32, which JAX makes of int64",
        ),
    ],
)
def test_numbers_that_would_be_others_on_the_device(changes, message):
    with pytest.raises(sc.UserError, match=message):
        fit(data=task(**changes))


@pytest.mark.parametrize("labels", [[1, 2], [-1, 1]])
def test_labels_that_are_none(labels):
    data = task(targets=np.resize(labels, (20, 1)))
    message = f"must be labels from 0 to 1, .* from {labels[0]} to {labels[1]} in rows"
    for scores in (
        {"loss": sc.losses.binary_cross_entropy},
        {"metrics": {"accuracy": sc.losses.accuracy}},
        {"loss": partial(sc.losses.binary_cross_entropy, from_probabilities=True)},
        {"metrics": {"accuracy": jax.jit(sc.losses.accuracy)}},
    ):
        with pytest.raises(sc.UserError, match=message):
            fit(data=data, **scores)
    with pytest.raises(sc.UserError, match=message):
        scores = {"accuracy": sc.losses.accuracy}
        sc.train.evaluate(Mean(), params(), data, data.test, scores)


def test_a_number_that_no_row_uses_may_be_missing():
    inputs = np.where(np.arange(20)[:, None, None] >= 16, np.nan, X)
    targets = np.where(np.arange(20)[:, None] == 0, np.nan, Y)
    data = task(inputs=inputs, targets=targets, train=np.arange(1, 12))
    with pytest.raises(sc.UserError, match="`epochs`"):  # the next argument
        fit(data=data, epochs=0)
    assert np.isfinite(sc.train.predict(Mean(), params(), data, np.array([0]))).all()
    with pytest.raises(sc.UserError, match="`task.inputs` must be finite.* of `rows`"):
        sc.train.predict(Mean(), params(), data, data.test)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Mean, r"`model` must be a Flax module, got the class Mean; an instance"),
        (lambda x: x, "`model` must be a Flax Linen module, got the function <lambda>"),
        ("gru", "`model` must be a Flax Linen module, got str"),
        (Deterministic(), "`model` must have layers with `train`, got Deterministic"),
        (
            sc.nn.Sequential((Deterministic(), sc.nn.Dense(1))),
            "got Deterministic with `deterministic` in its place",
        ),
        (
            sc.nn.Sequential((linen.Dropout(0.5), sc.nn.Dense(1))),
            "got Dropout with `deterministic` in its place",
        ),
        (Measured(), r"`model` must be called with a batch.*\(self, x, lengths\)"),
        (Counting(), "`model` must keep its state in .*, got counts, which training"),
        (Noisy(), "`model` must draw .* from the stream 'dropout' .* \"noise\""),
        (AlwaysDropping(), "only where it is called with train=True, got Dropout_0"),
        (Pair(), r"`model` must return an array of shape \(4, outputs\), got tuple"),
        (Reduced(), r"`model` must return an array of shape \(4, outputs\), got shape"),
    ],
)
def test_a_model_that_cannot_be_trained(model, message):
    with pytest.raises(sc.UserError, match=message):
        fit(model)


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        (optax.adam, "`optimizer` must be an optax optimiser.* got adam; call it"),
        ("adam", "`optimizer` must be an optax optimiser.* got 'adam'"),
        (None, "`optimizer` must be an optax optimiser.* got None"),
    ],
)
def test_an_optimizer_that_is_none(optimizer, message):
    with pytest.raises(sc.UserError, match=message):
        fit(optimizer=optimizer)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 4.0}, "`batch_size` must be a positive integer, got 4.0"),
        ({"batch_size": 10**12}, "`batch_size` must be small enough for fewer"),
        ({"epochs": 1.5}, "`epochs` must be a positive integer, got 1.5"),
        ({"params": [1, 2]}, "`params` lacks Dense_0/bias, Dense_0/kernel"),
        ({"params": params(Mean(3))}, r"must have Dense_0/bias as float32\(1,\)"),
        (
            {"params": jax.tree.map(lambda a: np.zeros(a.shape, int), params())},
            "`params` must be floats, got Dense_0/bias as int32",
        ),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(sc.UserError, match=message):
        fit(**options)


ROWS = [
    ([], "`rows` must be at least one row"),
    ((i for i in [1]), "`rows` must be an array of row numbers, got <generator"),
    (np.array(3), r"`rows` must be of shape \(n,\), got shape \(\)"),
    (3, "`rows` must be an array of row numbers, got 3"),
    (np.ones(20, bool), r"`rows` must be row numbers, got a mask.*np.flatnonzero"),
    ([20], r"`rows` must be rows from 0 to 19 \(20 rows\), got 20"),
    ([-1, 3], "`rows` must be rows from 0 to 19 .*, got -1"),
    ([1.0], "`rows` must hold integers, got float64"),
    (["test"], "`rows` must hold integers, got <U4"),
    (np.zeros((2, 1), int), r"`rows` must be of shape \(n,\), got shape \(2, 1\)"),
]


@pytest.mark.parametrize(("rows", "message"), ROWS)
def test_rows_that_are_none(rows, message):
    with pytest.raises(sc.UserError, match=message):
        sc.train.predict(Mean(), params(), task(), rows)
    if hasattr(rows, "__len__"):
        with pytest.raises(sc.UserError, match=message):
            sc.train.evaluate(Mean(), params(), task(), rows, {"mae": sc.losses.mae})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "`params` lacks Dense_0/bias, Dense_0/kernel"),
        (params(Mean(2)), r"`params` must have Dense_0/bias as float32\(1,\)"),
        (
            {"params": params()},
            r'`params` must be .* alone.* take variables\["params"\]',
        ),
        (params() | {"Dense_1": {"bias": np.zeros(1)}}, "`params` has Dense_1/bias"),
    ],
)
def test_parameters_of_another_model(given, message):
    with pytest.raises(sc.UserError, match=message):
        sc.train.predict(Mean(), given, task(), np.arange(2))


def test_batch_statistics_that_are_missing_are_named():
    model = sc.nn.Sequential((sc.nn.GlobalAvgPool1D(), sc.nn.BatchNorm()))
    with pytest.raises(sc.UserError, match="`batch_stats` lacks layers_1/mean"):
        sc.train.predict(model, params(model), task(), np.arange(2))


def test_a_best_epoch_without_validation_has_no_validation_loss():
    best = sc.train.Best({"epoch": 1, "loss": 2.0}, {}, {})
    with pytest.raises(sc.UserError, match="`val_loss` must be read of a run with"):
        _ = best.val_loss


def test_nothing_is_written_before_all_is_checked(tmp_path):
    with sc.runs.open(tmp_path / "run") as run:
        before = sorted(tmp_path.rglob("*"))
        for options in [
            {"loss": optax.squared_error},
            {"metrics": {"val_mae": sc.losses.mae}},
            {"model": AlwaysDropping()},
        ]:
            with pytest.raises(sc.UserError):
                fit(run=run, **options)
        assert sorted(tmp_path.rglob("*")) == before
