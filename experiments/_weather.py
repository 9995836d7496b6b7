"""Training on the "Weather" benchmark, and its scores beside the published ones."""

from typing import TYPE_CHECKING, Any

from _cli import keep_test_scores, open_run, training_summary
from _forecast import announce, fit

if TYPE_CHECKING:
    from seqconv_jax.data import ForecastTask

Scores = dict[str, float]

# Mean squared and absolute error on test, raw form, by horizon.
PUBLISHED: dict[str, dict[int, tuple[float, float]]] = {
    "DLinear (arXiv:2205.13504)": {
        96: (0.176, 0.237),
        192: (0.220, 0.282),
        336: (0.265, 0.319),
        720: (0.323, 0.362),
    },
    "PatchTST/64 (arXiv:2211.14730)": {
        96: (0.149, 0.198),
        192: (0.194, 0.241),
        336: (0.245, 0.282),
        720: (0.314, 0.334),
    },
    "iTransformer (arXiv:2310.06625)": {
        96: (0.174, 0.214),
        192: (0.221, 0.254),
        336: (0.278, 0.296),
        720: (0.358, 0.349),
    },
    "TimesNet (arXiv:2210.02186)": {
        96: (0.172, 0.220),
        192: (0.219, 0.261),
        336: (0.280, 0.306),
        720: (0.365, 0.359),
    },
    "SegRNN (arXiv:2308.11200)": {
        96: (0.143, 0.198),
        192: (0.189, 0.247),
        336: (0.243, 0.291),
        720: (0.316, 0.345),
    },
    "CARD (arXiv:2305.12095)": {
        96: (0.145, 0.186),
        192: (0.187, 0.227),
        336: (0.238, 0.258),
        720: (0.308, 0.321),
    },
}
PENALTY = 1e-3  # of the linear map; up to 10 they score the same


def train_and_report(
    settings: Any, task: "ForecastTask", model: Any, **options: Any
) -> dict[str, Any]:
    """Train, score the best epoch, and fill the run directory.

    Args:
        settings: the experiment's settings.
        task: the data.
        model: the network, whose linear skip begins as the linear map.
        **options: the optimiser and the loss.

    Returns:
        The run's summary.
    """
    import jax

    import seqconv_jax as sc

    metrics = {"mse": sc.losses.mse, "mae": sc.losses.mae}
    announce(settings, task, model)
    line = sc.baselines.linear_map(task, penalty=PENALTY)
    with open_run(settings, model, task, real_horizon=task.horizon) as run:
        first = jax.jit(model.init)(jax.random.key(settings.seed), task.example)
        result = fit(
            *(settings, task, model, run),
            metrics={**metrics, "both": _both},
            monitor="val_both",
            mode="min",
            params=sc.models.start_from_line(first["params"], line, change=False),
            ema_decay=settings.ema_decay,
            **options,
        )

        def score(rows: Any) -> Scores:
            scores = {"loss": options["loss"], **metrics}
            return sc.train.evaluate(model, result.best.params, task, rows, scores)

        table = {"this network": _splits(settings, task, score)}
        if not settings.no_baselines:
            rules = {"last value": sc.baselines.last_value(task), "linear map": line}
            for name, rule in rules.items():
                table[name] = _splits(
                    settings,
                    task,
                    lambda rows, rule=rule: sc.baselines.scores(
                        rule, task, rows, metrics
                    ),
                )
        summary = _summarise(task, result, table) | {"published": published(settings)}
        run.write_summary(summary)
        keep_test_scores(run, task)
        _draw(run.path, task, result, table)
    print("\n".join([*lines(settings, table), f"run directory: {settings.out}"]))
    return summary


def _both(predictions: Any, targets: Any) -> Any:
    """Return the sum of both errors, by which the best epoch is chosen."""
    from seqconv_jax import losses

    return losses.mse(predictions, targets) + losses.mae(predictions, targets)


def _splits(settings: Any, task: "ForecastTask", score: Any) -> dict[str, Scores]:
    """Return the scores of validation and test, and of the test rows of full batches.

    Args:
        settings: whose `drop_last` is None or the size of a batch.
        task: the data.
        score: a function of rows.
    """
    from seqconv_jax import data

    found = {"val": score(task.validation), "test": score(task.test)}
    if settings.drop_last is not None:
        kept = data.whole_batches(task.test, settings.drop_last)
        found[f"drop_last_{settings.drop_last}"] = score(kept)
    return found


def _summarise(task: "ForecastTask", result: Any, table: Any) -> dict[str, Any]:
    network, *rules = table
    prefixes = {network: "", **{name: f"baseline_{_key(name)}_" for name in rules}}
    scores = {
        f"{prefix}{split}_{metric}": value
        for name, prefix in prefixes.items()
        for split, values in table[name].items()
        for metric, value in values.items()
    }
    return {
        "data_source": task.data_source,
        **training_summary(result),
        "best_val_loss": result.best.record["val_loss"],
        "best_val_mae": scores["val_mae"],
        "baseline_val_mae": task.baseline("validation"),
        "baseline_test_mae": task.baseline("test"),
        "unit": "",
        "unit_scale": 1.0,
        "horizon": task.horizon,
        **scores,
    }


def _key(name: str) -> str:
    return name.replace(" ", "_")


def _draw(path: Any, task: "ForecastTask", result: Any, table: Any) -> None:
    import seqconv_jax as sc

    line = table.get("linear map")
    sc.plots.curves(
        result.history,
        path / "mae.png",
        metric="mae",
        ylabel="mean absolute error (standard deviations)",
        title=f"Weather, {task.steps} steps ahead",
        best_epoch=result.best.epoch,
        baseline=line["val"]["mae"] if line else None,
    )


def published(settings: Any) -> list[dict[str, Any]]:
    """Return the published figures of this horizon, for the run's summary."""
    return [
        {"name": name, "split": "test", "metric": metric, "value": value}
        for name, by_horizon in (PUBLISHED if settings.form == "raw" else {}).items()
        for metric, value in zip(
            ("mse", "mae"), by_horizon.get(settings.horizon, ()), strict=False
        )
    ]


def lines(settings: Any, table: dict[str, dict[str, Scores]]) -> list[str]:
    """Return the closing lines: this network, the baselines, and what is published."""
    published = PUBLISHED if settings.form == "raw" else {}
    width = max(map(len, [*table, *PUBLISHED]))
    found = [
        "",
        "mean squared and absolute error over all windows, steps and columns, "
        f"{settings.form} form:",
        f"  {'':{width}}  validation       test",
    ]
    for name, splits in table.items():
        cells = "  ".join(f"{_pair(splits[split])}" for split in ("val", "test"))
        found.append(f"  {name:{width}}  {cells}")
    for name, scores in published.items():
        if settings.horizon in scores:
            mse, mae = scores[settings.horizon]
            found.append(f"  {name:{width}}  {'':13}  {mse:.3f} / {mae:.3f}")
    network, *rules = table
    for rule in rules:
        for metric, word in (("mse", "squared"), ("mae", "absolute")):
            if table[network]["test"][metric] >= table[rule]["test"][metric]:
                found.append(
                    f"  THIS NETWORK LOSES to the {rule} in {word} error on test"
                )
    return [*found, *_claims(settings, table)]


def _claims(settings: Any, table: dict[str, dict[str, Scores]]) -> list[str]:
    """Return what would have been claimed without the last partial batch."""
    size = settings.drop_last
    if size is None:
        return []
    return [
        f"  without the last partial batch of {size:,}, which is no score: {name} "
        f"{_pair(splits[f'drop_last_{size}'])} in place of {_pair(splits['test'])}"
        for name, splits in table.items()
    ]


def _pair(scores: Scores) -> str:
    return f"{scores['mse']:.3f} / {scores['mae']:.3f}"
