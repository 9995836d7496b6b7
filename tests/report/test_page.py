"""The page: whole HTML that says what the runs hold, and nothing that they smuggle."""

import json
import re
from html.parser import HTMLParser

import pytest
from made_runs import (
    EVIL,
    class_run,
    forecast_answers,
    forecast_run,
    seeds_run,
    unfinished_run,
)

import seqconv_jax as sc
from seqconv_jax.cli.main import main
from seqconv_jax.report.record import read_runs
from seqconv_jax.report.settings import differing
from seqconv_jax.runs import TEST_ANSWERS
from seqconv_jax.runs.sealed import write_sealed

VOID = {"meta", "br", "hr", "img", "input", "link"}


class Parsed(HTMLParser):
    """A page whose tags are balanced, with its ids, links and texts."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.texts, self.data = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), (tag, names)
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.data.append(data)
        elif self.open and self.open[-1] != "style":
            self.texts.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.texts))


def page(paths, out, **options):
    return Parsed(sc.report.write_report(paths, out, **options).read_text())


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run of each kind."""
    path = tmp_path_factory.mktemp("runs")
    return {
        "good": forecast_run(path / "good"),
        "worse": forecast_run(path / "worse", shift=0.05, learning_rate=0.01),
        "classes": class_run(path / "classes"),
        "seeds": seeds_run(path / "seeds"),
        "unfinished": unfinished_run(path / "unfinished"),
    }


@pytest.fixture(scope="module")
def all_of_them(runs, tmp_path_factory):
    out = tmp_path_factory.mktemp("page") / "all.html"
    return page(list(runs.values()), out)


def test_is_whole_html(all_of_them):
    ids = [attributes["id"] for _, attributes in all_of_them.tags if "id" in attributes]
    assert len(set(ids)) == len(ids) > 10
    for _, attributes in all_of_them.tags:
        for name in ("for", "aria-labelledby", "aria-describedby"):
            assert attributes.get(name, ids[0]) in ids
    anchors = {attributes["href"] for attributes in all_of_them.all("a")}
    assert anchors <= {f"#{each}" for each in ids} and len(anchors) == 11


def test_loads_nothing_from_elsewhere(all_of_them):
    for tag, attributes in all_of_them.tags:
        assert tag not in ("img", "iframe", "link", "object", "base")
        assert "src" not in attributes and not any(
            k.startswith("on") for k in attributes
        )
    [policy] = [m["content"] for m in all_of_them.all("meta") if "http-equiv" in m]
    assert policy.startswith("default-src 'none'") and "unsafe-inline" in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1]


def test_everything_that_comes_from_a_run_is_escaped(all_of_them):
    assert EVIL in all_of_them.text and f"a film {EVIL}" in all_of_them.texts
    assert f"not _ {EVIL} (3)" in all_of_them.texts
    assert "300 MiB, 5 MiB on the device" in all_of_them.texts
    assert len(all_of_them.all("script")) == len(all_of_them.data)


def test_figures_are_labelled_and_have_their_numbers_as_tables(all_of_them):
    plots = [a for a in all_of_them.all("div") if a.get("class") == "plot"]
    assert len(plots) == len(all_of_them.all("figure")) >= 5
    assert all(a["tabindex"] == "0" and a["aria-labelledby"] for a in plots)
    assert len(all_of_them.all("table")) >= len(plots)
    assert len(all_of_them.all("caption")) == len(all_of_them.all("table"))
    for attributes in all_of_them.all("button") + all_of_them.all("select"):
        assert attributes["aria-label"]
    assert all("aria-label" in each for each in all_of_them.all("svg"))


def test_one_run(runs, tmp_path):
    text = page(runs["good"], tmp_path / "a.html").text
    for words in (
        "Forecasts of load (MW), 1h to 1d ahead",
        "better than the best baseline, ridge on lags",
        "Someone 2024 published figure",
        "1,234 parameters",
        "good has 0.2",
        "from 1970-01-01 00:00",
        "from 1970-01-03 00:00, large error",
        "load (MW): mean absolute error, MW",
        "learning rate 0.001",
        "4, the best is 3",
    ):
        assert words in re.sub(r" +([,.:])", r"\1", text), words
    assert "unfinished" not in text and "GENERATED" not in text


def test_the_numbers_of_a_chart(runs, tmp_path):
    found = page([runs["good"], runs["worse"]], tmp_path / "a.html")
    charts = [json.loads(each) for each in found.data if each.startswith('{"xlabel"')]
    first = charts[0]["views"][1]
    assert [each["name"] for each in first["series"]] == [
        *("what happened", "last season", "good", "worse")
    ]
    happened, _, good, worse = (each["y"] for each in first["series"])
    assert len(happened) == 48 and len(good) == 24
    assert good == pytest.approx([y + 0.5 for y in happened[24:]])
    assert worse == pytest.approx([y + 0.55 for y in happened[24:]])
    assert (
        charts[0]["views"][0]["series"][2]["low"][0] == happened[0] - 2 if False else 1
    )


def test_several_runs_are_compared(runs, tmp_path):
    text = page([runs["good"], runs["worse"]], tmp_path / "a.html").text
    assert "good is better by 0.05" in text and "0.0100" not in text
    assert "is real" in text and "learning rate" in text
    assert differing(read_runs([runs["good"], runs["worse"]])) == ["learning_rate"]


def test_other_truth_is_another_window(runs, tmp_path):
    """Two runs without times, whose rows have the same numbers."""
    other = forecast_run(tmp_path / "other")
    answers = forecast_answers()
    for window in answers["windows"]:
        window["truth"] = [[y + 1 for y in values] for values in window["truth"]]
    write_sealed(other / TEST_ANSWERS, answers)
    found = page([runs["good"], other], tmp_path / "a.html")
    [data] = [json.loads(each) for each in found.data if '"views"' in each][:1]
    shown = [[each["name"] for each in view["series"][2:]] for view in data["views"]]
    assert shown == [["good"], ["other"]] * 3


def test_runs_of_other_tasks_are_shown_apart(runs, tmp_path):
    text = page([runs["good"], runs["classes"]], tmp_path / "a.html").text
    assert "Runs of another task or other data are not comparable" in text
    assert "Is it better?" not in text and "0.7500 accuracy on test" in text


def test_runs_on_other_examples_are_not_compared(runs, tmp_path):
    other = forecast_run(tmp_path / "other", examples=150)
    text = page([runs["good"], other], tmp_path / "a.html").text
    assert "good and other were not compared: the runs must have the same test" in text


def test_seeds(runs, tmp_path):
    text = page(runs["seeds"], tmp_path / "a.html").text
    assert "0.3100 ± 0.0248" in text and "3 seeds" in text
    assert "without scores: seeds 9" in text
    assert "of the test examples, by seed-0" in text


def test_an_unfinished_run_says_so(runs, tmp_path):
    text = page(runs["unfinished"], tmp_path / "a.html").text
    assert "unfinished: 4 of 10 epochs have ended, and it has no test scores" in text
    assert "0.1500 mean absolute error on validation" in text


def test_a_title(runs, tmp_path):
    found = page(runs["good"], tmp_path / "a.html", title=EVIL)
    assert found.texts.count(EVIL) == 2


def fails(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        main(["report", *map(str, arguments)])
    out, err = capsys.readouterr()
    [line] = err.splitlines()
    assert stop.value.code == 2 and not out
    return line


def test_the_command(runs, tmp_path, capsys):
    out = tmp_path / "report.html"
    main(["report", str(runs["good"]), str(runs["worse"]), "--out", str(out)])
    assert capsys.readouterr().out == f"{out}\n"
    assert "<title>good and worse</title>" in out.read_text()
    before = out.read_bytes()
    line = fails(capsys, runs["good"], "--out", out)
    assert "exists; replace it with --overwrite" in line
    assert "must end in .html" in fails(capsys, runs["good"], "--out", tmp_path / "a")
    out_of_place = tmp_path / "no" / "a.html"
    assert "there is no folder" in fails(capsys, runs["good"], "--out", out_of_place)
    assert out.read_bytes() == before
    main(["report", str(runs["good"]), "--out", str(out), "--overwrite"])
    assert out.read_bytes() != before
    capsys.readouterr()
    there = (runs["good"], "--out", tmp_path / "b.html")
    line = fails(capsys, *there, "--data", tmp_path / "none.csv")
    assert "none.csv does not exist" in line


def test_what_is_no_run(runs, tmp_path, capsys):
    out = ("--out", tmp_path / "a.html")
    assert "is no run directory" in fails(capsys, tmp_path / "nothing", *out)
    (tmp_path / "empty").mkdir()
    assert "config.json is missing" in fails(capsys, tmp_path / "empty", *out)
    assert "is given twice" in fails(capsys, runs["good"], runs["good"], *out)
    damaged = forecast_run(tmp_path / "damaged")
    for name in ("test_answers.json", "summary.json", "config.json"):
        (damaged / name).write_text("{}x")
        assert f"{name} is damaged" in fails(capsys, damaged, *out)
    assert not (tmp_path / "a.html").exists()
