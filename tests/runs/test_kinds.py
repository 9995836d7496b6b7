"""A run of each kind scores and answers in a fresh process as it did in training."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from runs.trained import train

import seqconv_jax as sc
from seqconv_jax import nn
from seqconv_jax.data import (
    LabelledSeries,
    classification_task,
    forecast_task,
    read_series,
    text_task,
)

RNG = np.random.default_rng(0)


def texts(folder):
    """Three classes of words; the test texts in a file of their own."""
    words = {"sport": "goal match", "law": "court case", "food": "bread soup"}
    labels = [list(words)[i % 3] for i in range(36)]
    rows = [f"{words[label]} the {i}" for i, label in enumerate(labels)]
    table = pd.DataFrame({"body": rows, "topic": labels})
    table[:24].to_csv(folder / "train.csv", index=False)
    table[24:].to_csv(folder / "new.csv", index=False)
    task = text_task(folder / "train.csv", test=folder / "new.csv", validation=0.25)
    width = task.classes.outputs
    layers = (nn.Embedding(task.vocabulary, 4), nn.GlobalMaxPool1D(), nn.Dense(width))
    score = sc.losses.categorical_cross_entropy
    return task, nn.Sequential(layers), score


def labelled(folder):
    """Series of two classes, of which the second rises."""
    x = RNG.normal(size=(24, 9)) + np.arange(24)[:, None] % 2 * np.arange(9)
    y = ["up" if i % 2 else "flat" for i in range(24)]
    lines = [
        f"{label}\t" + "\t".join(map(repr, row.tolist()))
        for row, label in zip(x[16:], y[16:], strict=True)
    ]
    (folder / "new.tsv").write_text("\n".join(lines) + "\n")
    task = classification_task(
        LabelledSeries.of(x[:16], y[:16]),
        test=LabelledSeries.of(x[16:], y[16:]),
        validation=0.25,
    )
    layers = (nn.Flatten(), nn.Dense(task.classes.outputs))
    return task, nn.Sequential(layers), sc.losses.binary_cross_entropy


def series(folder):
    """Two columns of hours, with semicolons and decimal commas, three steps ahead."""
    rows = 120
    table = pd.DataFrame(
        {
            "time": pd.date_range("2020-01-01", periods=rows, freq="h"),
            "load (kW)": np.sin(np.arange(rows) / 4) + RNG.normal(size=rows) / 9,
            "temp": RNG.normal(size=rows),
        }
    )
    form = {"sep": ";", "decimal": ",", "index": False}
    table.to_csv(folder / "all.csv", **form)
    task = forecast_task(
        read_series(folder / "all.csv", time="time"),
        target="load (kW)",
        lookback="6h",
        horizon="3h",
        split=(0.6, 0.8),
    )
    assert task.offsets is not None
    first = int(task.test[0] + task.offsets[0])
    table[first:].to_csv(folder / "new.csv", **form)
    levels = (0.1, 0.5, 0.9)
    layers = (nn.Flatten(), nn.Dense(3 * len(levels)))
    return task, nn.Sequential(layers), sc.losses.pinball(levels)


FRESH = """
import json, sys
from pathlib import Path
import seqconv_jax as sc
for folder in sys.argv[1:]:
    predictor = sc.runs.load(Path(folder, "run"))
    [new] = Path(folder).glob("new.*")
    options = {"windows": "all"} if predictor.preprocessor.kind == "forecast" else {}
    answers = predictor.predict(new, **options)
    print(json.dumps([predictor.evaluate(new), answers.astype(str).to_dict("list")]))
"""


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    """For each kind what training gave, and what a fresh process gives elsewhere."""
    trained, folders = [], []
    for make in (texts, labelled, series):
        folder = tmp_path_factory.mktemp(make.__name__)
        task, model, loss = make(folder)
        result = train(folder / "first", task, model, loss=loss, metrics=None)
        trained.append((task, model, loss, result.best.params))
        shutil.move(folder / "first", folder / "run")
        folders.append(folder)
    command = [sys.executable, "-c", FRESH, *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    fresh = map(json.loads, done.stdout.splitlines())
    return list(zip(trained, fresh, strict=True))


@pytest.mark.parametrize("kind", [0, 1, 2], ids=["texts", "labelled", "series"])
def test_a_fresh_process_scores_and_answers_as_training_did(kinds, kind):
    (task, model, loss, params), (scores, answers) = kinds[kind]
    assert scores == sc.train.evaluate(model, params, task, task.test, {"loss": loss})
    outputs = sc.train.predict(model, params, task, task.test)
    if kind < 2:
        want = task.classes.answers(outputs)
        assert answers["label"] == want["label"].tolist()
        for name in task.classes.names:
            got = [float(p) for p in answers[f"p({name})"]]
            assert got == want[f"p({name})"].tolist()
        return
    table = task.preprocessor.answers(outputs[:, 1::3], task)
    got = pd.DataFrame(answers)[: len(table)]
    assert pd.to_datetime(got["time"]).tolist() == table["time"].tolist()
    for name in ("load (kW)", "load (kW) q0.5"):
        assert [float(v) for v in got[name]] == table["load (kW)"].tolist()
    assert (got["load (kW) q0.1"].astype(float) != table["load (kW)"]).all()
