"""Convolutions with a global pool or all steps behind them."""

from typing import Any

import jax

from seqconv_jax import _checks
from seqconv_jax.models.series import SeriesNetwork
from seqconv_jax.nn import (
    ConvBlock,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAvgPool1D,
    GlobalMaxPool1D,
    NGramLinear,
    Parallel,
    TokenDropout,
    layers_of,
)
from seqconv_jax.nn.sequential import TypedNetwork

__all__ = ["SeriesConvNet", "TextConvNet"]


def _max_and_average() -> Parallel:
    return Parallel(((GlobalMaxPool1D(),), (GlobalAvgPool1D(),)))


_HEADS = {
    "global_max": GlobalMaxPool1D,
    "global_average": GlobalAvgPool1D,
    "global_max_average": _max_and_average,
    "flatten": Flatten,
}


def _head(model: "TextConvNet | SeriesConvNet") -> tuple[Any, ...]:
    """Return what follows the convolutions: one vector of all steps, then outputs."""
    pool = _HEADS[_checks.one_of("head", model.head, _HEADS)]()
    rate = _checks.dropout_rate("dropout", model.dropout)
    drop = (Dropout(rate),) if rate > 0 else ()
    return pool, *drop, Dense(model.outputs, **model.types)


class TextConvNet(TypedNetwork):
    """Embedding, convolutions, a global pool and a dense layer, for token ids.

    The defaults are the book's network for IMDB reviews: 1,315,937 parameters. Ids of
    padding are embedded like any other, as there, unless `mask_id` says which they are.

    With `ngrams` a line through the n-grams of the text stands beside the convnet, and
    what both say is added up: so the convnet learns what a line can't. Which n-grams
    there are is counted before the training, and handed to it:

        table = baselines.ngram_table(task)
        model = models.TextConvNet(task.vocabulary, ngrams=table.count)
        stats = nn.ngram_stats(model, task.example, table)
        train.fit(model, task, batch_stats=stats, ...)

    Attributes:
        vocabulary: number of token ids.
        embedding: length of a token's vector; 0 for none: the first convolution then
            has weights of its own for each token at each tap, see `nn.OneHotConv1D`.
        blocks: the convolutions, from the input upwards.
        head: `"global_max"`, `"global_average"`, `"global_max_average"` (both, side by
            side) or `"flatten"`.
        dropout: rate at which values are dropped before the dense layer.
        outputs: width of the output.
        mask_id: the id of padding, which then never changes an output; None for none.
        token_dropout: rate at which ids become `TokenDropout.token` in training.
        ngrams: how many n-grams there are in the line; 0 for no line.
        ngram_order: the most tokens of one.
        ngram_dropout: rate at which they are dropped.
        drop_path: rate at which the line or the convnet is left out in training; above
            0 the output is an average of both. See `Parallel`.
        ngram_weight: what the line counts in that average; the convnet counts the rest.

    Reference:
        The line is that of Wang and Manning, "Baselines and Bigrams", ACL 2012, beside
        a convnet as in Johnson and Zhang, arXiv:1412.1058.

    Example:
        >>> import jax.numpy as jnp
        >>> model, ids = TextConvNet(vocabulary=100), jnp.ones((2, 60), jnp.int32)
        >>> model.apply(model.init(jax.random.key(0), ids), ids).shape
        (2, 1)
        >>> [type(layer).__name__ for layer in model.layers][:3]
        ['Embedding', 'Conv1D', 'MaxPool1D']
    """

    vocabulary: int = 10_000
    embedding: int = 128
    blocks: tuple[ConvBlock, ...] = (ConvBlock(32, 7, pool=5), ConvBlock(32, 7))
    head: str = "global_max"
    dropout: float = 0.0
    outputs: int = 1
    mask_id: int | None = None
    token_dropout: float = 0.0
    ngrams: int = 0
    ngram_order: int = 3
    ngram_dropout: float = 0.5
    drop_path: float = 0.0
    ngram_weight: float = 0.5

    @property
    def layers(self) -> tuple[Any, ...]:
        """The layers, from the input upwards."""
        rate = _checks.dropout_rate("token_dropout", self.token_dropout)
        convnet = (
            *((TokenDropout(rate, padding_id=self.mask_id or 0),) if rate > 0 else ()),
            *_convolutions(self),
            *_head(self),
        )
        if _checks.non_negative_int("ngrams", self.ngrams) == 0:
            return convnet
        line = NGramLinear(
            self.ngrams,
            self.outputs,
            self.ngram_order,
            self.ngram_dropout,
            **self.types,
        )
        branches, share = (convnet, (line,)), self.ngram_weight
        if not self.drop_path:
            return (Parallel(branches, "sum"),)
        _checks.expect(0 < share < 1, "ngram_weight", "in (0, 1)", share)
        weights = None if share == 0.5 else (1 - share, share)
        return (Parallel(branches, "average", self.drop_path, weights),)

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map integer ids `(batch, time)` to logits `(batch, outputs)`."""
        _checks.rank("x", x, ("batch", "time"))
        return self.run_all(x, mask, train)


# No method: Flax would take what those of an unbound module make for submodules.
def _convolutions(model: TextConvNet) -> tuple[Any, ...]:
    """Return the convolutions behind an embedding, or over the ids themselves."""
    if _checks.non_negative_int("embedding", model.embedding) == 0:
        layers_of(model.blocks)  # raises for what are no blocks
        _checks.expect(len(model.blocks) > 0, "blocks", "at least one", model.blocks)
        first, *rest = model.blocks
        over_ids = first.layers_over_ids(model.vocabulary, model.mask_id, **model.types)
        return *over_ids, *layers_of(rest, **model.types)
    table = Embedding(model.vocabulary, model.embedding, model.mask_id, **model.types)
    return table, *layers_of(model.blocks, **model.types)


class SeriesConvNet(SeriesNetwork):
    """Convolutions, a global pool and a dense layer, for series.

    The defaults are the book's network of three blocks for the Jena climate.

    Attributes:
        blocks: the convolutions, from the input upwards.
        head: `"global_max"`, `"global_average"`, `"global_max_average"` (both, side by
            side) or `"flatten"`.
        dropout: rate at which values are dropped before the dense layer.
        outputs: width of the output.

    Example:
        >>> import jax.numpy as jnp
        >>> model, x = SeriesConvNet((ConvBlock(8, 5, pool=3),)), jnp.ones((2, 60, 4))
        >>> model.apply(model.init(jax.random.key(0), x), x).shape
        (2, 1)
    """

    blocks: tuple[ConvBlock, ...] = (
        ConvBlock(32, 5, pool=3),
        ConvBlock(32, 5, pool=3),
        ConvBlock(32, 5),
    )
    head: str = "global_max"
    dropout: float = 0.0
    outputs: int = 1

    @property
    def layers(self) -> tuple[Any, ...]:
        """The layers, from the input upwards."""
        return *layers_of(self.blocks, **self.types), *_head(self)
