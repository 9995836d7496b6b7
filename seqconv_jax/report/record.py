"""What run directories hold, read once for a page."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from seqconv_jax._checks import UserError
from seqconv_jax.report.answers import read_answers
from seqconv_jax.report.words import setting
from seqconv_jax.runs import CONFIG, HISTORY, SUMMARY
from seqconv_jax.runs.sealed import read_config, read_lines, read_summary
from seqconv_jax.runs.several import run_folders

__all__ = ["RunRecord", "by_task", "read_runs"]

Record = Mapping[str, Any]
_VALIDATION = "val_"


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One run, or the runs of several seeds in one directory.

    Attributes:
        name: what to call it, different for each run of a page.
        number: which run of the page it is, from 0; its colour follows.
        path: the run directory.
        config: what it was asked.
        summary: how it ended; `{}` where it has not.
        histories: the epochs of each seed's run; of one run its own.
        folders: the directory of each seed's run; of one run its own.
        answers: what it says about some test examples; None where it kept nothing.
        answers_of: what the answers are about, in words.
        unfinished: why there is no whole result, in words; "" where there is.
    """

    name: str
    number: int
    path: Path
    config: Record
    summary: Record
    histories: Sequence[Sequence[Record]]
    folders: Sequence[Path]
    answers: Record | None = field(default=None, repr=False)
    answers_of: str = ""
    unfinished: str = ""

    @property
    def seeds(self) -> int:
        """How many seeds' scores it has; 1 for one run."""
        return len(self.folders)

    @property
    def scores(self) -> Record:
        """Its summary; of several seeds the means of what all of them have.

        Without a summary the validation scores of the last epoch.
        """
        if not self.summary:
            last = next((h[-1] for h in self.histories if h), {})
            return {k: v for k, v in last.items() if k.startswith(_VALIDATION)}
        found = self.summary.get("scores")
        if not isinstance(found, Mapping):
            return self.summary
        return {name: score["mean"] for name, score in found.items()}

    def interval(self, name: str) -> tuple[float, float] | None:
        """Return the 95 % interval of a score over seeds, where there are several."""
        found = self.summary.get("scores")
        score = found.get(name) if isinstance(found, Mapping) else None
        if not score or score.get("low") is None:
            return None
        return score["low"], score["high"]

    @cached_property
    def details(self) -> Record:
        """The summary of its first seed: what no mean is taken of, such as a unit."""
        if self.folders == [self.path]:
            return self.summary
        first = self.folders[0] if self.folders else self.path
        return read_summary(first / SUMMARY) or {}

    @property
    def task(self) -> str:
        """What it is about, in a line; "" where nobody knows."""
        answers, details = self.answers or {}, self.details
        horizon = self.config.get("real_horizon") or details.get("horizon")
        if answers.get("kind") == "forecast":
            targets = ", ".join(answers["targets"])
            return f"Forecasts of {targets}, {answers['horizon']} ahead"
        if horizon:
            target = self.config.get("target")
            of = f" of {setting(target)}" if target else ""
            return f"Forecasts{of}, {horizon} ahead"
        names = answers.get("classes") or details.get("classes")
        if names:
            shown = ", ".join(map(str, names[:6])) + (", …" if len(names) > 6 else "")
            return f"{len(names)} classes: {shown}"
        return ""

    @property
    def generated(self) -> bool:
        """Whether it was trained on a generated stand-in."""
        sources = (self.details.get("data_source"), self.config.get("data_source"))
        return "generated" in sources


def read_runs(paths: Sequence[str | os.PathLike[str]]) -> list[RunRecord]:
    """Return what each run directory holds.

    Raises:
        UserError: for none, for the same one twice, for what is no run, and for one of
            which a file is damaged.
    """
    places = [Path(path).expanduser().absolute() for path in paths]
    if not places:
        raise UserError("`runs` must be one run directory at least, got none")
    for place in places:
        if places.count(place) > 1:
            raise UserError(f"{place} is given twice; give each run once")
        if not place.is_dir():
            raise UserError(f"{place} is no run directory: it does not exist")
    names = short_names(places)
    return [
        _read(place, name, number)
        for number, (place, name) in enumerate(zip(places, names, strict=True))
    ]


def by_task(runs: Sequence[RunRecord]) -> list[list[RunRecord]]:
    """Return runs in groups of one task and one file of data, which are comparable."""
    groups: dict[tuple[str, str], list[RunRecord]] = {}
    for run in runs:
        data = run.config.get("data_sha256") or ""
        groups.setdefault((run.task, str(data)), []).append(run)
    return list(groups.values())


def short_names(places: Sequence[Path]) -> list[str]:
    """Return the last parts of paths, as many as tell them apart.

    >>> short_names([Path("/runs/gru/0"), Path("/runs/conv/0")])
    ['gru/0', 'conv/0']
    >>> short_names([Path("/runs/gru")])
    ['gru']
    """
    deepest = max(len(place.parts) for place in places)
    names = [str(place) for place in places]
    for count in range(1, deepest + 1):
        names = [str(Path(*place.parts[-count:])) for place in places]
        if len(set(names)) == len(names):
            break
    return names


def _read(path: Path, name: str, number: int) -> RunRecord:
    config = read_config(path / CONFIG)
    summary = read_summary(path / SUMMARY)
    folders = run_folders(path, config, summary)
    several = folders != [path]
    if several and folders:  # each knows its data and its device as well
        config = {**read_config(folders[0] / CONFIG), **config}
    histories = [read_lines(folder / HISTORY) for folder in folders]
    answers = read_answers(path)
    about = "of the test examples"
    if answers is None and several:
        for folder in folders:
            if (answers := read_answers(folder)) is not None:
                about = f"of the test examples, by {folder.name}"
                break
    return RunRecord(
        name=name,
        number=number,
        path=path,
        config=config,
        summary=summary or {},
        histories=histories,
        folders=folders,
        answers=answers,
        answers_of=about,
        unfinished=_unfinished(config, summary, histories),
    )


def _unfinished(
    config: Record, summary: Record | None, histories: Sequence[Sequence[Record]]
) -> str:
    if summary is None:
        done = max(map(len, histories), default=0)
        epochs = config.get("epochs")
        of = f" of {epochs}" if isinstance(epochs, int) else ""
        word = "without a summary" if of == "" or done == epochs else "unfinished"
        return (
            f"{word}: {done}{of} epochs have ended, and it has no test scores; "
            "validation scores are those of the last one"
        )
    left = summary.get("without_scores")
    if left:
        return f"without scores: seeds {', '.join(map(str, left))}"
    return ""
