"""What somebody else writes with public names alone works like what is here.

A layer and a recurrent layer in plain Flax, no base class of ours, and models of them.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen
from numerics import assert_close, assert_same_bits, quick_jit

import seqconv_jax as sc
from seqconv_jax import nn

KEY = jax.random.key(0)


class Gated(linen.Module):
    """A gated linear unit: maps each step by itself, and takes a mask along."""

    features: int
    rate: float = 0.0

    @linen.compact
    def __call__(self, x, *, mask=None, train=False):
        """Map `(batch, time, features_in)` to `(batch, time, features)`."""
        if mask is not None:
            x = jnp.where(mask[:, :, None], x, 0)
        value = linen.Dense(self.features)(x)
        gate = linen.Dense(self.features)(x)
        y = value * jax.nn.sigmoid(gate)
        return linen.Dropout(self.rate, deterministic=not train)(y)


class Minimal(linen.Module):
    """A minimal gated unit over a sequence."""

    units: int
    all_states: bool = False

    @linen.compact
    def __call__(self, x, *, mask=None):
        """Map `(batch, time, features)` to the last state, or all."""
        batch, time, _ = x.shape
        mask = jnp.ones((batch, time), bool) if mask is None else mask
        x = linen.Dense(2 * self.units)(jnp.where(mask[:, :, None], x, 0))
        kernel = self.param(
            "kernel", linen.initializers.orthogonal(), (self.units, self.units)
        )

        def step(state, at):
            v, real = at
            gate, candidate = jnp.split(v, 2, axis=-1)
            forget = jax.nn.sigmoid(gate + state @ kernel)
            new = (1 - forget) * state + forget * jnp.tanh(candidate)
            state = jnp.where(real[:, None], new, state)
            return state, state

        over_time = jnp.swapaxes(x, 0, 1), jnp.swapaxes(mask, 0, 1)
        last, states = jax.lax.scan(step, jnp.zeros((batch, self.units)), over_time)
        return jnp.swapaxes(states, 0, 1) if self.all_states else last


class Stack(nn.Network):
    """A model of both, between layers of the library."""

    features: int = 4

    @property
    def layers(self):
        """Return the layers, from the input upwards."""
        return (
            Gated(self.features, rate=0.2),
            nn.Conv1D(self.features, 3, activation="relu"),
            nn.MaxPool1D(2),
            nn.Bidirectional(Minimal(self.features)),
            nn.Dense(1),
        )


class Plain(linen.Module):
    """A model in plain Flax around layers of the library."""

    @linen.compact
    def __call__(self, x, *, train=False):
        """Map `(batch, time, features)` to `(batch, 1)`."""
        x = Gated(4, rate=0.2)(x, train=train)
        x = nn.GRU(4, dropout=0.2)(x, train=train)
        return nn.Dense(1)(x)


class Bare(linen.Module):
    """A model that knows nothing of training."""

    @linen.compact
    def __call__(self, x):
        """Map `(batch, time, features)` to `(batch, 1)`."""
        return linen.Dense(1)(Minimal(4)(Gated(4)(x)))


BLOCKS = (nn.ConvBlock(4, 3, pool=2),)
MODELS = {
    "network": Stack(),
    "row": nn.Sequential((*Stack().layers[:-1], nn.Dense(1))),
    "plain Flax": Plain(),
    "without train": Bare(),
    "in front of a model": nn.Sequential((Gated(3), sc.models.SeriesConvNet(BLOCKS))),
    "in a model": sc.models.ConvRNN(Minimal(4), BLOCKS),
    "in a model, both ways": sc.models.ConvRNN(nn.Bidirectional(Minimal(4)), BLOCKS),
    "row in a model": sc.models.ConvRNN(
        nn.Sequential((Gated(4, 0.2), Minimal(4))), BLOCKS
    ),
}


def small_task():
    """Tell the mean of a column's last twelve values, of three columns."""
    table = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(table[:-1, 0], 12)
    targets = np.zeros((300, 1), np.float32)
    targets[12:, 0] = windows.mean(axis=1)
    return sc.data.Task(
        inputs=table,
        targets=targets,
        offsets=np.arange(-12, 0, dtype=np.int32),
        train=np.arange(12, 200, dtype=np.int32),
        validation=np.arange(212, 256, dtype=np.int32),
        test=np.arange(268, 300, dtype=np.int32),
    )


TASK = small_task()
X, _ = TASK.gather(TASK.train[:4])
MASK = np.arange(12) >= np.array([[0], [3], [5], [2]])


def fit(model, epochs, run=None):
    return sc.train.fit(
        model,
        TASK,
        optimizer=sc.optim.rmsprop(1e-2),
        loss=sc.losses.mae,
        epochs=epochs,
        batch_size=16,
        run=run,
    )


@pytest.mark.parametrize("name", MODELS)
def test_initialises_applies_and_shows_in_the_table(name):
    model = MODELS[name]
    variables = jax.eval_shape(model.init, KEY, X)
    assert list(variables) == ["params"]
    assert jax.eval_shape(model.apply, variables, X).shape == (4, 1)
    table = sc.summary(model, X).splitlines()
    total = sum(leaf.size for leaf in jax.tree.leaves(variables))
    assert table[-1].split() == ["Total", f"{total:,}"]
    assert table[0] == f"{type(model).__name__}, input (12, 3)"


def test_the_table_names_a_strangers_layers():
    rows = sc.summary(MODELS["network"], X).splitlines()[3:-2]
    assert [row.split()[0] for row in rows] == [
        "Gated_0",
        "Conv1D_0",
        "MaxPool1D_0",
        "Bidirectional_0",
        "Dense_0",
    ]
    rows = sc.summary(MODELS["row"], X).splitlines()[3:-2]
    assert rows[0].split()[:2] == ["layers_0", "Gated"]
    rows = sc.summary(MODELS["in a model"], X).splitlines()[3:-2]
    assert rows[2].split()[:2] == ["recurrent", "Minimal"]


@pytest.mark.parametrize("name", ["network", "without train", "in a model, both ways"])
def test_trains(name):
    history = fit(MODELS[name], 4).history
    assert len(history) == 4
    assert history[-1]["loss"] < 0.8 * history[0]["loss"]


@pytest.mark.parametrize("name", ["network", "plain Flax"])
def test_resumes_in_a_run_directory_bit_for_bit(name, tmp_path):
    whole = fit(MODELS[name], 3)
    with sc.runs.open(tmp_path / "run") as run:
        fit(MODELS[name], 1, run)
    with sc.runs.open(tmp_path / "run", resume=True) as run:
        resumed = fit(MODELS[name], 3, run)
        assert len(run.history()) == 3
    assert resumed.best.epoch == whole.best.epoch
    for got, expected in zip(
        jax.tree.leaves((resumed.state, resumed.best.params)),
        jax.tree.leaves((whole.state, whole.best.params)),
        strict=True,
    ):
        assert_same_bits(got, expected)


@pytest.mark.parametrize("name", ["network", "row", "in a model", "row in a model"])
def test_padding_changes_nothing(name):
    model = MODELS[name]
    variables = quick_jit(model.init)(KEY, X)
    predict = quick_jit(lambda x, mask: model.apply(variables, x, mask=mask))
    y = predict(X, MASK)
    spoilt = np.where(MASK[:, :, None], X, np.float32(np.nan))
    assert_same_bits(predict(spoilt, MASK), y)
    bare = quick_jit(model.apply)(variables, X[1:2, 3:])
    assert_close(y[1:2], bare)
    moved = np.roll(X[2:3], -5, axis=1), np.roll(MASK[2:3], -5, axis=1)
    assert_close(predict(*moved), y[2:3])


def test_its_weights_are_found_where_they_belong():
    model = MODELS["network"]
    params = jax.eval_shape(model.init, KEY, X)["params"]
    assert sorted(params["Bidirectional_0"]) == ["backward", "forward"]
    assert sorted(params["Bidirectional_0"]["forward"]) == ["Dense_0", "kernel"]
    assert sorted(params["Gated_0"]) == ["Dense_0", "Dense_1"]


def test_lengths_are_checked_up_to_a_strangers_layer():
    message = r"too short for Conv1D_0: .* got 2 \(lengths so far: 2\)"
    model = nn.Sequential((nn.Conv1D(4, 3), Minimal(4)))
    with pytest.raises(sc.UserError, match=message):
        model.init(KEY, X[:, :2])
    assert nn.check_lengths(12, model.layers) == [12, 10]
    assert nn.receptive_field(model.layers) is None
