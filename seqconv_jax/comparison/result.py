"""What a comparison found, of each side and of their difference."""

from dataclasses import dataclass

from seqconv_jax.comparison.intervals import Interval
from seqconv_jax.comparison.mcnemar import McNemar
from seqconv_jax.comparison.words import describe

__all__ = ["Comparison", "Side"]


@dataclass(frozen=True)
class Side:
    """What one side scores.

    Attributes:
        name: what to call it.
        scores: of each run.
        mean: of them.
        interval: of the mean over seeds, by Student's t; None for one run.
        bootstrap: the same by the bootstrap.
    """

    name: str
    scores: tuple[float, ...]
    mean: float
    interval: Interval | None
    bootstrap: Interval | None


@dataclass(frozen=True)
class Comparison:
    """What `compare` found; `str` says it in words.

    Attributes:
        metric: its name.
        higher_is_better: which way it goes.
        confidence: of all intervals.
        a: one side.
        b: the other.
        difference: a's mean less b's; all intervals of differences are of this.
        over_seeds: of the difference, were the runs repeated with other seeds on the
            same test set, by Student's t (Welch's, or of pairs); None for one run a
            side.
        over_seeds_bootstrap: the same by the bootstrap.
        p_value: of the same.
        paired: whether runs were paired, as they have the same seeds.
        over_examples: of the difference, were the same runs tested on other examples of
            the same kind, by the block bootstrap; None without the score of each.
        examples: how many test examples there are; None if that is not known.
        block: how many neighbours a block of the bootstrap has.
        dependent: whether neighbours were taken to have something in common.
        mcnemar: McNemar's test, where each example is right or wrong; else None.
    """

    metric: str
    higher_is_better: bool
    confidence: float
    a: Side
    b: Side
    difference: float
    over_seeds: Interval | None
    over_seeds_bootstrap: Interval | None
    p_value: float | None
    paired: bool
    over_examples: Interval | None
    examples: int | None
    block: int | None
    dependent: bool
    mcnemar: McNemar | None

    @property
    def better(self) -> str | None:
        """The name of the better side, where every interval says so; else None."""
        known = [i for i in (self.over_seeds, self.over_examples) if i is not None]
        if not known or not all(each.excludes_zero for each in known):
            return None
        higher = self.difference > 0
        return self.a.name if higher == self.higher_is_better else self.b.name

    def __str__(self) -> str:
        """Return the scores, the difference and what it means, in sentences."""
        return describe(self)
