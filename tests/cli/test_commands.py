"""`python -m seqconv_jax`: answers, scores and mistakes, here and elsewhere."""

import io
import json
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from runs.trained import WordsPreprocessor, arrays_task, change_predictor, train

import seqconv_jax as sc
from seqconv_jax.cli import commands, given
from seqconv_jax.cli.main import main
from seqconv_jax.data import preprocessor


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run, beside examples and the truth in files."""
    directory = tmp_path_factory.mktemp("cli") / "run"
    train(directory)
    x, y = arrays_task().gather(arrays_task().test)
    np.save(directory.parent / "x.npy", x)
    np.savez(directory.parent / "xy.npz", x=x, y=y)
    return directory


@pytest.fixture
def words(run, monkeypatch):
    """The same run, as if it were on texts."""
    where = (WordsPreprocessor.__module__, "WordsPreprocessor")
    monkeypatch.setitem(preprocessor._KINDS, "text", where)
    change_predictor(run, preprocessor=WordsPreprocessor().settings())
    yield run
    change_predictor(run, preprocessor=None)


@pytest.fixture(autouse=True)
def no_cache(monkeypatch):
    monkeypatch.setattr(commands, "keep_compiled", lambda chosen: None)


def fails(capsys, *arguments):
    """The one line of an error, after which nothing is written."""
    with pytest.raises(SystemExit) as stop:
        main([str(each) for each in arguments])
    assert stop.value.code == 2
    out, err = capsys.readouterr()
    [line] = err.splitlines()
    assert not out and line.startswith("error: ")
    return line


def test_another_process_answers_and_scores_to_the_bit(run, tmp_path):
    """In an empty folder, with a cache of its own, as if the run came by post."""

    def call(*arguments):
        command = [sys.executable, "-m", "seqconv_jax", *map(str, arguments)]
        root = os.path.dirname(os.path.dirname(sc.__file__))
        environment = {"SEQCONV_CACHE": str(tmp_path / "cache"), "PYTHONPATH": root}
        done = subprocess.run(
            command,
            capture_output=True,
            cwd=tmp_path,
            env=os.environ | environment,
            check=True,
        )
        assert not done.stderr
        return done.stdout

    data = run.parent
    task, here = arrays_task(), sc.runs.load(run)
    table = pd.read_csv(io.BytesIO(call("predict", run, "--data", data / "x.npy")))
    want = here.outputs(task)[:, 0]
    assert table["output"].astype(np.float32).tolist() == want.tolist()
    lines = call("evaluate", run, "--data", data / "xy.npz").decode().splitlines()
    assert {k: float(v) for k, v in map(str.split, lines)} == here.evaluate(task)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache"]


def test_help_is_quick_and_loads_nothing_heavy():
    code = (
        "import sys, runpy, atexit; sys.argv = ['x', 'predict', '--help'];"
        "atexit.register(lambda: print({'jax', 'numpy', 'pandas'} & {*sys.modules}));"
        "runpy.run_module('seqconv_jax', run_name='__main__')"
    )
    started = time.perf_counter()
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "--overwrite" in done.stdout and done.stdout.rstrip().endswith("set()")
    assert time.perf_counter() - started < 5  # under 1 on an idle machine


def test_without_tyro_one_line_says_what_to_install():
    code = (
        "import sys, runpy; sys.modules['tyro'] = None; sys.argv = ['x', 'summary'];"
        "runpy.run_module('seqconv_jax', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    [line] = done.stderr.splitlines()
    assert done.returncode == 2 and "pip install 'seqconv-jax[cli]'" in line


def test_texts_and_lines_of_standard_input(words, monkeypatch, capsysbinary):
    main(["predict", str(words), "--text", "one", "two"])
    one = capsysbinary.readouterr().out
    main(["predict", str(words), "--text", "one", "--text", "two"])
    assert capsysbinary.readouterr().out == one
    content = "﻿one\n\ntwo\n".encode()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    main(["predict", str(words), "--data", "-"])
    two = capsysbinary.readouterr().out
    assert one == two and one.startswith(b"word,label\none,")


@pytest.mark.parametrize(
    ("head", "reading", "suffix"),
    [
        ("id;text", {"text": "text", "header": True, "separator": ";"}, ".csv"),
        (
            "the text, as it is",
            {"text": "text", "header": True, "separator": ","},
            None,
        ),
        ("text", {"text": "text", "header": True, "separator": ","}, ".csv"),
        ("ham\tgo on", {"text": "2", "header": False, "separator": "\t"}, ".tsv"),
        ("2 of 2", {"text": "2", "header": False, "separator": "\t"}, None),
        ('{"text": "a"}', {"text": "text"}, ".jsonl"),
        ("__label__a so", {"text": "text", "separator": "__label__"}, ".txt"),
        ("so good", {"text": "text", "separator": "__label__"}, None),
        ("any", {"encoding": "utf-8"}, None),
    ],
)
def test_whether_standard_input_is_a_table_of_texts(head, reading, suffix):
    assert given._suffix_of_texts(head, reading) == suffix


def test_a_file_of_standard_input(run, monkeypatch, capsys, tmp_path):
    out = tmp_path / "scores.json"
    main(
        ["evaluate", str(run), "--data", str(run.parent / "xy.npz"), "--out", str(out)]
    )
    lines = capsys.readouterr().out.splitlines()
    assert {k: float(v) for k, v in map(str.split, lines)} == json.loads(
        out.read_text()
    )
    content = io.BytesIO((run.parent / "x.npy").read_bytes())
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=content))
    main(["predict", str(run), "--data", "-", "--out", str(tmp_path / "a.jsonl")])
    assert len((tmp_path / "a.jsonl").read_text().splitlines()) == 6
    wrong = SimpleNamespace(buffer=io.BytesIO(b"a,b\n1,2\n"))
    monkeypatch.setattr(sys, "stdin", wrong)
    assert "error: standard input " in fails(capsys, "predict", run, "--data", "-")


def test_an_old_file_is_replaced_only_on_request(run, capsys, tmp_path):
    out = tmp_path / "old.csv"
    out.write_text("mine")
    asked = ["predict", run, "--data", run.parent / "x.npy", "--out", out]
    assert "old.csv exists; replace it with --overwrite" in fails(capsys, *asked)
    assert out.read_text() == "mine"
    main([str(each) for each in (*asked, "--overwrite")])
    assert out.read_text().startswith("output\n")
    assert os.listdir(tmp_path) == ["old.csv"]


def test_mistakes_are_one_line_and_leave_nothing(run, capsys, tmp_path):
    data, out = run.parent / "x.npy", ("--out", tmp_path / "out.csv")
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    np.save(tmp_path / "bad.npy", np.zeros((2, 3, 9)))
    for arguments, message in [
        (["predict", run, *out], "give either --data or --text"),
        (["predict", run, "--data", data, "--text", "a", *out], "give either --data"),
        (["predict", run, "--text", "a", *out], "--text is for runs on texts, got "),
        (["predict", run, "--data", "nowhere.csv", *out], "nowhere.csv does not exist"),
        (["predict", run / "x", "--data", data, *out], "is no run directory"),
        (["predict", run.parent, "--data", data, *out], "config.json is missing"),
        (["predict", run, "--data", tmp_path / "bad.csv", *out], "must be a .npy or"),
        (["predict", run, "--data", tmp_path / "bad.npy", *out], "(n, 3, 1)"),
        (["predict", run, "--data", data, "--step", 1, *out], "/1 is missing"),
        (["predict", run, "--data", data, "--out", "a.txt"], "--out must end in .csv"),
        (["evaluate", run, "--data", data], "--data must be (examples, truth)"),
        (["summary", tmp_path], "config.json is missing"),
    ]:
        assert message in fails(capsys, *arguments), arguments
    assert sorted(os.listdir(tmp_path)) == ["bad.csv", "bad.npy"]


def test_the_summary_tells_the_model_and_how_it_went(run, capsys):
    main(["summary", str(run)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["run", str(run)]
    assert "epochs" in lines[1] and "Total" in lines[-1]
    assert any(line.startswith("  val_mse") for line in lines)
    assert any(line.split() == ["seed", "0"] for line in lines)
