"""What a finished run directory holds, and how two of them differ."""

import json
from pathlib import Path
from typing import Any

from soaking.digest import digest

BEST_IS_LOST = "is lost with its checkpoint"  # what a warning says
# What may differ between a run and one that was cut off and resumed.
SEAL = "run_sha256"  # the checksum of all, what may differ included
TIMES = ("seconds", "examples_per_second", SEAL)
PLACES = ("out", "data", "data_file", "resume", "overwrite", "compilation_cache", SEAL)


def outcome_of(out: Path) -> dict[str, Any]:
    """Return the records of a run, its predictor and the hash of every checkpoint.

    Folders of it that are runs of their own are part of it.
    """
    found: dict[str, Any] = {}
    for config in sorted(out.rglob("config.json")):
        folder = config.parent
        name = folder.relative_to(out).as_posix()
        found[f"{name} config"] = _without(PLACES, json.loads(config.read_bytes()))
        lines = (folder / "history.jsonl").read_text().splitlines()
        for i, line in enumerate(lines):
            found[f"{name} epoch {i + 1}"] = _without(TIMES, json.loads(line))
        if (folder / "summary.json").exists():
            summary = json.loads((folder / "summary.json").read_bytes())
            found[f"{name} summary"] = _without(TIMES, summary)
        predictor = json.loads((folder / "predictor.json").read_bytes())
        found[f"{name} predictor"] = _without((SEAL,), predictor)
        for step in sorted((folder / "checkpoints").iterdir()):
            if step.name.isdecimal():
                found[f"{name} checkpoint {step.name}"] = _state(folder, step.name)
    return found


def without_best(outcome: dict[str, Any]) -> dict[str, Any]:
    """Return an outcome without what follows from which epoch was the best.

    Where the best checkpoint was damaged, and the program said so, it is the best of
    the epochs that came after, and training anew on all rows takes its number.
    """
    names = tuple(f"test_{name}" for name in ("loss", "mae", "accuracy", "hit_rate"))
    names += tuple(f"best_val_{name}" for name in ("loss", "mae", "accuracy"))
    names += tuple(f"retrain_test_{name}" for name in ("loss", "accuracy"))
    names += ("best", "best_epoch")
    outcome = {k: v for k, v in outcome.items() if not k.startswith("retrain ")}
    newest: dict[str, int] = {}
    whole = (k for k, v in outcome.items() if not str(v).startswith("cannot be read"))
    for folder, step in filter(None, map(_checkpoint, whole)):
        newest[folder] = max(step, newest.get(folder, step))
    return {
        name: _without(names, part) if name.endswith(" summary") else part
        for name, part in outcome.items()
        if (where := _checkpoint(name)) is None or newest.get(where[0]) == where[1]
    }


def _checkpoint(name: str) -> tuple[str, int] | None:
    """Return the folder and the step of a checkpoint by its name in the outcome."""
    folder, is_one, step = name.rpartition(" checkpoint ")
    return (folder, int(step)) if is_one else None


def difference(
    got: dict[str, Any], want: dict[str, Any], *, damaged: bool = False
) -> str:
    """Return the first parts that differ, or an empty text.

    A checkpoint too many, which somebody put there, is none; nor, in a run that was
    `damaged`, is one that cannot be read, so long as all else came out right.
    """
    if damaged:
        spoilt = [k for k, v in got.items() if str(v).startswith("cannot be read")]
        want = {name: part for name, part in want.items() if name not in spoilt}
    got = {k: v for k, v in got.items() if k in want or " checkpoint " not in k}
    wrong = [
        f"{name}: {json.dumps(got.get(name))[:150]} for "
        f"{json.dumps(want.get(name))[:150]}"
        for name in sorted(want.keys() | got.keys())
        if got.get(name) != want.get(name)
    ]
    return "; ".join(wrong[:3])


def _state(folder: Path, step: str) -> str:
    from seqconv_jax import UserError, checkpoint

    try:
        return digest(checkpoint.load_params(folder, step=int(step), part="state"))
    except UserError as error:
        return f"cannot be read: {error}"


def _without(names: tuple[str, ...], record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}
