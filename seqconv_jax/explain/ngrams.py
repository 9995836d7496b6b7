"""What the filters of a text network look for, over a corpus."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from seqconv_jax._checks import at_most_one, expect, integers, positive_int
from seqconv_jax.explain.families import carrying, threshold
from seqconv_jax.explain.pushed import Pushes, agreement, pushes_of
from seqconv_jax.explain.subject import Subject, subject_of, task_of
from seqconv_jax.explain.tokens import names_of_ids
from seqconv_jax.explain.windows import Filters, best_windows

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FilterNGrams", "ngrams"]

_ANY = "_"


@dataclass(frozen=True, eq=False)
class FilterNGrams:
    """What each filter of a network looks for.

    Attributes:
        filters: a row for each filter, the one with the largest effect first: `filter`
            (its number), `taps`, `pushes to` and by how much (`weight`, of one unit of
            activation), `threshold`, `fires` (the rate of texts whose maximum adds
            anything), `texts` (how many reach the threshold), `effect` (weight times
            activation, the mean over all texts).
        ngrams: a row for each pattern of a filter's n-grams: `filter`, `pushes to`,
            `family` (the places that carry it, from 1), `pattern` (the words at these
            places, `_` for any other), `count` (texts whose maximum it is), `mean` and
            `max` activation, `strongest` (the n-gram of that maximum).
        texts: how many texts were looked at.
    """

    filters: "pd.DataFrame"
    ngrams: "pd.DataFrame" = field(repr=False)
    texts: int

    def top(self, count: int = 3) -> "pd.DataFrame":
        """Return the first patterns of each filter, filters in order of effect."""
        rank = {number: place for place, number in enumerate(self.filters["filter"])}
        some = self.ngrams.groupby("filter", sort=False).head(count)
        return some.sort_values("filter", key=lambda n: n.map(rank), kind="stable")


def ngrams(
    network: Any,
    texts: Any,
    *,
    params: Any = None,
    batch_stats: Any = None,
    top: int = 10,
    least: int = 1,
    purity: float = 0.75,
) -> FilterNGrams:
    """Return the n-grams that fire each filter most, over a corpus.

    A maximum over all steps takes one window of each text, so an n-gram counts in the
    texts whose maximum it is. Of a ReLU only activations above 0 add anything. Beyond
    that the maximum acts as a threshold: a filter tells its class only from some
    activation on, the smallest from which at least `purity` of the texts have the class
    that the filter pushes to (the labels, where they are known, else the answers). A
    filter pushes to the class whose weight in the dense layer is furthest above the
    mean of all classes'; of two classes the sign says which.

    N-grams of a filter are put into families by which places of the window carry the
    activation: the fewest whose products with the taps make up 80 % of all products
    above 0. Within a family, n-grams with the same words there are one pattern.

    Args:
        network: a `runs.Predictor`, or a Flax module from ids to `(batch, outputs)`.
        texts: a list of texts, a path, or a task, whose training rows are taken (the
            others where it has none); for a module also an array `(n, time)`.
        params: the module's parameters.
        batch_stats: its batch statistics, if it has any.
        top: patterns of each filter, the strongest first.
        least: in how many texts a pattern is the maximum, at least.
        purity: a rate in (0, 1].

    Raises:
        UserError: for a network that is not an embedding, one convolution, a maximum
            over all steps and a dense layer (several side by side, or a line through
            n-grams beside them); `contributions` explains any, text by text.

    Example:
        >>> import jax
        >>> from seqconv_jax import models
        >>> model = models.TextConvNet(
        ...     vocabulary=9, embedding=4, blocks=(models.ConvBlock(2, 2),)
        ... )
        >>> ids = np.array([[5, 6, 7, 8], [5, 5, 5, 5]])
        >>> params = model.init(jax.random.key(0), ids)["params"]
        >>> found = ngrams(model, ids, params=params)
        >>> found.filters.shape, sorted(found.ngrams["count"].unique().tolist())
        ((2, 8), [1])

    Reference:
        Jacovi, Sar Shalom and Goldberg, "Understanding Convolutional Neural Networks
        for Text Classification", arXiv:1809.08037, which finds families by mean shift.
    """
    import pandas as pd

    positive_int("top", top)
    positive_int("least", least)
    at_most_one("purity", purity, zero=False)
    subject = subject_of(network, params, batch_stats)
    task = task_of(subject, texts)
    if isinstance(task, np.ndarray):
        ids, rows = task, None
    else:
        rows = task.train if len(task.train) else task.test
        ids = task.gather(rows)[0]
        subject = subject._replace(
            preprocessor=task.preprocessor or subject.preprocessor
        )
    integers("texts", ids)
    expect(len(ids) > 0, "texts", "at least one text", f"shape {ids.shape}")
    banks = best_windows(subject, ids)
    known = agreement(subject, task, rows, ids, banks[0].weights.shape[1])
    filters: list[dict[str, Any]] = []
    patterns: list[dict[str, Any]] = []
    for bank in banks:
        pushes = pushes_of(subject, bank.weights)
        for index in range(len(bank.bias)):
            number = len(filters)
            row, fires = _filter(bank, index, number, pushes, known, purity)
            filters.append(row)
            patterns += _patterns(subject, bank, index, row, fires, top, least)
    table = pd.DataFrame(filters)
    order = np.argsort(-table["effect"].abs().to_numpy(), kind="stable")
    table = table.iloc[order].reset_index(drop=True)
    return FilterNGrams(table, pd.DataFrame(patterns, columns=_COLUMNS), len(ids))


_COLUMNS = (
    *("filter", "pushes to", "family", "pattern", "count"),
    *("mean", "max", "strongest"),
)


def _filter(
    bank: Filters,
    index: int,
    number: int,
    pushes: Pushes,
    known: np.ndarray,
    purity: float,
) -> tuple[dict[str, Any], np.ndarray]:
    """Return what is said of a filter, and which texts' maxima add anything."""
    sums = bank.sums[:, index] + bank.bias[index]
    fires = sums > 0 if bank.is_relu else np.isfinite(sums)
    activations = np.where(fires, sums, 0).astype(np.float64)
    agrees = known[:, pushes.classes[index]] > 0
    least = threshold(activations[fires], agrees[fires], purity)
    weight = float(pushes.weights[index])
    row = {
        "filter": number,
        "taps": bank.ids.shape[2],
        "pushes to": pushes.names[index],
        "weight": weight,
        "threshold": least,
        "fires": float(fires.mean()),
        "texts": int((activations[fires] >= least).sum()),
        "effect": weight * float(activations.mean()),
    }
    return row, fires


def _patterns(
    subject: Subject,
    bank: Filters,
    index: int,
    row: dict[str, Any],
    fires: np.ndarray,
    top: int,
    least: int,
) -> list[dict[str, Any]]:
    """Return the patterns of a filter, the strongest first."""
    ids, slots = bank.ids[fires, index], bank.slots[fires, index]
    sums = bank.sums[fires, index] + bank.bias[index]
    carried = carrying(slots)
    keys = list(map(tuple, np.where(carried, ids, -2).tolist()))
    counts = Counter(keys)
    total: defaultdict[tuple[int, ...], float] = defaultdict(float)
    strongest: dict[tuple[int, ...], int] = {}
    for place, key in enumerate(keys):
        total[key] += float(sums[place])
        if key not in strongest or sums[place] > sums[strongest[key]]:
            strongest[key] = place
    often = [key for key, count in counts.items() if count >= least]
    often.sort(key=lambda key: -sums[strongest[key]])
    return [
        {
            "filter": row["filter"],
            "pushes to": row["pushes to"],
            "family": _family(carried[strongest[key]]),
            "pattern": _words(subject, key),
            "count": counts[key],
            "mean": total[key] / counts[key],
            "max": float(sums[strongest[key]]),
            "strongest": _words(subject, ids[strongest[key]]),
        }
        for key in often[:top]
    ]


def _family(carried: np.ndarray) -> str:
    return "+".join(str(place + 1) for place in np.flatnonzero(carried)) or "bias"


def _words(subject: Subject, ids: Any) -> str:
    """Return an n-gram as text; -2 is any word, -1 none, outside of the text."""
    ids = np.asarray(ids)
    names = names_of_ids(subject.preprocessor, np.maximum(ids, 0))
    marks = {-2: _ANY, -1: "·"}
    return " ".join(marks.get(int(i), name) for i, name in zip(ids, names, strict=True))
