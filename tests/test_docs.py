"""What README and docs say of files, flags and each other is so."""

import importlib
import re
import shlex
from dataclasses import fields

import pytest
from pages import PAGES, ROOT

LONGEST_README = 120
EXPERIMENT = r"python\s+experiments/(\w+\.py[^`#\n]*)"
TEXT = {page: (ROOT / page).read_text() for page in PAGES}
COMMANDS = sorted(
    {line for text in TEXT.values() for line in re.findall(EXPERIMENT, text)}
)


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= LONGEST_README


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)#:]+)\)", TEXT[page]):
        assert ((ROOT / page).parent / link).exists(), link


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_on_the_pages_have_flags_that_exist(line):
    name, *words = shlex.split(line)
    settings = importlib.import_module(name.removesuffix(".py")).Settings
    known = {field.name.replace("_", "-") for field in fields(settings)}
    given = {word.removeprefix("--") for word in words if word.startswith("--")}
    assert given <= known


def test_every_page_is_in_the_contents():
    lines = (ROOT / "docs/index.md").read_text().splitlines()
    pages = {page.removeprefix("docs/").removesuffix(".md") for page in PAGES[1:]}
    assert pages - {"index"} <= set(lines)


def test_every_page_with_code_is_followed_in_a_test():
    followed = (ROOT / "tests/test_docs_pages.py").read_text()
    for page, text in TEXT.items():
        name = page.split("/")[-1].removesuffix(".md")
        assert "```python" not in text or re.search(rf"\b{name}\b", followed)
