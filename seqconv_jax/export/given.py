"""What is exported, where to, and the libraries that it takes."""

import importlib
import os
from pathlib import Path
from typing import Any

from seqconv_jax import _checks
from seqconv_jax._checks import UserError
from seqconv_jax.runs import Predictor, load

__all__ = ["import_extra", "new_file", "predictor_of"]


def predictor_of(run: Any) -> Predictor:
    """Return a predictor, or that of a run directory.

    Raises:
        UserError: for anything else, and as `runs.load`.
    """
    if isinstance(run, Predictor):
        return run
    is_path = isinstance(run, str | os.PathLike)
    _checks.expect(is_path, "run", "a run directory or a Predictor", run)
    return load(run)


def new_file(path: str | os.PathLike[str]) -> Path:
    """Return the path of a file to write.

    Raises:
        UserError: if it is a folder, or lies in none.
    """
    _checks.path("path", path)
    file = Path(path).expanduser()
    _checks.expect(not file.is_dir(), "path", "a file, no folder", str(path))
    _checks.expect(file.parent.is_dir(), "path", "in a folder that exists", str(path))
    return file


def import_extra(name: str, extra: str) -> Any:
    """Import a module of an extra, or say how to install it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UserError(
            f"this needs {name}: pip install 'seqconv-jax[{extra}]'"
        ) from error
