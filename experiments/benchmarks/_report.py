"""Tables of the figures, in Markdown."""

from collections.abc import Iterable, Sequence
from typing import Any

from _peers import OURS, PEERS
from _timing import Spread, quartiles, ratio

# What is timed: the key in the JSON file, the column's title, the unit, its seconds.
MEASURES = {
    "train": ("training step", "ms", 1e-3),
    "infer_1": ("inference, batch 1", "ms", 1e-3),
    "infer_128": ("inference, batch 128", "ms", 1e-3),
    "epoch": ("epoch", "s", 1.0),
}


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table.

    >>> print(markdown(["a", "b"], [["1", "2"]]))
    | a | b |
    | --- | --- |
    | 1 | 2 |
    """
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(value: float) -> str:
    """Return three digits.

    >>> number(0.01234), number(1234.5), number(99.96)
    ('0.0123', '1,234', '100')
    """
    if value >= 99.95:
        return f"{value:,.0f}"
    return f"{value:#.3g}".rstrip(".")


def limits(spread: Spread, scale: float = 1.0) -> str:
    """Return a median and its limits: `3.00 (2.00 to 4.00)`."""
    low, median, high = (number(value / scale) for value in spread)
    return f"{median} ({low} to {high})"


def ratios(seconds: dict[str, Sequence[float]]) -> dict[str, Spread]:
    """Return for every other peer how many times longer than we it takes."""
    ours = seconds.get(OURS, ())
    return {
        peer: ratio(theirs, ours)
        for peer, theirs in seconds.items()
        if peer != OURS and ours and len(theirs) == len(ours)
    }


def peer_table(result: dict[str, Any]) -> str:
    """Return the figures of one workload, a row for each peer."""
    seconds = result["seconds"]
    compared = {measure: ratios(seconds[measure]) for measure in MEASURES}
    head = ["", *(f"{title}, {unit}" for title, unit, _ in MEASURES.values())]
    head += ["start-up, s", "peak memory (above imports), MB", "does not do"]
    rows = []
    for peer in seconds["train"]:
        cells = [PEERS[peer].title]
        for measure, (_, _, scale) in MEASURES.items():
            cell = limits(quartiles(seconds[measure][peer]), scale)
            if peer in compared[measure]:
                cell += f"; {limits(compared[measure][peer])} ×"
            cells.append(cell)
        memory = result["memory_megabytes"][peer]
        later = quartiles(seconds["epoch"][peer]).median
        # Of the network, its weights and its programs.
        first = result["build_seconds"][peer] + result["first_epoch_seconds"][peer]
        start_up = max(0.0, first - later)
        cells += [
            number(start_up),
            f"{memory['peak']:,.0f} ({memory['rise']:,.0f})",
            result["notes"][peer],
        ]
        rows.append(cells)
    return markdown(head, rows)


def fastest(result: dict[str, Any], measure: str) -> str | None:
    """Return the fastest of the peers that do the same work as we; None for none."""
    medians = {
        peer: quartiles(values).median
        for peer, values in result["seconds"][measure].items()
        if peer != OURS and not result["notes"][peer]
    }
    return min(medians, key=lambda peer: medians[peer], default=None)


def summary_table(results: dict[str, dict[str, Any]]) -> str:
    """Return a row for each workload: we and the fastest peer that does the same."""
    head = ["workload"]
    for title, unit, _ in MEASURES.values():
        head += [f"{title}, {unit}", "fastest peer takes"]
    head += ["peak memory, MB", "leanest peer's"]
    rows = []
    for name, result in results.items():
        cells = [f"{name} {result['title']}"]
        for measure, (_, _, scale) in MEASURES.items():
            seconds = result["seconds"][measure]
            rival = fastest(result, measure)
            cells.append(limits(quartiles(seconds[OURS]), scale))
            cells.append(
                f"{limits(ratio(seconds[rival], seconds[OURS]))} × "
                f"({PEERS[rival].title})"
                if rival
                else ""
            )
        peaks = {
            peer: each["peak"] for peer, each in result["memory_megabytes"].items()
        }
        cells.append(f"{peaks.pop(OURS):,.0f}")
        leanest = min(peaks, key=lambda peer: peaks[peer], default=None)
        cells.append(
            f"{peaks[leanest]:,.0f} ({PEERS[leanest].title})" if leanest else ""
        )
        rows.append(cells)
    return markdown(head, rows)
