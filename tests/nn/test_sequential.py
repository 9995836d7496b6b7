import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from nn.stacks import IDS, NAMED, SERIES, Scale, moved, names_of
from numerics import apply, assert_close, assert_same_bits, drawn, normal, quick_jit

from seqconv_jax import UserError, models, nn
from seqconv_jax.nn.summary import summary

KEY = jax.random.key(0)


@pytest.mark.parametrize("name", NAMED)
def test_equals_the_named_network_of_the_same_layers(name):
    model, x = NAMED[name]
    row = nn.Sequential(model.layers)
    params = drawn(model, x)["params"]
    other = {"params": moved(model, params)}
    assert jax.tree.leaves(other["params"]) != []
    run = quick_jit(lambda p, q: (model.apply(p, x), row.apply(q, x)))
    assert_same_bits(*run({"params": params}, other))
    shapes = jax.eval_shape(row.init, KEY, x)["params"]
    assert jax.tree.map(jnp.shape, other["params"]) == jax.tree.map(jnp.shape, shapes)


@pytest.mark.parametrize("name", NAMED)
def test_a_model_shows_its_layers_without_parameters(name):
    model, x = NAMED[name]
    rows = summary(model, x).splitlines()[3:-2]
    assert [row.split(" ")[0] for row in rows] == names_of(model)
    assert model.layers == model.layers
    assert all(layer.name is None for layer in model.layers)


def test_is_a_sequence_of_layers():
    layers = (nn.Conv1D(4, 3), nn.MaxPool1D(2), nn.GRU(4), nn.Dense(1))
    model = nn.Sequential(layers)
    assert len(model) == 4 and tuple(model) == layers
    assert model[0] is layers[0] and model[-1] is layers[-1]
    assert model[1:3] == nn.Sequential(layers[1:3])
    assert model[::2].layers == layers[::2]
    assert nn.GRU(4) in model and nn.GRU(5) not in model
    assert not nn.Sequential(()).layers and nn.Sequential(())
    with pytest.raises(IndexError):
        model[4]


def test_a_part_keeps_the_settings_of_the_whole():
    layers = (nn.Masking(), nn.Conv1D(4, 3), nn.GRU(4), nn.Dense(1))
    model = nn.Sequential(layers, mask_until=2, rewrites=())
    assert model[:3] == nn.Sequential(layers[:3], mask_until=2, rewrites=())
    assert model[1:].mask_until == 1 and model[3:].mask_until == 0
    assert nn.Sequential(layers, mask_until=-1)[1:].mask_until == 2
    assert nn.Sequential(layers)[1:].mask_until is None


def test_a_part_computes_what_it_computes_in_the_whole():
    model = nn.Sequential((nn.Dense(4, "tanh"), nn.LayerNorm(), nn.GRU(3)))
    variables = drawn(model, SERIES)
    params = variables["params"]
    part = {"params": {"layers_0": params["layers_1"], "layers_1": params["layers_2"]}}
    between = model[:1].apply(variables, SERIES)
    assert_same_bits(model[1:].apply(part, between), model.apply(variables, SERIES))


def test_a_layer_of_ones_own_in_front_of_those_of_a_model():
    model, x = NAMED["ConvGRU"]
    row = nn.Sequential((Scale(), *model.layers[:-1], nn.Dense(5)))
    variables = drawn(row, x)
    assert variables["params"]["layers_0"]["scale"].shape == (3,)
    assert jax.eval_shape(row.apply, variables, x).shape == (3, 5)


def test_models_nest():
    inner = models.SeriesConvNet(outputs=3)
    model = nn.Sequential((nn.Sequential((Scale(), inner)), nn.Dense(2)))
    x = normal(2, 240, 3)
    variables = drawn(model, x)
    below = variables["params"]["layers_0"]["layers_1"]
    assert sorted(below) == ["Conv1D_0", "Conv1D_1", "Conv1D_2", "Dense_0"]
    scaled = x * variables["params"]["layers_0"]["layers_0"]["scale"].reshape(1, 1, 3)
    y = inner.apply({"params": below}, scaled)
    expected = apply(nn.Dense(2), {"params": variables["params"]["layers_1"]}, y)
    assert_close(model.apply(variables, x), expected)


def test_one_layer_twice_shares_its_weights():
    layer = nn.Dense(3)
    model = nn.Sequential((layer, layer))
    variables = drawn(model, SERIES)
    assert list(variables["params"]) == ["layers_0"]
    weights = {"params": variables["params"]["layers_0"]}
    twice = layer.apply(weights, layer.apply(weights, SERIES))
    assert_same_bits(model.apply(variables, SERIES), twice)


class Named(nn.Network):
    """Give one layer a name, another none."""

    @property
    def layers(self):
        return (
            nn.Conv1D(4, 3, name="front"),
            nn.GRU(4, return_sequences=True),
            nn.GRU(2),
        )


def test_a_network_of_ones_own_counts_layers_without_a_name():
    variables = drawn(Named(), SERIES)
    assert sorted(variables["params"]) == ["GRU_0", "GRU_1", "front"]
    assert jax.eval_shape(Named().apply, variables, SERIES).shape == (3, 2)


def test_trains_the_layers_that_can():
    model = nn.Sequential((nn.Dropout(0.5), nn.GRU(3, dropout=0.5), nn.Dense(2)))
    variables, rngs = drawn(model, SERIES), {"dropout": KEY}
    trained = apply(model, variables, SERIES, train=True, rngs=rngs)
    assert trained.shape == (3, 2)
    assert np.any(np.asarray(trained != model.apply(variables, SERIES)))


def test_errors():
    with pytest.raises(UserError, match="`layers` must be at least one layer"):
        nn.Sequential(()).init(KEY, normal(1, 2, 3))
    for until in (None, 1):
        short = nn.Sequential((nn.Dense(2), nn.Conv1D(2, 9)), mask_until=until)
        with pytest.raises(
            UserError, match=r"Conv1D_0: .* 9 steps, got 2 .*: 2 -> 2\)"
        ):
            short.init(KEY, normal(1, 2, 3))
    with pytest.raises(UserError, match="`rewrites` must be one of .*'causal, last s"):
        nn.Sequential((nn.Dense(2),), rewrites=("causal",)).apply({}, SERIES)


def test_is_a_value():
    layers = (nn.Conv1D(2, 3), nn.GlobalMaxPool1D())
    model = nn.Sequential(layers)
    assert model == nn.Sequential(layers) and hash(model) == hash(nn.Sequential(layers))
    assert model != nn.Sequential(layers[:1])
    assert model != nn.Sequential(layers, mask_until=1)
    assert model != models.SeriesConvNet()
    assert model.clone() == model and model.clone(mask_until=1).mask_until == 1


@pytest.mark.parametrize("name", NAMED)
def test_models_are_values_that_can_be_stored(name):
    model, x = NAMED[name]
    assert model == model.clone() and hash(model) == hash(model.clone())
    again = pickle.loads(pickle.dumps(model))
    assert again == model
    assert summary(again, x) == summary(model, x)
    row = nn.Sequential(model.layers)
    assert pickle.loads(pickle.dumps(row)) == row


def test_ids_go_through_a_model_of_ids_in_another():
    inner = models.TextConvNet(7, 4, (nn.ConvBlock(4, 5),), outputs=3)
    model = nn.Sequential((inner, nn.Dense(1)))
    assert jax.eval_shape(model.apply, drawn(model, IDS), IDS).shape == (3, 1)
