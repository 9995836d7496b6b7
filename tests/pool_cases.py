"""Operations, windows and masks shared by the tests of pooling."""

from typing import Any

import numpy as np
import oracles

from seqconv_jax.ops import (
    avg_pool,
    global_avg_pool,
    global_max_pool,
    max_pool,
)

POOLS = {"max": (max_pool, oracles.max_pool), "avg": (avg_pool, oracles.avg_pool)}
GLOBAL = {
    "max": (global_max_pool, oracles.global_max_pool),
    "avg": (global_avg_pool, oracles.global_avg_pool),
}
WINDOWS = [(1, None), (2, None), (3, 2), (2, 3), (4, 1), (5, 3)]

# A full row, a row padded in front, behind, within, and a row of nothing but padding.
MASK: Any = np.ones((5, 11), bool)
MASK[1, :7] = MASK[2, 4:] = MASK[3, 2:9] = MASK[4] = False
