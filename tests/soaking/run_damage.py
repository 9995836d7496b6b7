"""Damage to a run directory: its files changed, lost, replaced by something else."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

from soaking.json_edits import edit_json
from soaking.mutate import mutate

BYSTANDER = b"what a link points to is left alone\n"


class Damage(NamedTuple):
    """What was done, and where.

    Attributes:
        how: in words.
        paths: what was damaged, to be put back.
        bystander: a file outside the run that a link may point to.
    """

    how: str
    paths: tuple[Path, ...]
    bystander: Path

    def undo(self, out: Path, whole: Path) -> None:
        """Put back what was damaged, from a copy of the whole run."""
        for path in self.paths:
            _remove(path)
            before = whole / path.relative_to(out)
            if before.is_dir():
                shutil.copytree(before, path, symlinks=True)
            elif before.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(before, path)

    def touched(self) -> bool:
        """Whether the file outside is another than it was."""
        return self.bystander.read_bytes() != BYSTANDER


def damage_run(rng: Random, out: Path) -> Damage:
    """Damage one thing in a run directory."""
    bystander = out.parent / "bystander"
    bystander.write_bytes(BYSTANDER)
    files = sorted(path for path in out.rglob("*") if path.is_file())
    steps = sorted((out / "checkpoints").iterdir()) if files else []
    # A quarter each: the records, the manifests, anything, whole checkpoints.
    records = [path for path in files if path.parent == out]
    manifests = [path for path in files if path.name == "manifest.json"]
    choice = rng.random()
    if choice < 0.12 and steps:
        return _damage_step(rng, out, rng.choice(steps), bystander)
    some = records if choice < 0.5 else manifests if choice < 0.65 else files
    path = rng.choice(some or files)
    name = path.relative_to(out).as_posix()
    if rng.random() < 0.7:
        how = _edit_content(rng, path)
    else:
        replace = rng.choice(_REPLACEMENTS)
        _remove(path)
        replace(path, bystander)
        how = replace.__name__
    return Damage(f"{name}: {how}", (path,), bystander)


def _edit_content(rng: Random, path: Path) -> str:
    content = path.read_bytes()
    if path.suffix in (".json", ".jsonl") and rng.random() < 0.6:
        path.write_bytes(edit_json(rng, content))
        return "edit_json"
    content, how = mutate(rng, content)
    path.write_bytes(content)
    return how


def _damage_step(rng: Random, out: Path, step: Path, bystander: Path) -> Damage:
    """Lose a checkpoint, or give it another number."""
    other = step.with_name(rng.choice(("7", "999999", "-1", "006", "x", ".writing-9")))
    changes: dict[str, Callable[[], object]] = {
        "lost": lambda: shutil.rmtree(step),
        "renamed": lambda: step.rename(other),
        "copied": lambda: shutil.copytree(step, other),
        "half removed": lambda: shutil.rmtree(step / "arrays"),
        "all lost": lambda: shutil.rmtree(out / "checkpoints"),
        "made a link": lambda: (step.rename(other), step.symlink_to(other)),
    }
    how = rng.choice(sorted(changes))
    changes[how]()
    paths = (out / "checkpoints",) if how == "all lost" else (step, other)
    return Damage(f"checkpoint {step.name} {how}", paths, bystander)


def lost(path: Path, bystander: Path) -> None:
    """Leave nothing."""


def empty(path: Path, bystander: Path) -> None:
    """Leave an empty file."""
    path.touch()


def directory(path: Path, bystander: Path) -> None:
    """Put a directory there."""
    path.mkdir()


def pipe(path: Path, bystander: Path) -> None:
    """Put a named pipe there, which nobody writes to."""
    os.mkfifo(path)


def link(path: Path, bystander: Path) -> None:
    """Put a link there, to a file outside."""
    path.symlink_to(bystander)


def dangling_link(path: Path, bystander: Path) -> None:
    """Put a link to nothing there."""
    path.symlink_to(bystander.with_name("nothing"))


def link_to_itself(path: Path, bystander: Path) -> None:
    """Put a link there that leads nowhere."""
    path.symlink_to(path)


_REPLACEMENTS = (lost, empty, directory, pipe, link, dangling_link, link_to_itself)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
