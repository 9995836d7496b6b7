"""Functional models whose branches nest, and those whose branches do not."""

import json
import zipfile

import jax
import keras
import keras_reference
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from interop.keras_files import (
    evaluate,
    functional,
    load_weights,
    message_of,
    predict,
    rewritten,
    save,
    save_weights,
)
from keras import layers as k
from numerics import assert_close, assert_same_bits, normal

from seqconv_jax import UserError, nn
from seqconv_jax.interop import load_keras, load_keras_variables, save_keras_weights
from seqconv_jax.interop.keras_graph import graph_of

X = normal(2, 12, 3)


def same(features, size=3, **options):
    return k.Conv1D(features, size, padding="same", **options)


def resnet(x):
    y = same(4)(x)
    for width in (6, 6):
        inner = k.ReLU()(k.BatchNormalization()(same(width)(y)))
        inner = k.BatchNormalization()(same(width)(inner))
        beside = y if y.shape[-1] == width else same(width, 1)(y)
        y = k.ReLU()(k.Add()([beside, inner]))
    return k.Dense(2)(k.GlobalAveragePooling1D()(y))


def inception(x):
    for _ in range(2):
        x = k.Concatenate()(
            [
                same(2, 1)(x),
                same(3, 3)(same(2, 1)(x)),
                same(2, 5)(same(2, 1)(x)),
                same(2, 1)(k.MaxPooling1D(3, 1, padding="same")(x)),
            ]
        )
    return k.LSTM(3)(x)


def nested(x):
    inner = k.Add()([same(3)(x), same(3, 1)(same(3, activation="relu")(x))])
    y = k.Concatenate(axis=2)([same(2, 1)(x), inner, x])
    y = k.Average()([y, same(8)(y), y])
    y = k.Multiply()([y, same(8, 1, activation="sigmoid")(y)])
    y = k.Maximum()([same(4)(y), same(4)(y)])
    ends = k.GRU(2)(y), k.GlobalMaxPooling1D()(y), k.Bidirectional(k.SimpleRNN(2))(y)
    return k.Concatenate(axis=1)(list(ends))


def shortcuts_alone(x):
    y = k.Add()([x, same(3)(x)])
    y = k.Add()([same(3)(y), y])
    y = k.Add()([y, same(3)(y), same(3, 2)(y)])
    return k.Add()([y, y])


NETWORKS = [resnet, inception, nested, shortcuts_alone]


@pytest.mark.parametrize("network", NETWORKS)
def test_predicts_what_keras_predicts(network, tmp_path):
    built = functional(X.shape[1:], network)
    modern = load_keras(save(built, tmp_path / "model.keras"))
    assert_close(evaluate(modern, X), predict(built, X))
    legacy = load_keras(save(built, tmp_path / "model.h5"))
    assert legacy.model == modern.model
    jax.tree.map(assert_same_bits, legacy.params, modern.params)
    jax.tree.map(assert_same_bits, legacy.batch_stats, modern.batch_stats)


@pytest.mark.parametrize("network", NETWORKS)
def test_weights_alone_are_in_the_order_of_keras(network, tmp_path):
    built = functional(X.shape[1:], network)
    whole = load_keras(save(built, tmp_path / "model.keras"))
    expected = {"params": whole.params, "batch_stats": whole.batch_stats}
    save_weights(built, tmp_path / "there.weights.h5")
    save(built, tmp_path / "there.h5")
    for name in ("there.weights.h5", "there.h5", "model.keras"):
        got = load_keras_variables(tmp_path / name, whole.model, X)
        jax.tree.map(assert_same_bits, got, expected)
    # And back: through Keras, and still the same bits.
    back = tmp_path / "back.weights.h5"
    save_keras_weights(back, whole.model, whole.params, X, whole.batch_stats)
    for variable in built.variables:
        variable.assign(keras_reference.zeros(variable.shape, variable.dtype))
    load_weights(built, back)
    save_weights(built, tmp_path / "again.weights.h5")
    got = load_keras_variables(tmp_path / "again.weights.h5", whole.model, X)
    jax.tree.map(assert_same_bits, got, expected)


# Nests of chains: a number is a layer, a list the branches that one merge joins.
NESTS = st.recursive(
    st.integers(0, 5),
    lambda inner: st.lists(st.lists(inner, max_size=2), min_size=2, max_size=3),
    max_leaves=8,
)


def built_of(nest, x):
    if isinstance(nest, int):
        makers = [same(3), same(3, 2), k.Dense(3), k.ReLU(), k.LayerNormalization()]
        return [*makers, k.BatchNormalization()][nest](x)
    ends = []
    for branch in nest:
        ends.append(x)
        for item in branch:
            ends[-1] = built_of(item, ends[-1])
    return [k.Add(), k.Maximum()][len(nest) % 2](ends)


@given(nests=st.lists(NESTS, min_size=1, max_size=3))
@settings(max_examples=8)
def test_any_nest_of_layers(tmp_path_factory, nests):
    def network(x):
        for nest in nests:
            x = built_of(nest, x)
        return k.Dense(1)(x)

    built, folder = functional(X.shape[1:], network), tmp_path_factory.mktemp("any")
    whole = load_keras(save(built, folder / "a.keras"))
    assert_close(evaluate(whole, X), predict(built, X))
    path = save_weights(built, folder / "a.weights.h5")
    alone = load_keras_variables(path, whole.model, X)
    expected = {"params": whole.params, "batch_stats": whole.batch_stats}
    jax.tree.map(assert_same_bits, alone, expected)


def test_a_sum_of_two_is_residual(tmp_path):
    built = functional(X.shape[1:], shortcuts_alone)
    loaded = load_keras(save(built, tmp_path / "model.keras"))
    first, second, third, last = loaded.model.layers
    conv = nn.Conv1D(3, 3, padding="same")
    assert first == second == nn.Residual(layers=(conv,))
    assert third == nn.Parallel(
        branches=((), (conv,), (nn.Conv1D(3, 2, padding="same"),)), merge="sum"
    )
    assert last == nn.Residual(layers=())


def crossed(x):
    first, second = same(2, name="first")(x), same(2, name="second")(x)
    merged = k.Add(name="merged")([first, second])
    return k.Add(name="last")([second, merged])


def called_twice(x):
    layer = k.Dense(3, name="shared")
    return layer(layer(x))


def in_training(x):
    return k.Dropout(0.5, name="forced")(x, training=True)


def with_a_state(x):
    state = k.GlobalMaxPooling1D()(k.Dense(2)(x))
    return k.GRU(2, name="begun")(x, initial_state=state)


def difference(x):
    return k.Subtract(name="difference")([x, same(3)(x)])


def operation(x):
    return k.Dense(2)(keras.ops.exp(x))


@pytest.mark.parametrize(
    "network, message",
    [
        (crossed, "layer 'second' (Conv1D) is part of branches that do not nest"),
        (called_twice, "layer 'shared' (Dense) is called 2 times"),
        (in_training, "layer 'forced' (Dropout) is called with training=True"),
        (with_a_state, "layer 'begun' (GRU) has no counterpart here; there are Add"),
        (difference, "layer 'difference' (Subtract) has no counterpart here"),
        (operation, "(Exp) has no counterpart here"),
        (lambda x: [same(2, name="a")(x), same(2, name="b")(x)], "end in one layer"),
    ],
)
@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_what_does_not_nest(network, message, suffix, tmp_path):
    built = functional(X.shape[1:], network)
    path = save(built, tmp_path / f"a.{suffix}")
    assert message in message_of(load_keras, path)


def test_two_inputs(tmp_path):
    with keras_reference.exact():
        a, b = keras.Input((6, 3), name="one"), keras.Input((6, 3), name="two")
        built = keras.Model([a, b], k.Add()([a, b]))
    message = message_of(load_keras, save(built, tmp_path / "a.keras"))
    assert "must have one input, got ['one', 'two']" in message


def feed(layer, source):
    layer["inbound_nodes"][0]["args"][0]["config"]["keras_history"][0] = source


def only(layers, **kwargs):
    """Add to how the last layer is called."""
    layers[3]["inbound_nodes"][0]["kwargs"].update(kwargs)


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda layers: only(layers, axis=1), "is called with axis=1, which has no"),
        (lambda layers: only(layers, training="x"), "is called with training='x'"),
        (lambda layers: layers.extend(1000 * layers[:1]), "at most 1,000 layers"),
        (
            lambda layers: layers[3]["inbound_nodes"][0]["args"][0]["config"].update(
                keras_history=["sum", 0, 1]
            ),
            "called with output [0, 1] of a layer",
        ),
        (lambda layers: feed(layers[1], "sum"), "['dense_a', 'sum', 'dense_b'] feed"),
        (lambda layers: feed(layers[1], "nobody"), "layers ['nobody'] are called"),
        (lambda layers: layers[3].update(name="dense_a"), "got 'dense_a' twice"),
        (lambda layers: layers.append(7), "list of layers is damaged"),
        (lambda layers: layers.clear(), "must end in one layer"),
    ],
)
def test_graphs_that_say_nonsense(change, message, tmp_path):
    def network(x):
        y = k.Add(name="sum")([k.Dense(3, name="dense_a")(x), x])
        return k.Dense(2, name="dense_b")(y)

    path = save(functional((6, 3), network), tmp_path / "a.keras")
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
    change(config["config"]["layers"])
    new = {"config.json": json.dumps(config)}
    assert message in message_of(load_keras, rewritten(path, tmp_path / "b.keras", new))


def test_layers_shared_again_and_again_are_found_at_once():
    """Following every way would double the work for each pair of sums."""
    layers = [{"class_name": "InputLayer", "name": "a0", "config": {}}]
    for i in range(40):
        for kind in "ab" if i else "b":
            before = ["a0"] if i < 1 else [f"a{i - 1}", f"b{i - 1}"]
            nodes = [[[name, 0, 0, {}] for name in before]]
            layers.append(
                {
                    "class_name": "Add" if i else "ReLU",
                    "name": f"{kind}{i}",
                    "config": {},
                    "inbound_nodes": nodes,
                }
            )
    nodes = [[["a39", 0, 0, {}], ["b39", 0, 0, {}]]]
    last = {"class_name": "Add", "name": "last", "config": {}, "inbound_nodes": nodes}
    with pytest.raises(UserError, match="part of branches that do not nest"):
        graph_of({"layers": [*layers, last]})
