"""The page in a real browser: no errors, no overflow on a phone, zoom by keys."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest
from made_runs import class_run, forecast_run, seeds_run

import seqconv_jax as sc

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")

SCRIPT = Path(__file__).with_name("person.js").read_text()
# No window of the browser is as narrow as a phone, but a frame in one is.
FRAME = """<!doctype html><title>phone</title><pre id="found"></pre>
<iframe src="{name}" style="border:0;width:{width}px;height:900px"></iframe>
<script>addEventListener("message", (event) => {{
  document.getElementById("found").textContent = event.data;
}});</script>"""


def chromium(path, *options):
    """Open a page; return its DOM and what the browser's console said."""
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu"]
    command += ["--hide-scrollbars"]
    command += ["--no-first-run", "--enable-logging=stderr", "--dump-dom"]
    command += ["--virtual-time-budget=5000", f"--user-data-dir={path.parent / 'user'}"]
    done = subprocess.run(
        [*command, *options, path.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return done.stdout, console


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("browser")
    runs = [
        forecast_run(path / "a-run-with-a-long-name-that-nobody-shortened"),
        seeds_run(path / "seeds"),
        class_run(path / "classes"),
    ]
    return sc.report.write_report(runs, path / "report.html")


def used(page, width, *options):
    """What `SCRIPT` finds in a copy of the page that lets it in."""
    copy, frame = page.with_name("used.html"), page.with_name("frame.html")
    text = re.sub(r"<meta http-equiv[^>]*>", "", page.read_text())
    copy.write_text(text.replace("</body>", f"<script>{SCRIPT}</script></body>"))
    frame.write_text(FRAME.format(name=copy.name, width=width))
    dom, console = chromium(frame, "--window-size=1500,1000", *options)
    assert console == []
    [found] = re.findall(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)
    return json.loads(unescape(found))


def test_loads_under_its_own_policy_without_a_word(page):
    dom, console = chromium(page, "--window-size=1400,1000")
    assert console == []
    assert dom.count("<svg") >= 6 and "onerror=alert(1)&gt;" in dom
    assert "<img" not in dom


def test_on_a_phone_by_keys(page):
    found = used(page, 400)
    assert found["width"] == 400 and found["overflow"] <= 0 and found["wide"] == []
    assert found["drawn"] and found["focused"]
    assert found["cursor"].startswith("1970-01-01 23:00, what happened ")
    assert "what happened" in found["tip"] and "(" in found["tip"]
    assert found["before"] == ["Zoom in", "Previous window", "Next window"]
    start, end = re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", found["zoomed"])
    assert start > "1969-12-31" and end == "1970-01-01 23:00"
    assert "Zoom out" in found["buttons"] and "Show all" in found["buttons"]
    assert found["panned"] != found["zoomed"]
    assert found["all"] == "From 1969-12-31 00:00 to 1970-01-01 23:00"
    assert found["next"] == "from 1970-01-02 00:00" and found["rows"] == 48
    assert found["colors"] == [False, "rgb(252, 252, 251)"]


def test_on_a_desk_in_the_dark(page):
    found = used(page, 1400, "--force-dark-mode")
    assert found["overflow"] <= 0 and found["wide"] == []
    assert found["colors"] == [True, "rgb(21, 24, 28)"]
