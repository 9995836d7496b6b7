"""What a caller does between two epochs."""

from collections.abc import Callable
from typing import Any

import numpy as np

from seqconv_jax import _checks
from seqconv_jax.train.selection import Record
from seqconv_jax.train.state import TrainState, copied

Callback = Callable[[TrainState, Record], bool | None]
"""Takes the state and the record at the end of an epoch; True ends training."""


def ends_training(callback: Callback | None, state: TrainState, record: Record) -> bool:
    """Ask a callback whether training ends here.

    It gets copies.

    Raises:
        UserError: if it returns anything but True, False or None.
    """
    if callback is None:
        return False
    answer: Any = callback(copied(state), dict(record))
    known = answer is None or isinstance(answer, (bool, np.bool_))
    _checks.expect(
        known, "callback", "a function that returns True to stop, or None", answer
    )
    return bool(answer)
