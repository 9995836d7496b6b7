"""A calibrated run: what it keeps, what it then answers, and what is refused."""

import shutil
import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from runs.hourly import fit, frame_of, task_of

import seqconv_jax as sc
from seqconv_jax import UserError
from seqconv_jax.data import Classes, Origin
from seqconv_jax.runs.calibration import calibrate, calibrated_answers
from seqconv_jax.runs.calibration_file import read_calibration


@pytest.fixture(scope="module")
def forecaster(tmp_path_factory):
    directory = tmp_path_factory.mktemp("calibration") / "run"
    fit(directory, task_of())
    return directory


def test_a_forecaster_answers_with_what_was_kept(forecaster):
    task, predictor = task_of(), sc.runs.load(forecaster)
    assert predictor.calibration is None
    plain: Any = predictor.predict(frame_of(1))
    found = sc.runs.calibrate(predictor, task, level=(0.5, 0.9))
    assert [each.count for each in found.intervals] == [299, 299]
    again = sc.runs.load(forecaster)
    lines = [line.split(maxsplit=1) for line in again.summary().splitlines()]
    assert ["calibrated", "intervals of 50%, 90% on 299 windows"] in lines
    table: Any = again.predict(frame_of(1))
    pd.testing.assert_frame_equal(table[plain.columns], plain)
    assert table.columns[len(plain.columns) :].tolist() == [
        f"{name} {level} {end}"
        for level in ("50%", "90%")
        for name in ("a (m)", "b")
        for end in ("low", "high")
    ]
    for name in ("a (m)", "b"):
        margin = table[f"{name} 90% high"] - table[name]
        assert margin.to_numpy() == pytest.approx(
            table[name] - table[f"{name} 90% low"]
        )
        assert (margin > table[f"{name} 50% high"] - table[name]).all()
    every: Any = sc.runs.load(forecaster).predict(frame_of(1), windows="all")
    truth: Any = frame_of(1).reindex(every["time"])
    for name in ("a (m)", "b"):
        known = truth[name].notna().to_numpy()
        value = truth[name].to_numpy()[known]
        low, high = (every[f"{name} 90% {end}"][known] for end in ("low", "high"))
        assert ((low <= value) & (value <= high)).mean() == pytest.approx(0.9, abs=0.04)


def test_coverage_is_counted_on_the_test_rows(forecaster):
    predictor, task = sc.runs.load(forecaster), task_of()
    found = sc.runs.calibrate(predictor, task, level=0.8)
    table = sc.runs.coverage(predictor, task)
    assert table["interval"].tolist() == ["80%"] * 4
    outputs = predictor.outputs(task)
    ends = found.intervals[0].restore(task, task.test, outputs)
    inside = (ends[..., 0] <= task.actual(task.test)) & (
        task.actual(task.test) <= ends[..., 1]
    )
    assert table["coverage"].tolist() == inside.mean(axis=0).T.ravel().tolist()


def test_a_time_is_a_part_of_the_windows(forecaster):
    predictor, frame = sc.runs.load(forecaster), frame_of(1)
    options: Any = {"since": "2021-01-20", "until": np.datetime64("2021-02-01T00")}
    found = sc.runs.calibrate(predictor, frame, **options)
    assert found.intervals[0].count == 12 * 24 - 1
    later: Any = sc.runs.coverage(predictor, frame, since="2021-02-01")
    assert later["coverage"].between(0.8, 0.97).all()
    changes: Any
    for changes, message in [
        ({"since": "soon"}, "`since` must be a date such as 2020-01-31, got 'soon'"),
        ({"until": "2020"}, "`raw` must be at least one example to calibrate on"),
        ({"since": "2021-02-07T08"}, "needs at least 9 examples to calibrate on"),
    ]:
        with pytest.raises(UserError, match=message):
            sc.runs.calibrate(predictor, frame, **changes)
    assert predictor.calibration is found


def test_the_file_of_the_training_needs_a_time(forecaster):
    predictor = sc.runs.load(forecaster)
    predictor.config = {**predictor.config, "data_sha256": "abc"}
    task = predictor.preprocessor.task(frame_of(), targets=True)
    same = replace(task, origin=Origin(Path("load.csv"), "file", "abc"))
    with pytest.raises(
        UserError, match="`raw` is the file that .* give `since`, a time"
    ):
        sc.runs.calibrate(predictor, same)
    assert sc.runs.calibrate(predictor, same, since="2021-01-20")
    assert sc.runs.calibrate(predictor, task)


def test_quantiles_keep_their_columns(tmp_path):
    """Of a run on three quantiles, without its network."""
    levels = (0.25, 0.5, 0.75)
    task: Any = task_of()
    predictor: Any = SimpleNamespace(
        path=tmp_path,
        step=1,
        config={},
        preprocessor=replace(task.preprocessor, quantiles=levels),
        _task=lambda raw, targets: raw,
        _outputs_of=lambda task: np.tile([-1, 0.0, 1], (len(task.test), task.outputs)),
    )
    found = calibrate(predictor, task).intervals[0]
    assert found.pair == (0.25, 0.75) and (found.margin > 0.4).all()
    kept = read_calibration(tmp_path)
    assert kept and kept.intervals[0].settings() == found.settings()
    table = calibrated_answers(predictor, predictor._outputs_of(task), task)
    assert {"b", "b q0.25", "b q0.75", "b 90% low", "b 90% high"} <= {*table}


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    """Texts, every fourth of whose labels is the other one."""
    directory = tmp_path_factory.mktemp("calibration") / "texts"
    words = [
        f"{'good' if i % 2 else 'bad'} {'film book'.split()[i % 3 > 0]}"
        for i in range(400)
    ]
    labels = ["yes" if (i % 2) ^ (i % 4 == 0) else "no" for i in range(400)]
    task = sc.data.text_task(words, labels, validation=0.3, test=0.2)
    model = sc.nn.Sequential(
        (sc.nn.Embedding(task.vocabulary, 4), sc.nn.Flatten(), sc.nn.Dense(1))
    )
    fit(directory, task, model, sc.losses.binary_cross_entropy, epochs=3)
    return directory, task


def test_a_classifier_answers_by_its_temperature(classifier):
    directory, task = classifier
    predictor = sc.runs.load(directory)
    plain: Any = predictor.predict(["good film", "bad book"])
    scores = predictor.evaluate(task)
    found = sc.runs.calibrate(predictor, task).temperature
    assert found is not None and found.count == len(task.validation)
    assert found.after < found.before
    table: Any = sc.runs.load(directory).predict(["good film", "bad book"])
    assert table["label"].tolist() == plain["label"].tolist()
    logits = predictor.outputs(["good film", "bad book"])
    want = Classes(("no", "yes")).probabilities(logits / found.value)
    assert table[["p(no)", "p(yes)"]].to_numpy() == pytest.approx(want)
    assert sc.runs.load(directory).evaluate(task) == scores


def test_other_weights_than_those_calibrated_say_so(forecaster, tmp_path):
    directory = shutil.copytree(forecaster, tmp_path / "run")
    predictor = sc.runs.load(directory)
    sc.runs.calibrate(predictor, task_of())
    predictor.step += 1
    with pytest.warns(UserWarning, match="is of the weights of step 5, not of step 6"):
        assert list(predictor.predict(frame_of(1)))[-1] == "b"
    with sc.runs.open(directory, overwrite=True):
        pass
    assert not (directory / sc.runs.CALIBRATION).exists()


def test_a_damaged_file_is_an_error(forecaster):
    file = forecaster / sc.runs.CALIBRATION
    sc.runs.calibrate(sc.runs.load(forecaster), task_of())
    content = file.read_text()
    for damaged, message in [
        (
            content.replace('"level": 0.9', '"level": 0.8'),
            "does not match its checksum",
        ),
        ("{}", "is damaged"),
    ]:
        file.write_text(damaged)
        with pytest.raises(UserError, match=message):
            sc.runs.load(forecaster).predict(frame_of(1))
    file.unlink()
    with warnings.catch_warnings(action="error"):
        assert list(sc.runs.load(forecaster).predict(frame_of(1)))[-1] == "b"


def test_what_is_refused(tmp_path):
    arrays = SimpleNamespace(path="run", preprocessor=SimpleNamespace(kind="arrays"))
    with pytest.raises(
        UserError, match="is a run on arrays, and nobody knows what its"
    ):
        calibrate(arrays, None)  # type: ignore
    plain = SimpleNamespace(path="run", calibration=None)
    with pytest.raises(UserError, match="run has no intervals; calibrate it first"):
        sc.runs.coverage(plain, None)  # type: ignore
    loss = partial(sc.losses.binary_cross_entropy, from_probabilities=True)
    words = SimpleNamespace(
        path="run",
        config={},
        preprocessor=SimpleNamespace(kind="text", classes=Classes(("a", "b"))),
        scores={"loss": loss},
        _task=lambda raw, targets: raw,
        _outputs_of=lambda task: np.ones((len(task.test), 1)),
    )
    task = sc.data.arrays_task(np.zeros((9, 2, 1)), np.ones(9), test=0.5)
    with pytest.raises(UserError, match="`raw` must be a task with validation rows"):
        calibrate(words, task)  # type: ignore
    for changes in ({"level": 0.9}, {"since": "2020-01-01"}, {"until": "2020-01-01"}):
        [name] = changes
        with pytest.raises(UserError, match=f"`{name}` must be left out for a classif"):
            calibrate(words, task, rows=task.test, **changes)  # type: ignore
    task = sc.data.arrays_task(np.zeros((9, 2, 1)), np.ones(9), validation=0.5)
    with pytest.raises(UserError, match="run puts out probabilities, which have no te"):
        calibrate(words, task)  # type: ignore
