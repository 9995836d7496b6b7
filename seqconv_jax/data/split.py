"""Dividing examples so that every part has its share of every class."""

import numpy as np

from seqconv_jax._checks import expect, is_number, non_negative_int

__all__ = ["stratified"]


def stratified(
    strata: np.ndarray,
    rate: float,
    seed: int,
    name: str,
    *,
    fewest: int = 2,
    keep_last: bool = False,
) -> np.ndarray:
    """Draw a part of examples, of every stratum as nearly as whole numbers allow.

    The part has `round(rate n)` examples. Each stratum gives its whole share, and
    those with the largest remainders one more; one of `fewest` examples or more gives
    one in any case.

    Args:
        strata: `(n,)` int, the stratum of each, such as its class.
        rate: what part to draw, in [0, 1).
        seed: what is drawn follows from it.
        name: what messages call the rate.
        fewest: examples of a stratum that can spare one.
        keep_last: whether one example of every stratum is not drawn in any case.

    Returns:
        `(n,)` bool, true for what was drawn.

    Raises:
        UserError: for a rate out of range, or of which nothing would come.

    Example:
        >>> drawn = stratified(np.array([0] * 8 + [1] * 4), 0.25, 0, "test")
        >>> drawn[:8].sum().item(), drawn[8:].sum().item()
        (2, 1)
    """
    valid = is_number(rate) and 0 <= float(rate) < 1
    expect(valid, name, "a rate in [0, 1)", rate)
    non_negative_int("seed", seed)
    drawn = np.zeros(len(strata), bool)
    if rate == 0:
        return drawn
    wanted = round(float(rate) * len(strata))
    some = f"a rate of some of {len(strata):,} examples"
    expect(wanted > 0, name, some, rate)
    shuffled = np.random.default_rng(seed).permutation(len(strata))
    ordered = shuffled[np.argsort(strata[shuffled], kind="stable")]
    sizes = np.bincount(strata)
    exact = sizes * wanted / max(len(strata), 1)
    share = np.floor(exact).astype(int)
    # An example more for the largest remainders; of equals, the larger stratum.
    order = np.lexsort((-sizes, share - exact))
    share[order[: wanted - share.sum()]] += 1
    share = np.where(sizes >= fewest, np.maximum(share, 1), share)
    if keep_last:
        share = np.minimum(share, np.maximum(sizes - 1, 0))
    rank = np.arange(len(strata)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    drawn[ordered[rank < np.repeat(share, sizes)]] = True
    expect(bool(drawn.any()), name, "0 where no class has two examples", rate)
    return drawn
