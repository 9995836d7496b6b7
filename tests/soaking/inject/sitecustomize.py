"""Faults inside any Python process, at a chosen use of the files below a directory.

The environment variable SOAK_FAULT holds a JSON object: `root`, the directory; `first`
and `last`, which uses of files meet the fault, counted from 1; `action`: "kill",
"signal" or "error" with a `number`, or "none"; `reads`, whether what counts is reading
instead of changing; and perhaps `count_to`, a file for how many of either there were.
"""

import atexit
import json
import os
import signal
import sys

_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"}
_READS = {"os.listdir", "os.scandir"}


def _install(fault: dict) -> None:
    root = fault["root"]
    uses = {"changes": 0, "reads": 0}
    counted = "reads" if fault.get("reads") else "changes"

    def hook(event: str, arguments: tuple) -> None:
        use = _use(event, arguments)
        if use is None:
            return
        path = _path(event, arguments)
        if not path.startswith(root):
            return
        uses[use] += 1
        if use == counted and fault["first"] <= uses[use] <= fault["last"]:
            _act(fault, path)

    if "count_to" in fault:
        atexit.register(_write, fault["count_to"], uses)
    sys.addaudithook(hook)


def _write(path: str, uses: dict) -> None:
    with open(path, "w") as file:
        json.dump(uses, file)


def _use(event: str, arguments: tuple) -> "str | None":
    if event == "open":
        return "changes" if _changes(arguments) else "reads"
    if event in _CHANGES:
        return "changes"
    return "reads" if event in _READS else None


def _changes(arguments: tuple) -> bool:
    _, mode, flags = arguments
    if isinstance(mode, str):
        return bool(set(mode) & set("wax+"))
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))


def _path(event: str, arguments: tuple) -> str:
    path = arguments[0]
    if isinstance(path, int) or path is None:
        return ""
    path = os.fsdecode(path)
    descriptor = {"os.remove": 1, "os.rmdir": 1, "os.mkdir": 2}.get(event)
    if descriptor is not None and len(arguments) > descriptor and path[:1] != "/":
        number = arguments[descriptor]
        if isinstance(number, int) and number >= 0:
            path = os.path.join(os.readlink(f"/proc/self/fd/{number}"), path)
    return path


def _act(fault: dict, path: str) -> None:
    if fault["action"] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif fault["action"] == "signal":
        os.kill(os.getpid(), fault["number"])
    elif fault["action"] == "error":
        raise OSError(fault["number"], os.strerror(fault["number"]), path)


if "SOAK_FAULT" in os.environ:
    _install(json.loads(os.environ["SOAK_FAULT"]))
