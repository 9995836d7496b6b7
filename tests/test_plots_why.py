"""Words coloured by numbers, and maps of time by column."""

import re

import numpy as np
import pytest

from seqconv_jax import UserError, plots

TOKENS = ["so", "<script>", "good", "a\x1b[2Jb"]
VALUES = [0.0, -0.5, 1.0, 0.25]


def test_words_have_the_colours_of_their_numbers(tmp_path, figures):
    path = tmp_path / "why.png"
    plots.words(TOKENS, VALUES, path, title="$logit", caption="words +0.75")
    assert path.read_bytes().startswith(b"\x89PNG")
    drawn = {text.get_text(): text for text in figures[0].axes[0].texts}
    assert {"$logit", "words +0.75", "a\\x1b[2Jb"} <= drawn.keys()

    def shade(word):
        return drawn[word].get_bbox_patch().get_facecolor()[:3]

    assert shade("so") == (1, 1, 1)
    red, _, blue = shade("good")
    assert blue > red and shade("good") == shade("raises")
    red, _, blue = shade("<script>")
    assert red > blue


def test_long_texts_go_on_in_the_next_line(tmp_path, figures):
    words = ["film"] * 40 + ["映画"]
    plots.words(words, np.zeros(41), tmp_path / "why.png", title="logit")
    places = [
        t.get_position() for t in figures[0].axes[0].texts if t.get_text() in words
    ]
    assert len(places) == 41
    assert len({y for _, y in places}) == 3 and max(x for x, _ in places) <= 86


def test_html_is_escaped():
    page = plots.words_html(TOKENS, VALUES, title="<b>", caption="a & b")
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert "<strong>&lt;b&gt;</strong><br><small>a &amp; b</small>" in page
    assert 'title="-0.5">&lt;script&gt;</span>' in page and "\x1b" not in page
    assert page.startswith("<figure") and page.endswith("</figure>")


def test_a_terminal_gets_colours_and_no_codes_of_the_text():
    line = plots.words_ansi(TOKENS, VALUES)
    codes = re.findall(r"\x1b\[[^m]*m", line)
    assert len(codes) == 9 and line.startswith("so \x1b[48;2;")
    plain = re.sub(r"\x1b\[[^m]*m", "", line)
    assert plain == "so <script> good a\\x1b[2Jb"


@pytest.mark.parametrize("dated", [False, True])
def test_a_map_has_a_row_for_each_column(tmp_path, figures, dated):
    values = np.array([[1.0, 0.0], [0.0, -2.0], [0.0, 0.0]])
    steps = np.array([-6, -4, -2, 0])
    if dated:
        steps = np.datetime64("2021-01-01", "us") + steps * np.timedelta64(1, "h")
    names = ["load (MW)", "temp (degC)"]
    path = plots.time_map(
        values, steps, names, tmp_path / "a.png", title="t", label="l"
    )
    assert path.exists()
    axes, bar = figures[0].axes
    mesh = axes.collections[0]
    np.testing.assert_array_equal(mesh.get_array(), values.T)
    assert mesh.get_clim() == (-2, 2) and bar.get_ylabel() == "l"
    assert [text.get_text() for text in axes.get_yticklabels()] == names
    assert axes.yaxis_inverted()


def test_errors(tmp_path):
    out = tmp_path / "a.png"
    for words, values, message in [
        ("good", [1.0] * 4, "`words` must be a list of texts"),
        (["a"], [1.0, 2.0], "`values` must be 1"),
        (["a"], [np.nan], "`values` must be finite"),
        ([], [], "`tokens` must be from 1 to 2,000 words"),
    ]:
        with pytest.raises(UserError, match=message):
            plots.words(words, values, out, title="t")
    for values, steps, message in [
        (np.ones((2, 2)), [0, 1], r"`values` must have shape \(1, 2\)"),
        (np.full((1, 2), np.inf), [0, 1], "`values` must be finite"),
        (np.ones((1, 2)), [1, 0], "`steps` must be rising"),
    ]:
        with pytest.raises(UserError, match=message):
            plots.time_map(values, steps, ["a", "b"], out, title="t")
    assert not list(tmp_path.iterdir())
