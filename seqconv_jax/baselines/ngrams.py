"""Which runs of neighbouring tokens (n-grams) occur in a sequence of ids."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import sparse

from seqconv_jax._checks import expect, non_negative_int, positive_int

__all__ = ["NGrams"]

_AT_ONCE = 2**22  # tokens


@dataclass(frozen=True, eq=False)
class NGrams:
    """The n-grams that training sequences have, each with a column of its own.

    >>> ids = np.array([[0, 5, 7], [5, 7, 7]])
    >>> ngrams = NGrams.of(ids, orders=(1, 2), vocabulary=8)
    >>> ngrams.count
    4
    >>> ngrams.matrix(np.array([[7, 7, 5]])).toarray().tolist()
    [[1.0, 1.0, 0.0, 1.0]]

    Attributes:
        codes: for each order the sorted numbers of its n-grams, `(n,)` int64.
        orders: how many tokens an n-gram has, for each of `codes`.
        vocabulary: ids are below this.
        padding_id: the id that is no token; no n-gram reaches over it.
    """

    codes: tuple[np.ndarray, ...]
    orders: tuple[int, ...]
    vocabulary: int
    padding_id: int = 0

    @classmethod
    def of(
        cls,
        ids: np.ndarray,
        *,
        orders: Sequence[int],
        vocabulary: int,
        padding_id: int = 0,
        least: int = 1,
    ) -> "NGrams":
        """Return the n-grams of sequences.

        Args:
            ids: `(n, length)` integers.
            orders: how many tokens an n-gram has: `(1, 2)` for single ones and pairs.
            vocabulary: ids are below this.
            padding_id: the id that is no token.
            least: in how many sequences an n-gram must occur.

        Raises:
            UserError: for n-grams too long for the vocabulary: their numbers must fit
                into 62 bits.
        """
        positive_int("least", least)
        non_negative_int("padding_id", padding_id)
        for order in orders:
            positive_int("orders", order)
        longest = int(62 / np.log2(max(vocabulary, 2)))
        expect(max(orders) <= longest, "orders", f"at most {longest}", max(orders))
        kept = []
        for order in orders:
            once = [
                np.unique(
                    _codes_once(part, order, vocabulary, padding_id)[1],
                    return_counts=True,
                )
                for part in _parts(ids)
            ]
            known, place = np.unique(
                np.concatenate([codes for codes, _ in once]), return_inverse=True
            )
            counts = np.bincount(
                place, np.concatenate([count for _, count in once]), len(known)
            )
            kept.append(known[counts >= least])
        return cls(tuple(kept), tuple(orders), vocabulary, padding_id)

    @property
    def count(self) -> int:
        """How many n-grams there are."""
        return sum(map(len, self.codes))

    def matrix(self, ids: np.ndarray) -> sparse.csr_array:
        """Return which n-grams occur in each sequence, `(n, count)` of 0 and 1.

        Args:
            ids: `(n, length)` integers.
        """
        rows = [self._part(part) for part in _parts(ids)]
        return sparse.csr_array(sparse.vstack(rows, format="csr"))

    def tree(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the n-grams as `ops.distinct_ngrams` looks them up.

        Their orders must be 1, 2, ..., and an n-gram that is known must have all of its
        beginnings known, as those of `of` have.

        Returns:
            The last token of each n-gram, `(count,)` int32, and where the children of
            each node begin, `(count + 2,)` int32: the root's, then each n-gram's.

        Raises:
            UserError: for other orders.

        Example:
            >>> ids = np.array([[0, 5, 7], [5, 7, 7]])
            >>> ngrams = NGrams.of(ids, orders=(1, 2), vocabulary=8)
            >>> [array.tolist() for array in ngrams.tree()]
            [[5, 7, 7, 7], [0, 2, 3, 4, 4, 4]]
        """
        orders = tuple(range(1, len(self.orders) + 1))
        expect(self.orders == orders, "orders", f"{orders}", self.orders)
        tokens = np.concatenate(self.codes) % self.vocabulary
        first, begin = [np.zeros(1, np.int64)], 0
        for above, below in pairwise((*self.codes, np.zeros(0, np.int64))):
            begin += len(above)
            first.append(begin + np.searchsorted(below, above * self.vocabulary))
        first.append(np.full(1, self.count))
        return tokens.astype(np.int32), np.concatenate(first).astype(np.int32)

    def _part(self, ids: np.ndarray) -> sparse.csr_array:
        parts = []
        for order, known in zip(self.orders, self.codes, strict=True):
            row, codes = _codes_once(ids, order, self.vocabulary, self.padding_id)
            at = np.searchsorted(known, codes)
            found = at < len(known)
            found[found] = known[at[found]] == codes[found]
            where, shape = (row[found], at[found]), (len(ids), len(known))
            parts.append(sparse.csr_array((np.ones(found.sum()), where), shape=shape))
        return sparse.csr_array(sparse.hstack(parts, format="csr"))


def _parts(ids: np.ndarray) -> Iterator[np.ndarray]:
    """Return some sequences at a time, one part at least."""
    size = max(1, _AT_ONCE // max(ids.shape[1], 1))
    return (ids[at : at + size] for at in range(0, max(len(ids), 1), size))


def _codes_once(
    ids: np.ndarray, order: int, vocabulary: int, padding_id: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the row and the number of each n-gram of each sequence, each once."""
    codes = _codes(ids, order, vocabulary, padding_id)
    codes.sort(axis=1)
    is_new = codes >= 0
    is_new[:, 1:] &= codes[:, 1:] != codes[:, :-1]
    row, step = np.nonzero(is_new)
    return row, codes[row, step]


def _codes(ids: np.ndarray, order: int, vocabulary: int, padding_id: int) -> np.ndarray:
    """Return the number of each n-gram, `(n, length - order + 1)`; -1 over padding."""
    length = max(ids.shape[1] - order + 1, 0)
    codes = np.zeros((len(ids), length), np.int64)
    whole = np.ones(codes.shape, bool)
    for k in range(order):
        token = ids[:, k : k + length]
        whole &= token != padding_id
        codes *= vocabulary
        codes += token
    return np.where(whole, codes, -1)
