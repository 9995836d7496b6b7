"""The table of Keras's layers: what each option of each becomes here.

Every option is translated, required to have the one value that the layer here has, or
known to change no prediction.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from flax import linen as nn

from seqconv_jax import nn as sc

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
}
FROZEN = "trainable"
MERGES = {"concat": "concatenate", "sum": "sum", "ave": "average", "mul": "multiply"}
_ACTIVATIONS = {
    **{name: name for name in ("linear", "relu", "tanh", "sigmoid", "softmax")},
    **{name: name for name in ("softplus", "elu", "selu", "silu", "gelu")},
    "swish": "silu",
}
_STATES = {name: name for name in ("tanh", "relu")}
_OFF = (None, False)
_LARGEST = 3e38  # of float32


class Unknown(Exception):
    """A value that has no counterpart here."""


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


def _as_is(value: Any) -> Any:
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Unknown
    return value


def _single(value: Any) -> Any:
    """Return 3 for 3, [3] and (3,)."""
    if isinstance(value, (list, tuple)):
        if len(value) != 1:
            raise Unknown
        value = value[0]
    return value


def _named(names: Mapping[str, str]) -> Callable[[Any], str]:
    def translate(value: Any) -> str:
        value = "linear" if value is None else value
        if not isinstance(value, str) or value not in names:
            raise Unknown
        return names[value]

    return translate


def _mask_id(value: Any) -> int | None:
    return 0 if value is not None and _flag(value) else None


def _number(value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not abs(value) < _LARGEST:
        raise Unknown
    return float(value)


def _not_negative(value: Any) -> float:
    if _number(value) < 0:
        raise Unknown
    return float(value)


def _rate(value: Any) -> float:
    if not 0 <= _number(value) <= 1:
        raise Unknown
    return float(value)


_CHANNELS_LAST = {"data_format": ("channels_last",)}
_DENSE = {
    "activation": ("activation", _named(_ACTIVATIONS)),
    "use_bias": ("use_bias", _flag),
}
_CONVOLUTION = {
    "filters": ("features", _as_is),
    "kernel_size": ("kernel_size", _single),
    "strides": ("stride", _single),
    "padding": ("padding", _as_is),
    "dilation_rate": ("dilation", _single),
    **_DENSE,
}
_POOL = {
    "pool_size": ("window", _single),
    "strides": ("stride", _single),
    "padding": ("padding", _as_is),
}
_RECURRENT = {
    "units": ("units", _as_is),
    "dropout": ("dropout", _as_is),
    "recurrent_dropout": ("recurrent_dropout", _as_is),
    "use_bias": ("use_bias", _flag),
    "return_sequences": ("return_sequences", _flag),
    "go_backwards": ("reverse", _flag),
}
_ONE_RESULT = {
    "return_state": _OFF,
    "stateful": _OFF,
    "time_major": _OFF,
    "zero_output_for_mask": _OFF,
}
_GATED = {"activation": ("tanh",), **_ONE_RESULT}
_NORM = {
    "epsilon": ("epsilon", _not_negative),
    "center": ("use_bias", _flag),
    "scale": ("use_scale", _flag),
}
_DROPOUT = {"rate": ("rate", _as_is)}


def rules(major: int, last_axis: int) -> dict[str, Rule]:
    """Return the rule for each class of layer.

    Args:
        major: the major version of the Keras that wrote the configuration.
        last_axis: the number of the last axis of the layer's input.
    """
    # The same name, another function: 0.2 x + 0.5 before, (x + 3) / 6 since Keras 3.
    hard = "hard_sigmoid" if major >= 3 else "hard_sigmoid_keras2"
    gates = _named({"sigmoid": "sigmoid", "hard_sigmoid": hard})
    gated = {**_RECURRENT, "recurrent_activation": ("gate_activation", gates)}
    whole = {**_CHANNELS_LAST, "keepdims": _OFF}
    over_features = {"axis": (-1, last_axis, [-1], [last_axis])}
    return {
        "Embedding": Rule(
            sc.Embedding,
            {
                "input_dim": ("vocabulary", _as_is),
                "output_dim": ("features", _as_is),
                "mask_zero": ("mask_id", _mask_id),
            },
            {"quantization_config": (None,)},
        ),
        "Masking": Rule(sc.Masking, {"mask_value": ("value", _number)}),
        "Conv1D": Rule(sc.Conv1D, _CONVOLUTION, {**_CHANNELS_LAST, "groups": (1,)}),
        "Dense": Rule(
            sc.Dense,
            {"units": ("features", _as_is), **_DENSE},
            {"quantization_config": (None,), "lora_rank": (None,)},
        ),
        "GRU": Rule(sc.GRU, {**gated, "reset_after": ("reset_after", _flag)}, _GATED),
        "LSTM": Rule(sc.LSTM, gated, _GATED),
        "SimpleRNN": Rule(
            sc.SimpleRNN,
            {**_RECURRENT, "activation": ("activation", _named(_STATES))},
            _ONE_RESULT,
        ),
        "LayerNormalization": Rule(
            sc.LayerNorm, _NORM, {**over_features, "rms_scaling": _OFF}
        ),
        "BatchNormalization": Rule(
            sc.BatchNorm,
            {**_NORM, "momentum": ("momentum", _rate)},
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
        "Activation": Rule(
            sc.Activation, {"activation": ("function", _named(_ACTIVATIONS))}
        ),
        "ReLU": Rule(
            sc.Activation,
            fixed={
                "max_value": (None,),
                "negative_slope": (0, None),
                "threshold": (0, None),
            },
            settings={"function": "relu"},
        ),
        "Softmax": Rule(
            sc.Activation, fixed=over_features, settings={"function": "softmax"}
        ),
    }


def merges(last_axis: int) -> dict[str, Rule]:
    """Return the rule for each class of layer that merges several inputs.

    Args:
        last_axis: the number of the last axis of its inputs.
    """
    named = {
        "Add": "sum",
        "Average": "average",
        "Multiply": "multiply",
        "Maximum": "maximum",
        "Concatenate": "concatenate",
    }
    axes = {"Concatenate": {"axis": (-1, last_axis)}}
    return {
        kind: Rule(sc.Parallel, fixed=axes.get(kind, {}), settings={"merge": merge})
        for kind, merge in named.items()
    }
