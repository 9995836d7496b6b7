"""README and docs, followed as a reader would: what stands there is all there is."""

import contextlib
import doctest
import io
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqconv_jax.cli.main import main

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", *(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(python|bash|text)\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^python -m seqconv_jax (.*)$", re.MULTILINE)
EXPERIMENT = "python experiments/"


def follow(
    page: str, less: Mapping[str, str] | None = None, *, shell: bool = True
) -> dict[str, Any]:
    """Run a page's Python blocks and its commands, in the order of the page.

    A block of text right behind one of Python is what that prints. Experiments are not
    run, for want of time, nor the commands behind one in its block.

    Args:
        page: its path from the root.
        less: words of the page, and those in their place that train for less long.
        shell: False for a page whose commands are for the reader's own data.

    Returns:
        The names that the Python blocks leave.
    """
    text = (ROOT / page).read_text()
    for much, little in (less or {}).items():
        assert much in text
        text = text.replace(much, little)
    names: dict[str, Any] = {}
    fences = list(FENCE.finditer(text))
    assert any(fence[1] == "python" for fence in fences)
    for i, fence in enumerate(fences):
        kind, block = fence.groups()
        if kind == "python":
            printed = _printed(compile(block, f"{page}, fence {i}", "exec"), names)
            if _right_behind(text, fences[i : i + 2]):
                _check(printed, fences[i + 1][2], f"{page}, fence {i}")
        elif kind == "bash" and shell:
            for command in COMMAND.findall(block.split(EXPERIMENT)[0]):
                main(shlex.split(command))
    return names


def _printed(code, names: dict[str, Any]) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, names)
    return printed.getvalue()


def _right_behind(text: str, fences) -> bool:
    if len(fences) < 2 or fences[1][1] != "text":
        return False
    return not text[fences[0].end() : fences[1].start()].strip()


def _check(got: str, expected: str, where: str) -> None:
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    same = doctest.OutputChecker().check_output(expected, got, flags)
    assert same, f"{where} printed\n{got}\nnot\n{expected}"
