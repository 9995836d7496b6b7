"""Windows and masks shared by the tests of operations on masked sequences."""

from typing import Any

import numpy as np
from numerics import normal

TIME, FEATURES, FILTERS = 11, 2, 3

# Size, stride, padding and dilation of the windows.
CONVOLUTIONS = [
    *((3, 1, padding, 1) for padding in ("valid", "same", "causal")),
    *((4, 2, padding, 1) for padding in ("valid", "same", "causal")),
    *((3, 3, padding, 2) for padding in ("valid", "same", "causal")),
    *((2, 1, padding, 4) for padding in ("valid", "same", "causal")),
    *((2, 3, padding, 1) for padding in ("valid", "same", "causal")),
    (1, 1, "valid", 1),
]
SOME = [CONVOLUTIONS[i] for i in (0, 1, 4, 8)]
POOLS = [c[:3] for c in CONVOLUTIONS if c[2] != "causal" and c[3] == 1]
WEIGHTS = {size: normal(size, FEATURES, FILTERS, seed=1) for size in range(1, 5)}


def options(geometry) -> tuple[int, dict[str, Any]]:
    """Return the keywords of windows, and the size before them."""
    size, *rest = geometry
    return size, dict(zip(("stride", "padding", "dilation"), rest, strict=False))


def spoilt(x, mask):
    """Put what must not be seen at the masked steps."""
    return np.where(mask[:, :, None], x, np.float32(np.nan))


def every_padding() -> Any:
    """Return a mask for each length of a sequence without holes, at every place."""
    return np.array(
        [
            [first <= t < first + length for t in range(TIME)]
            for length in range(TIME + 1)
            for first in range(TIME - length + 1)
        ]
    )
