"""Several commands at once on one machine, on cores or GPUs of their own."""

from seqconv_jax._processes.command import Ended, Job
from seqconv_jax._processes.places import (
    Place,
    cores,
    places_for,
    places_on_cores,
    python,
)
from seqconv_jax._processes.together import Outcome, run_together
from seqconv_jax._processes.within import stop_with_parent

__all__ = [
    "Ended",
    "Job",
    "Outcome",
    "Place",
    "cores",
    "places_for",
    "places_on_cores",
    "python",
    "run_together",
    "stop_with_parent",
]
