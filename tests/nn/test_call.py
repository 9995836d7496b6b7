"""`train` and `mask` reach whatever takes them, however deep and wrapped."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as linen
from nn.stacks import SERIES, Scale
from numerics import (
    apply,
    assert_close,
    assert_same_bits,
    drawn,
    quick_jit,
    value_and_gradients,
)

from seqconv_jax import UserError, models, nn

KEY = jax.random.key(0)
X, LONGER = SERIES[:, :12], SERIES[:, :20]
MASK = jnp.arange(12) < jnp.array([[12], [7], [3]])


class OneMore(linen.Module):
    """A stranger's layer that adds one while training, and takes no mask."""

    def __call__(self, x, train=False):
        """Add one, if `train` says so."""
        assert isinstance(train, bool)
        return x + 1 if train else x


class Masked(linen.Module):
    """A stranger's layer that takes a mask alone: it shows where it is masked."""

    def __call__(self, x, *, mask=None):
        """Put -1 at masked steps."""
        return x if mask is None else jnp.where(mask[:, :, None], x, -1)


class Both(linen.Module):
    """A stranger's layer that takes both."""

    @linen.compact
    def __call__(self, x, *, train=False, mask=None):
        """Do both."""
        return OneMore()(Masked()(x, mask=mask), train=train)


class Within(nn.Network):
    """A model of one's own around a layer."""

    inner: Any

    @property
    def layers(self):
        """Return it behind one that keeps the mask."""
        return nn.Activation("linear"), self.inner


class Onward(linen.Module):
    """A stranger's module around another, that hands on whatever comes."""

    inner: Any

    def __call__(self, x, **options):
        """Call the inner one."""
        return self.inner(x, **options)


def remat(layer):
    """Make a layer without settings anew, under remat."""
    return linen.remat(type(layer))()


def row(*layers):
    return nn.Sequential(layers)


WRAPPERS = {
    "alone": lambda layer: layer,
    "two deep": lambda layer: row(row(layer), Within(nn.Activation("linear"))),
    "in a model": Within,
    "under remat": remat,
    "a row under remat": lambda layer: linen.remat(nn.Sequential)((layer,)),
    "remat in remat": lambda layer: linen.remat(nn.Sequential)((remat(layer),)),
    "a model under remat": lambda layer: linen.remat(Within)(layer),
    "in a branch": lambda layer: nn.Parallel(((layer,),)),
    "in a branch under remat": lambda layer: linen.remat(nn.Parallel)(((layer,),)),
}


@pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=WRAPPERS)
@pytest.mark.parametrize(
    "layer", [Both(), Masked(), OneMore(), Onward(Both())], ids=repr
)
def test_reach_a_layer(layer, wrap):
    if wrap in (remat, WRAPPERS["remat in remat"]) and isinstance(layer, Onward):
        layer = Both()
    model = row(wrap(layer))
    seen = jnp.asarray(np.where(MASK[:, :, None], X, -1))
    for train in (False, True):
        more = 1 if train and not isinstance(layer, Masked) else 0
        assert_same_bits(apply(model, {}, X, train=train), jnp.asarray(X) + more)
        if isinstance(layer, OneMore):
            with pytest.raises(UserError, match="layer .*OneMore takes no `mask`"):
                model.apply({}, X, mask=MASK, train=train)
        else:
            y = apply(model, {}, X, mask=MASK, train=train)
            if "branch" in next(k for k, v in WRAPPERS.items() if v is wrap):
                y = jnp.where(MASK[:, :, None], y, seen + more)  # It hides the rest.
            assert_same_bits(y, seen + more)


Ensemble = linen.vmap(
    nn.GRU,
    variable_axes={"params": 0},
    split_rngs={"params": True, "dropout": True},
)


class Mapped(linen.Module):
    """A stranger's layer: several GRUs over the same sequence."""

    rate: float = 0.0

    @linen.compact
    def __call__(self, x, *, mask=None, train=False):
        """Add up what each returns."""
        several = Ensemble(4, dropout=self.rate)
        x = jnp.stack([x, x])
        return nn.call(several, x, mask=mask, train=train).sum(0)


class Body(linen.Module):
    """A GRU beside a shortcut, as the body of a scan."""

    rate: float

    @linen.compact
    def __call__(self, x, _, *, mask=None, train=False):
        """Add the states."""
        gru = nn.GRU(3, dropout=self.rate, return_sequences=True)
        return x + gru(x, mask=mask, train=train), None


Stacked = linen.scan(
    Body,
    variable_axes={"params": 0},
    split_rngs={"params": True, "dropout": True},
    length=2,
)


class Scanned(linen.Module):
    """A stranger's layer: GRUs one after another, in a loop."""

    rate: float = 0.0

    @linen.compact
    def __call__(self, x, *, mask=None, train=False):
        """Map through all of them."""
        return nn.call(Stacked(self.rate), x, None, mask=mask, train=train)[0]


def hybrid(rate=0.5):
    return models.ConvGRU(4, 3, units=4, dropout=rate)


MODELS = {
    "a model in a row": row(hybrid(), nn.Dense(1)),
    "a model in a row in a row": row(row(hybrid(), nn.Dense(2)), nn.Dense(1)),
    "under remat": row(linen.remat(nn.GRU)(4, dropout=0.5)),
    "a row under remat": row(linen.remat(nn.Sequential)((nn.GRU(4, dropout=0.5),))),
    "a model under remat in a row": row(
        linen.remat(models.ConvGRU)(4, 3, units=4), nn.Dense(1)
    ),
    "a model under remat": linen.remat(models.ConvGRU)(4, 3, units=4),
    "under vmap": row(Mapped(0.5)),
    "under scan": row(Scanned(0.5), nn.LastStep()),
    "in both directions": row(nn.Bidirectional(nn.GRU(4, dropout=0.5))),
    "under remat in both directions": row(
        nn.Bidirectional(linen.remat(nn.GRU)(4, dropout=0.5))
    ),
    "in a model of the library": models.ConvRNN(
        nn.Sequential((nn.GRU(4, dropout=0.5), nn.Dropout(0.5))), (nn.ConvBlock(4, 3),)
    ),
    "residual": row(nn.Residual((nn.Dense(3), nn.Dropout(0.5))), nn.LastStep()),
    "parallel": row(nn.Parallel(((nn.Dropout(0.5),), ())), nn.GRU(3)),
}


@pytest.mark.parametrize("name", MODELS)
def test_dropout_is_on_while_training_and_gradients_flow(name):
    model = MODELS[name]
    params = drawn(model, LONGER, scale=0.5)["params"]

    def run(params, seed, train):
        rngs = {"dropout": jax.random.key(seed)}
        options = {"train": train, "rngs": rngs, "method": nn.call}
        return apply(model, {"params": params}, LONGER, **options)

    def every(params):
        return [run(params, *each) for each in ((1, True), (2, True), (1, False))]

    def loss(params):
        return jnp.sum(jnp.square(run(params, 1, True)))

    run_all = quick_jit(lambda p: (every(p), jax.grad(loss)(p)))
    (first, second, still), slopes = jax.device_get(run_all(params))
    assert np.any(first != second) and np.any(first != still)
    assert np.all(np.isfinite(first))
    for slope in jax.tree.leaves(slopes):
        assert np.all(np.isfinite(slope)) and np.any(slope != 0)


def test_a_mask_reaches_what_is_mapped_and_scanned():
    def state(layer, params, x):
        return apply(layer, {"params": params}, x, mask=MASK)

    def both(params):
        return [jax.tree.map(lambda p, i=i: p[i], params) for i in (0, 1)]

    @quick_jit
    def run_mapped(params):
        got = state(row(mapped), {"layers_0": params}, X)
        return got, sum(state(nn.GRU(4), p, X) for p in both(params["VmapGRU_0"]))

    @quick_jit
    def run_scanned(params):
        y, gru = X, nn.GRU(3, return_sequences=True)
        for one in both(params["ScanBody_0"]["GRU_0"]):
            y = y + state(gru, one, y)
        got = state(row(scanned, nn.LastStep()), {"layers_0": params}, X)
        return got, y[jnp.arange(3), jnp.array([11, 6, 2])]

    mapped, scanned = Mapped(), Scanned()
    assert_close(*run_mapped(drawn(mapped, X)["params"]))
    assert_close(*run_scanned(drawn(scanned, X)["params"]))


@pytest.mark.parametrize("mask", [None, MASK], ids=["no mask", "mask"])
@pytest.mark.parametrize("train", [False, True])
def test_remat_changes_no_number(train, mask):
    def layers(lift):
        return (
            lift(nn.Conv1D)(4, 3, activation="relu"),
            lift(nn.MaxPool1D)(2),
            lift(nn.Sequential)((nn.LayerNorm(), lift(nn.GRU)(4, dropout=0.5))),
            nn.Dense(2),
        )

    plain = nn.Sequential(layers(lambda kind: kind), rewrites=())
    lifted = row(*layers(linen.remat))
    params = drawn(plain, X)["params"]
    assert jax.tree.map(jnp.shape, params) == jax.tree.map(
        jnp.shape, drawn(lifted, X)["params"]
    )
    rngs = {"dropout": KEY}
    got, expected = (
        value_and_gradients(
            lambda p, m=model: m.apply(
                {"params": p}, X, mask=mask, train=train, rngs=rngs
            ),
            params,
        )
        for model in (lifted, plain)
    )
    assert_close(got, expected, 1e-6)


@pytest.mark.parametrize(
    "layer",
    [
        linen.jit(nn.GRU)(4),
        linen.jit(nn.Sequential)((nn.GRU(4),)),
        linen.remat(linen.jit(nn.GRU))(4),
        linen.jit(linen.remat(nn.GRU))(4),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_jit_of_a_layer_raises(layer):
    for model in (row(layer), row(nn.Bidirectional(layer)), row(row(layer))):
        with pytest.raises(UserError, match="keeps what it was traced with, `train`"):
            jax.eval_shape(model.init, KEY, X)


def test_jit_of_a_layer_that_takes_neither_is_one():
    model = row(linen.jit(Scale)())
    variables = drawn(model, X)
    scale = variables["params"]["layers_0"]["scale"]
    assert_close(model.apply(variables, X, train=True), X * scale.reshape(1, 1, 3))
