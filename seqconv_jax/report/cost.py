"""What a run took: parameters, time, memory, and where it ran."""

import statistics
from collections.abc import Callable, Sequence

from seqconv_jax.report.html import Html, el
from seqconv_jax.report.record import RunRecord
from seqconv_jax.report.tables import chip, head, table
from seqconv_jax.report.words import duration, number

__all__ = ["cost_section", "seconds_of"]

_MEMORY = {"peak_memory_bytes": "", "peak_device_bytes": " on the device"}


def cost_section(runs: Sequence[RunRecord]) -> Html:
    """Return the costs of each run beside those of the others."""
    rows: list[tuple[str, Callable[[RunRecord], str]]] = [
        ("parameters", _parameters),
        ("epochs", _epochs),
        ("training time", _time),
        ("examples a second", _speed),
        ("peak memory", _memory),
        ("device", lambda run: _environment(run, "device")),
        ("platform", lambda run: _environment(run, "platform")),
        ("Python", lambda run: _environment(run, "python")),
        ("versions", _versions),
    ]
    body = []
    for name, of_run in rows:
        cells = [of_run(run) for run in runs]
        if any(cells):
            made = [el("td", cell or "–") for cell in cells]
            body.append(el("tr", el("th", name, scope="row"), made))
    several = any(run.seeds > 1 for run in runs)
    caption = "Times of several seeds are those of all" if several else "Cost"
    heads = head("", *([chip(run.number), run.name] for run in runs))
    made = table(caption, heads, body, class_="wide long", seen=several)
    return el("section", el("h2", "Cost"), made, id="cost")


def seconds_of(run: RunRecord) -> float | None:
    """Return the training time of all epochs of all seeds, if one has ended."""
    records = [record for history in run.histories for record in history]
    known = [r["seconds"] for r in records if isinstance(r.get("seconds"), float | int)]
    return sum(known) if known else None


def _parameters(run: RunRecord) -> str:
    count = run.scores.get("parameters")
    return "" if count is None else f"{count:,.0f}"


def _epochs(run: RunRecord) -> str:
    counts = sorted({len(history) for history in run.histories if history})
    done = " to ".join(
        str(count) for count in dict.fromkeys([*counts[:1], *counts[-1:]])
    )
    best = run.summary.get("best_epoch")
    return done + (f", the best is {best}" if isinstance(best, int) else "")


def _time(run: RunRecord) -> str:
    seconds = seconds_of(run)
    if seconds is None:
        return ""
    seeds = f", {run.seeds} seeds" if run.seeds > 1 else ""
    return duration(seconds) + seeds


def _speed(run: RunRecord) -> str:
    """Return the median over epochs; the first one compiles."""
    rates = [
        record["examples_per_second"]
        for history in run.histories
        for record in (history[1:] or history)
        if isinstance(record.get("examples_per_second"), float | int)
    ]
    return f"{statistics.median(rates):,.0f}" if rates else ""


def _memory(run: RunRecord) -> str:
    held = {where: run.scores.get(name) for name, where in _MEMORY.items()}
    return ", ".join(
        f"{number(round(count / 2**20))} MiB{where}"
        for where, count in held.items()
        if isinstance(count, float | int)
    )


def _environment(run: RunRecord, name: str) -> str:
    return str(run.config.get(name) or "")


def _versions(run: RunRecord) -> str:
    versions = run.config.get("versions")
    if not isinstance(versions, dict):
        return ""
    return ", ".join(
        f"{name} {version}" for name, version in versions.items() if version
    )
