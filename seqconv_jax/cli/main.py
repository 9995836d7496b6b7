"""Use what a run has trained: predict, calibrate, compare, explain, report, export.

    python -m seqconv_jax predict RUN --data new.csv --out forecast.csv
    python -m seqconv_jax predict RUN --text "A film to remember."
    python -m seqconv_jax evaluate RUN --data labelled.csv
    python -m seqconv_jax calibrate RUN --data labelled.csv
    python -m seqconv_jax summary RUN
    python -m seqconv_jax compare RUN RUN RUN --with RUN RUN RUN
    python -m seqconv_jax report RUN RUN --out report.html
    python -m seqconv_jax export RUN --to stablehlo --out model.stablehlo
    python -m seqconv_jax explain RUN --text "A film to remember." --out why.png

RUN is the directory that a training has filled, wherever it lies now.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from seqconv_jax.cli.errors import call_or_exit

Flag = Annotated[bool, tyro.conf.FlagCreatePairsOff]
Texts = Annotated[tuple[tuple[str, ...], ...], tyro.conf.UseAppendAction]
_FLAGS = {
    "`ahead`": "--ahead",
    "overwrite=True": "--overwrite",
    "resume=True": "--resume",
    "`confidence`": "--confidence",
    "`data`": "--data",
    "`level`": "--level",
    "`metric`": "--metric",
    "`output`": "--output",
    "`raw`": "--data",
    "`row`": "--row",
    "`since`": "--since",
    "`step`": "--step",
    "`top`": "--top",
    "`until`": "--until",
    "`window`": "--window",
    "`windows`": "--windows",
    "`words`": "--words",
}


@dataclass(frozen=True, kw_only=True)
class Predict:
    """Answer new examples: classes with probabilities, or forecasts in their unit."""

    run: tyro.conf.Positional[Path]
    """The run directory."""
    data: str | None = None
    """A file or folder with the examples, as in training; - for standard input: the
    content of such a file, or a text a line where the run is of texts."""
    text: Texts = ()
    """Texts, in place of --data."""
    out: Path | None = None
    """A new .csv, .tsv, .jsonl or .parquet file; by default CSV on standard output."""
    overwrite: Flag = False
    """Replace the file that --out names."""
    windows: Literal["latest", "all"] = "latest"
    """Which windows of a series to forecast from: the newest, or each that is whole."""
    step: int | None = None
    """The step whose weights to use; by default those of the best epoch."""


@dataclass(frozen=True, kw_only=True)
class Evaluate:
    """Score examples whose truth is in the data."""

    run: tyro.conf.Positional[Path]
    """The run directory."""
    data: str
    """A file or folder with the examples, as in training; - for standard input."""
    out: Path | None = None
    """A new .json file for the scores besides."""
    overwrite: Flag = False
    """Replace the file that --out names."""
    step: int | None = None
    """The step whose weights to use; by default those of the best epoch."""


@dataclass(frozen=True, kw_only=True)
class Calibrate:
    """Find intervals of forecasts, or how sure a classifier may be, and keep them.

    From then on predict has the intervals as columns, or probabilities that are as
    often right as they say. The examples must not be those that the run was trained on.
    """

    run: tyro.conf.Positional[Path]
    """The run directory."""
    data: str
    """A file or folder with the examples and their truth; - for standard input."""
    level: tuple[float, ...] = ()
    """Forecasts: how often the truth is to lie in the interval; by default 0.9."""
    since: str | None = None
    """Forecasts: the time of the earliest target to calibrate on."""
    until: str | None = None
    """Forecasts: the time before which all of those targets lie. On what comes later
    is shown how often the intervals hold."""
    overwrite: Flag = False
    """Calibrate a run anew that has been calibrated before."""
    step: int | None = None
    """The step whose weights to use; by default those of the best epoch."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Say what a run was asked, how it went, and what its model is."""

    run: tyro.conf.Positional[Path]
    """The run directory."""
    step: int | None = None
    """The step whose weights to tell of; by default those of the best epoch."""


@dataclass(frozen=True, kw_only=True)
class Compare:
    """Say whether some runs are better than others on the same test examples."""

    runs: tyro.conf.Positional[tuple[Path, ...]]
    """The run directories of one side, such as one a seed."""
    against: Annotated[tuple[Path, ...], tyro.conf.arg(name="with")]
    """Those of the other side, or .npz files with the test scores of baselines."""
    metric: str | None = None
    """Which score; by default accuracy, mae or mse, or the only one in common."""
    confidence: float = 0.95
    """Of the intervals."""
    out: Path | None = None
    """A new .json file for all figures besides."""
    overwrite: Flag = False
    """Replace the file that --out names."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """Write one HTML file that shows runs: scores, curves, forecasts, mistakes."""

    runs: tyro.conf.Positional[tuple[Path, ...]]
    """The run directories."""
    out: Path
    """A new .html file."""
    data: str | None = None
    """A file or folder of examples with their truth, to show forecasts and mistakes of;
    by default the test examples that the runs kept."""
    title: str | None = None
    """The title of the page; by default the names of the runs."""
    overwrite: Flag = False
    """Replace the file that --out names."""


@dataclass(frozen=True, kw_only=True)
class Export:
    """Write a run as one file that other programs take, scaling included."""

    run: tyro.conf.Positional[Path]
    """The run directory."""
    to: Literal["stablehlo", "onnx"]
    """For JAX and XLA, or for ONNX runtimes."""
    out: Path
    """A new file: .stablehlo or .onnx."""
    words: Flag = False
    """Take words in place of ids (ONNX, of a run on texts)."""
    overwrite: Flag = False
    """Replace the file that --out names."""
    step: int | None = None
    """The step whose weights to use; by default those of the best epoch."""


@dataclass(frozen=True, kw_only=True)
class Explain:
    """Say why: what words or steps and columns add, or what filters look for."""

    run: tyro.conf.Positional[Path]
    """The run directory."""
    text: str | None = None
    """The text to explain, in place of --data."""
    data: str | None = None
    """A file or folder with the examples, as in training; - for standard input."""
    row: int | None = None
    """Which example of --data, from 0: a text, a series, or a window of a series; by
    default the first, and of a forecast the newest window."""
    filters: Flag = False
    """Say what each filter of a text network looks for in the texts of --data."""
    method: Literal["auto", "exact", "integrated-gradients", "occlusion"] = "auto"
    """How: of a text exactly where that is possible, else by integrated gradients; of a
    series by occlusion."""
    output: str | None = None
    """The class or the forecast column; by default the class answered, or the first."""
    ahead: int | None = None
    """How many steps ahead, of a forecast, from 1."""
    window: int | None = None
    """Steps left out at a time, with occlusion; by default a 24th of the input."""
    top: int = 3
    """Patterns of each filter that are printed."""
    out: Path | None = None
    """A new .png figure, .html page of a text, or table (.csv, .tsv, .jsonl, .parquet)
    of all rows."""
    overwrite: Flag = False
    """Replace the file that --out names."""
    step: int | None = None
    """The step whose weights to use; by default those of the best epoch."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the arguments and do what they say."""
    kinds = {
        "predict": Predict,
        "evaluate": Evaluate,
        "calibrate": Calibrate,
        "summary": Summary,
        "compare": Compare,
        "report": Report,
        "export": Export,
        "explain": Explain,
    }
    asked = tyro.extras.subcommand_cli_from_dict(
        kinds, prog="python -m seqconv_jax", description=__doc__, args=arguments
    )
    call_or_exit(lambda: _do(asked), worded=_with_flags)


def _do(asked: Any) -> None:
    from seqconv_jax.cli.calibrate import calibrate
    from seqconv_jax.cli.commands import (
        compare,
        evaluate,
        export,
        predict,
        report,
        summary,
    )
    from seqconv_jax.cli.explain import explain

    commands = {
        Predict: predict,
        Evaluate: evaluate,
        Calibrate: calibrate,
        Summary: summary,
        Compare: compare,
        Report: report,
        Export: export,
        Explain: explain,
    }
    commands[type(asked)](asked)
    sys.stdout.flush()


def _with_flags(message: str) -> str:
    for argument, flag in _FLAGS.items():
        message = message.replace(argument, flag)
    return message
