"""From raw reviews to the ids that Keras's IMDB reviews came as."""

from collections.abc import Mapping
from typing import Any

from seqconv_jax.data.classes import Classes
from seqconv_jax.data.text.preprocessor import TextPreprocessor
from seqconv_jax.data.text.tokenizer import Tokenizer
from seqconv_jax.data.text.word_ids import Vocabulary

__all__ = ["reviews_preprocessor"]


def reviews_preprocessor(
    word_index: Mapping[str, int],
    *,
    maxlen: int,
    padding: str,
    truncating: str,
    **ids: Any,
) -> TextPreprocessor | None:
    """Return what makes of a raw review the row that `load_imdb` would make of it.

    The whole index is kept: of words beyond the vocabulary, those in the index become
    `oov`, and those that it lacks are left out, as `encode` does.

    Args:
        word_index: words with their ranks.
        maxlen: ids of a review.
        padding: the side of a short review that gets zeros.
        truncating: the side of a long review that is cut.
        **ids: the options of `to_ids`.

    Returns:
        The preprocessor; None for ranks that do not count from 1 on.

    Example:
        >>> made = reviews_preprocessor(
        ...     {"film": 1, "good": 2},
        ...     num_words=5,
        ...     maxlen=4,
        ...     padding="pre",
        ...     truncating="pre",
        ...     start=1,
        ...     oov=2,
        ...     shift=3,
        ... )
        >>> made.task(["A good film!"]).inputs.tolist()
        [[0, 1, 2, 4]]
    """
    words = sorted(word_index, key=word_index.__getitem__)
    if [word_index[word] for word in words] != list(range(1, len(words) + 1)):
        return None
    return TextPreprocessor(
        tokenizer=Tokenizer("keras"),
        vocabulary=Vocabulary(tuple(words), unknown=False, **ids),
        classes=Classes(("negative", "positive")),
        maxlen=maxlen,
        padding=padding,
        truncating=truncating,
    )
