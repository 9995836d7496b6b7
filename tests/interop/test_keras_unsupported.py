"""Layers and options without a counterpart are errors that name them."""

import keras
import keras_reference
import pytest
from interop.keras_files import gru_file, gru_weights, message_of, save, with_config
from keras import layers as k

from seqconv_jax import UserError
from seqconv_jax.interop import load_keras
from seqconv_jax.interop.keras_layers import translate

GATES = {"units": 2, "recurrent_activation": "sigmoid"}


LAYERS = {
    "another layer": (
        k.SeparableConv1D(2, 3),
        r"layer 'sep\w*' \(SeparableConv1D\) has no counterpart here; there are Activ",
    ),
    "an activation of the candidate": (
        k.GRU(3, activation="gelu"),
        r"\(GRU\) has activation 'gelu', which has no counterpart",
    ),
    "a shape of images": (k.Reshape((2, 2, 3)), r"\(Reshape\) has target_shape \[2, 2"),
    "an inner layer": (
        k.TimeDistributed(k.RepeatVector(2)),
        r"\(TimeDistributed\) must wrap one of Activation, .* got RepeatVector",
    ),
    "groups": (k.Conv1D(2, 3, groups=2), r"\(Conv1D\) must have groups 1 .* got 2"),
    "an activation": (
        k.Conv1D(2, 3, activation="log_softmax"),
        r"\(Conv1D\) has activation 'log_softmax', which has no counterpart",
    ),
    "gates": (
        k.GRU(3, recurrent_activation="gelu"),
        r"\(GRU\) has recurrent_activation 'gelu', which has no counterpart",
    ),
    "reversed states": (
        k.GRU(3, go_backwards=True, return_sequences=True),
        r"\(GRU\) returns its states in reverse order",
    ),
    "another wrapped layer": (
        k.Bidirectional(k.RNN(k.LSTMCell(2))),
        r"\(Bidirectional\) must wrap a GRU or LSTM or SimpleRNN or CuDNN",
    ),
    "unlike directions": (
        k.Bidirectional(
            k.GRU(2, dropout=0.1), backward_layer=k.GRU(2, go_backwards=True)
        ),
        r"\(Bidirectional\) has directions that differ",
    ),
    "unlike wrapped layers": (
        k.Bidirectional(k.GRU(2), backward_layer=k.LSTM(2, go_backwards=True)),
        r"\(Bidirectional\) has directions that differ",
    ),
    "an activation of the state": (
        k.SimpleRNN(3, activation="gelu"),
        r"\(SimpleRNN\) has activation 'gelu', which has no counterpart",
    ),
    "another axis": (
        k.LayerNormalization(axis=1),
        r"\(LayerNormalization\) must have axis -1 or 2 or \[-1\] or \[2\] .* got",
    ),
    "a norm of the batch and more": (
        k.BatchNormalization(renorm=True),
        r"\(BatchNormalization\) must have renorm None or False",
    ),
    "half precision": (
        k.Dense(2, dtype="mixed_float16"),
        r"\(Dense\) must compute in float32, got dtype 'mixed_float16'",
    ),
    "shared noise": (
        k.Dropout(0.5, noise_shape=(None, 1, 2)),
        r"\(Dropout\) must have noise_shape None",
    ),
    "a nested model": (
        keras.Sequential([k.Dense(2)]),
        r"\(Sequential\) has no counterpart here",
    ),
    "axes": (k.GlobalMaxPooling1D(keepdims=True), "must have keepdims None or False"),
    "code": (
        k.Lambda(lambda x: x),
        r"\(Lambda\) holds code, which is never run",
    ),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_layers_without_a_counterpart(name, suffix, tmp_path):
    layer, message = LAYERS[name]
    with keras_reference.exact():
        x = keras.Input((6, 2), batch_size=2)
        built = keras.Sequential([x, layer])
    path = save(built, tmp_path / f"model.{suffix}")
    with pytest.raises(UserError, match=message):
        load_keras(path)


def test_a_class_of_somebodys_own(whole, tmp_path):
    def change(config):
        config["config"]["layers"][1].update(module="evil", registered_name="x>GRU")

    message = message_of(load_keras, with_config(whole, tmp_path, change))
    assert "(GRU) is a class of somebody's own, which is never loaded" in message


def test_a_root_mean_square_is_no_norm_of_ours():
    config = {"name": "norm", "epsilon": 1e-3, "rms_scaling": True}
    described = {"class_name": "LayerNormalization", "config": config}
    with pytest.raises(UserError, match="must have rms_scaling None or False"):
        translate(described, "3.15.1", 2)


def test_a_wrapped_class_of_somebodys_own():
    inner = {"class_name": "GRU", "registered_name": "x>GRU", "config": {}}
    config = {"name": "both", "merge_mode": "concat", "layer": inner}
    described = {"class_name": "Bidirectional", "config": config}
    with pytest.raises(UserError, match="class of somebody's own, which is never"):
        translate(described, "3.15.1", 2)


def test_a_map_of_types_is_no_float32():
    policy = {"class_name": "DTypePolicyMap", "config": {"default_policy": None}}
    config = {"name": "dense", "units": 2, "dtype": policy}
    with pytest.raises(UserError, match="must compute in float32, got dtype {'class_"):
        translate({"class_name": "Dense", "config": config}, "3.15.1", 2)


DENSE = {"name": "dense", "units": 2, "activation": "linear", "use_bias": True}


def test_a_frozen_layer_is_said_to_be_trained():
    described = {"class_name": "Dense", "config": {**DENSE, "trainable": False}}
    with pytest.warns(UserWarning, match="trainable=False acts in training alone"):
        translate(described, "3.15.1", 2)


@pytest.mark.parametrize("option", ["activation", "use_bias", "units"])
def test_keras_3_leaves_no_option_out(option):
    config = {name: value for name, value in DENSE.items() if name != option}
    with pytest.raises(UserError, match=f"lacks an option: {option}"):
        translate({"class_name": "Dense", "config": config}, "3.15.1", 2)


@pytest.mark.parametrize("value", [float("nan"), -1, 1e400, "x", True, 10**400])
@pytest.mark.parametrize("option", ["epsilon", "momentum"])
def test_numbers_of_a_norm(option, value):
    config = {"name": "norm", "epsilon": 1e-3, "momentum": 0.9, option: value}
    described = {"class_name": "BatchNormalization", "config": config}
    with pytest.raises(UserError, match=f"has {option} .* which has no counterpart"):
        translate(described, "3.15.1", 2)


CONFIGS = {
    "an unknown option": (
        lambda layers: layers[1]["config"].update(peephole=3),
        "has an unknown option 'peephole': 3",
    ),
    "a missing option": (
        lambda layers: layers[1]["config"].pop("units"),
        "(GRU) lacks an option: units",
    ),
    "a flag that is none": (
        lambda layers: layers[1]["config"].update(use_bias="no"),
        "has use_bias 'no', which has no counterpart",
    ),
    "a size that is none": (
        lambda layers: layers[1]["config"].update(units=-3),
        "`units` must be a positive integer, got -3",
    ),
    "no shape": (lambda layers: layers.pop(0), "expected a whole file"),
    "no layers": (lambda layers: layers.__delitem__(slice(1, None)), "has no layers"),
    "a name twice": (
        lambda layers: layers[2]["config"].update(name=layers[1]["config"]["name"]),
        "names of their own",
    ),
    "no list": (lambda layers: layers.append(7), "list of layers is damaged"),
    "images": (
        lambda layers: layers[0]["config"].update(batch_shape=[None, 8, 8, 3]),
        "(batch, time) or (batch, time, features), got (None, 8, 8, 3)",
    ),
    "50M x 50M": (
        lambda layers: layers[1]["config"].update(units=50_000_000),
        "must have shape (2, 150000000), got (2, 9)",
    ),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_configurations_that_say_nonsense(name, whole, tmp_path):
    change, message = CONFIGS[name]
    path = with_config(whole, tmp_path, lambda c: change(c["config"]["layers"]))
    if name == "no shape":
        path = with_config(whole, tmp_path, without_shape)
        message = "the model was never built: its input has no shape"
    assert message in message_of(load_keras, path)


def without_shape(config):
    del config["config"]["layers"][0], config["config"]["build_input_shape"]
    del config["build_config"]


def test_a_model_that_is_neither_kind(whole, tmp_path):
    path = with_config(whole, tmp_path, lambda c: c.update(class_name="MyModel"))
    assert "must be a Sequential, or a Functional" in message_of(load_keras, path)


def test_hard_sigmoid_of_an_unknown_version(tmp_path):
    options = {"units": 2, "recurrent_activation": "hard_sigmoid"}
    path = gru_file(tmp_path / "a.h5", None, options, gru_weights())
    assert "does not say which version of Keras wrote it" in message_of(
        load_keras, path
    )
