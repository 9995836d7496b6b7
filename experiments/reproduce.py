"""Repeat every row of the README's table, over several seeds, and write the table.

    python experiments/reproduce.py --data DIR

DIR holds imdb.npz, jena_climate_2009_2016_hourly_6col.csv.zip and 000300.SH.csv,
itself or in its folders. Runs go to runs/reproduce/ROW/SEED, one after the other, and
those that are there already are not repeated, so that it may be stopped and started
again; the table and the figures go to experiments/results. Expect two to three hours
on two CPU cores.
"""

import json
import shutil
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import csi300_conv1d
import imdb_conv1d
import jena_conv1d
import jena_hybrid
from _cli import launch

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Flags of this script."""

    data: Path
    """A directory with the three files."""
    seeds: int = 3
    """How many seeds, from 0."""
    runs: Path = Path("runs/reproduce")
    """Where the runs go."""
    rows: tuple[str, ...] = ()
    """Which rows; by default all."""


@dataclass(frozen=True)
class Row:
    """One row of the table: what to run, and what the book got."""

    title: str
    file: str
    experiment: Any
    options: dict[str, Any]
    book: str


JENA = "jena_climate_2009_2016_hourly_6col.csv.zip"
HOURLY = {"every": "1h", "lookback": "5d", "epochs": 20}


def _jena(title: str, book: str, experiment: Any, **options: Any) -> Row:
    return Row(title, JENA, experiment, HOURLY | options, book)


ROWS = {
    "imdb-default": Row(
        "IMDB convnet, RMSprop 1e-3, batch 32",
        "imdb.npz",
        imdb_conv1d,
        {"retrain": True},
        "0.8826",
    ),
    "imdb-slow": Row(
        "IMDB convnet, RMSprop 1e-4, batch 128",
        "imdb.npz",
        imdb_conv1d,
        {"setting": "slow"},
        "0.8382",
    ),
    "imdb-convnet": Row(
        "IMDB convnet, --recipe convnet",
        "imdb.npz",
        imdb_conv1d,
        {"recipe": "convnet"},
        "-",
    ),
    "imdb-best": Row(
        "IMDB line of n-grams + convnet, --recipe best",
        "imdb.npz",
        imdb_conv1d,
        {"recipe": "best", "retrain": True},
        "-",
    ),
    "jena-conv3": _jena("Jena convnet, 3 blocks", "0.4521", jena_conv1d),
    "jena-conv2": _jena("Jena convnet, 2 blocks", "0.4461", jena_conv1d, blocks=2),
    "jena-hybrid-value": _jena("Jena convnet + GRU", "0.2730", jena_hybrid),
    "jena-gru-value": _jena("Jena GRU alone", "0.2619", jena_hybrid, model="gru"),
    "jena-hybrid-change": _jena(
        "Jena convnet + GRU, change", "-", jena_hybrid, predict="change"
    ),
    "jena-gru-change": _jena(
        "Jena GRU alone, change", "-", jena_hybrid, model="gru", predict="change"
    ),
    "jena-best": Row(
        "Jena line + convnet + GRU, --recipe best",
        JENA,
        jena_hybrid,
        {"every": "1h", "recipe": "best"},
        "-",
    ),
    "half-jena-best": Row(  # other rows are tested: in no figure with the others
        "the same, trained on half, validated and tested on a quarter each",
        JENA,
        jena_hybrid,
        {"every": "1h", "recipe": "best", "split": ("0.5", "0.75")},
        "-",
    ),
    "csi300-value": Row("CSI 300 convnet", "000300.SH.csv", csi300_conv1d, {}, "-"),
    "csi300-change": Row(
        "CSI 300 convnet, change",
        "000300.SH.csv",
        csi300_conv1d,
        {"predict": "change"},
        "-",
    ),
}


def main(settings: Settings) -> None:
    """Run what is missing, then write the table and the figures."""
    check(settings)
    results = {
        name: [_summary(settings, name, seed) for seed in range(settings.seeds)]
        for name in (settings.rows or ROWS)
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    table = "\n".join(_table(results))
    (RESULTS / "table.md").write_text(table + "\n")
    print(table)
    _draw(settings, results)


def check(settings: Settings) -> None:
    """Raise where a setting is out of range, before the first run."""
    from seqconv_jax import UserError

    if not 0 < settings.seeds < 2**32:
        raise UserError(f"--seeds must be a positive integer, got {settings.seeds}")
    for name in settings.rows:
        if name not in ROWS:
            raise UserError(f"--rows must be of {', '.join(ROWS)}, got {name!r}")


def _summary(settings: Settings, name: str, seed: int) -> dict[str, Any]:
    """Return a run's summary, from disk if it has ended."""
    out = settings.runs / name / str(seed)
    if not (out / "summary.json").exists():
        row = ROWS[name]
        print(f"\n=== {name}, seed {seed}", flush=True)
        make = row.experiment.Settings
        options = {"data": _find(settings.data, row.file), "out": out, "seed": seed}
        row.experiment.main(make(**options, resume=True, **row.options))
    return _read(out).summary()


def _read(out: Path) -> Any:
    """Open a run that has ended, to read it."""
    import seqconv_jax as sc

    with sc.runs.open(out, resume=True) as run:
        return run


def _find(folder: Path, name: str) -> Path:
    from seqconv_jax import UserError

    found = sorted(folder.rglob(name))
    if not found:
        raise UserError(f"--data must hold {name}, got {folder}, which does not")
    return found[0]


def _table(results: dict[str, list[dict[str, Any]]]) -> list[str]:
    lines = [
        "| system | book, validation | ours, validation | ours, test | baseline, "
        "validation / test | line, validation / test | seconds a run |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, summaries in results.items():
        row = ROWS[name]
        score = "accuracy" if "best_val_accuracy" in summaries[0] else "mae"
        columns = [
            row.title,
            row.book,
            _spread(summaries, f"best_val_{score}"),
            _spread(summaries, f"test_{score}"),
            _baseline(summaries[0]),
            _line(summaries[0]),
            f"{statistics.mean(s['seconds'] for s in summaries):.0f}",
        ]
        lines.append(f"| {' | '.join(columns)} |")
        if "retrain_test_accuracy" in summaries[0]:
            test = _spread(summaries, "retrain_test_accuracy")
            lines.append(
                f"| the same, retrained on all of train | - | - | {test} | | | |"
            )
    return lines


def _spread(summaries: list[dict[str, Any]], name: str) -> str:
    from seqconv_jax.comparison import format_score

    return format_score([summary[name] for summary in summaries], digits=4)


def _baseline(summary: dict[str, Any]) -> str:
    if "baseline_val_mae" not in summary:
        return "0.5000"
    return f"{summary['baseline_val_mae']:.4f} / {summary['baseline_test_mae']:.4f}"


def _line(summary: dict[str, Any]) -> str:
    """Return the scores of the best linear model: NB-SVM of texts, a ridge on lags."""
    names = ("nb_svm_{}_accuracy", "ridge_products_{}_mae", "ridge_{}_mae")
    for name in map("baseline_{}".format, names):
        found = [summary.get(name.format(split)) for split in ("val", "test")]
        if None not in found:
            return " / ".join(f"{score:.4f}" for score in found)
    return "-"


def _draw(settings: Settings, results: dict[str, list[dict[str, Any]]]) -> None:
    """Draw the validation curves of each task, all its systems in one figure."""
    import seqconv_jax as sc

    def histories(name: str) -> list[list[dict[str, Any]]]:
        return [
            _read(settings.runs / name / str(seed)).history()
            for seed in range(settings.seeds)
        ]

    def figure(prefix: str, file: str, **options: Any) -> None:
        names = [name for name in results if name.startswith(prefix)]
        if names:
            runs = {ROWS[name].title: histories(name) for name in names}
            sc.plots.compare(runs, RESULTS / file, **options)

    figure(
        "imdb",
        "imdb.png",
        metric="val_accuracy",
        ylabel="validation accuracy",
        title="IMDB reviews",
    )
    shown = settings.runs / "jena-gru-change" / "0" / "forecast.png"
    if shown.exists():
        shutil.copy(shown, RESULTS / "forecast.png")
    if jena := [name for name in results if name.startswith("jena")]:
        baseline = results[jena[0]][0]["baseline_val_mae"]
        figure(
            "jena",
            "jena.png",
            metric="val_mae",
            ylabel="validation MAE",
            title="Temperature in Jena, 24 hours ahead (in standard deviations)",
            baselines={"no change": baseline},
        )


if __name__ == "__main__":
    launch(Settings, main)
