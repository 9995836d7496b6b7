"""The libraries that only reading and writing files of others needs."""

import importlib
from typing import Any

from seqconv_jax._checks import UserError


def import_extra(name: str) -> Any:
    """Import a module of the extra `interop`, or say how to install it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        library = name.split(".")[0]
        raise UserError(
            f"this needs {library}: pip install 'seqconv-jax[interop]'"
        ) from error
