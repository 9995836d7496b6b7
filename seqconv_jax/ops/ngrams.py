"""Which known n-grams a sequence of ids has, and the sum of what belongs to them."""

import jax
import jax.numpy as jnp
from jax import lax

from seqconv_jax import _checks
from seqconv_jax.ops.explicit_mesh import on_any_mesh

__all__ = ["distinct_ngrams", "ngram_numbers", "sum_rows"]


@on_any_mesh
def distinct_ngrams(
    ids: jax.Array, tokens: jax.Array, first: jax.Array, *, order: int
) -> jax.Array:
    """Return the numbers of the known n-grams of each sequence, each once.

    The n-grams are a tree: behind the root, which is node 0, n-gram `j` is node
    `j + 1`, and the children of a node are the n-grams of one more token. Those of node
    `p` have the numbers `first[p]` to `first[p + 1] - 1`, and rise in their last token,
    `tokens[j]`. So a window of `n` tokens is found by `n` searches, each among the
    tokens that may follow, and nothing is hashed.

    Args:
        ids: `(batch, time)` integers. What is not in the tree, such as padding, is in
            no n-gram.
        tokens: `(ngrams,)` integers, the last token of each n-gram.
        first: `(ngrams + 2,)` integers, where the children of each node begin.
        order: the most tokens of an n-gram.

    Returns:
        `(batch, windows)` int32, of windows of all lengths. The numbers rise; `ngrams`,
        the number of none, stands for each window that is none or was there before.

    Raises:
        UserError: for arrays of other shapes, or an order that is not above 0.

    Example:
        The n-grams (5,), (7,) and (5, 7):

        >>> tokens, first = jnp.array([5, 7, 7]), jnp.array([0, 2, 3, 3, 3])
        >>> ids = jnp.array([[0, 5, 7, 7, 5]])
        >>> distinct_ngrams(ids, tokens, first, order=2).tolist()
        [[0, 3, 1, 3, 2, 3, 3, 3, 3]]
    """
    numbers = ngram_numbers(ids, tokens, first, order=order)
    rising = jnp.sort(jnp.concatenate(numbers, axis=1), axis=1)
    is_new = jnp.pad(
        rising[:, 1:] != rising[:, :-1], ((0, 0), (1, 0)), constant_values=True
    )
    return jnp.where(is_new, rising, tokens.shape[0])


@on_any_mesh
def ngram_numbers(
    ids: jax.Array, tokens: jax.Array, first: jax.Array, *, order: int
) -> list[jax.Array]:
    """Return which known n-gram begins at each place, for n from 1 to `order`.

    Args:
        ids: as of `distinct_ngrams`, like all others.
        tokens: the last token of each n-gram.
        first: where the children of each node begin.
        order: the most tokens of an n-gram.

    Returns:
        For each n `(batch, time + 1 - n)` int32; the number of n-grams stands for none.

    Raises:
        UserError: as `distinct_ngrams`.

    Example:
        >>> tokens, first = jnp.array([5, 7, 7]), jnp.array([0, 2, 3, 3, 3])
        >>> ids = jnp.array([[0, 5, 7]])
        >>> [each.tolist() for each in ngram_numbers(ids, tokens, first, order=2)]
        [[[3, 0, 1]], [[3, 2]]]
    """
    _checks.rank("ids", ids, ("batch", "time"))
    _checks.integers("ids", ids)
    _checks.shape("tokens", tokens, (None,))
    _checks.expect(tokens.shape[0] > 0, "tokens", "of one n-gram at least", "none")
    _checks.positive_int("order", order)
    count = tokens.shape[0]
    _checks.shape("first", first, (count + 2,))
    ids, tokens, first = map(jnp.asarray, (ids, tokens, first))
    node, found = jnp.zeros(ids.shape, jnp.int32), jnp.ones(ids.shape, bool)
    numbers = []
    for k in range(order):
        token = ids[:, k:]
        node, found = node[:, : token.shape[1]], found[:, : token.shape[1]]
        end = jnp.where(found, first[node + 1], 0)
        number = _search(tokens, token, jnp.where(found, first[node], 0), end)
        found = (number < end) & (tokens[jnp.minimum(number, count - 1)] == token)
        numbers.append(jnp.where(found, number, count))
        node = jnp.where(found, number + 1, 0)
    return numbers


def _search(
    tokens: jax.Array, token: jax.Array, low: jax.Array, high: jax.Array
) -> jax.Array:
    """Return the first place in `[low, high)` whose token is not below; else `high`."""

    def halve(bounds):
        low, high = bounds
        middle = (low + high) // 2
        below = (tokens[middle] < token) & (low < high)
        low = jnp.where(below, middle + 1, low)
        return low, jnp.where(below, high, jnp.minimum(middle, high))

    return lax.while_loop(lambda b: jnp.any(b[0] < b[1]), halve, (low, high))[0]


@on_any_mesh
def sum_rows(numbers: jax.Array, table: jax.Array) -> jax.Array:
    """Return the sum of the rows of a table for each example: a sparse product.

    Args:
        numbers: `(batch, places)` integers; those outside `[0, rows)` add nothing.
        table: `(rows, outputs)` float.

    Returns:
        `(batch, outputs)` float.

    Example:
        >>> table = jnp.array([[1.0], [2.0]])
        >>> sum_rows(jnp.array([[0, 1, 2], [2, 2, 1]]), table).tolist()
        [[3.0], [2.0]]
    """
    _checks.rank("numbers", numbers, ("batch", "places"))
    _checks.integers("numbers", numbers)
    _checks.rank("table", table, ("rows", "outputs"))
    _checks.floats("table", table)
    fill = {"mode": "fill", "fill_value": 0, "wrap_negative_indices": False}
    return jnp.asarray(table).at[numbers].get(**fill).sum(axis=1)
