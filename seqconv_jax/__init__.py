"""Sequence models from 1D convnets and convnet + GRU hybrids, in JAX and Flax.

Importing this is cheap: each part, and JAX with it, is loaded when first used.

Example:
    >>> import seqconv_jax as sc
    >>> sc.ops.conv_output_length(500, 7)
    494
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_MODULES = (
    "backtesting",
    "baselines",
    "calibration",
    "checkpoint",
    "comparison",
    "conformal",
    "data",
    "estimators",
    "export",
    "explain",
    "interop",
    "losses",
    "models",
    "nn",
    "ops",
    "optim",
    "plots",
    "report",
    "runs",
    "train",
)

if TYPE_CHECKING:
    from seqconv_jax import (
        backtesting,
        baselines,
        calibration,
        checkpoint,
        comparison,
        conformal,
        data,
        estimators,
        explain,
        export,
        interop,
        losses,
        models,
        nn,
        ops,
        optim,
        plots,
        report,
        runs,
        train,
    )
    from seqconv_jax._checks import UserError
    from seqconv_jax.backtesting.run import backtest
    from seqconv_jax.comparison.compare import compare
    from seqconv_jax.nn.summary import count_parameters, summary

__all__ = [
    "UserError",
    "backtest",
    "backtesting",
    "baselines",
    "calibration",
    "checkpoint",
    "compare",
    "comparison",
    "conformal",
    "count_parameters",
    "data",
    "estimators",
    "export",
    "explain",
    "interop",
    "losses",
    "models",
    "nn",
    "ops",
    "optim",
    "plots",
    "report",
    "runs",
    "summary",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in ("summary", "count_parameters"):
        return getattr(importlib.import_module(f"{__name__}.nn.summary"), name)
    if name == "compare":
        return importlib.import_module(f"{__name__}.comparison").compare
    if name == "backtest":
        return importlib.import_module(f"{__name__}.backtesting").backtest
    if name == "UserError":
        return importlib.import_module(f"{__name__}._checks").UserError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
