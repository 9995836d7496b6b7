"""The training engine: a state of arrays, one jitted step, and a loop around it."""

from seqconv_jax.train.batches import Batch, Examples, Resident, gather, put_on_device
from seqconv_jax.train.diagnose import Diverged
from seqconv_jax.train.engine import evaluate, predict
from seqconv_jax.train.interrupt import Interrupted
from seqconv_jax.train.loop import Best, Reporter, Result, fit
from seqconv_jax.train.state import TrainState, init_state
from seqconv_jax.train.step import make_step

__all__ = [
    "Batch",
    "Best",
    "Diverged",
    "Examples",
    "Interrupted",
    "Reporter",
    "Resident",
    "Result",
    "TrainState",
    "evaluate",
    "fit",
    "gather",
    "init_state",
    "make_step",
    "predict",
    "put_on_device",
]
