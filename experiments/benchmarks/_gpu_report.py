"""The tables of `gpu.py`, of whatever has been measured so far."""

from typing import Any

from _peers import OURS, PEERS
from _report import MEASURES, limits, markdown, number, ratios
from _timing import Spread, quartiles, ratio
from _workloads import WORKLOADS


def text(report: dict[str, Any]) -> str:
    """Return the Markdown file: medians, with their quartiles in brackets."""
    machine, settings = report["machine"], report["settings"]
    versions = ", ".join(f"{k} {v}" for k, v in machine["versions"].items())
    about = (
        f"{machine['device']}, {machine['processor']} with {machine['threads']} "
        f"threads, products in {settings['precision']}; Python {machine['python']}, "
        f"{versions}. Medians, with quartiles in brackets; ratios with a 95 % interval."
    )
    blocks = [about]
    for name, section in SECTIONS.items():
        if found := report["parts"].get(name):
            blocks += section(found, report)
    if report["failed"]:
        failed = [f"- {name}: {why}" for name, why in report["failed"].items()]
        blocks.append("Failed:\n\n" + "\n".join(failed))
    return "\n\n".join(blocks) + "\n"


def brief(found: dict[str, Any]) -> str:
    """Return the one figure of a measurement that says most; empty for none."""
    match found:
        case {"seconds": list(seconds)}:
            return f": {number(quartiles(seconds).median * 1e3)} ms a step"
        case {"seconds": {"train": steps}}:
            ours = number(quartiles(steps[OURS]).median * 1e3)
            return f": {ours} ms a step, {len(steps) - 1} peers"
    return ""


def rates(found: dict[str, Any]) -> dict[str, Spread]:
    """Return bytes a second of `copy`, and operations a second by precision."""
    work = {"copy": (found["copy"]["bytes"], found["copy"]["seconds"])}
    for name, each in found["products"].items():
        work[name] = (each["flop"], each["seconds"])
    return {
        name: quartiles([amount / each for each in seconds])
        for name, (amount, seconds) in work.items()
    }


def floor_seconds(parts: dict[str, Any], name: str, precision: str) -> float | None:
    """Return the least time of a workload's step; None where nothing was measured."""
    device = parts.get("device", {})
    if name not in device or "rates" not in device:
        return None
    measured, counted = rates(device["rates"]), device[name]
    arithmetic = counted["flop"] / measured[precision].median
    return max(arithmetic, counted["bytes"] / measured["copy"].median)


def step_seconds(parts: dict[str, Any], name: str) -> list[float] | None:
    """Return the seconds of our step inside a call of many; None for not measured."""
    for part, key in (("profile", name), ("seeds", f"{name}, 1")):
        if key in parts.get(part, {}):
            return parts[part][key]["seconds"]
    return None


def _title(name: str) -> str:
    name, _, seeds = name.partition("-")
    title = f"{name} {WORKLOADS[name].title}"
    return f"{title}, {seeds} seeds" if seeds else title


def _device(found: dict[str, Any], report: dict[str, Any]) -> list[str]:
    if "rates" not in found:
        return []
    measured = rates(found["rates"])
    head = ["copy, GB/s read and written"]
    head += [f"products in {name}, TFLOP/s" for name in found["rates"]["products"]]
    scales = [1e9] + [1e12] * (len(measured) - 1)
    cells = [
        limits(each, scale)
        for each, scale in zip(measured.values(), scales, strict=True)
    ]
    parts, precision = report["parts"], report["settings"]["precision"]
    floor_head = ["workload", "GFLOP", "MB", "moving, ms"]
    floor_head += [f"arithmetic in {name}, ms" for name in found["rates"]["products"]]
    floor_head += [f"floor in {precision}, ms", "our step, many a call, ms", "× floor"]
    rows = []
    for name, each in found.items():
        if name == "rates":
            continue
        least = floor_seconds(parts, name, precision) or 0.0
        seconds = step_seconds(parts, name)
        spread = quartiles(seconds) if seconds else None
        rows.append(
            [
                _title(name),
                number(each["flop"] / 1e9),
                number(each["bytes"] / 1e6),
                number(each["bytes"] / measured["copy"].median * 1e3),
                *(
                    number(each["flop"] / measured[kind].median * 1e3)
                    for kind in found["rates"]["products"]
                ),
                number(least * 1e3),
                limits(spread, 1e-3) if spread else "",
                number(spread.median / least) if spread else "",
            ]
        )
    return ["## Rates and floors", markdown(head, [cells]), markdown(floor_head, rows)]


def _peers(found: dict[str, Any], report: dict[str, Any]) -> list[str]:
    steps = report["settings"]["epoch_steps"]
    blocks = [
        "## Beside peers",
        f"An epoch is {steps} steps, its data included; ratios are to our time.",
    ]
    head = ["", *(f"{title}, {unit}" for title, unit, _ in MEASURES.values())]
    head += ["step in an epoch, ms", "does not do"]
    for name, result in found.items():
        seconds = result["seconds"]
        rows = []
        for peer in seconds["train"]:
            cells = [PEERS[peer].title]
            for measure, (_, _, scale) in MEASURES.items():
                cell = limits(quartiles(seconds[measure][peer]), scale)
                against = ratios(seconds[measure])
                if peer in against:
                    cell += f"; {limits(against[peer])} ×"
                cells.append(cell)
            cells.append(limits(quartiles(seconds["epoch"][peer]), steps * 1e-3))
            rows.append([*cells, result["notes"][peer]])
        blocks.append(f"{_title(name)}, {report['data'].get(name, '')}")
        blocks.append(markdown(head, rows))
        blocks += [
            f"{PEERS[peer].title} failed: {why}"
            for peer, why in result["failed"].items()
        ]
    return blocks


def kernel_pairs(found: dict[str, Any]) -> dict[str, dict[str, list[float]]]:
    """Return seconds by implementation, for each thing that both were timed at."""
    pairs: dict[str, dict[str, list[float]]] = {}
    for name, each in found.items():
        what = name.removesuffix(f", {each['implementation']}")
        pairs.setdefault(what, {})[each["implementation"]] = each["seconds"]
    return pairs


def _kernels(found: dict[str, Any], report: dict[str, Any]) -> list[str]:
    head = ["", "fused, ms", "XLA's loop, ms", "the loop takes"]
    rows = []
    for what, pair in kernel_pairs(found).items():
        cells = [
            limits(quartiles(pair[each]), 1e-3) if each in pair else "not measured"
            for each in ("fused", "xla")
        ]
        both = len(pair) == 2
        times = f"{limits(ratio(pair['xla'], pair['fused']))} ×" if both else ""
        rows.append([what, *cells, times])
    return ["## A GRU's loop", markdown(head, rows)]


def _seeds(found: dict[str, Any], report: dict[str, Any]) -> list[str]:
    head = ["workload", "seeds at once", "step of all, ms", "times one seed's"]
    head += ["ms a seed"]
    rows = []
    for each in found.values():
        alone = found.get(f"{each['workload']}, 1")
        spread = quartiles(each["seconds"])
        times = limits(ratio(each["seconds"], alone["seconds"])) if alone else ""
        rows.append(
            [
                _title(each["workload"]),
                str(each["seeds"]),
                limits(spread, 1e-3),
                times,
                number(spread.median / each["seeds"] * 1e3),
            ]
        )
    return ["## Several seeds at once", markdown(head, rows)]


def _profile(found: dict[str, Any], report: dict[str, Any]) -> list[str]:
    head = ["workload", "kernels a step", "in kernels, ms", "between them, ms"]
    head += ["traced step, ms", "step without profile, ms"]
    rows = [
        [
            _title(name),
            number(each["kernels_a_step"]),
            number(each["busy_ms"]),
            number(each["between_ms"]),
            number(each["traced_ms"]),
            limits(quartiles(each["seconds"]), 1e-3),
        ]
        for name, each in found.items()
    ]
    note = (
        "Of a step in a call of many. XLA may start kernels one by one while a "
        "profiler looks, which otherwise are one CUDA graph: then the time between "
        "them is longer than without it."
    )
    blocks = ["## Profile", note, markdown(head, rows)]
    head = ["kernel", "a step", "ms a step", "µs a call", "operation"]
    for name, each in found.items():
        rows = [
            [
                f"`{row['kernel']}`",
                number(row["calls_a_step"]),
                number(row["ms_a_step"]),
                number(row["microseconds_a_call"]),
                "; ".join(f"`{op}`" for op in row["ops"]).replace("|", "/"),
            ]
            for row in each["top"]
        ]
        blocks += [f"{_title(name)}, those that take longest", markdown(head, rows)]
    return blocks


def _scatter(found: dict[str, Any], report: dict[str, Any]) -> list[str]:
    rows = [
        [name, limits(quartiles(seconds), 1e-3)]
        for name, seconds in found["seconds"].items()
    ]
    head = ["an embedding's gradient, 64,000 ids, 10,000 × 128", "ms"]
    return ["## Scatter-add", markdown(head, rows)]


SECTIONS = {
    "device": _device,
    "peers": _peers,
    "kernels": _kernels,
    "seeds": _seeds,
    "profile": _profile,
    "scatter": _scatter,
}
