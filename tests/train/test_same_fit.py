"""A resumed run is the same run: what its numbers depend on is kept and compared."""

import json
import shutil
import warnings
from functools import partial

import jax
import numpy as np
import optax
import pytest
from train.test_resume import scores
from train.test_step import same
from train.tiny import Line, tiny_fit, tiny_task

import seqconv_jax as sc
from seqconv_jax.checkpoint import manifest
from seqconv_jax.train.describe import describe


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A run of one epoch."""
    path = tmp_path_factory.mktemp("same_fit") / "run"
    with sc.runs.open(path) as run:
        tiny_fit(run=run, epochs=1)
    return path


@pytest.fixture
def run(begun, tmp_path):
    shutil.copytree(begun, tmp_path / "run")
    with sc.runs.open(tmp_path / "run", resume=True) as run:
        yield run


def files(run):
    return {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}


SWAPPED = np.arange(24, dtype=np.int32)[::-1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"batch_size": 16},
            "`batch_size` was 8, is 16; `steps_per_epoch` was 3, is 2",
        ),
        ({"batch_size": 128}, "`batch_size` was 8, is 128"),
        ({"steps_per_epoch": 2}, "`steps_per_epoch` was 3, is 2"),
        ({"seed": 4}, "`seed` was 3, is 4"),
        ({"loss": sc.losses.mse}, "`loss` was 'mae', is 'mse'"),
        ({"metrics": {"mse": sc.losses.mae}}, "`metrics.mse` was 'mse', is 'mae'"),
        ({"metrics": {}}, "`metrics.mse` was 'mse', is unset"),
        ({"monitor": "val_mse"}, "`monitor` was 'val_loss', is 'val_mse'"),
        ({"ema_decay": 0.9}, "`ema_decay` was unset, is 0.9"),
        ({"optimizer": sc.optim.rmsprop(1e-3)}, "step_size` was -0.01, is -0.001"),
        ({"optimizer": sc.optim.rmsprop(1e-2, decay=0.5)}, "decay` was 0.9, is 0.5"),
        (
            {"optimizer": optax.adam(1e-2)},
            "own: `optimizer.init.init_fns.0` was 'scale_by_rms",
        ),
        ({"model": Line(dropout=0.5)}, "`model.dropout` was unset, is 0.5"),
        (
            {"task": tiny_task(rows=12)},
            r"`data.inputs` was 'float32\(24, 2\) [0-9a-f]{8}'",
        ),
        ({"task": tiny_task(seed=1)}, "`data.inputs` was .*; `data.targets` was"),
        ({"task": tiny_task(train=SWAPPED)}, r"run with other .*: `data.train` was '"),
        (
            {"task": tiny_task(replacement=True)},
            "`order` was 'a permutation', is 'with",
        ),
        (
            {"plateau": optax.contrib.reduce_on_plateau()},
            "own: `plateau.init` was unset, is 'reduce_on_plateau",
        ),
    ],
)
def test_another_setting_is_named(run, change, message):
    before = files(run)
    with pytest.raises(sc.UserError, match=message):
        tiny_fit(run=run, **change)
    assert files(run) == before


def test_the_same_settings_go_on(run):
    """Made anew, as another process makes them; with more epochs and other patience."""
    fast = sc.optim.rmsprop(1e-2)
    resumed = tiny_fit(Line(), tiny_task(), run=run, optimizer=fast, patience=9)
    whole = tiny_fit()
    assert same(resumed.state, whole.state)
    assert scores(resumed.history) == scores(whole.history)


def test_a_change_that_is_meant_is_a_warning(run):
    slow = sc.optim.rmsprop(1e-3)
    with pytest.warns(UserWarning, match="step_size` was -0.01, is -0.001$"):
        tiny_fit(run=run, optimizer=slow, may_change=["optimizer"])
    tiny_fit(run=run, optimizer=slow)  # now its own
    with pytest.raises(
        sc.UserError, match="`may_change` must be one of .*did you mean"
    ):
        tiny_fit(may_change=["optimiser"])
    with pytest.raises(sc.UserError, match="`may_change` must be a list of names"):
        tiny_fit(may_change="optimizer")


def test_another_random_generator_is_named(run):
    with (
        jax.default_prng_impl("rbg"),
        pytest.raises(sc.UserError, match="prng_impl` was"),
    ):
        tiny_fit(run=run)


def test_fewer_epochs_than_the_run_has_raise(run):
    tiny_fit(run=run, epochs=2)
    with pytest.raises(sc.UserError, match="`epochs` must be at least 2, those that"):
        tiny_fit(run=run, epochs=1)


def edit_info(run, edit):
    """Change what the checkpoint carries, its hashes set right."""
    step = max(run.checkpoint_dir.iterdir())
    content = manifest.read(step)
    edit(content)
    for name in ("format", "files"):
        content.pop(name)
    manifest.write(step, content)


def test_a_run_of_an_earlier_version_goes_on_with_a_warning(run):
    edit_info(run, lambda content: content.pop("info"))
    with pytest.warns(UserWarning, match="begun by an earlier version .* not checked"):
        resumed = tiny_fit(run=run)
    assert same(resumed.state, tiny_fit().state)


def test_what_another_version_describes_otherwise_is_a_warning(run):
    def edit(content):
        content["info"]["fit"]["versions"]["optax"] = "0.0.1"
        content["info"]["fit"]["settings"]["optimizer.new"] = 1

    edit_info(run, edit)
    with pytest.warns(
        UserWarning, match="`optimizer.new` was 1, is unset; versions of"
    ):
        tiny_fit(run=run)
    edit_info(run, edit)
    with pytest.raises(sc.UserError, match="`seed` was 3, is 5"):
        tiny_fit(run=run, seed=5)


def scaled(p, y, factor=2.0):
    return factor * sc.losses.mae(p, y)


def closed_over(factor):
    return lambda p, y: factor * sc.losses.mae(p, y)


class Schedule:
    def __init__(self, rate):
        self.rate = rate

    def __call__(self, count):
        return self.rate


def loop(value):
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("make", "other"),
    [
        (lambda: closed_over(2.0), lambda: closed_over(3.0)),
        (lambda: partial(scaled, factor=2.0), lambda: partial(scaled, factor=3.0)),
        (lambda: scaled, lambda: lambda p, y: scaled(p, y)),
        (lambda: lambda p, y: p - y, lambda: lambda p, y: p - 2 * y),
        (lambda: jax.jit(scaled), lambda: jax.jit(closed_over(1.0))),
        (lambda: Schedule(0.1), lambda: Schedule(0.2)),
        (lambda: Schedule(0.1).__call__, lambda: Schedule(0.2).__call__),
        (lambda: optax.sgd(Schedule(0.1)), lambda: optax.sgd(Schedule(0.2))),
        (lambda: optax.adam(1e-3), lambda: optax.adam(1e-3, b2=0.99)),
        (
            lambda: optax.sgd(optax.cosine_decay_schedule(1.0, 100)),
            lambda: optax.sgd(optax.cosine_decay_schedule(1.0, 200)),
        ),
        (
            lambda: optax.inject_hyperparams(optax.sgd)(0.1),
            lambda: optax.inject_hyperparams(optax.sgd)(0.2),
        ),
        (
            lambda: optax.masked(optax.sgd(0.1), {"a": True, "b": False}),
            lambda: optax.masked(optax.sgd(0.1), {"a": True, "b": True}),
        ),
        (lambda: np.arange(100.0), lambda: np.arange(100.0)[::-1]),
        (lambda: list(range(99)), lambda: list(range(98)) + [0]),
        (lambda: jax.numpy.zeros(3), lambda: jax.numpy.zeros(3, "bfloat16")),
        (lambda: sc.models.GRURegressor(4), lambda: sc.models.GRURegressor(5)),
        (lambda: loop([1]), lambda: loop([2])),
    ],
)
def test_a_description_tells_apart_what_acts_otherwise(make, other):
    first = describe(make(), "x")
    assert first == describe(make(), "x") != describe(other(), "x")
    assert json.loads(json.dumps(first)) == first


def test_no_description_holds_an_address():
    with warnings.catch_warnings():
        for value in (object(), jax.nn.relu, optax.adam(1e-3), np.sin, print):
            assert "0x" not in str(describe(value, "x"))


class _Secretive:
    """A loss that keeps its settings to itself, as most classes do."""

    def __init__(self, gamma):
        self._gamma = gamma


class _Slotted:
    __slots__ = ("_gamma",)

    def __init__(self, gamma):
        self._gamma = gamma


@pytest.mark.parametrize(
    "make",
    [
        _Secretive,
        _Slotted,
        lambda rate: optax.MultiSteps(optax.sgd(rate), 2),
        lambda every: optax.MultiSteps(optax.sgd(0.1), int(every)),
    ],
)
def test_private_settings_are_told_apart(make):
    assert describe(make(1.0), "x") == describe(make(1.0), "x")
    assert describe(make(1.0), "x") != describe(make(2.0), "x")
