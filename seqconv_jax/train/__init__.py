"""The training engine: a state of arrays, one jitted step, and a loop around it."""

from seqconv_jax.train.batches import (
    PADDING_ROW,
    Batch,
    Dataset,
    DeviceData,
    gather,
    put_on_device,
)
from seqconv_jax.train.callback import Callback
from seqconv_jax.train.check import check_fit
from seqconv_jax.train.diagnose import NonFiniteError
from seqconv_jax.train.evaluation import evaluate, predict
from seqconv_jax.train.example_scores import example_scores
from seqconv_jax.train.history import rebuild_history
from seqconv_jax.train.hosts import (
    ProcessLostError,
    count_processes,
    is_first,
    join_hosts,
    started_together,
)
from seqconv_jax.train.interrupt import TrainingInterrupted
from seqconv_jax.train.loop import Result, fit
from seqconv_jax.train.mesh import data_mesh
from seqconv_jax.train.rates import RatesResult, fit_rates
from seqconv_jax.train.reporter import Reporter, Reporters
from seqconv_jax.train.seeds import SeedsFailedError, SeedsResult, fit_seeds
from seqconv_jax.train.selection import Best
from seqconv_jax.train.state import TrainState, init_state
from seqconv_jax.train.step import make_step
from seqconv_jax.train.tensorboard import TensorBoard, check_tensorboard

__all__ = [
    "PADDING_ROW",
    "Batch",
    "Best",
    "Callback",
    "Dataset",
    "DeviceData",
    "NonFiniteError",
    "ProcessLostError",
    "RatesResult",
    "Reporter",
    "Reporters",
    "Result",
    "SeedsFailedError",
    "SeedsResult",
    "TensorBoard",
    "TrainState",
    "TrainingInterrupted",
    "check_fit",
    "check_tensorboard",
    "count_processes",
    "data_mesh",
    "evaluate",
    "example_scores",
    "fit",
    "fit_rates",
    "fit_seeds",
    "gather",
    "init_state",
    "is_first",
    "join_hosts",
    "make_step",
    "predict",
    "put_on_device",
    "rebuild_history",
    "started_together",
]
