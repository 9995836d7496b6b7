"""A program of its own: say as JSON what the HDF5 file at its standard input holds.

The HDF5 library may loop for ever, take all memory or crash in bytes that are not what
they claim to be, and no signal handler runs meanwhile. So nobody imports this: `hdf5`
runs it as a process with limits. Only what describes the arrays is read, and no link
is followed.
"""

import contextlib
import faulthandler
import json
import math
import os
import re
import sys
from typing import Any

_ATTRIBUTES = re.compile(r"model_config|keras_version|(layer|weight)_names\d*")
_PASSED_OVER = ("optimizer", "optimizer_weights")
_MOST_ITEMS, _LONGEST = 100_000, 50_000_000
_PROCESSOR_SECONDS, _MEMORY = 2, 1 << 30


def _main() -> None:
    options = json.loads(sys.argv[1])
    # A watchdog thread in C, for when the parent is gone.
    faulthandler.dump_traceback_later(options["seconds"], exit=True)
    sys.path += options["paths"]
    import h5py

    _limit()
    try:
        with h5py.File(sys.stdin.buffer, "r") as file:
            _write({"root": _Listing(h5py).group(file, 0)})
    except Exception as error:
        _write({"damage": str(error) or type(error).__name__})


def _limit() -> None:
    """Have the system end this process when it has used too much."""
    try:
        import resource
    except ImportError:  # on Windows
        return
    seconds = int(sum(os.times()[:2])) + 1 + _PROCESSOR_SECONDS
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_AS: _MEMORY,
    }
    for kind, limit in limits.items():
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (limit, limit))


def _write(result: dict[str, Any]) -> None:
    """Write the result and end at once: closing a damaged file may not end."""
    text = json.dumps(result)
    if len(text) > _LONGEST:
        text = json.dumps({"damage": f"its contents list has {len(text):,} bytes"})
    sys.stdout.write(text)
    sys.stdout.flush()
    os._exit(0)


class _Listing:
    def __init__(self, h5py: Any):
        self.h5py, self.items = h5py, 0

    def group(self, group: Any, depth: int) -> dict[str, Any]:
        attributes = {
            name: self.text(group, name)
            for name in group.attrs
            if _ATTRIBUTES.fullmatch(name)
        }
        names = [n for n in group if depth or n not in _PASSED_OVER]
        self.items += len(names)
        if self.items > _MOST_ITEMS or depth > 30:
            raise ValueError("it has more groups than a model has")
        items = {name: self.item(group, name, depth + 1) for name in names}
        return {"attributes": attributes, "items": items}

    def text(self, group: Any, name: str) -> Any:
        """Return an attribute, unless its size is one to be read for ever."""
        about = group.attrs.get_id(name)
        size = math.prod(about.shape or ()) * max(about.dtype.itemsize, 1)
        if size > _LONGEST:
            raise ValueError(f"attribute {name!r} has {size:,} bytes")
        return _text(group.attrs[name])

    def item(self, group: Any, name: str, depth: int) -> dict[str, Any]:
        link = group.get(name, getlink=True)
        if not isinstance(link, self.h5py.HardLink):
            return {"link": type(link).__name__}
        item = group[name]
        if isinstance(item, self.h5py.Group):
            return self.group(item, depth)
        if not isinstance(item, self.h5py.Dataset):
            return {"link": type(item).__name__}
        return {
            "shape": item.shape,
            "dtype": item.dtype.str,
            "bytes": item.id.get_storage_size(),
            "offset": item.id.get_offset(),
            "external": item.external[0][0] if item.external else None,
            "virtual": item.is_virtual,
        }


def _text(value: Any) -> Any:
    """Return text, or a list of texts; None for anything else."""
    if hasattr(value, "ravel") and getattr(value, "ndim", 0):
        texts = [_text(each) for each in value.ravel()]
        return None if None in texts else texts
    if isinstance(value, bytes):
        value = value.decode()
    return str(value) if isinstance(value, str) else None


if __name__ == "__main__":
    _main()
