"""The programs whose runs are cut off: our own `fit`, and the experiments."""

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from soaking import samples
from soaking.cases import ROOT
from soaking.training import EPOCHS, VARIANTS


class Program(NamedTuple):
    """A command that trains and goes on with a run.

    Attributes:
        name: what the table calls it.
        command: with `{out}` for the run directory.
        epochs: how many lines its history has.
        reports: whether it can be told to send itself signals.
    """

    name: str
    command: tuple[str, ...]
    epochs: int
    reports: bool = False

    def at(self, out: Path) -> list[str]:
        """Return the command for a run directory."""
        return [str(out) if part == "{out}" else part for part in self.command]


def programs(data: Path) -> list[Program]:
    """Return the programs, after writing the files that they read."""
    data.mkdir(parents=True, exist_ok=True)
    (data / "bars.csv").write_bytes(bars())
    (data / "imdb.npz").write_bytes(samples.reviews(120, 40, 20))
    (data / "weather.csv").write_bytes(weather())
    fits = [
        Program(
            *(f"fit {name}", (*_python("-m", "soaking.training"), "{out}", name)),
            *(EPOCHS, True),
        )
        for name in VARIANTS
    ]
    csi = ("--data", str(data / "bars.csv"), "--split", "150", "220")
    csi += ("--lookback", "60", "--epochs", "3", "--steps-per-epoch", "6")
    imdb = ("--data", str(data / "imdb.npz"), "--num-words", "100", "--maxlen", "60")
    imdb += ("--epochs", "2", "--retrain")
    jena = ("--data", str(data / "weather.csv"), "--split", "0.6", "0.8")
    jena += ("--every", "1h", "--lookback", "24h", "--delay", "6h", "--epochs", "3")
    jena += ("--steps-per-epoch", "5", "--patience", "2")
    return [
        *fits,
        _experiment("csi300_conv1d", csi, 3),
        _experiment("imdb_conv1d", imdb, 2),
        _experiment("jena_hybrid", jena, 3),
    ]


def bars(rows: int = 300) -> bytes:
    """Return daily bars of a random walk."""
    close = 100 + np.random.default_rng(0).normal(size=rows).cumsum()
    days = np.arange("2020-01-01", rows, dtype="datetime64[D]")
    lines = ["date,open,high,low,close,vol,amount"]
    lines += [
        f"{day},{c:.2f},{c + 1:.2f},{c - 1:.2f},{c:.2f},{1000 + i},{2000 + i}"
        for i, (day, c) in enumerate(zip(days, close, strict=True))
    ]
    return "\n".join(lines).encode() + b"\n"


def weather(days: int = 20) -> bytes:
    """Return hourly weather in the form of the Jena file."""
    hours = np.arange(24 * days)
    noise = np.random.default_rng(0).normal(size=(len(hours), 2))
    lines = ["Date Time,p (mbar),T (degC)"]
    for hour, (a, b) in zip(hours, noise, strict=True):
        level = 8 * np.sin(2 * np.pi * hour / 24) + a
        day, clock = 1 + hour // 24, hour % 24
        lines.append(f"{day:02}.01.2012 {clock:02}:10:00,{990 + b:.2f},{level:.2f}")
    return "\n".join(lines).encode() + b"\n"


def _experiment(name: str, options: tuple[str, ...], epochs: int) -> Program:
    script = str(ROOT / "experiments" / f"{name}.py")
    common = ("--batch-size", "8", "--out", "{out}", "--resume")
    return Program(name, (*_python(script), *options, *common), epochs)


def _python(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, *arguments)
