"""`python -m seqconv_jax explain`: tables, figures, pages, and mistakes in one line."""

import os

import pandas as pd
import pytest
from explain.networks import new_load

import seqconv_jax as sc
from seqconv_jax.cli import commands
from seqconv_jax.cli.main import main


@pytest.fixture(autouse=True)
def no_cache(monkeypatch):
    monkeypatch.setattr(commands, "keep_compiled", lambda chosen: None)


def explain(capsys, *arguments):
    main(["explain", *map(str, arguments)])
    return capsys.readouterr().out


def fails(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        main(["explain", *map(str, arguments)])
    assert stop.value.code == 2
    out, err = capsys.readouterr()
    [line] = err.splitlines()
    assert not out and line.startswith("error: ")
    return line


def test_a_text_as_table_figure_and_page(words_run, tmp_path, capsys):
    text = "A <b>film</b> that was not good & dull"
    said = explain(capsys, words_run, "--text", text)
    [logit] = sc.runs.load(words_run).outputs(text)[:, 0]
    assert said.startswith(f"logit of pos: {logit:.4g} (exact)\nwords ")
    rows = [line.split() for line in said.splitlines()[3:]]
    assert [row[0] for row in rows][:4] == ["a", "b", "film", "b"]
    assert sum(float(row[-1]) for row in rows) == pytest.approx(logit, abs=0.01)
    assert "\x1b" not in said
    png, page, table = (tmp_path / f"why.{end}" for end in ("png", "html", "csv"))
    for out in (png, page, table):
        assert explain(capsys, words_run, "--text", text, "--out", out) == said
    assert png.read_bytes().startswith(b"\x89PNG")
    assert page.read_text().startswith("<!doctype html>") and ">good</span>" in (
        page.read_text()
    )
    assert sum(pd.read_csv(table)["adds"].tolist()) == pytest.approx(logit, abs=1e-5)
    other = explain(capsys, words_run, "--text", text, "--output", "neg")
    assert other.startswith(f"logit of neg: {-logit:.4g}")


def test_filters_over_a_file(words_run, tmp_path, capsys):
    data, out = tmp_path / "texts.csv", tmp_path / "ngrams.csv"
    data.write_text("text\nnot good film\nvery good end\nnot bad music\nvery bad end\n")
    said = explain(capsys, words_run, "--data", data, "--filters", "--out", out)
    assert said.startswith("8 filters over 4 texts\n") and "not good" in said
    assert {"not good", "not bad"} & {*pd.read_csv(out)["strongest"]}
    one = explain(capsys, words_run, "--data", data, "--row", 2)
    assert [line.split()[0] for line in one.splitlines()[3:6]] == [
        "not",
        "bad",
        "music",
    ]


def test_a_forecast(load_run, tmp_path, capsys):
    data, out = tmp_path / "load.csv", tmp_path / "why.png"
    new_load().to_csv(data)
    forecast = sc.runs.load(load_run).predict(data)["load (MW)"]
    said = explain(capsys, load_run, "--data", data, "--ahead", 2, "--out", out)
    assert said.startswith(f"load (MW), 2h ahead: {forecast[1]:.4g} MW, ")
    assert "(occlusion)" in said and "temp (degC)" in said and out.exists()
    options = ["--method", "integrated-gradients", "--row", 0]
    first = explain(capsys, load_run, "--data", data, *options)
    assert "2022-01-01 00:00:00" in first and "(integrated gradients)\ncells " in first


def test_mistakes(words_run, load_run, tmp_path, capsys):
    data = tmp_path / "load.csv"
    new_load().to_csv(data)
    text, load = [words_run, "--text", "a"], [load_run, "--data", data]
    for arguments, message in [
        ([words_run], "give either --data or --text, got both or neither"),
        ([*text, "--data", data], "give either --data or --text"),
        ([*text, "--filters"], "--filters needs --data"),
        ([*text, "--ahead", 1], "--ahead is of no effect on a text"),
        ([*text, "--method", "occlusion"], "must be one of auto, exact, integrated-gr"),
        ([*text, "--output", "good"], "--output must be one of 'neg', 'pos', got"),
        ([*text, "--out", "why.txt"], "--out must end in .csv or .html or "),
        ([load_run, "--text", "a"], "--text and --filters are for runs on texts"),
        ([*load, "--filters"], "--text and --filters are for runs on texts"),
        ([*load, "--out", "why.html"], "--out must end in .png or .csv or "),
        ([*load, "--row", 99], "--row must be below 4, got 99"),
        ([*load, "--ahead", 9], "--ahead must be at most 2, got 9"),
        ([*load, "--method", "exact"], "must be one of auto, occlusion, integrated-"),
        (
            [*load, "--window", 2, "--method", "integrated-gradients"],
            "--window is for --method occlusion",
        ),
    ]:
        assert message in fails(capsys, *arguments), arguments
    assert os.listdir(tmp_path) == ["load.csv"]
