"""What a run's network has to beat: fitted on train, scored beside it."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqconv_jax.data import ForecastTask

_MOST_FEATURES = 1_000
_MOST_PRODUCTS = 4e11  # of a ridge regression: half a minute on two CPU cores
_FEWEST_LAGS = 24
_MOST_TOKENS = 5 * 10**7  # of training texts: a few gigabytes of n-grams
_NAMES = {
    "last": "last value",
    "drift": "drift",
    "seasonal": "last season",
    "climatology": "climatology",
    "ridge": "ridge on lags",
    "ridge_products": "ridge with products",
    "linear_map": "linear map",
    "nb_svm": "NB-SVM on words and pairs",
    "majority": "most frequent class",
    "neighbour": "nearest neighbour",
    "mini_rocket": "MiniRocket",
}
BASELINE_FILES = tuple(f"baseline_{name}.npz" for name in _NAMES)


@dataclass(frozen=True)
class Scored:
    """Baselines and their scores.

    Attributes:
        metric: what was scored, "mae" or "accuracy".
        scores: by baseline the score of "val" and "test", None for no rows.
        chosen: by baseline what validation chose, such as "penalty 1000".
        seconds: how long it took.
    """

    metric: str
    scores: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    chosen: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def summary(self) -> dict[str, Any]:
        """Return `baseline_NAME_val_METRIC` and the like, for the run's summary."""
        found: dict[str, Any] = {
            f"baseline_{name}_{split}_{self.metric}": score
            for name, scores in self.scores.items()
            for split, score in scores.items()
        }
        if self.scores:
            found["baseline_chosen"] = dict(self.chosen)
        return found

    def lines(self, network: float | None, *, unit: float = 1.0) -> list[str]:
        """Return a line for each baseline, and whether the network is ahead of all.

        Args:
            network: its score on the test rows; None for no test rows.
            unit: what one of the score is in the unit that is shown; 1 for the score.
        """
        if not self.scores:
            return []
        width = max(len(_title(name, self.chosen)) for name in self.scores)
        lines = [
            "",
            f"baselines, fitted on train in {self.seconds:.1f} s; {self.metric}:",
            f"  {'':{width}}  validation    test",
        ]
        for name, scores in self.scores.items():
            cells = [
                "      -" if score is None else f"{score * unit:7.4f}"
                for score in (scores["val"], scores["test"])
            ]
            title = _title(name, self.chosen)
            lines.append(f"  {title:{width}}     {cells[0]}  {cells[1]}")
        return lines if network is None else [*lines, self._verdict(network)]

    def _verdict(self, network: float) -> str:
        known = {n: s["test"] for n, s in self.scores.items() if s["test"] is not None}
        if not known:
            return "  no baseline was scored on test"
        sign = -1 if self.metric == "accuracy" else 1
        best = min(known, key=lambda name: sign * known[name])
        against = f"{network:.4f} against {known[best]:.4f}"
        if sign * network < sign * known[best]:
            return f"  this network beats all of them on test ({against})"
        if network == known[best]:
            return f"  THIS NETWORK ONLY DRAWS with {_NAMES[best]} on test ({against})"
        return f"  THIS NETWORK LOSES to {_NAMES[best]} on test ({against})"


def score_baselines(
    out: Path,
    fits: Mapping[str, Callable[[Any], Any]],
    task: Any,
    metric: str,
    score: Any,
) -> Scored:
    """Fit baselines on train and score them on validation and test.

    The scores of each test row are kept, where `sc.compare` takes them.

    Args:
        out: the run directory.
        fits: by name what fits it to the task.
        task: the data.
        metric: the name of the score, "mae" or "accuracy".
        score: a function of predictions and targets to `(batch,)`.
    """
    from seqconv_jax import UserError, baselines, comparison

    began = time.perf_counter()
    found: dict[str, dict[str, float | None]] = {}
    chosen = {}
    for name, fit in fits.items():
        found[name] = {"val": None, "test": None}
        try:
            baseline = fit(task)
            metrics = {metric: score}
            if len(task.validation):
                rows = task.validation
                found[name]["val"] = baselines.scores(baseline, task, rows, metrics)[
                    metric
                ]
            if len(task.test):
                tested = comparison.score_examples(baseline, task, metrics)
                found[name]["test"] = float(tested.values[metric].mean())
                tested.save(out / f"baseline_{name}.npz")
        except UserError as error:  # which must not cost the run its summary
            print(f"no score of the baseline {_NAMES[name]!r}: {error}")
            continue
        for option in ("penalty", "cost", "span"):
            if hasattr(baseline, option):
                chosen[name] = f"{option} {getattr(baseline, option):g}"
    return Scored(metric, found, chosen, time.perf_counter() - began)


def text_baselines(settings: Any, task: Any, score: Any) -> Scored:
    """Return the most frequent class and the NB-SVM; nothing with --no-baselines."""
    from seqconv_jax import baselines

    if settings.no_baselines:
        return Scored("accuracy")
    tokens = int((task.inputs[task.train] != 0).sum())
    if tokens > _MOST_TOKENS:
        print(f"no NB-SVM beside the network: {tokens:,} tokens to train on")
        return score_baselines(
            settings.out, {"majority": baselines.majority}, task, "accuracy", score
        )
    cost = None if len(task.validation) else 0.01
    fits = {
        "majority": baselines.majority,
        "nb_svm": lambda task: baselines.nb_svm(task, cost=cost),
    }
    return score_baselines(settings.out, fits, task, "accuracy", score)


def series_baselines(settings: Any, task: Any, score: Any) -> Scored:
    """Return the most frequent class, the nearest series and MiniRocket."""
    from seqconv_jax import baselines

    if settings.no_baselines:
        return Scored("accuracy")
    fits = {
        "majority": baselines.majority,
        "neighbour": baselines.nearest_neighbour,
        "mini_rocket": lambda task: baselines.mini_rocket(
            task, features=rocket_size(len(task.train)), seed=settings.seed
        ),
    }
    return score_baselines(settings.out, fits, task, "accuracy", score)


def rocket_size(rows: int) -> int:
    """Return how many features to make of so many training series.

    The paper's 10,000, or what leaves its ridge regression half a minute.
    """
    return 10_000 if rows <= 4_000 else max(84, min(4_000, 10**8 // rows))


def forecast_baselines(
    settings: Any, task: "ForecastTask", calendar: Mapping[str, int] | None = None
) -> Scored:
    """Return the last value and season, the climatology, and the lines.

    Args:
        settings: those of the experiment.
        task: the data.
        calendar: see `baselines.ridge_lags`.
    """
    from seqconv_jax import baselines, losses

    if settings.no_baselines:
        return Scored("mae")
    fits: dict[str, Callable[[Any], Any]] = {"last": baselines.last_value}
    if has_season(task):
        fits["seasonal"] = baselines.seasonal_naive
    if task.times is not None:
        fits["climatology"] = baselines.climatology
    options = lags_in_time(task)
    given = calendar if task.times is not None else None
    fits["ridge"] = lambda task: baselines.ridge_lags(task, calendar=given, **options)
    if products := getattr(settings, "products", None):
        inside = {"columns": task.columns, "calendar": {}, "products": products}
        fits["ridge_products"] = lambda task: baselines.ridge_lags(task, **inside)
    return score_baselines(settings.out, fits, task, "mae", losses.mae)


def has_season(task: "ForecastTask") -> bool:
    """Return whether every row has a season's values before it."""
    from seqconv_jax import UserError

    try:
        for rows in (task.train, task.validation, task.test):
            task.naive(rows, "seasonal")
    except UserError:  # no season is known, or the first rows have none before them
        return False
    return True


def lags_in_time(task: "ForecastTask") -> dict[str, Any]:
    """Return the columns and lags of a ridge regression that takes half a minute.

    All of them where that is enough; else fewer lags, or fewer columns.
    """
    most = min(_MOST_FEATURES, math.isqrt(int(_MOST_PRODUCTS / len(task.train))))
    width, past = len(task.columns), len(task.past_offsets)
    if width * min(past, _FEWEST_LAGS) <= most:
        return {"lags": min(past, most // width)}
    columns = [name for name in task.target_columns if name in task.columns]
    if not columns or len(columns) > most:
        return {"lags": 1}
    return {"columns": columns, "lags": min(past, max(1, most // len(columns)))}


def _title(name: str, chosen: Mapping[str, str]) -> str:
    more = f" ({chosen[name]})" if name in chosen else ""
    return _NAMES[name] + more
