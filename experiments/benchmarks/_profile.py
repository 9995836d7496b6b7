"""What a profile says: which kernels ran, for how long, and the time between them.

`jax.profiler` writes planes, one for each device and some for the host; a plane has
lines, a GPU's one for each of its streams; a line has events. Reading them is a pure
function of these, `summary`, and needs neither a device nor JAX's classes.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

TOP = 15
KERNEL_CHARACTERS, OP_CHARACTERS = 70, 90
# Where an event may say which operation of the program it is, the best first.
OP_STATS = ("tf_op", "hlo_op", "name", "long_name")
NO_OPERATION = "XlaModule:"  # all that a program without sources says


class Event(NamedTuple):
    """Something that ran.

    Attributes:
        name: of the kernel.
        start: in nanoseconds.
        duration: in nanoseconds.
        stats: what else is known, such as `hlo_op`.
    """

    name: str
    start: float
    duration: float
    stats: Mapping[str, Any]


class Line(NamedTuple):
    """Events that ran one after the other."""

    name: str
    events: Sequence[Event]


class Plane(NamedTuple):
    """The lines of a device, or of the host."""

    name: str
    lines: Sequence[Line]


def planes_of(data: Any) -> list[Plane]:
    """Return the planes of a `jax.profiler.ProfileData` as plain tuples."""
    return [
        Plane(plane.name, [_line_of(line) for line in plane.lines])
        for plane in data.planes
        if plane.name.startswith(("/device:", "/host:CPU"))
    ]


def _line_of(line: Any) -> Line:
    return Line(
        line.name,
        [
            Event(each.name, each.start_ns, each.duration_ns, _stats_of(each))
            for each in line.events
        ],
    )


def _stats_of(event: Any) -> dict[str, Any]:
    return {
        str(name): value
        for name, value in event.stats
        if (name in OP_STATS or name == "hlo_module") and value != NO_OPERATION
    }


def kernels(planes: Iterable[Plane]) -> list[Event]:
    """Return what ran on the device, by its start.

    On a GPU that is what its streams hold, copies among it. Other lines of its planes
    are groups of the same kernels. A CPU has no such plane: there it is the host's
    events that name an operation of a program.
    """
    planes = list(planes)
    events = [
        event
        for plane in planes
        if plane.name.startswith("/device:GPU")
        for line in plane.lines
        if line.name.startswith("Stream")
        for event in line.events
    ]
    if not events:
        events = [
            event
            for plane in planes
            if plane.name.startswith("/host:CPU")
            for line in plane.lines
            for event in line.events
            if "hlo_op" in event.stats
        ]
    return sorted(events, key=lambda event: event.start)


def summary(planes: Iterable[Plane], steps: int) -> dict[str, Any]:
    """Return kernels, times and the longest rows of a stretch of training steps.

    Args:
        planes: of the profile.
        steps: how many training steps ran.

    Returns:
        `kernels_a_step`; `span_ms`, from the first kernel's start to the last one's
        end, `busy_ms`, in which at least one ran, and `between_ms`, in which none did,
        each of a step; and `top`: see `rows`.

    Raises:
        ValueError: where nothing ran.
    """
    events = kernels(planes)
    if not events:
        raise ValueError("the profile holds no kernels")
    busy = _busy(events)
    span = max(each.start + each.duration for each in events) - events[0].start
    scale = 1e-6 / steps
    return {
        "steps": steps,
        "kernels_a_step": len(events) / steps,
        "span_ms": span * scale,
        "busy_ms": busy * scale,
        "between_ms": (span - busy) * scale,
        "top": rows(events, steps)[:TOP],
    }


def _busy(events: Iterable[Event]) -> float:
    """Return in how many nanoseconds at least one of the events ran."""
    total, until = 0.0, float("-inf")
    for event in events:
        end = event.start + event.duration
        total += max(0.0, end - max(event.start, until))
        until = max(until, end)
    return total


def rows(events: Iterable[Event], steps: int) -> list[dict[str, Any]]:
    """Return a row for each kernel, the one that takes longest in all first.

    Each has `kernel`; `calls_a_step`; `ms_a_step`; `microseconds_a_call`; and `ops`,
    what its events say of the operations that they are, the most frequent first.
    """
    times: dict[str, list[float]] = defaultdict(list)
    ops: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for event in events:
        name = short_name(event.name)
        times[name].append(event.duration)
        if op := op_of(event):
            ops[name][op] += 1
    longest = sorted(times, key=lambda name: -sum(times[name]))
    return [
        {
            "kernel": name,
            "calls_a_step": len(times[name]) / steps,
            "ms_a_step": sum(times[name]) * 1e-6 / steps,
            "microseconds_a_call": sum(times[name]) * 1e-3 / len(times[name]),
            "ops": sorted(ops[name], key=lambda op: -ops[name][op])[:3],
        }
        for name in longest
    ]


def short_name(name: str) -> str:
    """Return a kernel's name without its templates' and functions' arguments.

    >>> short_name("void cudnn::norm<float, (int)2>(float const*, int)")
    'cudnn::norm'
    """
    short = name.removeprefix("void ")
    while (less := re.sub(r"<[^<>]*>|\([^()]*\)", "", short)) != short:
        short = less
    return (short.strip() or name)[:KERNEL_CHARACTERS]


def op_of(event: Event) -> str:
    """Return what an event says of its operation: the end of the best; else empty."""
    for name in OP_STATS:
        if value := event.stats.get(name):
            return str(value)[-OP_CHARACTERS:]
    return ""
