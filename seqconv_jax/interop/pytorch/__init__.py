"""Weights from PyTorch's layers and back: arrays in, arrays out, PyTorch not needed.

With C features in, F filters or features out, K taps and H units:

    torch.nn                                       seqconv_jax.nn
    Conv1d     weight        (F, C, K)             kernel            (K, C, F)
    Linear     weight        (F, C)                kernel            (C, F)
    both       bias          (F,)                  bias              (F,)
    Embedding  weight        (V, C)                embedding         (V, C)
    LayerNorm  weight, bias  (C,)                  scale, bias       (C,)
    BatchNorm1d, as well     running_mean (C,)     batch_stats: mean (C,)
                             running_var  (C,)     batch_stats: var  (C,)
    GRU        weight_ih_l0  (3H, C)  gates r z n  kernel            (C, 3H)  z r h
               weight_hh_l0  (3H, H)  gates r z n  recurrent_kernel  (H, 3H)  z r h
               bias_ih_l0    (3H,)    gates r z n  bias[0]           (3H,)    z r h
               bias_hh_l0    (3H,)    gates r z n  bias[1]           (3H,)    z r h
    LSTM       weight_ih_l0  (4H, C)  i f g o      kernel            (C, 4H)  i f c o
               weight_hh_l0  (4H, H)  i f g o      recurrent_kernel  (H, 4H)  i f c o
               bias_ih_l0 + bias_hh_l0  (4H,)      bias              (4H,)
    RNN        weight_ih_l0  (H, C)                kernel            (C, H)
               weight_hh_l0  (H, H)                recurrent_kernel  (H, H)
               bias_ih_l0 + bias_hh_l0  (H,)       bias              (H,)
    all three  ..._l0_reverse                      backward (the others: forward)

PyTorch's GRU resets after the product: its weights fit `nn.GRU(reset_after=True)`. A
recurrent module has one layer; one that is bidirectional fits `nn.Bidirectional`. The
two biases of an LSTM or RNN act as their sum: on the way back the second is zeros.
Whether an RNN has tanh or relu, its state does not say. A layer without bias fits one
with `use_bias=False`. PyTorch's Conv1d and BatchNorm1d take `(batch, features, time)`
where every layer here takes `(batch, time, features)`; the groups must be 1. Its
`padding="same"` is the one of here. Its norms have `eps=1e-5`, ours `epsilon=1e-3` as
Keras's; a momentum `p` of its BatchNorm1d is `1 - p` here.

A model that ended in `Sigmoid()` or `Softmax()` returns probabilities, and `losses`
take logits: leave it out, or score with `from_probabilities=True`. `LogSoftmax()` has
no counterpart here; without it a model returns its logits.

Every function raises a `UserError` for names that are missing or unexpected, and for
wrong shapes. Values may be anything that `numpy.asarray` takes, as is the
`module.state_dict()` of a module on the CPU; they are copied, to the bit. The way back
is `module.load_state_dict({k: torch.as_tensor(v) for k, v in state.items()})`.
"""

from seqconv_jax.interop.pytorch.layers import (
    conv1d_from_torch,
    conv1d_to_torch,
    dense_from_torch,
    dense_to_torch,
    embedding_from_torch,
    embedding_to_torch,
)
from seqconv_jax.interop.pytorch.norm import (
    batch_norm_from_torch,
    batch_norm_to_torch,
    layer_norm_from_torch,
    layer_norm_to_torch,
)
from seqconv_jax.interop.pytorch.recurrent import (
    gru_from_torch,
    gru_to_torch,
    lstm_from_torch,
    lstm_to_torch,
    rnn_from_torch,
    rnn_to_torch,
)

__all__ = [
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
    "lstm_from_torch",
    "lstm_to_torch",
    "rnn_from_torch",
    "rnn_to_torch",
]
