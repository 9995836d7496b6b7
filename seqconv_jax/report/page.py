"""One HTML file that shows runs: nothing is loaded from elsewhere."""

import base64
import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from seqconv_jax._checks import UserError, expect
from seqconv_jax._files import replace_file
from seqconv_jax.report.answers import answers_of
from seqconv_jax.report.classes import classes_section
from seqconv_jax.report.cost import cost_section
from seqconv_jax.report.curves import curves_section, steps_section
from seqconv_jax.report.figures import Figures
from seqconv_jax.report.html import Html, el, join
from seqconv_jax.report.ngrams import ngrams_section
from seqconv_jax.report.overview import head, overview_section
from seqconv_jax.report.pairs import pairs_section
from seqconv_jax.report.record import RunRecord, read_runs
from seqconv_jax.report.score_tables import scores_section
from seqconv_jax.report.settings import settings_section
from seqconv_jax.report.windows import forecasts_section
from seqconv_jax.runs import environment, load

__all__ = ["page", "write_report"]

_CONTENTS = {
    "overview": "At a glance",
    "scores": "Scores",
    "compare": "Is it better?",
    "forecasts": "Forecasts",
    "steps": "By step ahead",
    "classes": "Classes and mistakes",
    "ngrams": "What it looks for",
    "training": "Training",
    "settings": "Settings",
    "cost": "Cost",
}


def write_report(
    runs: Any,
    out: str | os.PathLike[str],
    *,
    data: Any = None,
    title: str | None = None,
    overwrite: bool = False,
) -> Path:
    """Write one HTML file that shows what runs were asked, and how they went.

    It has the settings (of several runs, where they differ), curves, scores beside
    baselines, a paired test of each pair of runs, forecasts that can be zoomed, errors
    by step ahead, the confusion table and the surest mistakes, n-grams that filters
    look for, and the cost. It works without a network, and everything that comes from a
    run is escaped.

    Args:
        runs: a run directory, or several; of `--seeds` the directory of all.
        out: the file; written whole or not at all.
        data: examples with their truth that forecasts and mistakes are to be shown of,
            as `Predictor.evaluate` takes them; None for the test examples that the
            runs kept (`keep_answers`).
        title: of the page; None for the names of the runs.
        overwrite: whether a file that is there is replaced.

    Returns:
        The file's path.

    Raises:
        UserError: for what is no run, for a run of which a file is damaged, for data
            that a run cannot take, and where the file is there or cannot be written.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> import seqconv_jax as sc
        >>> x = np.arange(8, dtype=np.float32).reshape(8, 1, 1)
        >>> task = sc.data.arrays_task(x, x[:, 0], test=0.25)
        >>> model = sc.nn.Sequential((sc.nn.Flatten(), sc.nn.Dense(1)))
        >>> options = {"optimizer": sc.optim.rmsprop(1e-2), "loss": sc.losses.mae}
        >>> directory = tempfile.mkdtemp()
        >>> with sc.runs.open(directory) as run:
        ...     result = sc.train.fit(model, task, epochs=1, run=run, **options)
        >>> file = sc.report.write_report(directory, directory + "/report.html")
        >>> file.read_text().startswith("<!doctype html>")
        True
    """
    given = [runs] if isinstance(runs, str | os.PathLike) else list(runs)
    expect(title is None or isinstance(title, str), "title", "a text or None", title)
    path = Path(out).expanduser()
    if os.path.lexists(path) and not overwrite:
        raise UserError(
            f"{path} exists; replace it (overwrite=True) or choose another file"
        )
    records = read_runs(given)
    if data is not None:
        records = [_with_answers(record, data) for record in records]
    replace_file(path, page(records, title=title))
    return path


def page(
    runs: Sequence[RunRecord], *, title: str | None = None, now: datetime | None = None
) -> str:
    """Return the page of runs that were read.

    Args:
        runs: what `read_runs` returned.
        title: of the page; None for the names of the runs.
        now: when it is made.
    """
    if title is None:
        names = [run.name for run in runs]
        names[3:] = [f"{len(runs) - 3} more"] if len(runs) > 3 else []
        title = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    figures = Figures()
    sections = [
        overview_section(runs),
        scores_section(runs),
        pairs_section(runs),
        forecasts_section(runs, figures),
        steps_section(runs, figures),
        classes_section(runs),
        ngrams_section(runs),
        curves_section(runs, figures),
        settings_section(runs),
        cost_section(runs),
    ]
    made = [section for section in sections if section is not None]
    script = _file("page.js")
    digest = hashlib.sha256(script.encode()).digest()
    return Template(_file("page.html")).substitute(
        title=join(title),
        style=_file("page.css"),
        script=script,
        script_sha256=base64.b64encode(digest).decode(),
        head=head(runs, title, now or datetime.now()),
        contents=_contents(made),
        sections=join(made),
        version=environment()["versions"]["seqconv-jax"] or "",
    )


def _contents(sections: Sequence[Html]) -> Html:
    links = [
        el("li", el("a", name, href=f"#{part}"))
        for part, name in _CONTENTS.items()
        if any(f'<section id="{part}"' in section[:80] for section in sections)
    ]
    return el("ul", links)


def _with_answers(run: RunRecord, data: Any) -> RunRecord:
    """Return a run with what it says about other examples, in place of those kept."""
    predictor = load(run.path)
    raw = Path(data) if isinstance(data, str) else data
    if isinstance(raw, os.PathLike):
        raw = predictor.preprocessor.read(Path(raw).expanduser())
    task = predictor.preprocessor.task(raw, targets=True)
    answers = answers_of(predictor, task)
    if answers is None:
        raise UserError(
            f"`data` is for runs on texts, series and forecasts, got {run.path}, whose "
            "outputs or scores nobody knows"
        )
    name = Path(data).name if isinstance(data, str | os.PathLike) else "the given data"
    return replace(run, answers=answers, answers_of=f"of the examples of {name}")


def _file(name: str) -> str:
    return resources.files("seqconv_jax.report").joinpath(name).read_text("utf-8")
