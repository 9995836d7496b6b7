"""A run directory with everything in it."""

import os
from pathlib import Path

from seqconv_jax import runs

CONFIG = {"seed": 0, "epochs": 3, "model": {"units": 32}, "data_sha256": "ab"}
FIGURES = ("loss.png", "forecast.png")


def finished(path, **config):
    """A directory with everything that a run writes."""
    with runs.open(path, config={**CONFIG, **config}) as run:
        run.write_history([{"epoch": 1, "step": 5}])
        run.write_summary({"test_mae": 0.25})
        run.write_predictor({"format": 1})
        run.checkpoint_dir.mkdir()
        (run.checkpoint_dir / "5").mkdir()
        for name in FIGURES:
            (run.path / name).write_bytes(b"png")
    return Path(path)


def names(path):
    return sorted(set(os.listdir(path)) - {".lock"})
