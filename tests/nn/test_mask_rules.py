"""What becomes of a mask behind layers, a stranger's among them."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as linen
from nn.stacks import IDS, SERIES, MaskedScale, Scale
from numerics import apply, assert_close, assert_same_bits, drawn, quick_jit

from seqconv_jax import UserError, models, nn

KEY = jax.random.key(0)
X = SERIES[:, :12]
MASK = jnp.arange(12) < jnp.array([[12], [7], [3]])


def row(*layers, **settings):
    return nn.Sequential(layers, **settings)


def test_a_layer_that_takes_a_mask_and_keeps_the_time_passes_it_on():
    for layer in (MaskedScale(), linen.remat(MaskedScale)()):
        model, bare = row(layer, nn.GRU(4)), row(nn.GRU(4))
        variables = drawn(model, X)
        scale = variables["params"]["layers_0"]["scale"].reshape(1, 1, 3)
        expected = quick_jit(bare.apply)(
            {"params": {"layers_0": variables["params"]["layers_1"]}},
            X * scale,
            mask=MASK,
        )
        assert_close(quick_jit(model.apply)(variables, X, mask=MASK), expected)


class Halve(linen.Module):
    """A stranger's layer that drops every second step."""

    def __call__(self, x, mask=None):
        """Keep the others."""
        return x[:, ::2]


class HalveBoth(Halve):
    """One that says what becomes of the mask."""

    def mask_after(self, mask, x):
        """Keep the others."""
        return None if mask is None else mask[:, ::2]


class Sum(linen.Module):
    """A stranger's layer that leaves no time."""

    def __call__(self, x, mask=None):
        """Add up the real steps."""
        return jnp.sum(x if mask is None else jnp.where(mask[:, :, None], x, 0), 1)


def test_a_layer_that_changes_the_time_says_what_becomes_of_the_mask():
    message = r"layer Halve must have a method `mask_after\(mask, x\)` .* 12 steps to"
    with pytest.raises(UserError, match=message):
        row(Halve(), Sum()).apply({}, X, mask=MASK)
    expected = jnp.where(MASK[:, :, None], X, 0)[:, ::2].sum(1)
    assert_close(row(HalveBoth(), Sum()).apply({}, X, mask=MASK), expected)
    # Where no step is left there is nothing to be masked.
    y = row(Sum(), Scale()).apply(
        {"params": {"layers_1": {"scale": jnp.ones(3)}}}, X, mask=MASK
    )
    assert_close(y, jnp.where(MASK[:, :, None], X, 0).sum(1))


def test_a_mask_of_another_shape_raises():
    for layer in (HalveBoth(), nn.Dense(2), nn.GRU(2)):
        with pytest.raises(UserError, match=r"`mask` must have shape \(3, 12\), got"):
            row(layer).init(KEY, X, mask=MASK[:, 1:])


def test_a_layer_without_a_mask_raises_only_where_one_is_live():
    model = row(Scale(), nn.GRU(3))
    variables = drawn(model, X)
    assert apply(model, variables, X).shape == (3, 3)
    with pytest.raises(UserError, match=r"layer Scale takes no .* got \(self, x\)"):
        model.apply(variables, X, mask=MASK)
    behind = row(nn.GRU(3), Scale())
    assert apply(behind, drawn(behind, X), X, mask=MASK).shape == (3, 3)
    of_ids = nn.Embedding(7, 3, mask_id=0), nn.OneHotConv1D(3, 7, 2, mask_id=0)
    for head in (nn.Masking(), *of_ids):
        x = X if isinstance(head, nn.Masking) else IDS
        with pytest.raises(UserError, match="layer Scale takes no `mask`"):
            jax.eval_shape(row(head, Scale()).init, KEY, x)


TEXT = models.TextConvNet(7, 4, (nn.ConvBlock(4, 3),), mask_id=0)


@pytest.mark.parametrize(
    "late",
    [
        row(nn.Dense(3), nn.Masking()),
        row(row(nn.Activation("relu"), nn.Masking())),
        nn.Residual((nn.Dense(3), nn.Masking()), (nn.Dense(3),)),
    ],
    ids=["second", "second, nested", "in a branch"],
)
def test_what_makes_a_mask_comes_first_in_a_nested_model_if_the_mask_matters(late):
    with pytest.raises(UserError, match="a Masking layer must come first in a nested"):
        jax.eval_shape(row(late, nn.GRU(3)).init, KEY, X)
    # Where what follows in the nested model uses the mask up, and without nesting.
    for used in (nn.GRU(3), nn.GlobalMaxPool1D(), nn.Bidirectional(nn.GRU(3))):
        inner = row(nn.Dense(3), nn.Masking(), nn.Dense(3), used, nn.Dense(2))
        for mask in (None, MASK):
            init = functools.partial(row(inner, nn.Dense(1)).init, mask=mask)
            params = jax.eval_shape(init, KEY, X)["params"]
            assert sorted(params) == ["layers_0", "layers_1"]
    assert jax.eval_shape(row(nn.Dense(3), nn.Masking(), nn.GRU(3)).init, KEY, X)


def test_a_mask_made_and_used_up_within_a_nested_model_counts():
    inner = (nn.Dense(3), nn.Masking(), nn.GRU(3))
    flat, nested = row(*inner, nn.Dense(1)), row(row(*inner), nn.Dense(1))
    params = drawn(flat, X)["params"]
    params["layers_0"]["bias"] *= 0
    x = X.copy()
    x[1, 7:] = 0
    below = {k: v for k, v in params.items() if k != "layers_3"}
    got = quick_jit(nested.apply)(
        {"params": {"layers_0": below, "layers_1": params["layers_3"]}}, x
    )
    assert_same_bits(got, quick_jit(flat.apply)({"params": params}, x))
    bare = quick_jit(flat.apply)({"params": params}, x[1:2, :7])
    assert_close(got[1:2], bare)


def test_a_nested_model_hands_the_mask_that_it_makes_on():
    inner = row(nn.Masking(), nn.Conv1D(4, 3, padding="same"))
    flat, nested = row(*inner.layers, nn.GRU(3)), row(inner, nn.GRU(3))
    params = drawn(flat, X)["params"]
    below = {
        "layers_0": {"layers_1": params["layers_1"]},
        "layers_1": params["layers_2"],
    }
    x = X.copy()
    x[1, 7:] = 0
    expected = quick_jit(flat.apply)({"params": params}, x)
    assert_same_bits(quick_jit(nested.apply)({"params": below}, x), expected)
    assert np.any(expected != flat.clone(mask_until=1).apply({"params": params}, x))


def test_ids_of_padding_are_masked_in_a_nested_model_of_ids():
    model = row(TEXT, nn.Dense(2))
    variables, ids = drawn(model, IDS), IDS[:, :9].copy()
    padded = np.pad(ids, ((0, 0), (4, 0)))
    assert_close(
        quick_jit(model.apply)(variables, padded),
        quick_jit(model.apply)(variables, ids),
    )


def test_layers_from_mask_until_on_are_not_told_of_masks():
    layers = (nn.Dense(4), nn.GRU(4, return_sequences=True), nn.GRU(3))
    whole = row(*layers)
    variables = drawn(whole, X)
    params = variables["params"]
    told = [quick_jit(whole.apply)(variables, X, mask=m) for m in (MASK, None)]
    for until in (None, 3):
        model = row(*layers, mask_until=until)
        assert_same_bits(quick_jit(model.apply)(variables, X, mask=MASK), told[0])
    for until in (0, 1):
        model = row(*layers, mask_until=until)
        assert_same_bits(quick_jit(model.apply)(variables, X, mask=MASK), told[1])
        assert model.mask_after(MASK, X) is None
    front = row(*layers[:2])
    states = quick_jit(front.apply)(
        {"params": {k: v for k, v in params.items() if k != "layers_2"}}, X, mask=MASK
    )
    expected = quick_jit(layers[2].apply)({"params": params["layers_2"]}, states)
    model = row(*layers, mask_until=2)
    assert_same_bits(quick_jit(model.apply)(variables, X, mask=MASK), expected)
