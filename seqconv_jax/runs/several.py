"""A directory of `--seeds` N holds the runs of N seeds."""

from pathlib import Path

from seqconv_jax._seeds import seed_folder
from seqconv_jax.runs.content import CONFIG, SUMMARY
from seqconv_jax.runs.sealed import read_config, read_summary

__all__ = ["run_folders"]


def run_folders(path: Path) -> list[Path]:
    """Return the run directories that a directory stands for.

    Args:
        path: the directory of a run, or of the runs of several seeds.

    Returns:
        The directory itself if it is that of a run; else those of its seeds, as many as
        have begun.

    Raises:
        UserError: for a directory of no run, and for damaged files.
    """
    summary, config = read_summary(path / SUMMARY), read_config(path / CONFIG)
    seeds = (summary or {}).get("seeds", config.get("seeds"))
    if not isinstance(seeds, list):
        return [path]
    folders = [path / seed_folder(seed) for seed in seeds if isinstance(seed, int)]
    return [folder for folder in folders if (folder / CONFIG).exists()]
