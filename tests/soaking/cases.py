"""What a soak case is, how it can end, and where its random numbers come from."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random

TESTS = Path(__file__).resolve().parents[1]
ROOT = TESTS.parent

RIGHT = "right"  # the result is that of the undamaged or uninterrupted case
REFUSED = "refused"  # one line for the user, nothing lost
READ = "read"  # something was read that nothing outside could have checked
LOST = "lost"  # another result, silently; or something that cannot be had again
CRASH = "crash"  # any exception but a UserError, a traceback, a dead process
HANG = "hang"  # no answer within the limit
FAULTS = (LOST, CRASH, HANG)
OUTCOMES = (REFUSED, RIGHT, READ, *FAULTS)


@dataclass(frozen=True)
class Result:
    """How a case ended.

    Attributes:
        kind: what was tried.
        number: which case of that kind, from 0.
        outcome: one of `OUTCOMES`.
        how: what was done to the file or the process, in words.
        what: the message or the difference, in one line.
        place: what tells one fault from another, such as the line that raised.
        seconds: how long it took.
        memory: bytes that it needed, at its peak.
        detail: more lines, such as a traceback.
        counts: what else to add up, such as processes killed.
    """

    kind: str
    number: int
    outcome: str
    how: str = ""
    what: str = ""
    place: str = ""
    seconds: float = 0.0
    memory: int = 0
    detail: str = ""
    counts: tuple[tuple[str, int], ...] = ()

    @property
    def is_fault(self) -> bool:
        """Whether this is what must not happen."""
        return self.outcome in FAULTS

    def to_json(self) -> str:
        """Return it as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> "Result":
        """Return what `to_json` wrote."""
        fields = json.loads(line)
        counts = tuple((name, count) for name, count in fields.pop("counts"))
        return cls(**fields, counts=counts)


def answered(run: Callable[[str, int], Result], kind: str, number: int) -> Result:
    """Run a case, and once more if no answer came in time: it may be the machine's.

    How often it was is counted, since a deadlock need not come again.
    """
    result = run(kind, number)
    if result.outcome != HANG:
        return result
    again = run(kind, number)
    return replace(again, counts=(*again.counts, ("slow", 1)))


def random_of(seed: int, kind: str, number: int) -> Random:
    """Return the random numbers of a case, a function of these three alone."""
    return Random(f"{seed} {kind} {number}")


def one_line(text: object, most: int = 400) -> str:
    """Return a text without line ends, cut to `most` characters."""
    words = " ".join(str(text).split())
    return words if len(words) <= most else f"{words[:most]} …"
