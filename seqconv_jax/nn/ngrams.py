"""A line through the n-grams of a text: what a network for texts has to beat."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from seqconv_jax import _checks, ops
from seqconv_jax.nn.calls import abstract
from seqconv_jax.nn.declared import initial_variables
from seqconv_jax.nn.layer import WholeSequence
from seqconv_jax.nn.precision import Parameterised, computed, parameter


class NGramLinear(WholeSequence, Parameterised):
    r"""Sum a weight for each known n-gram of a text: $\sum_{j \in x} r_j w_j + b$.

    Each n-gram counts once, however often a text has it. Which ones are known, and the
    ratio $r_j$ that scales the weight of each, is counted on training texts before the
    training (`baselines.ngram_table`), put in its place by `ngram_stats`, and kept in
    the collection `"batch_stats"`; until then no n-gram is known, and `train.fit`
    stops. The weights begin as zeros.

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

        def known(name: str, shape: tuple[int, ...], dtype: str, value: float = 0):
            first_value = partial(jnp.full, shape, value, dtype)
            return self.variable("batch_stats", name, first_value).value

        tokens = known("tokens", (count,), "int32")
        first = known("first", (count + 2,), "int32")
        # Not a number, so that training without the table stops at its first step.
        ratio = computed(self, known("ratio", shape, "float32", jnp.nan))
        kernel = parameter(self, "kernel", nn.initializers.zeros, shape)
        bias = parameter(self, "bias", nn.initializers.zeros, shape[1:])
        if mask is not None:
            x = jnp.where(mask, x.astype(jnp.int32), -1)
        numbers = ops.distinct_ngrams(x, tokens, first, order=self.order)
        table = kernel * ratio
        rate = _checks.dropout_rate("dropout", self.dropout)
        if train and rate > 0:
            key = ops.faster_key(self.make_rng("dropout"))
            keep = partial(jax.random.bernoulli, key, 1 - rate)
            kept = ops.draw_for_batch(keep, numbers.shape)
            numbers, table = jnp.where(kept, numbers, count), table / (1 - rate)
        return ops.sum_rows(numbers, table) + bias[None]


def ngram_stats(model: Any, example: Any, table: Any) -> dict[str, Any]:
    """Return a model's first batch statistics, the known n-grams in their place.

    For a model with an `NGramLinear` anywhere in it:
    `train.fit(..., batch_stats=ngram_stats(model, task.example, table))`.

    Args:
        model: a Flax module that maps a batch of sequences to `(batch, outputs)`.
        example: a batch of ids; only its shape and type count.
        table: the n-grams, as `baselines.ngram_table` counts them.

    Raises:
        UserError: if the model has no `NGramLinear`, or one of another size.

    Example:
        >>> import numpy as np
        >>> from seqconv_jax import baselines, data
        >>> from seqconv_jax.nn import Sequential
        >>> x = np.array([[4, 5], [4, 6], [6, 4], [5, 4]] * 5)
        >>> task = data.arrays_task(x, np.array([0.0, 0, 1, 1] * 5))
        >>> table = baselines.ngram_table(task, order=2)
        >>> model = Sequential((NGramLinear(table.count, order=2),))
        >>> stats = ngram_stats(model, task.example, table)
        >>> stats["layers_0"]["tokens"].tolist()
        [4, 5, 6, 5, 6, 4, 4]
    """
    known, x = table.variables(), abstract(example.shape, example.dtype)
    filled: list[str] = []

    def fill(path: str, tree: Any) -> Any:
        if not isinstance(tree, Mapping):
            return tree
        if tree.keys() != known.keys():
            return {name: fill(f"{path}/{name}", part) for name, part in tree.items()}
        for name, array in known.items():
            _checks.shape(f"table.{name}", array, tree[name].shape)
        filled.append(path)
        return dict(known)

    def first(key):
        zeros = jnp.zeros(x.shape, x.dtype)
        return initial_variables(model, key, zeros)["batch_stats"]

    stats = fill("", jax.jit(first)(jax.random.key(0)))
    _checks.expect(bool(filled), "model", "one with an NGramLinear", model)
    return stats
