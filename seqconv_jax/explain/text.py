"""What each word of a text adds to what a network says."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from seqconv_jax._checks import integers, one_of
from seqconv_jax.explain.exact import exact_parts
from seqconv_jax.explain.line import line_parts
from seqconv_jax.explain.path import integrate
from seqconv_jax.explain.structure import NotASumError
from seqconv_jax.explain.subject import Example, Subject, example_of, subject_of
from seqconv_jax.explain.target import target_of
from seqconv_jax.explain.tokens import PADDING, names_of_ids, tokens_of_text
from seqconv_jax.explain.value import outputs_of, vectors_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Method", "TextContributions", "contributions"]

Method = Literal["auto", "exact", "integrated_gradients"]


@dataclass(frozen=True, eq=False)
class TextContributions:
    """What the words of a text add to an output.

    `values.sum() + padding + rest + gap` is `output`.

    Attributes:
        tokens: the words, from the first; padding is left out.
        values: `(tokens,)` float64, what each adds.
        padding: what the steps of padding add, all together; 0 where they are masked.
        rest: what no word adds: the biases, exactly, or with integrated gradients the
            output for vectors of zeros.
        output: what the network says.
        gap: what is lacking: rounding, and with integrated gradients the error of the
            integral.
        target: which output, such as "logit of good".
        method: "exact" or "integrated_gradients".
    """

    tokens: tuple[str, ...]
    values: np.ndarray = field(repr=False)
    padding: float
    rest: float
    output: float
    gap: float
    target: str
    method: str

    def table(self) -> "pd.DataFrame":
        """Return a row for each word, and what is added besides: `token`, `adds`."""
        import pandas as pd

        others = {"(padding)": self.padding, "(rest)": self.rest, "(gap)": self.gap}
        names = [*self.tokens, *others]
        return pd.DataFrame({"token": names, "adds": [*self.values, *others.values()]})


def contributions(
    network: Any,
    text: Any,
    *,
    params: Any = None,
    batch_stats: Any = None,
    row: int = 0,
    output: int | str | None = None,
    method: Method = "auto",
    points: int = 64,
) -> TextContributions:
    """Return what each word of a text adds to what a network says.

    Exactly, where the network is a sum over places: an embedding, one convolution
    (linear or ReLU), a maximum or an average over all steps (or several of those side
    by side), a dense layer, and a line through n-grams beside them, if there is one. A
    filter's maximum is a sum over the words of the one window that it was found in. Of
    any other network by integrated gradients from vectors of zeros to those of the
    words; a line beside it is exact still.

    Args:
        network: a `runs.Predictor`, or a Flax module from ids to `(batch, outputs)`.
        text: a text; a list of them, a path, a task, or for a module an array
            `(n, time)`, of which `row` is taken.
        params: the module's parameters, such as `result.best.params`.
        batch_stats: its batch statistics, if it has any.
        row: which text, of a task which of its test rows, from 0.
        output: the class that is explained, by name or number; None for the one that
            the network answers, of two classes the second.
        method: "exact", "integrated_gradients", or "auto", which is exact where that is
            possible.
        points: of the path, with integrated gradients.

    Raises:
        UserError: for inputs that are no ids, for a class that there is not, and with
            "exact" for a network that is no sum over places.

    Example:
        >>> import jax
        >>> from seqconv_jax import models
        >>> model = models.TextConvNet(
        ...     vocabulary=20, embedding=4, blocks=(models.ConvBlock(3, 2),)
        ... )
        >>> ids = np.array([[5, 6, 7, 0]])
        >>> params = model.init(jax.random.key(0), ids)["params"]
        >>> found = contributions(model, ids, params=params)
        >>> found.tokens, found.method, abs(found.gap) < 1e-6
        (('#5', '#6', '#7'), 'exact', True)

    Reference:
        Integrated gradients: Sundararajan, Taly and Yan, arXiv:1703.01365.
    """
    one_of("method", method, ("auto", "exact", "integrated_gradients"))
    subject = subject_of(network, params, batch_stats)
    subject, example = example_of(subject, text, row)
    integers("text", example.x)
    outputs = outputs_of(subject, example.x)[0]
    target = target_of(subject.preprocessor, example, outputs, output, None)
    parts, rest, used = _parts(subject, example, target.direction, method, points)
    whole = float(outputs.astype(np.float64) @ target.direction)
    names = _names(subject, example, text, row)
    real = np.array([name != PADDING for name in names])
    return TextContributions(
        tokens=tuple(name for name in names if name != PADDING),
        values=parts[real],
        padding=float(parts[~real].sum()),
        rest=rest,
        output=whole,
        gap=whole - rest - float(parts.sum()),
        target=target.name,
        method=used,
    )


def _parts(subject: Subject, example: Example, direction, method: str, points: int):
    """Return `(time,)` what each place adds, what is added besides, and how."""
    if method != "integrated_gradients":
        try:
            return *exact_parts(subject, example.x, direction), "exact"
        except NotASumError:
            if method == "exact":
                raise
    vectors = vectors_of(subject, example.x)
    zeros = np.zeros_like(vectors)
    path = integrate(subject, vectors, zeros, example.x, direction, points)
    places, biases = line_parts(subject, example.x[0], direction)
    rest = path.start - float(places.sum())
    return path.parts.sum(axis=1) + places, rest, "integrated_gradients"


def _names(subject: Subject, example: Example, text: Any, row: int) -> list[str]:
    made, ids = subject.preprocessor, example.x[0]
    if isinstance(text, str):
        text = [text]
    listed = isinstance(text, list | tuple) and all(isinstance(t, str) for t in text)
    if listed and hasattr(made, "tokenizer"):
        return tokens_of_text(made, text[row], ids)
    return names_of_ids(made, ids)
