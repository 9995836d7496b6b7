"""A directory of `--seeds` N holds the runs of N seeds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqconv_jax._seeds import seed_folder
from seqconv_jax.runs.content import CONFIG

__all__ = ["run_folders"]


def run_folders(
    path: Path, config: Mapping[str, Any], summary: Mapping[str, Any] | None
) -> list[Path]:
    """Return the run directories that a directory stands for.

    Args:
        path: the directory of a run, or of the runs of several seeds.
        config: what its `config.json` holds.
        summary: likewise; None where there is none yet.

    Returns:
        The directory itself if it is that of a run; else those of its seeds, as many as
        have begun.
    """
    found = (each.get("seeds") for each in (summary or {}, config))
    seeds = next((each for each in found if isinstance(each, list)), None)
    if seeds is None:
        return [path]
    folders = [path / seed_folder(seed) for seed in seeds if isinstance(seed, int)]
    return [folder for folder in folders if (folder / CONFIG).exists()]
