"""Pure functions: arrays in, arrays out, no parameters and no state of their own."""

from seqconv_jax.ops.column_map import column_map
from seqconv_jax.ops.conv import (
    causal_conv1d_end,
    conv1d,
    conv_output_length,
    receptive_field,
)
from seqconv_jax.ops.conv_max_pool import conv_max_pool
from seqconv_jax.ops.data_parallel import (
    BatchPart,
    batch_part,
    draw_for_batch,
    part_of_batch,
    sum_devices,
    sum_devices_of,
)
from seqconv_jax.ops.dropout import dropout, dropout_mask, keep_some
from seqconv_jax.ops.embed import embed
from seqconv_jax.ops.embed_conv import embed_conv
from seqconv_jax.ops.faster_key import faster_key
from seqconv_jax.ops.global_pool import global_avg_pool, global_max_pool
from seqconv_jax.ops.gru import gru, gru_cell, project_inputs
from seqconv_jax.ops.lstm import lstm, lstm_cell
from seqconv_jax.ops.masked import (
    masked_avg_pool,
    masked_conv1d,
    masked_embed_conv,
    masked_max_pool,
)
from seqconv_jax.ops.masked_windows import window_mask, window_rows
from seqconv_jax.ops.masking import (
    check_mask,
    finite_where_masked,
    hide,
    last_real_step,
    shift_left,
)
from seqconv_jax.ops.ngrams import distinct_ngrams, ngram_numbers, sum_rows
from seqconv_jax.ops.one_hot_conv import one_hot_conv, one_hot_conv_max
from seqconv_jax.ops.pool import avg_pool, max_pool, pool_mask
from seqconv_jax.ops.simple_rnn import simple_rnn, simple_rnn_cell
from seqconv_jax.ops.window_scale import WindowScale, last_value_scale, moment_scale

__all__ = [
    "BatchPart",
    "WindowScale",
    "avg_pool",
    "batch_part",
    "causal_conv1d_end",
    "check_mask",
    "column_map",
    "conv1d",
    "conv_max_pool",
    "conv_output_length",
    "distinct_ngrams",
    "draw_for_batch",
    "dropout",
    "dropout_mask",
    "embed",
    "embed_conv",
    "faster_key",
    "finite_where_masked",
    "global_avg_pool",
    "global_max_pool",
    "gru",
    "gru_cell",
    "hide",
    "keep_some",
    "last_real_step",
    "last_value_scale",
    "lstm",
    "lstm_cell",
    "masked_avg_pool",
    "masked_conv1d",
    "masked_embed_conv",
    "masked_max_pool",
    "max_pool",
    "moment_scale",
    "ngram_numbers",
    "one_hot_conv",
    "one_hot_conv_max",
    "part_of_batch",
    "pool_mask",
    "project_inputs",
    "receptive_field",
    "shift_left",
    "simple_rnn",
    "simple_rnn_cell",
    "sum_devices",
    "sum_devices_of",
    "sum_rows",
    "window_mask",
    "window_rows",
]
