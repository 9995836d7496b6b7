"""Padding, on either side and by any amount, never changes what a model predicts."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as linen
from hypothesis import given, settings
from hypothesis import strategies as st
from nn.stacks import MaskedScale
from numerics import assert_close, drawn, normal, quick_jit, with_gradients

from seqconv_jax import models, nn

TIME, FEATURES = 14, 3
BASE = normal(TIME, FEATURES, seed=5)
WORDS = np.random.default_rng(5).integers(1, 9, TIME).astype(np.int32)
# Where a sequence lies, for each length and each place: (length, steps before).
PLACES = [(n, i) for n in range(TIME + 1) for i in range(TIME - n + 1)]
MASK = np.array([[i <= t < i + n for t in range(TIME)] for n, i in PLACES])
LONG = (TIME, TIME - 1, TIME - 3)  # Long enough for all kernels.


def row(*layers, **options):
    return nn.Sequential(layers, **options)


def same(size=3, features=4, **options):
    return nn.Conv1D(features, size, padding="same", activation="relu", **options)


BLOCKS = (nn.ConvBlock(4, 3, pool=2), nn.ConvBlock(4, 3, activation="tanh"))
AVERAGED = (
    nn.ConvBlock(4, 3, pool=2, pooling="average", padding="same"),
    nn.ConvBlock(4, 2, padding="causal", dilation=2),
)
TEXTS: dict[str, Any] = (
    {
        f"text, {head}, {mask_id}": models.TextConvNet(
            9, 3, BLOCKS, head, mask_id=mask_id
        )
        for head in ("global_max", "global_average")
        for mask_id in (0, None)
    }
    | {
        f"text, one-hot, {mask_id}": models.TextConvNet(9, 0, BLOCKS, mask_id=mask_id)
        for mask_id in (0, None)
    }
    | {"text and GRU": row(nn.Embedding(9, 3, mask_id=0), same(), nn.GRU(3))}
)
SERIES: dict[str, Any] = {
    "series, global_max": models.SeriesConvNet(BLOCKS),
    "series, global_average": models.SeriesConvNet(AVERAGED, "global_average"),
    "hybrid": models.ConvGRU(4, 3, pool=2, units=4),
    "LSTM": models.ConvRNN(nn.LSTM(4), BLOCKS),
    "SimpleRNN": models.ConvRNN(nn.SimpleRNN(4), AVERAGED),
    "both LSTMs": models.ConvRNN(nn.Bidirectional(nn.LSTM(4)), BLOCKS),
    "GRU": models.GRURegressor(4),
    "both GRUs": models.GRURegressor(4, bidirectional=True),
    "TCN": models.TCN(4, 2, dilations=(1, 2)),
    "residual": row(
        nn.Residual((same(), nn.LayerNorm(), same(2)), (nn.Conv1D(4, 1),), "relu"),
        nn.Residual((nn.Bidirectional(nn.GRU(2, return_sequences=True)),)),
        nn.GlobalAvgPool1D(),
    ),
    "parallel": row(
        nn.Parallel(
            ((same(1),), (same(3), same(2)), (nn.GRU(4, return_sequences=True),))
        ),
        nn.Parallel(((), (same(5, 12),)), "maximum"),
        nn.GlobalMaxPool1D(),
    ),
    "norms": row(nn.LayerNorm(), same(), nn.BatchNorm(), nn.GRU(4), nn.LayerNorm()),
    "strides": row(
        same(3, stride=2),
        nn.MaxPool1D(3, 2, "same"),
        nn.AvgPool1D(2, 1, "same"),
        nn.GRU(4),
    ),
    "strides, valid": row(
        nn.Conv1D(4, 2, stride=2), nn.AvgPool1D(3, 2), nn.MaxPool1D(1), nn.LastStep()
    ),
    "nested": row(row(same(), MaskedScale()), row(nn.MaxPool1D(2), row(nn.GRU(3)))),
    "lifted": row(
        linen.remat(nn.Sequential)((same(), nn.MaxPool1D(2))), linen.remat(nn.GRU)(3)
    ),
}
MODELS = TEXTS | SERIES


def padded(base, places, time, fill):
    """Lay the start of a sequence at each place, with other values around it."""
    x = np.array(fill)
    for i, (length, before) in enumerate(places):
        x[i, before : before + length] = base[:length]
    assert x.shape[:2] == (len(places), time)
    return x


def example(name):
    """Return a sequence, and the values that padding of it may have, by kind."""
    if name not in TEXTS:
        shape = (len(PLACES), TIME, FEATURES)
        fills = [np.zeros(shape, np.float32), 1e3 * normal(*shape, seed=6)]
        return BASE, [*fills, np.full(shape, np.nan, np.float32)]
    shape = (len(PLACES), TIME)
    fills = [np.zeros(shape, np.int32)]
    if name.endswith("None"):  # Nothing but the mask says what is padding.
        fills += [np.full(shape, 3, np.int32), np.full(shape, -7, np.int32)]
    return WORDS, fills


@functools.cache
def variables_of(name):
    variables = drawn(MODELS[name], example(name)[0][None], scale=0.5)
    averages = variables.get("batch_stats", {})  # Of squares, some of them.
    return {**variables, "batch_stats": jax.tree.map(jnp.abs, averages)}


@functools.cache
def program(name):
    """Return the compiled function to predictions, and to gradients."""
    model, rest = MODELS[name], dict(variables_of(name))
    rest.pop("params")
    with_mask = name not in TEXTS or name.endswith("None")

    def predict(params, x, mask):
        options = {"mask": mask} if with_mask else {}
        return model.apply({"params": params, **rest}, x, **options)

    def run(params, x, mask):
        if name in TEXTS:
            return with_gradients(lambda p: predict(p, x, mask))(params)
        return with_gradients(lambda p, x: predict(p, x, mask))(params, x)

    compiled = quick_jit(run)
    return lambda x, mask: compiled(variables_of(name)["params"], x, mask)


@pytest.mark.parametrize("name", MODELS)
def test_padding_changes_nothing(name):
    base, fills = example(name)
    run, results = program(name), []
    for fill in fills:
        results.append(run(padded(base, PLACES, TIME, fill), MASK))
    y, gradients = results[0]
    # What is at masked steps, NaN included, is never seen, nor by the gradients.
    for other in results[1:]:
        assert_close(other, (y, gradients), 1e-6)
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves((y, gradients)))
    if name in SERIES:
        assert np.all(np.asarray(gradients[1])[~MASK] == 0)
    # Nor does it matter where the sequence lies, be it shorter than the kernels.
    first = {length: i for i, (length, _) in reversed(list(enumerate(PLACES)))}
    y = np.asarray(y)
    assert_close(y, y[[first[length] for length, _ in PLACES]])
    assert len(np.unique(y[[first[n] for n in range(4, TIME + 1)], 0])) > 3


@pytest.mark.parametrize("name", MODELS)
def test_equals_the_bare_sequence_and_a_longer_array(name):
    base, fills = example(name)
    variables, model = variables_of(name), MODELS[name]
    places, time = [(TIME, 9), (5, 0), (5, 13), (1, 20), (TIME - 3, 2)], TIME + 9
    fill = np.broadcast_to(fills[-1][:1, :1], (5, time, *base.shape[1:]))
    x = padded(base, places, time, fill)
    mask = np.array([[i <= t < i + n for t in range(time)] for n, i in places])

    def run(variables):
        bare = [model.apply(variables, base[None, :length])[0] for length in LONG]
        options = {"mask": mask} if name not in TEXTS or name.endswith("None") else {}
        return jnp.stack(bare), model.apply(variables, x, **options)

    bare, longer = quick_jit(run)(variables)
    y, _ = program(name)(padded(base, PLACES, TIME, fills[-1]), MASK)
    at = [PLACES.index((length, 0)) for length in LONG]
    assert_close(y[jnp.array(at)], bare)
    at = [PLACES.index((length, 0)) for length, _ in places]
    assert_close(y[jnp.array(at)], longer)


@pytest.mark.parametrize("name", SERIES)
@settings(max_examples=10)
@given(seed=st.integers(0, 2**32 - 1), kept=st.floats(0, 1))
def test_what_is_at_holes_is_never_seen(name, seed, kept):
    random = np.random.default_rng(seed)
    shape = (len(PLACES), TIME)
    mask = random.random(shape) < kept
    x = random.normal(size=(*shape, FEATURES)).astype(np.float32)
    spoilt = random.choice([np.nan, np.inf, -np.inf, 0, 1e30], x.shape)
    run = program(name)
    expected = run(x, mask)
    got = run(np.where(mask[:, :, None], x, spoilt).astype(np.float32), mask)
    assert_close(got, expected, 1e-6)
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(got))
    # Nor is padding within what lies around the sequence: move each row by a step.
    moved, mask = np.roll(x, 1, axis=1), np.roll(mask, 1, axis=1)
    free = ~mask[:, 0]
    y = np.asarray(run(moved, mask)[0])[free]
    assert_close(y, np.asarray(expected[0])[free])


def test_flatten_begins_with_the_first_real_step():
    for model, base, fill in [
        (models.SeriesConvNet(BLOCKS, "flatten"), BASE, np.nan),
        (row(nn.Flatten()), BASE, np.nan),
        (models.TextConvNet(9, 3, BLOCKS, "flatten", mask_id=0), WORDS, 0),
    ]:
        shape = (len(PLACES), TIME, *base.shape[1:])
        x = padded(base, PLACES, TIME, np.full(shape, fill, base.dtype))
        variables = drawn(model, x, scale=0.5)
        options = {"mask": MASK} if base is BASE else {}
        y = np.asarray(quick_jit(model.apply)(variables, x, **options))
        first = {length: i for i, (length, _) in reversed(list(enumerate(PLACES)))}
        assert np.all(np.isfinite(y))
        assert_close(y, y[[first[length] for length, _ in PLACES]])
        assert_close(y[-1:], quick_jit(model.apply)(variables, base[None]))
