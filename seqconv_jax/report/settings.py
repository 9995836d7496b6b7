"""What each run was asked: where runs differ, and all of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from seqconv_jax.report.html import Html, el
from seqconv_jax.report.record import RunRecord
from seqconv_jax.report.tables import chip, head, table
from seqconv_jax.report.words import setting

__all__ = ["differing", "settings_section"]

_NOT_SETTINGS = (
    *("versions", "python", "platform", "device", "run_format"),
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
    same = [name for name in names if name not in different]
    if len(runs) == 1:
        body: list[Any] = [_table(runs, names, ())]
        body = [el("details", el("summary", f"{len(names)} settings"), body, open=True)]
    elif different:
        many = f"{len(same)} settings that are the same"
        body = [
            _table(runs, different, different),
            el("details", el("summary", many), _table(runs[:1], same, ())),
        ]
    else:
        body = [
            el("p", "All settings of the runs are the same.", class_="small"),
            el(
                "details",
                el("summary", f"{len(same)} settings"),
                _table(runs[:1], same, ()),
            ),
        ]
    return el("section", el("h2", "Settings"), body, id="settings")


def differing(runs: Sequence[RunRecord]) -> list[str]:
    """Return the names of settings that some run has otherwise than another."""
    all_settings = [_settings(run) for run in runs]
    names = dict.fromkeys(name for each in all_settings for name in each)
    return [
        name
        for name in names
        if any(
            each.get(name, _ABSENT) != all_settings[0].get(name, _ABSENT)
            for each in all_settings
        )
    ]


def _settings(run: RunRecord) -> Mapping[str, Any]:
    return {k: v for k, v in run.config.items() if k not in _NOT_SETTINGS}


def _table(
    runs: Sequence[RunRecord], names: Sequence[str], different: Sequence[str]
) -> Html:
    several = len(runs) > 1
    body = [
        el(
            "tr",
            el("th", name.replace("_", " "), scope="row"),
            [el("td", _value(_settings(run), name)) for run in runs],
            class_="differs" if name in different else None,
        )
        for name in names
    ]
    caption = "Settings that differ" if different else "Settings"
    columns = [[chip(run.number), run.name] for run in runs] if several else ["value"]
    return table(
        caption,
        head("setting", *columns),
        body,
        class_="wide long",
        seen=bool(different),
    )


def _value(settings: Mapping[str, Any], name: str) -> str:
    if name not in settings:
        return "–"
    text = setting(settings[name])
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
