"""What each command is asked: its flags, and what they mean."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

Flag = Annotated[bool, tyro.conf.FlagCreatePairsOff]
Texts = Annotated[tuple[tuple[str, ...], ...], tyro.conf.UseAppendAction]


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


@dataclass(frozen=True, kw_only=True)
class Convert:
    """Write a series, or texts, as arrays that need not fit in memory.

    What is given says how it is read, as for a training, whose --data may then be the
    folder. What is left open is found in the first part of the file.
    """

    file: tyro.conf.Positional[Path]
    """A text file of columns (.csv, .tsv, .txt, .dat, also in .gz), or .parquet; of
    texts whatever can be trained on."""
    out: Path
    """The folder to make."""
    overwrite: Flag = False
    """Replace an older folder of a converted file."""
    texts: Flag = False
    """The file or folder is of texts with labels; of what follows --separator and
    --encoding are for them too, and then those from --text on."""
    time: tuple[str, ...] = ()
    """The column of times, or the columns of its parts; by default found."""
    no_time: Flag = False
    """The file has no times."""
    time_format: str | None = None
    """The form of times, as of strptime, or unix, where it is not recognised."""
    day_first: bool | None = None
    """Whether the day comes before the month in dates, where they leave it open."""
    zone: str | None = None
    """The zone of times that name none, such as Europe/Berlin; they become UTC."""
    keep: tuple[str, ...] | None = None
    """The columns to read beside the times; by default all."""
    drop: tuple[str, ...] = ()
    """Columns to leave out."""
    separator: str | None = None
    """What stands between cells: , ; | or tab; by default found."""
    decimal: Literal[".", ","] | None = None
    """The decimal mark; by default found."""
    thousands: str | None = None
    """What stands between groups of three digits; never looked for."""
    encoding: str | None = None
    """The encoding of the text, such as latin-1; by default UTF-8."""
    comment: str | None = None
    """The character that begins a comment."""
    skip_rows: int | None = None
    """Lines to leave out above the column names; by default found."""
    names: tuple[str, ...] | None = None
    """The column names, where no line has them."""
    missing: Literal["error", "previous", "drop"] = "error"
    """What to do with missing cells."""
    missing_marks: tuple[str, ...] | None = None
    """What means a missing cell, beside the usual texts; by default -9999."""
    duplicates: Literal["error", "keep"] = "error"
    """What to do with repeated times."""
    unsorted: Literal["error", "keep"] = "error"
    """What to do with times that go backwards."""
    text: str | None = None
    """The column of texts; by default found."""
    label: str | None = None
    """The column of labels; by default found."""
    validation: float | None = None
    """What part of the training texts to validate on; by default 0.15."""
    test: float | None = None
    """What part of the texts to test on; by default 0.15."""
    max_words: int | None = None
    """Tokens of the vocabulary; by default 20,000."""
    min_count: int | None = None
    """How often a token of it is in the training texts; by default twice."""
    maxlen: int | None = None
    """Tokens of a text that are kept; by default as many as 95 % have, or less."""
    seed: int | None = None
    """What is drawn for validation and testing follows from it; by default 0."""
