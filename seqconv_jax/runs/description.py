"""A run in words: its data, its settings, how it went, and its model."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from seqconv_jax.nn.summary import summary as model_table
from seqconv_jax.runs.content import HISTORY, SUMMARY
from seqconv_jax.runs.sealed import read_lines, read_summary

if TYPE_CHECKING:
    from seqconv_jax.runs.predictor import Predictor

_OF_DATA = ("data_file", "data_sha256", "data_source")
_NOT_SETTINGS = (
    *("versions", "python", "platform", "device", "run_format", "out"),
    *("resume", "overwrite", "compilation_cache", "no_compilation_cache"),
)
_LONGEST, _MOST_PARTS = 100, 20  # characters of a setting; parts that are told


def describe_run(predictor: "Predictor") -> str:
    """Return what a run was asked, how it went, and its model, as text."""
    config = predictor.config
    records = read_lines(predictor.path / HISTORY)
    scores = dict(read_summary(predictor.path / SUMMARY) or {})
    epoch = next((r for r in records if r.get("step") == predictor.step), {})
    trained = {
        "run": str(predictor.path),
        **{name: config[name] for name in _OF_DATA if config.get(name) is not None},
        **({"epochs": len(records)} if records else {}),
        **({"networks": 1 + len(predictor.members)} if predictor.members else {}),
        "epoch of the weights": epoch.get("epoch", f"at step {predictor.step}"),
        **_calibrated(predictor),
    }
    settings = {
        name: value
        for name, value in config.items()
        if name not in (*_OF_DATA, *_NOT_SETTINGS)
    }
    named = [
        ("", trained),
        ("scores", _short(scores or epoch)),
        ("settings", _short(settings)),
        ("preprocessor", _short(predictor.preprocessor.settings())),
    ]
    parts = [_table(title, values) for title, values in named if values]
    return "\n\n".join([*parts, model_table(predictor.model, predictor.example)])


def _calibrated(predictor: "Predictor") -> dict[str, str]:
    found = predictor.calibration
    if found is None:
        return {}
    if found.temperature is not None:
        return {"calibrated": f"temperature {found.temperature.value:.4g}"}
    names = ", ".join(each.name for each in found.intervals)
    count = found.intervals[0].count
    return {"calibrated": f"intervals of {names} on {count:,} windows"}


def _table(title: str, values: Mapping[str, Any]) -> str:
    width = max(map(len, values))
    lines = [f"{name:<{width}}  {_word(value)}" for name, value in values.items()]
    return "\n".join([title, *(f"  {line}" for line in lines)] if title else lines)


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _short(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with long ones in parts, or, as a vocabulary, as their size."""
    found = {}
    for name, value in settings.items():
        is_long = isinstance(value, (list, dict)) and len(_word(value)) > _LONGEST
        if is_long and isinstance(value, dict) and len(value) <= _MOST_PARTS:
            found |= _short({f"{name}.{part}": one for part, one in value.items()})
        elif is_long:
            entries = "entry" if len(value) == 1 else "entries"
            found[name] = f"{len(value):,} {entries}"
        else:
            found[name] = value
    return found
