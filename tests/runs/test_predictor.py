"""What a run has learnt is used with nothing but its directory, to the bit."""

import functools
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flax import linen as flax
from numerics import assert_same_bits
from runs.trained import (
    MODEL,
    WORDS,
    WordsPreprocessor,
    arrays_task,
    change_predictor,
    train,
)

import seqconv_jax as sc
from seqconv_jax import UserError
from seqconv_jax.data import preprocessor
from seqconv_jax.runs import load
from seqconv_jax.train.predictor_settings import predictor_settings
from seqconv_jax.train.saved_scores import decode_scores


class Line(flax.Module):
    @flax.compact
    def __call__(self, x):
        return flax.Dense(1)(x.reshape(len(x), -1))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run with batch statistics and averaged parameters, and what `fit` returned."""
    directory = tmp_path_factory.mktemp("runs") / "run"
    result = train(directory, ema_decay=0.5)
    return directory, result


@pytest.fixture
def run(trained, tmp_path):
    """A copy of the run elsewhere, to be damaged."""
    return Path(shutil.copytree(trained[0], tmp_path / "elsewhere"))


@pytest.fixture
def words(run, monkeypatch):
    """The run, as if it were on texts, once there is a preprocessor for them."""
    where = (WordsPreprocessor.__module__, "WordsPreprocessor")
    monkeypatch.setitem(preprocessor._KINDS, "text", where)
    change_predictor(run, preprocessor=WordsPreprocessor().settings())
    return run


def test_predictions_and_scores_are_those_of_training(trained):
    directory, (_, _, best) = trained
    predictor, task = load(directory), arrays_task()
    assert predictor.step == best.record["step"] and predictor.model == MODEL
    variables = {"batch_stats": best.batch_stats}
    want = sc.train.predict(MODEL, best.params, task, task.test, **variables)
    x, y = task.gather(task.test)
    assert_same_bits(predictor.outputs(task), want)
    assert_same_bits(predictor.outputs(x), want)
    assert_same_bits(predictor.predict(x)["output"], want[:, 0])
    scores = {"loss": sc.losses.mae, "mse": sc.losses.mse}
    want = sc.train.evaluate(MODEL, best.params, task, task.test, scores, **variables)
    assert predictor.evaluate(task) == want == predictor.evaluate((x, y))


def test_a_run_may_be_moved_and_is_read_alone(trained, run):
    before = sorted(path.name for path in run.rglob("*"))
    x = arrays_task().inputs
    assert_same_bits(load(run).outputs(x), load(trained[0]).outputs(x))
    assert sorted(path.name for path in run.rglob("*")) == before
    assert str(trained[0]) not in (run / "predictor.json").read_text()


def test_a_step_is_asked_for(trained):
    steps = sorted(
        int(path.name) for path in (trained[0] / "checkpoints").glob("[0-9]*")
    )
    assert load(trained[0], step=steps[-1]).step == steps[-1]
    with pytest.raises(UserError, match="checkpoint .*/77 is missing"):
        load(trained[0], step=77)


def test_the_second_call_compiles_nothing(trained):
    predictor, x = load(trained[0]), arrays_task().inputs
    for rows in (x[:5], x[5:10], x[:5]):
        predictor.predict(rows)
    call: Any = predictor._outputs._call
    assert call._cache_size() == 1


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (np.zeros((2, 3, 2)), r"`raw` must be an array of shape \(n, 3, 1\), as in"),
        (np.zeros((2, 3)), r"`raw` must be an array of shape \(n, 3, 1\), as in"),
        ([[1, 2], [3]], r"`raw` must be an array of shape \(n, 3, 1\)"),
        (np.zeros((0, 3, 1)), "`raw` must be at least one example"),
        (np.array([[["a"], ["b"], ["c"]]]), "`raw` must be of float32, got '<U1'"),
        (np.full((1, 3, 1), np.nan), "must be finite"),
        (np.zeros((1, 4, 1)), r"`params` must have layers_2/kernel as .*\(4, 1\)"),
        ("x.csv", r"x.csv must be a .npy or .npz file"),
    ],
)
def test_arrays_that_the_model_cannot_take(trained, raw, message):
    with pytest.raises(UserError, match=message):
        load(trained[0]).predict(raw)


def test_arrays_in_files(trained, tmp_path):
    predictor, task = load(trained[0]), arrays_task()
    x, y = task.gather(task.test)
    np.save(tmp_path / "x.npy", x)
    np.savez(tmp_path / "xy.npz", x=x, y=y)
    assert_same_bits(predictor.outputs(tmp_path / "x.npy"), predictor.outputs(x))
    assert predictor.evaluate(tmp_path / "xy.npz") == predictor.evaluate((x, y))
    with pytest.raises(UserError, match="`raw` must be .examples, truth. to be scored"):
        predictor.evaluate(tmp_path / "x.npy")
    (tmp_path / "x.npy").write_bytes(b"no array")
    with pytest.raises(UserError, match="x.npy must hold an array, got "):
        predictor.predict(tmp_path / "x.npy")


def own(predictions, targets):
    return abs(predictions - targets)[:, 0]


def test_what_is_kept(tmp_path):
    half = functools.partial(sc.losses.accuracy, from_probabilities=True)
    scores = {"loss": own, "mse": sc.losses.mse, "accuracy": half, "other": max}
    task = arrays_task(preprocessor=WordsPreprocessor())
    kept = predictor_settings(MODEL, task, scores)
    assert sorted(decode_scores(kept["scores"])) == ["accuracy", "mse"]
    decoded: Any = decode_scores(json.loads(json.dumps(kept["scores"])))["accuracy"]
    assert decoded.keywords == {"from_probabilities": True}
    assert kept["input"] == {"shape": [3, 1], "dtype": "float32"}
    assert kept["preprocessor"] == {"kind": "text", "words": list(WORDS)}
    kept = predictor_settings(Line(), arrays_task(), {})
    assert kept["model"] is None and "got Line" in kept["model_reason"]
    assert kept["preprocessor"] is None


def test_without_scores_of_the_librarys(run):
    change_predictor(run, scores={})
    with pytest.raises(UserError, match="are functions of its author's.*give `scores`"):
        load(run).evaluate(arrays_task())
    scores = load(run).evaluate(arrays_task(), {"mae": own})
    assert sorted(scores) == ["mae"]


def test_a_model_of_somebody_else_is_given(trained, run):
    change_predictor(run, model=None, model_reason="got Line")
    with pytest.raises(UserError, match="could not keep its model .*model=..."):
        load(run)
    x = arrays_task().inputs
    assert_same_bits(load(run, model=MODEL).outputs(x), load(trained[0]).outputs(x))
    with pytest.raises(UserError, match="`params` lacks"):
        load(run, model=Line()).outputs(x)


def test_texts(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    predictor = load(words)
    assert predictor.predict("two")["word"].tolist() == ["two"]
    assert predictor.predict(list(WORDS))["word"].tolist() == list(WORDS)
    Path("one").write_text("one two")
    assert predictor.predict(Path("one"))["word"].tolist() == ["one", "two"]
    with pytest.raises(UserError, match="must be a text, got 'one', which is a file's"):
        predictor.predict("one")
    with pytest.raises(UserError, match="of the words known, got 'four'"):
        predictor.predict("four")
    assert "words  " in predictor.summary() and "BatchNorm" in predictor.summary()


def test_a_run_without_what_it_takes(trained, run, tmp_path):
    with pytest.raises(UserError, match="nowhere is no run directory"):
        load(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="config.json is missing"):
        load(tmp_path / "empty")
    (run / "predictor.json").unlink()
    with pytest.raises(UserError, match="holds no predictor.json.*resume it"):
        load(run)
    train(run, ema_decay=0.5)  # all its epochs are done
    assert load(run).evaluate(arrays_task()) == load(trained[0]).evaluate(arrays_task())
    shutil.rmtree(run / "checkpoints")
    with pytest.raises(UserError, match="no checkpoint in"):
        load(run)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "has format 2, expected at most 1.*upgrade"),
        ({"format": True}, "has format True"),
        ({"model": {"class": "os.system"}}, "names 'os.system', which is no class"),
        ({"model": {"class": ["Dense"]}}, "names .'Dense'., which is no class"),
        ({"model": {"class": "Dense", "units": 1}}, "Dense has no field units"),
        ({"model": "Dense"}, "describes no model"),
        ({"preprocessor": {"kind": "os"}}, "`kind` must be one of text"),
        ({"preprocessor": ["text"]}, "`settings` must be those of a preprocessor"),
        ({"scores": {"loss": {"function": "exec"}}}, "'exec', which is no function"),
        ({"scores": {"loss": {"function": "mae", "q": 1}}}, "has no option q"),
        ({"scores": ["mae"]}, "must be functions by name"),
        ({"input": {"shape": "a", "dtype": "float32"}}, "`input` must be a shape"),
        ({"matmul_precision": "most"}, "`matmul_precision` must be one that JAX knows"),
    ],
)
def test_settings_that_are_none(run, change, message):
    change_predictor(run, **change)
    with pytest.raises(UserError, match=message):
        load(run)


def test_damage_is_one_line_that_names_the_file(run):
    file = run / "predictor.json"
    whole = file.read_bytes()
    for content, message in [
        (whole.replace(b'"layers"', b'"Layers"'), "does not match its checksum"),
        (b"", "is damaged"),
        (b'{"format": 1}', "does not say its format"),
    ]:
        file.write_bytes(content)
        with pytest.raises(UserError, match=f"predictor.json .*{message}"):
            load(run)
    file.rename(run / "other.json")
    file.symlink_to("other.json")
    with pytest.raises(UserError, match="predictor.json is a link to other.json"):
        load(run)
