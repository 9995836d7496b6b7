"""Arrays that are not those of a layer are errors that say which were expected."""

import numpy as np
import pytest
from interop.torch_states import BOTH, GRU, OURS, without, zeros

from seqconv_jax import UserError
from seqconv_jax.interop import pytorch as interop


@pytest.mark.parametrize(
    "function, arrays, message",
    [
        (
            interop.conv1d_from_torch,
            zeros(bias=(6,)),
            r"`state` must be the arrays \['weight'\], with or without \['bias'\], got "
            r"\['bias'\]",
        ),
        (
            interop.conv1d_from_torch,
            zeros(weight=(6, 4)),
            r"`weight` must have shape \(filters, features, kernel_size\), got \(6, 4",
        ),
        (
            interop.conv1d_from_torch,
            zeros(weight=(6, 4, 3), bias=(4,)),
            r"`bias` must have shape \(6,\), got \(4,\)",
        ),
        (
            interop.conv1d_to_torch,
            zeros(weight=(6, 4, 3)),
            r"`params` must be the arrays \['kernel'\], with or without .*'weight",
        ),
        (
            interop.conv1d_to_torch,
            zeros(kernel=(3, 4, 6), bias=(3,)),
            r"`bias` must have shape \(6,\), got \(3,\)",
        ),
        (
            interop.dense_from_torch,
            zeros(weight=(6, 4), bias=(6,), scale=(6,)),
            r"\['bias'\], got \['bias', 'scale', 'weight'\]",
        ),
        (
            interop.dense_to_torch,
            zeros(kernel=(3, 4, 6)),
            r"`kernel` must have shape \(features_in, features\), got \(3, 4, 6\)",
        ),
        (
            interop.embedding_from_torch,
            zeros(weight=(6,)),
            r"`weight` must have shape \(vocabulary, features\), got \(6,\)",
        ),
        (
            interop.embedding_to_torch,
            zeros(embedding=(6, 2), bias=(2,)),
            r"`params` must be the arrays \['embedding'\], got \['bias', 'embedding'\]",
        ),
        (
            interop.gru_from_torch,
            GRU | zeros(weight_ih_l1=(15, 5)),
            r"`state` must be of a GRU of one layer, got \['weight_ih_l1'\]",
        ),
        (
            interop.gru_from_torch,
            without(GRU, "bias_hh_l0"),
            "with or without .*'bias_hh_l0'.*, got .*'bias_ih_l0', 'weight_hh_l0'",
        ),
        (
            interop.gru_from_torch,
            without(BOTH, "weight_hh_l0_reverse"),
            "`state` must be the arrays .*'weight_hh_l0_reverse'",
        ),
        (
            interop.gru_from_torch,
            GRU | zeros(weight_hr_l0=(5, 5)),
            "`state` must be the arrays .* got .*'weight_hr_l0'",
        ),
        (
            interop.gru_from_torch,
            GRU | zeros(weight_hh_l0=(20, 5)),
            r"`weight_hh_l0` must have shape \(15, 5\), got \(20, 5\)",
        ),
        (
            interop.gru_from_torch,
            BOTH | zeros(weight_ih_l0_reverse=(4, 15)),
            r"`weight_ih_l0_reverse` must have shape \(15, any\), got \(4, 15\)",
        ),
        (
            interop.gru_from_torch,
            GRU | zeros(bias_ih_l0=(5,)),
            r"`bias_ih_l0` must have shape \(15,\), got \(5,\)",
        ),
        (
            interop.gru_to_torch,
            OURS | zeros(bias=(15,)),
            r"`bias` must have shape \(2, 15\), got \(15,\)",
        ),
        (
            interop.gru_to_torch,
            OURS | zeros(kernel=(4, 10)),
            r"`kernel` must have shape \(any, 15\), got \(4, 10\)",
        ),
        (
            interop.lstm_from_torch,
            GRU,
            r"`weight_ih_l0` must have shape \(20, any\), got \(15, 4\)",
        ),
        (
            interop.lstm_from_torch,
            zeros(weight_ih_l1=(20, 5)),
            r"`state` must be of an LSTM of one layer, got \['weight_ih_l1'\]",
        ),
        (
            interop.rnn_to_torch,
            zeros(kernel=(4, 5), recurrent_kernel=(5, 5), bias=(2, 5)),
            r"`bias` must have shape \(5,\), got \(2, 5\)",
        ),
        (
            interop.layer_norm_from_torch,
            zeros(weight=(4,), bias=(3,)),
            r"`bias` must have shape \(4,\), got \(3,\)",
        ),
        (
            interop.batch_norm_from_torch,
            zeros(weight=(4,), bias=(4,)),
            r"must be the arrays \['running_mean', 'running_var', 'weight'\], with or",
        ),
        (
            interop.batch_norm_to_torch,
            zeros(scale=(4,), bias=(4,)),
            r"`batch_stats` must be the arrays \['mean', 'var'\], got \[\]",
        ),
        (
            interop.gru_to_torch,
            {"forward": OURS},
            r"`params` must be the arrays \['kernel', 'recurrent_kernel'\].*'forward'",
        ),
        (
            interop.gru_to_torch,
            {"forward": OURS, "backward": without(OURS, "kernel")},
            r"`params` must be .* got \['bias', 'recurrent_kernel'\]",
        ),
    ],
)
def test_arrays_of_another_layer(function, arrays, message):
    arguments = (arrays, {}) if function is interop.batch_norm_to_torch else (arrays,)
    with pytest.raises(UserError, match=message):
        function(*arguments)


@pytest.mark.parametrize(
    "state, message",
    [
        ({"weight": np.zeros((2, 3), np.int8)}, "`weight` must be floats, got 'int8'"),
        ({"weight": [["a"]]}, "`weight` must be floats, got '<U1'"),
        ({"weight": [[1.0], [1.0, 2.0]]}, "`weight` must be an array on the CPU"),
        ([("weight", np.zeros((2, 3)))], "`state` must be arrays by name"),
        ({3: np.zeros(2)}, r"`state` must be the arrays \['weight'\]"),
    ],
)
def test_what_is_no_array_of_floats(state, message):
    with pytest.raises(UserError, match=message):
        interop.dense_from_torch(state)
