"""Weights and models from Keras and PyTorch, and to them.

A layer here computes what Keras 3's layer of that name computes, to rounding. Keras
itself has changed its mind over the years. `load_keras` reads from the file which Keras
wrote it and sets what follows from that. Where the weights come without a model, or an
old figure is to be repeated, these are the switches.

Where a GRU's reset gate acts:
    Keras 2 and the `tf.keras` of TensorFlow 1: on the state, before the matrix product,
    with one bias: `reset_after=False`, the default here. The `tf.keras` of TensorFlow 2
    and Keras 3: after the product, with two biases: `reset_after=True`.

What the gates of a GRU or an LSTM are:
    Keras 2.0 to 2.2 and the `tf.keras` of TensorFlow 1: a hard sigmoid, 0.2 x + 0.5 cut
    to [0, 1]: `gate_activation="hard_sigmoid_keras2"`. Since then `"sigmoid"`, the
    default here. What Keras 3 calls a hard sigmoid is another function, (x + 3) / 6
    cut to [0, 1]: `"hard_sigmoid"`.

Where RMSprop adds its epsilon:
    Keras 2 and, without momentum, the `tf.keras` of TensorFlow 2.0 to 2.10: to the
    root: `optim.rmsprop(epsilon_in_root=False)`. With momentum, since TensorFlow 2.11
    and in Keras 3: under the root, the default here. It is 1e-7, in Keras 2.0 1e-8.

Keras orders a GRU's gates z, r, h and an LSTM's i, f, c, o, as here; PyTorch a GRU's
r, z, n (see `interop.pytorch`).

Two things differ from Keras 3 on purpose. With `dropout` but no recurrent dropout,
Keras draws one mask of the inputs for all gates; here each gate has its own, as Keras
itself has it with both. And where an initial state meets leading masked steps, the
states returned for those are the initial state, not zeros.

Files from others are read as data alone: no pickle, no code, no link is followed, and
no array is read before its shape, type and stored size are those that the model has.
HDF5 is listed by a process of its own, which has limits of time and memory.
"""

from seqconv_jax.interop.keras import (
    Loaded,
    load_keras,
    load_keras_variables,
    load_keras_weights,
    save_keras_weights,
)
from seqconv_jax.interop.pytorch import (
    batch_norm_from_torch,
    batch_norm_to_torch,
    conv1d_from_torch,
    conv1d_to_torch,
    dense_from_torch,
    dense_to_torch,
    embedding_from_torch,
    embedding_to_torch,
    gru_from_torch,
    gru_to_torch,
    layer_norm_from_torch,
    layer_norm_to_torch,
    lstm_from_torch,
    lstm_to_torch,
    rnn_from_torch,
    rnn_to_torch,
)
from seqconv_jax.interop.safetensors import load_safetensors, save_safetensors

__all__ = [
    "Loaded",
    "batch_norm_from_torch",
    "batch_norm_to_torch",
    "conv1d_from_torch",
    "conv1d_to_torch",
    "dense_from_torch",
    "dense_to_torch",
    "embedding_from_torch",
    "embedding_to_torch",
    "gru_from_torch",
    "gru_to_torch",
    "layer_norm_from_torch",
    "layer_norm_to_torch",
    "load_keras",
    "load_keras_variables",
    "load_keras_weights",
    "load_safetensors",
    "lstm_from_torch",
    "lstm_to_torch",
    "rnn_from_torch",
    "rnn_to_torch",
    "save_keras_weights",
    "save_safetensors",
]
