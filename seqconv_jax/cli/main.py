"""Use what a run has trained: predict, calibrate, compare, explain, report, export.

    python -m seqconv_jax predict RUN --data new.csv --out forecast.csv
    python -m seqconv_jax predict RUN --text "A film to remember."
    python -m seqconv_jax evaluate RUN --data labelled.csv
    python -m seqconv_jax calibrate RUN --data labelled.csv
    python -m seqconv_jax summary RUN
    python -m seqconv_jax compare RUN RUN RUN --with RUN RUN RUN
    python -m seqconv_jax explain RUN --text "A film to remember." --out why.png
    python -m seqconv_jax report RUN RUN --out report.html
    python -m seqconv_jax export RUN --to stablehlo --out model.stablehlo
    python -m seqconv_jax convert FILE --out FOLDER

RUN is the directory that a training has filled, wherever it lies now. FILE is one that
need not fit in memory.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import tyro

from seqconv_jax.cli import asked as settings
from seqconv_jax.cli.errors import call_or_exit

_COMMANDS = (
    settings.Predict,
    settings.Evaluate,
    settings.Calibrate,
    settings.Summary,
    settings.Compare,
    settings.Explain,
    settings.Report,
    settings.Export,
    settings.Convert,
)
_MODULES = ("calibrate", "convert", "explain")  # commands with a file of their own
_FLAGS = {
    "`ahead`": "--ahead",
    "`confidence`": "--confidence",
    "`data`": "--data",
    "`level`": "--level",
    "`metric`": "--metric",
    "`output`": "--output",
    "overwrite=True": "--overwrite",
    "`path`": "FILE",
    "`raw`": "--data",
    "resume=True": "--resume",
    "`row`": "--row",
    "`since`": "--since",
    "`step`": "--step",
    "`top`": "--top",
    "`until`": "--until",
    "`window`": "--window",
    "`windows`": "--windows",
    "`words`": "--words",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the arguments and do what they say."""
    asked = tyro.extras.subcommand_cli_from_dict(
        {kind.__name__.lower(): kind for kind in _COMMANDS},
        prog="python -m seqconv_jax",
        description=__doc__,
        args=arguments,
    )
    call_or_exit(lambda: _do(asked), worded=_with_flags)


def _do(asked: Any) -> None:
    name = type(asked).__name__.lower()
    module = name if name in _MODULES else "commands"
    command = getattr(import_module(f"seqconv_jax.cli.{module}"), name)
    command(asked)
    sys.stdout.flush()


def _with_flags(message: str) -> str:
    for argument, flag in _FLAGS.items():
        message = message.replace(argument, flag)
    return message
