"""Models that Keras saved predict here what they predict there, and back."""

import itertools
from functools import partial

import h5py
import jax
import jax.numpy as jnp
import keras
import keras_reference
import numpy as np
import oracles
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from interop import keras_files
from interop.keras_files import (
    gru_file,
    gru_weights,
    load_weights,
    model,
    predict,
    save,
    save_weights,
)
from keras import layers as k
from numerics import assert_close, assert_same_bits, drawn, normal

from seqconv_jax import UserError, models, nn
from seqconv_jax.interop import (
    load_keras,
    load_keras_weights,
    save_keras_weights,
)

IDS = np.array([[1, 2, 3, 0, 0, 4, 4], [0, 0, 4, 5, 6, 0, 0]], np.int32)


def evaluate(loaded, x):
    return np.asarray(loaded.model.apply({"params": loaded.params}, x))


STACKS = {
    "convnet": (
        (30, 4),
        [
            k.Conv1D(6, 5, activation="relu"),
            k.MaxPooling1D(3),
            k.SpatialDropout1D(0.2),
            k.Conv1D(5, 2, strides=2, padding="same", activation="tanh"),
            k.AveragePooling1D(2, strides=1, padding="same"),
            k.Conv1D(4, 3, padding="causal", dilation_rate=2, use_bias=False),
            k.GlobalMaxPooling1D(),
            k.Dropout(0.5),
            k.Dense(3, activation="softmax"),
        ],
    ),
    "flattened": (
        (12, 2),
        [
            k.Conv1D(3, 4, activation="gelu"),
            k.Activation("elu"),
            k.Flatten(),
            k.Dense(4, activation="silu", use_bias=False),
            k.ReLU(),
            k.Dense(4, activation="selu"),
            k.Dense(2, activation="softplus"),
            k.Softmax(),
        ],
    ),
    "recurrent": (
        (6, 3),
        [
            k.GRU(4, return_sequences=True, recurrent_activation="hard_sigmoid"),
            k.GRU(3, reset_after=False, use_bias=False, return_sequences=True),
            k.Bidirectional(
                k.GRU(2, dropout=0.1, recurrent_dropout=0.2, return_sequences=True),
                merge_mode="ave",
            ),
            k.GRU(3, go_backwards=True),
            k.Dense(1),
        ],
    ),
    "masked": (
        (7,),
        [
            k.Embedding(9, 4, mask_zero=True),
            k.Dropout(0.1),
            k.Bidirectional(k.GRU(2, return_sequences=True), merge_mode="mul"),
            k.GRU(3, return_sequences=True),
            k.GlobalAveragePooling1D(),
            k.Dense(1),
        ],
    ),
    "mask forgotten": (
        (7,),
        [
            k.Embedding(9, 4, mask_zero=True),
            k.GRU(3, return_sequences=True),
            k.Conv1D(2, 2),
            k.GRU(2),
        ],
    ),
}


@pytest.mark.parametrize("name", STACKS)
@pytest.mark.filterwarnings("ignore:.*destroy the mask")
def test_predicts_what_keras_predicts(name, tmp_path):
    shape, layers = STACKS[name]
    built = model(shape, layers)
    x = IDS if len(shape) == 1 else normal(3, *shape)
    modern = load_keras(save(built, tmp_path / "model.keras"))
    assert modern.input_shape == shape
    assert_close(evaluate(modern, x), predict(built, x))
    # The older format, under either suffix, holds the same model bit for bit.
    path = save(built, tmp_path / "model.h5")
    path.rename(tmp_path / "legacy.keras")
    legacy = load_keras(tmp_path / "legacy.keras")
    assert legacy.model == modern.model
    jax.tree.map(assert_same_bits, legacy.params, modern.params)


def test_rates_of_dropout_come_along(tmp_path):
    loaded = load_keras(
        save(model(*STACKS["recurrent"]), tmp_path / "model.keras")
    ).model
    assert loaded.layers[2].layer.dropout == 0.1
    assert loaded.layers[2].layer.recurrent_dropout == 0.2
    dropped = load_keras(save(model(*STACKS["convnet"]), tmp_path / "b.keras")).model
    assert dropped.layers[2] == nn.Dropout(0.2, time_constant=True)
    assert dropped.layers[7] == nn.Dropout(0.5)


def test_a_functional_model_without_branches(tmp_path):
    with keras_reference.exact():
        x = keras.Input((None, 3))
        y = k.Dense(1)(k.GRU(2)(k.Conv1D(4, 3)(x)))
        built = keras.Model(x, y)
    keras_files.randomise(built)
    for suffix in ("keras", "h5"):
        loaded = load_keras(save(built, tmp_path / f"model.{suffix}"))
        assert loaded.input_shape == (None, 3)
        assert_close(evaluate(loaded, X := normal(2, 9, 3)), predict(built, X))


def test_a_functional_model_with_a_mask(tmp_path):
    with keras_reference.exact():
        x = keras.Input((7,), dtype="int32")
        y = k.Dense(1)(k.GRU(2)(k.Embedding(9, 3, mask_zero=True)(x)))
        built = keras.Model(x, y)
    keras_files.randomise(built)
    loaded = load_keras(save(built, tmp_path / "model.keras"))
    assert loaded.model[0].mask_id == 0
    assert_close(evaluate(loaded, IDS), predict(built, IDS))


def test_a_model_that_was_compiled_and_trained(tmp_path):
    built = keras_files.small()
    x = np.arange(18).reshape(2, 9) % 7
    with keras_reference.exact():
        built.compile("rmsprop", "mse")
        built.train_on_batch(x, np.ones((2, 1)))
    for suffix in ("keras", "h5"):
        loaded = load_keras(save(built, tmp_path / f"model.{suffix}"))
        assert_close(evaluate(loaded, x), predict(built, x))


def both(units, merge):
    return k.Bidirectional(k.GRU(units, return_sequences=True), merge_mode=merge)


SIZES, PADDINGS = st.integers(1, 4), st.sampled_from(["valid", "same"])
KINDS = st.one_of(
    st.builds(
        partial,
        st.just(k.Conv1D),
        SIZES,
        SIZES,
        padding=st.sampled_from(["valid", "same", "causal"]),
        activation=st.sampled_from(["linear", "relu", "tanh"]),
        use_bias=st.booleans(),
        dilation_rate=st.integers(1, 2),
    ),
    st.builds(partial, st.just(k.Conv1D), SIZES, SIZES, strides=st.just(2)),
    st.builds(partial, st.just(k.MaxPooling1D), SIZES, padding=PADDINGS),
    st.builds(
        partial, st.just(k.AveragePooling1D), SIZES, st.just(2), padding=PADDINGS
    ),
    st.builds(
        partial,
        st.just(k.GRU),
        SIZES,
        return_sequences=st.just(True),
        reset_after=st.booleans(),
        use_bias=st.booleans(),
    ),
    st.builds(
        partial, st.just(both), SIZES, st.sampled_from(["concat", "sum", "ave", "mul"])
    ),
    st.builds(partial, st.just(k.Dense), SIZES, activation=st.just("sigmoid")),
)


@given(
    kinds=st.lists(KINDS, min_size=1, max_size=3),
    end=st.sampled_from([k.GlobalMaxPooling1D, k.GlobalAveragePooling1D, k.Flatten]),
    suffix=st.sampled_from(["keras", "h5"]),
)
@settings(max_examples=15)
def test_any_stack_of_known_layers(tmp_path_factory, kinds, end, suffix):
    try:
        built = model((60, 3), [*(kind() for kind in kinds), end(), k.Dense(2)])
    except ValueError:  # no step is left
        reject()
    path = save(built, tmp_path_factory.mktemp("any") / f"model.{suffix}")
    x = normal(2, 60, 3)
    assert_close(evaluate(load_keras(path), x), predict(built, x))


# What Keras 2 wrote, which Keras 3 reads with another meaning of hard_sigmoid.
@pytest.mark.parametrize(
    "version, gates", [("2.1.6", "hard_sigmoid"), ("2.15.0", "sigmoid")]
)
@pytest.mark.parametrize("reset_after", [None, False, True])
def test_files_of_keras_2(version, gates, reset_after, tmp_path):
    options = {"units": 2, "recurrent_activation": gates, "implementation": 1}
    if reset_after is not None:  # the first versions did not know the option
        options["reset_after"] = reset_after
    weights = gru_weights(reset_after=bool(reset_after))
    path = gru_file(
        tmp_path / "old.h5", version, options, weights, listed=reset_after is None
    )
    x = normal(2, 5, 3, seed=9)
    state = oracles.gru(
        x,
        *(weights["gru_1", name] for name in ("kernel", "recurrent_kernel", "bias")),
        reset_after=bool(reset_after),
        gate_activation="hard_sigmoid_keras2" if gates == "hard_sigmoid" else gates,
    )
    expected = state @ weights["dense_1", "kernel"] + weights["dense_1", "bias"]
    assert_close(evaluate(load_keras(path), x), expected.astype(np.float32))


def test_older_weights_alone(tmp_path):
    weights = gru_weights()
    path = gru_file(tmp_path / "weights.h5", None, {}, weights, root="")
    net = models.GRURegressor(2)
    params = load_keras_weights(path, net, normal(1, 5, 3))
    for name in ("kernel", "recurrent_kernel", "bias"):
        assert_same_bits(params["GRU_0"][name], weights["gru_1", name])
    assert_same_bits(params["Dense_0"]["kernel"], weights["dense_1", "kernel"])


def test_names_cut_into_several_attributes(tmp_path):
    path = gru_file(tmp_path / "weights.h5", None, {}, gru_weights(), root="")
    expected = load_keras_weights(path, models.GRURegressor(2), normal(1, 5, 3))
    with h5py.File(path, "a") as file:
        first, second = np.ravel(np.asarray(file.attrs["layer_names"]))
        del file.attrs["layer_names"]
        file.attrs["layer_names0"], file.attrs["layer_names1"] = [first], [second]
    params = load_keras_weights(path, models.GRURegressor(2), normal(1, 5, 3))
    jax.tree.map(assert_same_bits, params, expected)


def test_the_name_that_tensorflow_first_gave_the_layers(tmp_path):
    built, path = keras_files.small(), tmp_path / "a.weights.h5"
    save_weights(built, path)
    loaded = load_keras(save(built, tmp_path / "a.keras"))
    with h5py.File(path, "a") as file:
        file.move("layers", "_layer_checkpoint_dependencies")
    params = load_keras_weights(path, loaded.model, jnp.zeros((1, 9), int))
    jax.tree.map(assert_same_bits, params, loaded.params)


NETWORKS = {
    "text": (
        models.TextConvNet(9, 4),
        (60,),
        [
            k.Embedding(9, 4),
            k.Conv1D(32, 7, activation="relu"),
            k.MaxPooling1D(5),
            k.Conv1D(32, 7, activation="relu"),
            k.GlobalMaxPooling1D(),
            k.Dense(1),
        ],
    ),
    "hybrid": (
        models.ConvGRU(8, 5, 3, 6),
        (30, 4),
        [
            k.Conv1D(8, 5, activation="relu"),
            k.MaxPooling1D(3),
            k.Conv1D(8, 5, activation="relu"),
            k.GRU(6, dropout=0.1, recurrent_dropout=0.5, reset_after=False),
            k.Dense(1),
        ],
    ),
    "both directions": (
        models.GRURegressor(4, bidirectional=True, reset_after=True),
        (8, 3),
        [k.Bidirectional(k.GRU(4)), k.Dense(1)],
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_travel_both_ways_to_the_bit(name, tmp_path):
    ours, shape, layers = NETWORKS[name]
    theirs = model(shape, layers)
    x = np.arange(2 * 60).reshape(2, 60) % 9 if name == "text" else normal(2, *shape)
    there, back = tmp_path / "there.weights.h5", tmp_path / "back.weights.h5"
    save_weights(theirs, back)
    params = load_keras_weights(back, ours, x)
    assert_close(np.asarray(ours.apply({"params": params}, x)), predict(theirs, x))
    params = drawn(ours, x)["params"]
    save_keras_weights(there, ours, params, x)
    load_weights(theirs, there)
    assert_close(np.asarray(ours.apply({"params": params}, x)), predict(theirs, x))
    again = load_keras_weights(there, ours, x)
    jax.tree.map(assert_same_bits, again, params)
    save_weights(theirs, back)  # through Keras, and still the same bits
    jax.tree.map(assert_same_bits, load_keras_weights(back, ours, x), params)


def test_every_file_of_keras_gives_the_same_weights(tmp_path):
    built = keras_files.small()
    whole = load_keras(save(built, tmp_path / "a.keras"))
    save_weights(built, tmp_path / "a.weights.h5")
    save(built, tmp_path / "a.h5")
    for name in ("a.keras", "a.weights.h5", "a.h5"):
        params = load_keras_weights(
            tmp_path / name, whole.model, jnp.zeros((1, 9), int)
        )
        jax.tree.map(assert_same_bits, params, whole.params)
    save_keras_weights(
        tmp_path / "b.weights.h5", whole.model, whole.params, jnp.zeros((1, 9), int)
    )
    for variable in built.trainable_variables:
        variable.assign(variable * 0)
    load_weights(built, tmp_path / "b.weights.h5")
    for variable, leaf in zip(
        built.trainable_variables, in_order(whole.params), strict=True
    ):
        assert_same_bits(variable.value, leaf)


def in_order(params):
    """Yield the weights of `keras_files.small` in Keras's order."""
    both = params["layers_2"]
    for layer in (params["layers_0"], params["layers_1"], both["forward"]):
        yield from weights_of(layer)
    for layer in (both["backward"], params["layers_3"], params["layers_4"]):
        yield from weights_of(layer)


def weights_of(layer):
    names = ("embedding", "kernel", "recurrent_kernel", "bias")
    return (layer[name] for name in names if name in layer)


def test_the_same_weights_give_the_same_file(tmp_path):
    net, x = NETWORKS["hybrid"][0], normal(1, 30, 4)
    params = drawn(net, x)["params"]
    paths = [tmp_path / f"{n}.weights.h5" for n in "ab"]
    for path in paths:
        save_keras_weights(path, net, params, x)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_regularisers_are_left_out_with_a_warning(tmp_path):
    built = model((5, 2), [k.Conv1D(2, 3, kernel_regularizer="l2"), k.Flatten()])
    path = save(built, tmp_path / "a.keras")
    with pytest.warns(UserWarning, match=r"'conv1d.*kernel_regularizer acts in train"):
        loaded = load_keras(path)
    assert_close(evaluate(loaded, x := normal(2, 5, 2)), predict(built, x))


def test_saving_refuses_what_keras_has_not(tmp_path):
    x = normal(1, 20, 3)
    tcn = models.TCN(4, dilations=(1, 2))
    with pytest.raises(UserError, match="layers that Keras has, got 'ResidualBlock'"):
        save_keras_weights(tmp_path / "a.weights.h5", tcn, {}, x)
    net = models.GRURegressor(2)
    params = drawn(net, x)["params"]
    with pytest.raises(UserError, match="`path` must be a .weights.h5 file"):
        save_keras_weights(tmp_path / "a.h5", net, params, x)
    path = tmp_path / "a.weights.h5"
    without = {**params, "Dense_0": {"kernel": params["Dense_0"]["kernel"]}}
    with pytest.raises(UserError, match="`params` lacks Dense_0/bias"):
        save_keras_weights(path, net, without, x)
    more = {**params, "Dense_1": params["Dense_0"]}
    with pytest.raises(UserError, match="`params` has Dense_1/bias, Dense_1/kernel"):
        save_keras_weights(path, net, more, x)
    half = jax.tree.map(lambda a: a.astype(jnp.bfloat16), params)
    with pytest.raises(UserError, match="must have .* as float32.* got bfloat16"):
        save_keras_weights(path, net, half, x)
    assert list(itertools.chain(tmp_path.iterdir())) == []
