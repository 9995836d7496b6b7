"""Comparing honestly: over seeds, and over test examples.

`compare` (`sc.compare` too) compares two models that were trained with several seeds;
`format_score` is how tables show such scores. The parts are pure NumPy in float64 and
serve alone: `mean_spread`, `difference_spread`, `block_bootstrap`, `mcnemar`.
"""

from seqconv_jax.comparison.block_bootstrap import (
    BlockBootstrap,
    automatic_block,
    block_bootstrap,
)
from seqconv_jax.comparison.compare import compare
from seqconv_jax.comparison.example_scores import ExampleScores, score_examples
from seqconv_jax.comparison.intervals import (
    Interval,
    Spread,
    difference_spread,
    mean_spread,
)
from seqconv_jax.comparison.mcnemar import McNemar, mcnemar
from seqconv_jax.comparison.result import Comparison, Side
from seqconv_jax.comparison.words import format_score

__all__ = [
    "BlockBootstrap",
    "Comparison",
    "ExampleScores",
    "Interval",
    "McNemar",
    "Side",
    "Spread",
    "automatic_block",
    "block_bootstrap",
    "compare",
    "difference_spread",
    "format_score",
    "mcnemar",
    "mean_spread",
    "score_examples",
]
