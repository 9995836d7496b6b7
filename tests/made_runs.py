"""Run directories as trainings leave them, made without any training."""

import numpy as np

import seqconv_jax as sc
from seqconv_jax._seeds import seeds_summary
from seqconv_jax.runs import TEST_ANSWERS, TEST_SCORES
from seqconv_jax.runs.sealed import write_sealed

EVIL = "</script><img src=x onerror=alert(1)> & \"'"
HOUR = 3_600_000


def history(epochs=4, metric="mae", shift=0.0):
    return [
        {
            **{"epoch": epoch, "step": 10 * epoch, "loss": 1 / epoch + shift},
            **{metric: 0.5 / epoch, "val_loss": 1.1 / epoch + shift},
            **{f"val_{metric}": 0.6 / epoch, "gradient_norm": 1.0},
            **{"seconds": 2.0, "examples_per_second": 100.0 * epoch},
        }
        for epoch in range(1, epochs + 1)
    ]


def config(**more):
    found = {"epochs": 4, "seed": 0, "target": "load (MW)", "learning_rate": 1e-3}
    return {
        **found,
        "data_file": "load.csv",
        **sc.runs.environment(device="cpu"),
        **more,
    }


def forecast_answers(count=3, steps=24, shift=0.0):
    """Windows of a wave, hour by hour; the last one is a bad one."""

    def wave(start, length):
        return [round(50 + 10 * np.sin((start + i) / 4), 3) for i in range(length)]

    windows = []
    for start in range(0, count * steps, steps):
        truth = wave(start, steps)
        windows.append(
            {
                **{"series": "", "worst": start == (count - 1) * steps, "error": 0.2},
                "past_x": [HOUR * (start + i) for i in range(-steps, 0)],
                "past": [wave(start - steps, steps)],
                "x": [HOUR * (start + i) for i in range(steps)],
                "truth": [truth],
                "rule": [wave(start - 24, steps)],
                "values": [[[y + shift + by for y in truth]] for by in (-2, 0.5, 2)],
            }
        )
    return {
        **{"kind": "forecast", "examples": 400, "timed": True, "utc": False},
        **{"targets": ["load (MW)"], "units": ["MW"], "horizon": "1h to 1d"},
        **{"steps": steps, "quantiles": [0.1, 0.5, 0.9], "rule": "last season"},
        "windows": windows,
    }


def forecast_run(path, seed=0, shift=0.0, examples=200, **more):
    """A forecaster's, with a baseline, the score of each window, and answers."""
    rng = np.random.default_rng(seed)
    truth = np.random.default_rng(9).normal(size=examples)
    errors = np.abs(truth) / 10 + 0.2 + shift
    files = {"baseline_ridge.npz": errors + 0.1, TEST_SCORES: errors}
    with sc.runs.open(path, config=config(seed=seed, **more)) as run:
        run.write_history(history(shift=shift))
        for name, values in files.items():
            values = values + rng.normal(0, 0.01, examples)
            scores = sc.comparison.ExampleScores(
                values={"mae": values}, truth=truth, horizon=24, seed=seed
            )
            scores.save(path / name)
        rows = range(1, 25)
        run.write_summary(
            {
                **{"data_source": "file", "parameters": 1234, "seconds": 8.0},
                **{"best_epoch": 3, "best_val_loss": 0.3, "best_val_mae": 0.25 + shift},
                "test_mae": float(errors.mean()),
                **{"baseline_ridge_val_mae": 0.41, "baseline_ridge_test_mae": 0.42},
                **{"unit": "MW", "unit_scale": 10.0, "horizon": "1h to 1d"},
                "published": [{"name": "Someone 2024", "metric": "mae", "value": 0.31}],
                "errors": [
                    {
                        **{"target": "load (MW)", "unit": "MW", "step": step},
                        **{"ahead": f"{step}h", "mae": step / 8 + shift, "last": step},
                    }
                    for step in rows
                ],
            }
        )
    write_sealed(path / TEST_ANSWERS, forecast_answers(shift=shift))
    return path


def class_run(path, **more):
    """A classifier's, whose texts and names try to become part of the page."""
    asked = config(target=EVIL, data_file=f"{EVIL}.csv", **more)
    with sc.runs.open(path, config=asked) as run:
        run.write_history(history(metric="accuracy"))
        run.write_summary(
            {
                **{"data_source": "generated", "parameters": 99, "test_loss": 0.4},
                **{"peak_memory_bytes": 300 << 20, "peak_device_bytes": 5 << 20},
                **{"best_val_accuracy": 0.8, "test_accuracy": 0.75},
                "baseline_nb_svm_test_accuracy": 0.7,
                **{"classes": ["bad", EVIL], "test_confusion": [[8, 2], [3, 7]]},
                "test_classes": {
                    name: {"precision": 1.0, "recall": None, "f1": 0.5, "examples": 10}
                    for name in ("bad", EVIL)
                },
            }
        )
    mistake = {"truth": "bad", "answer": EVIL, "probability": 0.99991, "loss": 9.0}
    mistakes = [
        {**mistake, "name": "test example 3", "text": f"a film {EVIL}"},
        {**mistake, "name": "test example 4", "series": [0.0, 1.0, 0.5]},
    ]
    pattern = {"words": f"not _ {EVIL}", "count": 3}
    ngrams = {"pushes_to": EVIL, "fires": 0.5, "effect": -0.2, "patterns": [pattern]}
    answers = {
        **{"kind": "classes", "examples": 20, "classes": ["bad", EVIL]},
        "ngrams": {"texts": 20, "of": 64, "filters": [ngrams]},
        **{"several": False, "confusion": [[8, 2], [3, 7]], "mistakes": mistakes},
    }
    write_sealed(path / TEST_ANSWERS, answers)
    return path


def seeds_run(path, seeds=(0, 1, 2), shift=0.0):
    """Of several seeds, one of which has failed."""
    scores = {}
    with sc.runs.open(path, config=config(seeds=list(seeds))) as run:
        for seed in seeds:
            forecast_run(path / f"seed-{seed}", seed=seed, shift=shift + seed / 100)
            scores[seed] = {"test_mae": 0.3 + shift + seed / 100, "parameters": 1234}
        run.write_summary(seeds_summary(scores, {9: "out of memory"}))
    return path


def unfinished_run(path):
    with sc.runs.open(path, config=config(epochs=10)) as run:
        run.write_history(history())
    return path
