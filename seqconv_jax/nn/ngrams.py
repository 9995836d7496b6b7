"""A line through the n-grams of a text: what a network for texts has to beat."""

import jax
import jax.numpy as jnp
from flax import linen as nn

from seqconv_jax import _checks, ops
from seqconv_jax.nn.layer import WholeSequence
from seqconv_jax.nn.precision import Parameterised, computed, parameter


class NGramLinear(WholeSequence, Parameterised):
    r"""Sum a weight for each known n-gram of a text: $\sum_{j \in x} r_j w_j + b$.

    Each n-gram counts once, however often a text has it. Which ones are known, and the
    ratio $r_j$ that scales the weight of each, is counted on training texts before the
    training (`baselines.ngram_table`), and kept in the collection `"batch_stats"`;
    without that no n-gram is known, and the output is $b$. The weights begin as zeros.

    Attributes:
        ngrams: how many are known.
        outputs: width of the output.
        order: the most tokens of an n-gram.
        dropout: rate at which the n-grams of a text are dropped in training.

    Example:
        >>> import numpy as np
        >>> from seqconv_jax import baselines, data
        >>> x = np.array([[4, 5, 6], [4, 6, 5], [6, 5, 4], [5, 6, 4]] * 5)
        >>> task = data.arrays_task(x, np.array([0.0, 0, 1, 1] * 5))
        >>> table = baselines.ngram_table(task, order=2)
        >>> layer = NGramLinear(table.count, order=2)
        >>> params = layer.init(jax.random.key(0), x[:2])["params"]
        >>> params["kernel"].shape
        (9, 1)
        >>> variables = {"params": params, "batch_stats": table.variables()}
        >>> layer.apply(variables, x[:2]).tolist()
        [[0.0], [0.0]]

    Reference:
        Wang and Manning, "Baselines and Bigrams", ACL 2012; as a layer, Thongtan and
        Phienthrakul, ACL 2019 (student workshop).
    """

    ngrams: int
    outputs: int = 1
    order: int = 3
    dropout: float = 0.0

    @nn.compact
    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map integer ids `(batch, time)` to `(batch, outputs)`.

        Args:
            x: ids; one that is in no known n-gram adds nothing.
            mask: `(batch, time)` bool; n-grams with masked ids are not counted.
            train: whether n-grams are dropped; needs a random key named `"dropout"`.
        """
        _checks.rank("x", x, ("batch", "time"))
        _checks.integers("x", x)
        count = _checks.positive_int("ngrams", self.ngrams)
        shape = (count, _checks.positive_int("outputs", self.outputs))

        def known(name, shape, dtype):
            return self.variable("batch_stats", name, jnp.zeros, shape, dtype).value

        tokens = known("tokens", (count,), "int32")
        first = known("first", (count + 2,), "int32")
        ratio = computed(self, known("ratio", shape, "float32"))
        kernel = parameter(self, "kernel", nn.initializers.zeros, shape)
        bias = parameter(self, "bias", nn.initializers.zeros, shape[1:])
        if mask is not None:
            x = jnp.where(mask, x.astype(jnp.int32), -1)
        numbers = ops.distinct_ngrams(x, tokens, first, order=self.order)
        table = kernel * ratio
        rate = _checks.dropout_rate("dropout", self.dropout)
        if train and rate > 0:
            kept = jax.random.bernoulli(
                self.make_rng("dropout"), 1 - rate, numbers.shape
            )
            numbers, table = jnp.where(kept, numbers, count), table / (1 - rate)
        return ops.sum_rows(numbers, table) + bias
