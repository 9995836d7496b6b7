"""What goes wrong in a command, in one line and with an exit status."""

import contextlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from seqconv_jax._checks import UserError

OUT_OF_MEMORY = "out of memory; take fewer examples at a time"


def call_or_exit(
    main: Callable[[], Any],
    *,
    worded: Callable[[str], str] = str,
    out_of_memory: str = OUT_OF_MEMORY,
) -> None:
    """Call `main`, and word what goes wrong, and each warning, in one line.

    Exit status: 2 for a mistake in the arguments or the data, 1 for numbers that are
    not finite or no memory, 128 + the signal's number for a stop. The environment
    variable SEQCONV_TRACEBACK=1 shows tracebacks.

    Args:
        main: what the command does.
        worded: returns a message of the library as this command line says it, with
            flags for arguments.
        out_of_memory: what to say of that.
    """
    if os.environ.get("SEQCONV_TRACEBACK") == "1":
        main()
        return
    try:
        with _warnings_in_one_line(worded):
            main()
    except UserError as error:
        exit_with(f"error: {worded(str(error))}", 2)
    except BrokenPipeError:  # whoever read the output has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + 13)
    except OSError as error:
        exit_with(f"error: {error.strerror or error}: {error.filename or ''}", 2)
    except KeyboardInterrupt as stop:
        signum = getattr(stop, "signum", 2)
        remedy = "; continue with --resume" if getattr(stop, "saved", False) else ""
        exit_with(f"{str(stop) or 'stopped'}{remedy}", 128 + signum)
    except ArithmeticError as error:
        exit_with(f"error: {error}", 1)
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "RESOURCE_EXHAUSTED" not in str(error):
            raise
        exit_with(f"error: {out_of_memory}", 1)


@contextlib.contextmanager
def _warnings_in_one_line(worded: Callable[[str], str]) -> Iterator[None]:
    """Print what users are warned of without the line of code that does."""
    with warnings.catch_warnings():
        plain = warnings.showwarning

        def show(message, category, *place, **options):
            if not issubclass(category, UserWarning):
                return plain(message, category, *place, **options)
            text = " ".join(worded(str(message)).split())
            print(f"warning: {text}", file=sys.stderr, flush=True)

        warnings.showwarning = show
        yield


def exit_with(message: str, status: int) -> NoReturn:
    """Print one line as an error, and end the process."""
    print(" ".join(message.split()), file=sys.stderr)
    sys.exit(status)
