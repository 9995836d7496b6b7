"""What the numbers of a training run depend on, and whether a resumed run has it all.

Each checkpoint carries the settings; resuming compares them, so that a run never goes
on as another one. The number of epochs, patience, steps a call, the reporter, the
callback and the run's place on disk may change: no number of an epoch follows from
them.
"""

import platform
import warnings
from collections.abc import Collection, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import jax

from seqconv_jax import _checks
from seqconv_jax._checks import UserError
from seqconv_jax.train.batches import DeviceData
from seqconv_jax.train.describe import describe, fingerprint

Settings = dict[str, Any]
"""Plain values by path, such as `"batch_size"` and `"model.dropout"`; None is unset."""

SETTINGS = (
    *("seed", "batch_size", "steps_per_epoch", "order", "monitor", "mode"),
    *("ema_decay", "loss", "metrics", "model", "optimizer", "plateau", "data", "jax"),
)
_BY_INSPECTION = {"loss", "metrics", "model", "optimizer", "plateau"}
_PACKAGES = ("flax", "jax", "numpy", "optax", "seqconv-jax")
_SHOWN = 5  # differences that one message lists
_JAX = (
    *("jax_enable_x64", "jax_default_prng_impl", "jax_threefry_partitionable"),
    "jax_default_matmul_precision",
)


def fit_settings(task: Any, **settings: Any) -> Settings:
    """Return what a run's numbers depend on, by path.

    Functions (the optimiser, losses, initialisers) are described by name and by what
    they close over; see `seqconv_jax.train.describe`.

    Args:
        task: the data, told by the checksums of its arrays.
        **settings: the others of `SETTINGS`, by name.
    """
    found: Settings = {}
    for name, value in settings.items():
        found |= describe(value, name)
    found["order"] = "with replacement" if task.replacement else "a permutation"
    for name in (*DeviceData._fields, "train", "validation"):
        array = getattr(task, name, None)
        if array is not None:
            found[f"data.{name}"] = fingerprint(array)
    for name in _JAX:
        found[f"jax.{name.removeprefix('jax_')}"] = getattr(jax.config, name, None)
    return found


@cache
def versions() -> dict[str, str]:
    """Return the versions that a description by inspection depends on."""
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:  # used from a checkout
            continue
    return found


def check_may_change(names: Collection[str]) -> None:
    """Raise unless every name is one of `SETTINGS`."""
    listed = isinstance(names, Collection) and not isinstance(names, str)
    _checks.expect(listed, "may_change", "a list of names", names)
    for name in names:
        _checks.one_of("may_change", name, SETTINGS)


def check_same_fit(
    directory: Path,
    saved: Mapping[str, Any] | None,
    now: Settings,
    may_change: Collection[str] = (),
) -> None:
    """Raise if a resumed run would not be the same one; warn if that can't be told.

    Args:
        directory: the run directory, for the message.
        saved: `{"settings": ..., "versions": ...}` of the run; None for a run of a
            version that kept none.
        now: the settings to go on with.
        may_change: names out of `SETTINGS` of which a difference is a warning.

    Raises:
        UserError: naming what differs.
    """
    if saved is None:
        warnings.warn(
            f"resuming {directory}, which was begun by an earlier version of this "
            "library and does not say what its numbers depend on: whether seed, data, "
            "optimiser and the rest are those of the run is not checked",
            stacklevel=4,
        )
        return
    before = saved["settings"]
    other_versions = saved["versions"] != versions()
    errors, notes = [], []
    for path in _differences(before, now):
        top = path.split(".")[0]
        inspected = other_versions and top in _BY_INSPECTION
        words = f"`{path}` was {_shown(before, path)}, is {_shown(now, path)}"
        (notes if top in may_change or inspected else errors).append(words)
    if errors:
        raise UserError(
            f"cannot resume {directory} with other settings than its own: "
            f"{_listed(errors)}; use the old values, or start a new run (or name them "
            "in `may_change` to go on all the same)"
        )
    if notes:
        warnings.warn(
            f"resuming {directory} with other settings than its own: {_listed(notes)}"
            + ("; versions of packages differ too" if other_versions else ""),
            stacklevel=4,
        )


def _listed(words: list[str]) -> str:
    more = len(words) - _SHOWN
    return "; ".join(words[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _differences(before: Settings, now: Settings) -> list[str]:
    """Return the paths whose values differ, without those below one that does."""
    paths = dict.fromkeys([*now, *before])
    differ = {path for path in paths if before.get(path) != now.get(path)}
    return [path for path in paths if path in differ and not differ & _above(path)]


def _above(path: str) -> set[str]:
    parts = path.split(".")
    return {".".join(parts[:length]) for length in range(1, len(parts))}


def _shown(settings: Settings, path: str) -> str:
    if settings.get(path) is not None:
        return repr(settings[path])[:80]
    return "set" if any(each.startswith(f"{path}.") for each in settings) else "unset"
