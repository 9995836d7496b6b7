"""What is said about a release, in several files, is one thing."""

import tomllib
from pathlib import Path

import pytest
import yaml

import seqconv_jax

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))


def test_the_version_stands_in_one_place():
    assert PROJECT["project"]["dynamic"] == ["version"]
    path = ROOT / PROJECT["tool"]["hatch"]["version"]["path"]
    assert f'__version__ = "{seqconv_jax.__version__}"' in path.read_text()


def test_every_python_that_is_promised_is_tested():
    jobs = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text())["jobs"]
    tested = jobs["all"]["strategy"]["matrix"]["python"]
    named = [
        words.removeprefix("Programming Language :: Python :: ")
        for words in PROJECT["project"]["classifiers"]
        if "Python :: 3." in words
    ]
    assert tested == named
    assert PROJECT["project"]["requires-python"] == f">={tested[0]}"
    commands = [step.get("run", "") for job in jobs.values() for step in job["steps"]]
    assert "bash .ci/run" in commands
    assert any("--resolution lowest-direct" in command for command in commands)
    assert all(job["timeout-minutes"] <= 90 for job in jobs.values())


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_forms_are_whole(path):
    form = yaml.safe_load(path.read_text())
    if path.name == "config.yml":
        assert form == {"blank_issues_enabled": True}
        return
    assert form["name"] and form["description"] and form["body"]
    kinds = {"textarea", "input", "dropdown", "checkboxes"}
    assert {part["type"] for part in form["body"]} <= kinds
    assert all(part["attributes"]["label"] for part in form["body"])
    ids = [part["id"] for part in form["body"]]
    assert len(ids) == len(set(ids))


def test_the_citation_is_valid():
    found = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert found["cff-version"] == "1.2.0" and found["title"].startswith("seqconv_jax")
    assert found["license"] == PROJECT["project"]["license"]
    assert found["authors"] == PROJECT["project"]["authors"]


def test_extras_refer_to_others_without_markers():
    """Hatchling drops the marker of `seqconv-jax[onnx]; python_version < "3.12"`."""
    extras = PROJECT["project"]["optional-dependencies"]
    for needed in (word for extra in extras.values() for word in extra):
        assert not needed.startswith("seqconv-jax[") or ";" not in needed
    marked = {f"{word}; python_version < '3.12'" for word in extras["onnx"]}
    assert marked <= set(extras["test"])
