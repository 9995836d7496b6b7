"""What to call the places of a text."""

from typing import Any

import numpy as np

from seqconv_jax._checks import UserError

__all__ = ["PADDING", "names_of_ids", "tokens_of_text"]

PADDING = "<pad>"


def names_of_ids(preprocessor: Any, ids: np.ndarray) -> list[str]:
    """Return the token of each id, `<pad>`, `<start>` or `<unknown>`.

    Args:
        preprocessor: with the vocabulary; without one an id is called by its number.
        ids: `(n,)`.

    Example:
        >>> from seqconv_jax.data.text import TextPreprocessor, Vocabulary
        >>> from seqconv_jax.data import Classes
        >>> made = TextPreprocessor(
        ...     vocabulary=Vocabulary(("a", "film")), classes=Classes(("n", "p")),
        ...     maxlen=4,
        ... )
        >>> names_of_ids(made, np.array([2, 3, 1, 0]))
        ['a', 'film', '<unknown>', '<pad>']
    """
    words = getattr(preprocessor, "vocabulary", None)
    if words is None:
        return [f"#{int(each)}" if each else PADDING for each in ids]
    special = {0: PADDING, words.oov: "<unknown>", words.start: "<start>"}
    tokens, ranks = words.tokens, [int(each) - words.shift for each in ids]
    return [
        special.get(int(each))
        or (tokens[rank - 1] if 0 < rank <= len(tokens) else "<unknown>")
        for each, rank in zip(ids, ranks, strict=True)
    ]


def tokens_of_text(preprocessor: Any, text: str, ids: np.ndarray) -> list[str]:
    """Return what each id of a text stands for, as the text has it.

    Words out of vocabulary keep their name.

    Args:
        preprocessor: what made the ids.
        text: the text.
        ids: `(length,)` ids of the text, padded or cut.
    """
    names = names_of_ids(preprocessor, ids)
    words = preprocessor.vocabulary
    found = preprocessor.tokenizer.tokens(text)
    alone = words.ids([[token] for token in found])
    marks = 0 if words.start is None else 1
    kept = [token for token, n in zip(found, alone.lengths, strict=True) if n > marks]
    kept = ["<start>"] * marks + kept
    size = len(ids)
    kept = kept[-size:] if preprocessor.truncating == "pre" else kept[:size]
    first = size - len(kept) if preprocessor.padding == "pre" else 0
    if any(name == PADDING for name in names[first : first + len(kept)]):
        raise UserError("`text` must be the one that the ids were made of")
    names[first : first + len(kept)] = kept
    return names
