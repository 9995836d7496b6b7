"""The table of Keras's layers: what each option of each becomes here.

Every option is translated, required to have the one value that the layer here has, or
known to change no prediction.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from flax import linen as nn

from seqconv_jax import nn as sc
from seqconv_jax.interop.keras_values import (
    as_is,
    both_sides,
    concatenation,
    flag,
    mask_id,
    named,
    not_negative,
    number,
    rate,
    relu,
    single,
    sizes,
)

# They say how weights were first drawn, or how the same result is computed.
WITHOUT_EFFECT = {
    *("name", "dtype", "seed", "implementation", "unroll"),
    *("batch_input_shape", "batch_shape", "input_shape", "input_dtype"),
    *("input_length", "sparse"),
    *("kernel_initializer", "recurrent_initializer", "bias_initializer"),
    *("embeddings_initializer", "unit_forget_bias"),
    *("gamma_initializer", "beta_initializer"),
    *("moving_mean_initializer", "moving_variance_initializer"),
    *("synchronized", "renorm_momentum"),
}
TRAINING_ONLY = {
    f"{what}_{kind}"
    for what in "kernel recurrent bias embeddings activity gamma beta".split()
    for kind in ("regularizer", "constraint")
} | {"stddev", "rate", "l1", "l2"}  # of layers of noise, which predict as if not there
CARRIED = "stateful"
FROZEN = "trainable"
MERGES = {"concat": "concatenate", "sum": "sum", "ave": "average", "mul": "multiply"}
_SAME = {
    *("linear", "relu", "tanh", "sigmoid", "softmax", "softplus", "softsign", "elu"),
    *("selu", "silu", "gelu", "exponential", "relu6", "leaky_relu", "mish"),
}
_OF_STATE = ("tanh", "relu", "linear", "sigmoid", "softplus", "softsign", "elu", "selu")
_OFF = (None, False)


class Rule(NamedTuple):
    """How one class of Keras's becomes one of ours.

    Attributes:
        module: our class.
        fields: for each option that matters, our field and what turns the value into
            ours.
        fixed: the values that other options must have.
        settings: fields that the class implies.
    """

    module: type[nn.Module]
    fields: Mapping[str, tuple[str, Callable[[Any], Any]]] = {}
    fixed: Mapping[str, tuple[Any, ...]] = {}
    settings: Mapping[str, Any] = {}


_CHANNELS_LAST = {"data_format": ("channels_last",)}
_POOL = {
    "pool_size": ("window", single),
    "strides": ("stride", single),
    "padding": ("padding", as_is),
}
_RECURRENT = {
    "units": ("units", as_is),
    "dropout": ("dropout", as_is),
    "recurrent_dropout": ("recurrent_dropout", as_is),
    "use_bias": ("use_bias", flag),
    "return_sequences": ("return_sequences", flag),
    "go_backwards": ("reverse", flag),
}
_ONE_RESULT = {
    "return_state": _OFF,
    "time_major": _OFF,
    "zero_output_for_mask": _OFF,
}
_CUDNN = {name: _RECURRENT[name] for name in ("units", "return_sequences")}
_NORM = {
    "epsilon": ("epsilon", not_negative),
    "center": ("use_bias", flag),
    "scale": ("use_scale", flag),
}
_DROPOUT = {"rate": ("rate", as_is)}
_IDENTITY = Rule(
    sc.Activation, fixed={"noise_shape": (None,)}, settings={"function": "linear"}
)


def rules(major: int, last_axis: int) -> dict[str, Rule]:
    """Return the rule for each class of layer.

    Args:
        major: the major version of the Keras that wrote the configuration.
        last_axis: the number of the last axis of the layer's input.
    """
    # The same name, another function: 0.2 x + 0.5 before, (x + 3) / 6 since Keras 3.
    hard = {"hard_sigmoid": "hard_sigmoid" if major >= 3 else "hard_sigmoid_keras2"}
    function = named({name: name for name in _SAME} | {"swish": "silu", **hard})
    of_state = named({name: name for name in _OF_STATE} | hard)
    recurrent = {**_RECURRENT, "activation": ("activation", of_state)}
    gated = {**recurrent, "recurrent_activation": ("gate_activation", of_state)}
    dense = {"activation": ("activation", function), "use_bias": ("use_bias", flag)}
    convolution = {
        "filters": ("features", as_is),
        "kernel_size": ("kernel_size", single),
        "strides": ("stride", single),
        "padding": ("padding", as_is),
        "dilation_rate": ("dilation", single),
        **dense,
    }
    slope = "negative_slope" if major >= 3 else "alpha"
    whole = {**_CHANNELS_LAST, "keepdims": _OFF}
    over_features = {"axis": (-1, last_axis, [-1], [last_axis])}
    return {
        "Embedding": Rule(
            sc.Embedding,
            {
                "input_dim": ("vocabulary", as_is),
                "output_dim": ("features", as_is),
                "mask_zero": ("mask_id", mask_id),
            },
            {"quantization_config": (None,)},
        ),
        "Masking": Rule(sc.Masking, {"mask_value": ("value", number)}),
        "Conv1D": Rule(sc.Conv1D, convolution, {**_CHANNELS_LAST, "groups": (1,)}),
        "Dense": Rule(
            sc.Dense,
            {"units": ("features", as_is), **dense},
            {"quantization_config": (None,), "lora_rank": (None,)},
        ),
        "GRU": Rule(
            sc.GRU, {**gated, "reset_after": ("reset_after", flag)}, _ONE_RESULT
        ),
        "LSTM": Rule(sc.LSTM, gated, _ONE_RESULT),
        "SimpleRNN": Rule(sc.SimpleRNN, recurrent, _ONE_RESULT),
        "CuDNNGRU": Rule(sc.GRU, _CUDNN, _ONE_RESULT, {"reset_after": True}),
        "CuDNNLSTM": Rule(sc.LSTM, _CUDNN, _ONE_RESULT),
        "LayerNormalization": Rule(
            sc.LayerNorm, _NORM, {**over_features, "rms_scaling": _OFF}
        ),
        "BatchNormalization": Rule(
            sc.BatchNorm,
            {**_NORM, "momentum": ("momentum", rate)},
            {**over_features, "renorm": _OFF},
        ),
        "MaxPooling1D": Rule(sc.MaxPool1D, _POOL, _CHANNELS_LAST),
        "AveragePooling1D": Rule(sc.AvgPool1D, _POOL, _CHANNELS_LAST),
        "GlobalMaxPooling1D": Rule(sc.GlobalMaxPool1D, fixed=whole),
        "GlobalAveragePooling1D": Rule(sc.GlobalAvgPool1D, fixed=whole),
        "Flatten": Rule(sc.Flatten, fixed=_CHANNELS_LAST),
        "Dropout": Rule(sc.Dropout, _DROPOUT, {"noise_shape": (None,)}),
        "SpatialDropout1D": Rule(
            sc.Dropout,
            _DROPOUT,
            {**_CHANNELS_LAST, "noise_shape": (None,)},
            {"time_constant": True},
        ),
        "GaussianNoise": _IDENTITY,
        "GaussianDropout": _IDENTITY,
        "AlphaDropout": _IDENTITY,
        "ActivityRegularization": _IDENTITY,
        "Activation": Rule(sc.Activation, {"activation": ("function", function)}),
        "ReLU": Rule(
            sc.Activation,
            {"max_value": ("function", relu)},
            {"negative_slope": (0, None), "threshold": (0, None)},
            {"function": "relu"},
        ),
        "LeakyReLU": Rule(sc.LeakyReLU, {slope: ("slope", number)}),
        "ELU": Rule(sc.Activation, fixed={"alpha": (1,)}, settings={"function": "elu"}),
        "Softmax": Rule(
            sc.Activation, fixed=over_features, settings={"function": "softmax"}
        ),
        "RepeatVector": Rule(sc.RepeatVector, {"n": ("steps", as_is)}),
        "Reshape": Rule(sc.Reshape, {"target_shape": ("shape", sizes)}),
        "Permute": Rule(sc.Permute, fixed={"dims": ([2, 1], (2, 1))}),
        "ZeroPadding1D": Rule(
            sc.ZeroPad1D, {"padding": ("sides", both_sides)}, _CHANNELS_LAST
        ),
        "Cropping1D": Rule(
            sc.Crop1D, {"cropping": ("sides", both_sides)}, _CHANNELS_LAST
        ),
        "UpSampling1D": Rule(sc.UpSample1D, {"size": ("size", as_is)}),
    }


def merges(last_axis: int) -> dict[str, Rule]:
    """Return the rule for each class of layer that merges several inputs.

    Args:
        last_axis: the number of the last axis of its inputs.
    """
    names = {
        "Add": "sum",
        "Average": "average",
        "Multiply": "multiply",
        "Maximum": "maximum",
    }
    by_feature = {
        kind: Rule(sc.Parallel, settings={"merge": merge})
        for kind, merge in names.items()
    }
    axis = partial(concatenation, last_axis=last_axis)
    return {**by_feature, "Concatenate": Rule(sc.Parallel, {"axis": ("merge", axis)})}
