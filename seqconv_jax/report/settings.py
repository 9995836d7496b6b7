"""What each run was asked: where runs differ, and all of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from seqconv_jax.report.html import Html, el
from seqconv_jax.report.record import RunRecord
from seqconv_jax.report.tables import chip, head, table
from seqconv_jax.report.words import setting

__all__ = ["differing", "settings_section"]

_NOT_SETTINGS = (
    *("versions", "python", "platform", "device", "run_format", "tensorboard"),
    *("out", "resume", "overwrite", "compilation_cache", "no_compilation_cache"),
)
_LONGEST = 240  # characters of a value
_ABSENT = "not a setting of this run"


def settings_section(runs: Sequence[RunRecord]) -> Html | None:
    """Return the settings; of several runs first those that differ."""
    names = list(dict.fromkeys(name for run in runs for name in _settings(run)))
    if not names:
        return None
    different = differing(runs)
    same = _list(runs[0], [name for name in names if name not in different])
    body: list[Any] = [same]
    if len(runs) > 1:
        found = "All settings of the runs are the same."
        body = [
            _table(runs, different) if different else el("p", found, class_="small"),
            el(
                "details",
                el("summary", f"{len(names) - len(different)} are the same"),
                same,
            ),
        ]
    return el("section", el("h2", "Settings"), body, id="settings")


def differing(runs: Sequence[RunRecord]) -> list[str]:
    """Return the names of settings that some run has otherwise than another."""
    of_runs = [_settings(run) for run in runs]
    names = dict.fromkeys(name for settings in of_runs for name in settings)
    first = of_runs[0]
    return [
        name
        for name in names
        if any(
            settings.get(name, _ABSENT) != first.get(name, _ABSENT)
            for settings in of_runs
        )
    ]


def _settings(run: RunRecord) -> Mapping[str, Any]:
    return {k: v for k, v in run.config.items() if k not in _NOT_SETTINGS}


def _table(runs: Sequence[RunRecord], names: Sequence[str]) -> Html:
    body = [
        el(
            "tr",
            el("th", _words(name), scope="row"),
            [el("td", _value(_settings(run), name)) for run in runs],
            class_="differs",
        )
        for name in names
    ]
    columns = ([chip(run.number), run.name] for run in runs)
    heads = head("setting", *columns)
    return table("Settings that differ", heads, body, class_="wide long")


def _list(run: RunRecord, names: Sequence[str]) -> Html:
    settings = _settings(run)
    pairs = [
        el("div", el("dt", _words(name)), el("dd", _value(settings, name)))
        for name in names
    ]
    return el("dl", pairs, class_="settings")


def _words(name: str) -> str:
    return name.replace("_", " ")


def _value(settings: Mapping[str, Any], name: str) -> str:
    if name not in settings:
        return "–"
    text = setting(settings[name])
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
