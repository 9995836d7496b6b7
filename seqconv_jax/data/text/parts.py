"""Which texts are for training, validation and testing, and what classes they have."""

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.classes import Classes
from seqconv_jax.data.split import stratified
from seqconv_jax.data.text.corpus import PARTS, Corpus, check_classes
from seqconv_jax.data.text.texts import Texts

__all__ = ["check_counts", "classes_of", "rows_of_parts"]


def rows_of_parts(
    corpus: Corpus, rates: dict[str, float], seed: int, where: str
) -> dict[str, np.ndarray]:
    """Return the rows of each part: as the source says, or drawn by a rate."""
    if len(corpus.codes) != len(corpus):
        raise UserError(f"{where}: some parts have labels and some have none")
    rows = {
        part: np.flatnonzero(corpus.parts == PARTS.index(part))
        for part in ("validation", "test")
    }
    left = corpus.parts <= PARTS.index("train")
    drawn = [part for part in ("test", "validation") if not len(rows[part])]
    drawn = [part for part in drawn if rates.get(part) != 0]
    for at, part in enumerate(drawn):
        among = np.flatnonzero(left)
        chosen = stratified(
            corpus.codes[among],
            rates[part],
            seed,
            part,
            fewest=len(drawn) - at + 1,
        )
        rows[part] = among[chosen]
        left[rows[part]] = False
    rows["train"] = np.flatnonzero(left)
    if not len(rows["train"]):
        raise UserError(f"{where} has no text to train on")
    return {part: each.astype(np.int32) for part, each in rows.items()}


def classes_of(corpus: Corpus, several: bool, where: str) -> tuple[Classes, np.ndarray]:
    """Return the classes of all labels, and the targets of all rows."""
    names: set[str] = set()
    for label in corpus.labels:
        names.update(label if isinstance(label, tuple) else (label,))
        check_classes(len(names), where)
    least = 1 if several else 2
    if len(names) < least:
        only = "".join(f", all {name!r}" for name in names)
        raise UserError(
            f"{where} must have labels of at least {least} classes, got "
            f"{len(names)}{only}"
        )
    if not several and len(names) > max(2, len(corpus) // 2):
        raise UserError(
            f"{where} has {len(names):,} different labels for {len(corpus):,} texts; "
            "is the label column one of classes?"
        )
    classes = Classes.of(names if not several else [tuple(names)], several)
    return classes, classes.targets(corpus.labels)[corpus.codes]


def check_counts(
    counts: dict[str, tuple[int, int, int]], rows: dict[str, np.ndarray], texts: Texts
) -> None:
    """Raise for a class that a part does not have; of several labels, only train."""
    for at, part in enumerate(("train", "validation", "test")):
        if not len(rows[part]) or (texts.several and part != "train"):
            continue
        missing = [name for name, each in counts.items() if not each[at]]
        if missing:
            some = ", ".join(
                f"{name!r} ({sum(counts[name]):,} in all)" for name in missing[:5]
            )
            raise UserError(
                f"{texts.where}: every class must have texts in {part}, got none of "
                f"{len(missing):,} of {len(counts):,}: {some}; join classes, leave "
                f"them out, or give another part as {part}="
            )
