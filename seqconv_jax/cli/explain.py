"""The command that says why: of a text, of a series, or of a network's filters."""

import html
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqconv_jax._checks import UserError
from seqconv_jax._files import replace_file
from seqconv_jax.cli.commands import load_run
from seqconv_jax.cli.given import examples_of
from seqconv_jax.cli.table import TABLES, check_new_file, write_table

if TYPE_CHECKING:
    from seqconv_jax.cli.asked import Explain
    from seqconv_jax.explain import SeriesMap, TextContributions
    from seqconv_jax.runs import Predictor

_PAGE = """<!doctype html>
<html>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<body style="font-family:sans-serif;max-width:60em;margin:auto">
{fragment}
</body>
</html>
"""
_FILES = {
    "text": (".png", ".html", *TABLES),
    "series": (".png", *TABLES),
    "filters": TABLES,
}
_OPTIONS = {
    "text": ("row", "output"),
    "series": ("row", "output", "ahead", "window"),
    "filters": (),
}
_METHODS = {
    "text": ("auto", "exact", "integrated-gradients"),
    "series": ("auto", "occlusion", "integrated-gradients"),
    "filters": ("auto",),
}
_ROWS = 10  # that are printed of a map
_OF = {"text": "a text", "series": "a series", "filters": "filters"}


def explain(asked: "Explain") -> None:
    """Print why, and write the figure or the table."""
    if (asked.text is None) == (asked.data is None):
        raise UserError("give either --data or --text, got both or neither")
    if asked.filters and asked.data is None:
        raise UserError("--filters needs --data, the texts to look through")
    anything = {suffix for each in _FILES.values() for suffix in each}
    check_new_file(asked.out, sorted(anything), asked.overwrite)
    predictor = load_run(asked)
    kind = predictor.preprocessor.kind
    if (asked.text is not None or asked.filters) and kind != "text":
        raise UserError(
            f"--text and --filters are for runs on texts, got {asked.run}, a run on "
            f"{kind}; give --data"
        )
    what = "filters" if asked.filters else "text" if kind == "text" else "series"
    check_new_file(asked.out, _FILES[what], asked.overwrite)
    _expect_unused(asked, what)
    texts = () if asked.text is None else (asked.text,)
    with examples_of(predictor, asked.data, texts) as raw:
        _EXPLAINERS[what](asked, predictor, raw)


def _expect_unused(asked: "Explain", what: str) -> None:
    """Raise for an option that would be of no effect."""
    for name, value in {
        "row": asked.row,
        "output": asked.output,
        "ahead": asked.ahead,
        "window": asked.window,
    }.items():
        if value is not None and name not in _OPTIONS[what]:
            raise UserError(f"--{name} is of no effect on {_OF[what]}; leave it out")
    if asked.method not in _METHODS[what]:
        raise UserError(
            f"--method must be one of {', '.join(_METHODS[what])} for {_OF[what]}, got "
            f"{asked.method}"
        )
    if asked.window is not None and asked.method == "integrated-gradients":
        raise UserError("--window is for --method occlusion")


def _filters(asked: "Explain", predictor: "Predictor", raw: Any) -> None:
    from seqconv_jax.explain import ngrams

    found = ngrams(predictor, raw)
    if asked.out is not None:
        write_table(found.ngrams, asked.out)
    print(f"{len(found.filters)} filters over {found.texts:,} texts")
    print(_columns(found.filters))
    print()
    print(_columns(found.top(asked.top)))


def _text(asked: "Explain", predictor: "Predictor", raw: Any) -> None:
    from seqconv_jax import plots
    from seqconv_jax.explain import contributions

    found = contributions(
        predictor,
        raw,
        row=asked.row or 0,
        output=asked.output,
        method=asked.method.replace("-", "_"),  # pyright: ignore[reportArgumentType]
    )
    title, caption = _words_of(found)
    given = {"title": title, "caption": caption}
    suffix = "" if asked.out is None else asked.out.suffix.lower()
    if suffix == ".png":
        plots.words(found.tokens, found.values, _path(asked), **given)
    elif suffix == ".html":
        fragment = plots.words_html(found.tokens, found.values, **given)
        page = _PAGE.format(title=html.escape(title), fragment=fragment)
        replace_file(_path(asked), page)
    elif suffix:
        write_table(found.table(), asked.out)
    print(f"{title}\n{caption}")
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        print(plots.words_ansi(found.tokens, found.values))
    print(_columns(found.table()))


def _series(asked: "Explain", predictor: "Predictor", raw: Any) -> None:
    from seqconv_jax import plots
    from seqconv_jax.explain import integrated_gradients, occlusion

    if isinstance(raw, Path):
        raw = predictor.preprocessor.read(raw)
    if predictor.preprocessor.kind == "forecast" and asked.row is not None:
        raw = (raw, "all")
    options = {"row": asked.row or 0, "output": asked.output, "ahead": asked.ahead}
    if asked.method == "integrated-gradients":
        found = integrated_gradients(predictor, raw, **options)
    else:
        found = occlusion(predictor, raw, window=asked.window, **options)
    title, label = _words_of_map(found)
    if asked.out is not None and asked.out.suffix.lower() == ".png":
        plots.time_map(
            found.values, found.bounds, found.columns, asked.out, title=title, **label
        )
    elif asked.out is not None:
        write_table(found.table(), asked.out)
    print(title)
    if found.gap is not None:
        print(f"cells {found.values.sum():+.4g}, gap {found.gap:+.2g}")
    print(_columns(found.table().head(_ROWS)))


_EXPLAINERS = {"filters": _filters, "text": _text, "series": _series}


def _path(asked: "Explain") -> Path:
    assert asked.out is not None
    return asked.out


def _words_of(found: "TextContributions") -> tuple[str, str]:
    """Return title and caption of what words add."""
    how = found.method.replace("_", " ")
    besides = f", padding {found.padding:+.4g}" if found.padding else ""
    caption = f"words {found.values.sum():+.4g}{besides}, rest {found.rest:+.4g}"
    if found.method != "exact":
        caption += f", gap {found.gap:+.2g}"
    return f"{found.target}: {found.output:.4g} ({how})", caption


def _words_of_map(found: "SeriesMap") -> tuple[str, dict[str, str]]:
    """Return the title of a map, and the labels of its axes."""
    unit = f" {found.unit}" if found.unit and found.unit != "logit" else ""
    title = (
        f"{found.target}: {found.output:.4g}{unit}, {found.baseline:.4g}{unit} at the "
        f"baseline ({found.method.replace('_', ' ')})"
    )
    label = f"adds ({found.unit})" if found.unit else "adds"
    is_forecast = "ahead" in found.target
    steps = "rows from the newest input" if is_forecast else "step"
    return title, {"label": label, "xlabel": steps}


def _columns(table: Any) -> str:
    """Return a table as text, numbers with four digits."""
    return table.to_string(index=False, float_format="{:.4g}".format)
