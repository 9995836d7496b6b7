"""Draw each task's networks, baselines and published scores side by side.

    python experiments/side_by_side.py

Reads experiments/results/results.json, which reproduce.py writes, and draws
scores_TASK.png there. Published scores are those of the papers' tables: of Weather on
the same protocol, of IMDB on more words of whole reviews.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _cli import launch
from _weather import PUBLISHED

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Flags of this script."""

    out: Path = RESULTS
    """Where the figures go."""


@dataclass(frozen=True)
class Task:
    """One figure: whose rows of results.json it shows, and what was published."""

    title: str
    rows: dict[str, str]
    score: str
    xlabel: str
    baselines: dict[str, str]
    published: dict[str, float]
    lower_is_better: bool = False


TASKS = {
    "imdb": Task(
        "IMDB reviews, 10,000 words, last 500 tokens",
        {
            "imdb-default": "the book's convnet",
            "imdb-convnet": "convnet, --recipe convnet",
            "imdb-best": "n-grams + convnet, --recipe best",
        },
        "test_accuracy",
        "test accuracy",
        {"nb_svm": "NB-SVM, word pairs"},
        # 30,000 words, whole reviews: Johnson and Zhang, arXiv:1412.1058.
        {"oh-CNN, 30,000 words": 0.916, "oh-CNN, its best variant": 0.9233},
    ),
    "jena": Task(
        "Temperature in Jena, 24 hours ahead",
        {
            "jena-conv3": "the book's convnet",
            "jena-hybrid-value": "the book's convnet + GRU",
            "jena-gru-value": "the book's GRU",
            "jena-hybrid-change": "convnet + GRU, change",
            "jena-gru-change": "GRU, change",
            "jena-best": "line + convnet + GRU, --recipe best",
        },
        "test_mae",
        "test MAE, standard deviations",
        {
            "last": "no change",
            "ridge": "ridge on lags",
            "ridge_products": "ridge with products",
        },
        {},
        lower_is_better=True,
    ),
    "csi300": Task(
        "CSI 300, the next day",
        {"csi300-value": "convnet", "csi300-change": "convnet, change"},
        "test_mae",
        "test MAE, standard deviations",
        {"last": "tomorrow = today", "ridge": "ridge on lags"},
        {},
        lower_is_better=True,
    ),
    **{
        f"weather_{horizon}": Task(
            f"Weather, {horizon} steps of 10 minutes, 21 columns",
            {f"weather-best-{horizon}": "line + GRUs over patches, --recipe best"},
            "test_mse",
            "test MSE, standardised",
            {"last_value": "last value", "linear_map": "linear map, closed form"},
            {name: scores[horizon][0] for name, scores in PUBLISHED.items()},
            lower_is_better=True,
        )
        for horizon in (96, 192, 336, 720)
    },
}


def main(settings: Settings) -> None:
    """Draw a figure for each task of which there are results."""
    results = json.loads((RESULTS / "results.json").read_text(encoding="utf-8"))
    for name, task in TASKS.items():
        if groups := groups_of(task, results):
            draw(task, groups, settings.out / f"scores_{name}.png")


def groups_of(task: Task, results: dict[str, Any]) -> dict[str, dict[str, list[float]]]:
    """Return the scores of networks, baselines and papers; nothing without networks."""
    runs = {name: results[row] for row, name in task.rows.items() if row in results}
    if not runs:
        return {}
    metric = task.score.removeprefix("test_")
    summaries = [summary for each in runs.values() for summary in each]
    baselines = {}
    for key, name in task.baselines.items():
        found = [s.get(f"baseline_{key}_test_{metric}") for s in summaries]
        known = [value for value in found if value is not None]
        if known:
            baselines[name] = known[:1]
    groups = {
        "networks, mean of seeds": {
            name: [summary[task.score] for summary in each]
            for name, each in runs.items()
        },
        "baselines": baselines,
        "published": {name: [score] for name, score in task.published.items()},
    }
    return {kind: models for kind, models in groups.items() if models}


def draw(task: Task, groups: dict[str, dict[str, list[float]]], path: Path) -> None:
    """Draw one task's figure."""
    import seqconv_jax as sc

    sc.plots.scores(
        groups,
        path,
        title=task.title,
        xlabel=task.xlabel,
        lower_is_better=task.lower_is_better,
    )
    print(path)


if __name__ == "__main__":
    launch(Settings, main)
