"""A process that runs cases one after the other: a line in, a line out.

    python -m soaking.worker SCRATCH SEED

It reads `KIND NUMBER` and answers with a `Result`. Kinds are made ready when they are
first asked for; number -1 asks for no more. Whoever started it watches the time, and
starts another if it dies.
"""

import os
import resource
import shutil
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

from soaking.cases import CRASH, LOST, REFUSED, RIGHT, ROOT, Result, one_line, random_of

LONGEST_MESSAGE = 1000
MOST_MEMORY = 1_000_000_000  # more than what the process had before the case


def main(arguments: list[str]) -> None:
    """Answer until there is nothing more to read."""
    scratch, seed = Path(arguments[0]), int(arguments[1])
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints is no answer
    warnings.simplefilter("ignore")
    kinds: dict[str, Any] = {}
    for line in sys.stdin:
        name, number = line.split()
        if name not in kinds:
            folder = scratch / f"valid-{name}"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            kinds[name] = kind_of(name, folder)
            limit_memory()
        result = Result(name, -1, RIGHT)
        if number != "-1":
            result = run_case(kinds[name], name, int(number), seed, scratch / "case")
        print(result.to_json(), file=answers)


def kind_of(name: str, folder: Path) -> Any:
    """Return a kind that is ready: its valid files are made and have been read."""
    from soaking.directories import DIRECTORIES
    from soaking.readers import READERS, FileKind

    if name in READERS:
        return FileKind(READERS[name], folder)
    return DIRECTORIES[name](folder)


def run_case(kind: Any, name: str, number: int, seed: int, folder: Path) -> Result:
    """Run one case in a fresh folder, which is left there."""
    remove_tree(folder)
    folder.mkdir(parents=True)
    rng = random_of(seed, name, number)
    case, how = kind.damage(rng, folder)
    (folder.parent / "how.txt").write_text(how)  # for one that never answers
    before = reset_peak()
    started = time.perf_counter()
    outcome, what, place, detail = judged(kind, case)
    seconds = time.perf_counter() - started
    memory = max(0, peak_memory() - before)
    if memory > MOST_MEMORY and outcome != CRASH:
        outcome, what, place = CRASH, f"took {memory >> 20} MiB", "memory"
    return Result(*(name, number, outcome, how, what, place, seconds, memory, detail))


def judged(kind: Any, case: Any) -> tuple[str, str, str, str]:
    """Run a case; return the outcome, what was wrong, where, and a traceback."""
    from seqconv_jax import UserError

    try:
        outcome, what = kind.run(case)
        return outcome, what, words_of(what) if outcome == LOST else "", ""
    except UserError as error:
        message = str(error)
        if len(message) > LONGEST_MESSAGE or len(message.splitlines()) != 1:
            size = f"{len(message)} characters on {len(message.splitlines())} lines"
            what = f"a message of {size}: {one_line(message)}"
            place = f"message, {place_of(error)}"
            return CRASH, what, place, "".join(traceback.format_exception(error))[:9999]
        return REFUSED, one_line(message), "", ""
    except BaseException as error:
        what = one_line(f"{type(error).__name__}: {error}")
        place = f"{type(error).__name__}, {place_of(error)}"
        return CRASH, what, place, "".join(traceback.format_exception(error))[:9999]


def words_of(text: str) -> str:
    """Return a difference without its numbers, to tell one kind from another."""
    return " ".join(word for word in text.split()[:8] if word.isalpha())


def place_of(error: BaseException) -> str:
    """Return the innermost line of the library that an exception passed."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if f.filename.startswith(f"{ROOT}/seqconv_jax")]
    if not ours:
        ours = frames or [traceback.FrameSummary("?", 0, "?")]
    last = ours[-1]
    return f"{last.filename.removeprefix(f'{ROOT}/')}:{last.lineno} {last.name}"


def remove_tree(folder: Path) -> None:
    """Remove a folder whatever permissions are in it."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        for parent, _, _ in os.walk(folder):
            os.chmod(parent, 0o700)
        shutil.rmtree(folder)


def limit_memory() -> None:
    """Let a mad allocation fail in this process, not in others."""
    size = int(_status("VmSize")) if sys.platform == "linux" else 0
    if size:
        limit = size + 4 * MOST_MEMORY
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def reset_peak() -> int:
    """Forget the peak of the memory; return what is in use."""
    if sys.platform != "linux":
        return peak_memory()
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def peak_memory() -> int:
    """Return the most memory that this process had, in bytes."""
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return _status("VmHWM")


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    main(sys.argv[1:])
