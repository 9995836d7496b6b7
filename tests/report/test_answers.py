"""What a run keeps of its answers: the right windows and mistakes, in their unit."""

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest

import seqconv_jax as sc
from seqconv_jax.data.text.preprocessor import TextPreprocessor
from seqconv_jax.data.text.word_ids import Vocabulary
from seqconv_jax.report.answers import answers_of
from seqconv_jax.report.page import write_report
from seqconv_jax.report.record import read_runs

HOUR = np.timedelta64(1, "h")
START = np.datetime64("2021-01-01", "us")


def ramp(rows=300, timed=True):
    """A series whose value is ten times its row."""
    times = START + np.arange(rows) * HOUR if timed else None
    values = 10 * np.arange(float(rows))[:, None]
    return sc.data.Series(values=values, columns=("level (m)",), times=times)


def task_of(series, **options):
    options = {"lookback": 8, "split": (0.5, 0.6), **options}
    return sc.data.forecast_task(series, target="level (m)", **options)


def drifting(task, quantiles=()):
    """A predictor that goes on with the line; its quantiles lie around it."""

    def outputs(given):
        line = given.naive(given.test, "drift")
        if not quantiles:
            return line
        wide = np.array(quantiles) - 0.5
        return (line[..., None] + wide).reshape(len(line), -1)

    made = SimpleNamespace(kind="forecast", quantiles=quantiles)
    return SimpleNamespace(preprocessor=made, outputs=outputs, scores={"mae": None})


def scores_of(errors):
    return sc.comparison.ExampleScores(values={"loss": errors, "mae": errors})


def rows_of(times):
    start = START.astype("datetime64[ms]").astype(int)
    return [(at - start) / 3_600_000 for at in times]


def test_windows_of_several_steps():
    task = task_of(ramp(), horizon=6)
    errors = np.full(len(task.test), 0.1)
    errors[[40, 41, 80]] = (3.0, 3.1, 2.0)
    found = answers_of(drifting(task), task, scores_of(errors))
    assert found is not None and found["horizon"] == "1h to 6h"
    windows = found["windows"]
    worst = {each["error"] for each in windows if each["worst"]}
    assert worst == {3.1, 2.0}  # of two neighbours the worse one
    starts = [each["x"][0] for each in windows]
    assert starts == sorted(starts) and 8 < len(windows) <= 14
    for window in windows:
        rows = rows_of(window["x"])
        assert rows == list(range(int(rows[0]), int(rows[0]) + 6))
        ahead = pytest.approx([10 * row for row in rows], abs=0.02)
        assert window["truth"] == [ahead] and window["values"] == [[ahead]]
        past = rows_of(window["past_x"])
        assert past[-1] == rows[0] - 1 and len(past) == 8
        assert window["past"] == [pytest.approx([10 * row for row in past], abs=0.02)]
        day_before = pytest.approx([10 * (row - 24) for row in rows], abs=0.02)
        assert window["rule"] == [day_before] and found["rule"] == "last season"
    assert rows_of(windows[-1]["x"])[-1] == 299


def test_quantiles_and_rows_without_times():
    task = task_of(ramp(timed=False), horizon=3)
    levels = (0.1, 0.5, 0.9)
    scores = scores_of(np.ones(len(task.test)))
    found = answers_of(drifting(task, levels), task, scores)
    assert found is not None and found["quantiles"] == list(levels)
    window = found["windows"][0]
    assert window["x"] == [180, 181, 182] and not found["timed"]
    low, middle, high = (np.array(each[0]) for each in window["values"])
    assert middle == pytest.approx([1800, 1810, 1820], abs=0.02)
    by = 0.4 * task.unit_scale
    assert low == pytest.approx(middle - by, rel=1e-4)
    assert high == pytest.approx(middle + by, rel=1e-4)


def test_one_step_is_a_stretch():
    task = task_of(ramp(), delay=5)
    found = answers_of(drifting(task), task, scores_of(np.ones(len(task.test))))
    assert found is not None
    [window] = found["windows"]
    assert rows_of(window["x"]) == list(task.test + 5) and window["past_x"] == []
    assert window["truth"][0] == pytest.approx(10 * (task.test + 5), abs=0.02)


def test_a_long_test_set_is_shown_in_three_stretches():
    task = task_of(ramp(9000), delay=1, split=(0.1, 0.2))
    found = answers_of(drifting(task), task, scores_of(np.ones(len(task.test))))
    assert found is not None
    spans = [(rows_of(w["x"])[0], len(w["x"])) for w in found["windows"]]
    assert [length for _, length in spans] == [1000] * 3
    assert spans[0][0] == task.test[0] + 1 and spans[2][0] == task.test[-1000] + 1


def texts(outputs):
    """A text run that says these logits, with a word that it does not know."""
    words = Vocabulary(("good", "film", "bad"))
    made = TextPreprocessor(
        vocabulary=words, classes=sc.data.Classes(("neg", "pos")), maxlen=4
    )
    given = ["a good film", "bad film", "<b>bad</b> <i>good</i>", "film"]
    task = made.task((given, ["pos", "neg", "neg", "pos"]), targets=True)

    def say(asked):
        return np.array(outputs, np.float32)[asked.test, None]

    return SimpleNamespace(preprocessor=made, outputs=say, scores={}), task


def test_the_surest_mistakes():
    predictor, task = texts([3.0, 4.0, 1.0, 0.5])
    losses = np.array([0.05, 4.0, 1.3, 0.4])
    scores = sc.comparison.ExampleScores(values={"loss": losses})
    found = answers_of(predictor, task, scores)
    assert found is not None and found["confusion"] == [[0, 2], [0, 2]]
    first, second = found["mistakes"]
    assert (first["truth"], first["answer"]) == ("neg", "pos")
    assert first["text"] == "bad film" and first["name"] == "test example 1"
    assert first["probability"] == pytest.approx(0.982, abs=1e-3)
    assert second["text"].split().count("…") == 3 or "bad" in second["text"]
    json.dumps(found, allow_nan=False)


def test_what_filters_look_for(tmp_path):
    """Two words beside each other make the class: some filter finds them."""
    given = ["a bad film", "a good film", "bad film", "good", "a bad film here"] * 8
    labels = ["neg" if "bad film" in text else "pos" for text in given]
    task = sc.data.text_task(given, labels, test=0.5, maxlen=6)
    blocks = (sc.models.ConvBlock(4, 2),)
    model = sc.models.TextConvNet(task.vocabulary, embedding=8, blocks=blocks)
    options = {
        **{"optimizer": sc.optim.rmsprop(1e-2), "batch_size": 8, "epochs": 12},
        "loss": sc.losses.binary_cross_entropy,
    }
    with sc.runs.open(tmp_path / "run") as run:
        sc.train.fit(model, task, run=run, **options)
        sc.report.keep_answers(run, task)
    [kept] = read_runs([tmp_path / "run"])
    assert kept.answers is not None
    found = kept.answers["ngrams"]
    assert (found["texts"], found["of"]) == (len(task.test), 4)
    top = [each for each in found["filters"] if each["pushes_to"] == "neg"][0]
    assert "bad" in top["patterns"][0]["words"]
    whole = sc.explain.ngrams(
        sc.runs.load(run.path), dataclasses.replace(task, train=task.test)
    )
    effects = [each["effect"] for each in found["filters"]]
    assert effects == pytest.approx(whole.filters["effect"].tolist(), rel=1e-3)
    page = write_report(kept.path, tmp_path / "a.html").read_text()
    assert "What it looks for" in page and f"over {len(task.test)} test texts" in page


def test_plain_arrays_keep_nothing():
    predictor = SimpleNamespace(preprocessor=SimpleNamespace(kind="arrays"))
    assert answers_of(predictor, None) is None


def test_a_real_run_and_other_data(tmp_path):
    """From training to a page, once of what was kept, once of a file."""
    data = tmp_path / "texts.csv"
    lines = [f"a bad film no. {i},neg\na good film no. {i},pos" for i in range(20)]
    data.write_text("text,label\n" + "\n".join(lines) + "\n")
    task = sc.data.text_task(data, test=0.3, maxlen=6)
    layers = (sc.nn.Embedding(task.vocabulary, 2), sc.nn.Flatten(), sc.nn.Dense(1))
    model = sc.nn.Sequential(layers)
    options = {
        **{"optimizer": sc.optim.rmsprop(1e-2), "batch_size": 8, "epochs": 1},
        **{"loss": sc.losses.binary_cross_entropy, "steps_per_epoch": 1},
    }
    with sc.runs.open(tmp_path / "run") as run:
        sc.train.fit(model, task, run=run, **options)
        sc.report.keep_answers(run, task)
    [kept] = read_runs([tmp_path / "run"])
    assert kept.answers is not None and kept.answers["examples"] == len(task.test)
    assert np.sum(kept.answers["confusion"]) == len(task.test)
    new = tmp_path / "new.csv"
    new.write_text("text,label\na bad film,pos\na bad film,neg\n")
    page = write_report(kept.path, tmp_path / "a.html", data=new).read_text()
    assert "of the examples of new.csv" in page and ">test example " in page
    with pytest.raises(sc.UserError, match="labels must|labels are needed"):
        new.write_text("text\na bad film\n")
        write_report(kept.path, tmp_path / "b.html", data=str(new))
    assert not (tmp_path / "b.html").exists()
