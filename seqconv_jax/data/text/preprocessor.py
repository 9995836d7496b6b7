"""From raw texts to what a text model takes, and from what it gives to classes."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from seqconv_jax._checks import UserError, expect, positive_int
from seqconv_jax.data.classes import Classes
from seqconv_jax.data.task import Task
from seqconv_jax.data.text.read import one_text, read_texts
from seqconv_jax.data.text.sequences import pad
from seqconv_jax.data.text.table import frame_options, texts_of_frame
from seqconv_jax.data.text.texts import Label, Texts
from seqconv_jax.data.text.tokenizer import Tokenizer
from seqconv_jax.data.text.word_ids import Vocabulary

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TextPreprocessor", "TextRows"]


@dataclass(frozen=True, kw_only=True)
class TextRows(Task):
    """Texts to score, all of them `test` rows.

    Attributes:
        names: what to call each: its file, in a folder; None for row numbers.
        preprocessor: what made the ids.
    """

    preprocessor: "TextPreprocessor" = field(repr=False)
    names: tuple[str, ...] | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class TextPreprocessor:
    """Texts to padded ids, and logits to class names with their probabilities.

    >>> words = Vocabulary(("good", "film", "bad"))
    >>> some = TextPreprocessor(
    ...     vocabulary=words, classes=Classes(("bad", "good")), maxlen=4
    ... )
    >>> some.task(["A good film!", "bad"]).inputs.tolist()
    [[1, 2, 3, 0], [4, 0, 0, 0]]
    >>> preprocessor = TextPreprocessor.from_settings(some.settings())
    >>> preprocessor == some
    True

    Attributes:
        tokenizer: how a text is cut into tokens.
        vocabulary: which tokens have which id.
        classes: what the outputs stand for.
        maxlen: ids of a text.
        padding: the side of a short text that gets zeros, "pre" or "post".
        truncating: the side of a long text that is cut, "pre" or "post".
        reading: keyword arguments of `read_texts`.
    """

    kind = "text"

    tokenizer: Tokenizer = Tokenizer()
    vocabulary: Vocabulary
    classes: Classes
    maxlen: int
    padding: str = "post"
    truncating: str = "post"
    reading: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Look at the settings once."""
        positive_int("maxlen", self.maxlen)

    def settings(self) -> dict[str, Any]:
        """Return what `from_settings` makes an equal one of: strict JSON."""
        return {
            "kind": self.kind,
            "tokenizer": self.tokenizer.settings(),
            "vocabulary": self.vocabulary.settings(),
            "classes": list(self.classes.names),
            "several": self.classes.several,
            "maxlen": self.maxlen,
            "padding": self.padding,
            "truncating": self.truncating,
            "reading": dict(self.reading),
        }

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Return the preprocessor that has these settings.

        Raises:
            UserError: for settings that none has.
        """
        mapped = isinstance(settings, Mapping)
        expect(mapped, "settings", "those of a preprocessor", settings)
        left = {key: value for key, value in settings.items() if key != "kind"}
        try:
            tokenizer = Tokenizer.from_settings(left.pop("tokenizer"))
            vocabulary = Vocabulary.from_settings(left.pop("vocabulary"))
            classes = Classes(tuple(left.pop("classes")), left.pop("several"))
            return cls(
                tokenizer=tokenizer, vocabulary=vocabulary, classes=classes, **left
            )
        except (KeyError, TypeError) as error:
            raise UserError(
                f"`settings` must be those of a text preprocessor: {error}"
            ) from None

    def read(self, path: str | os.PathLike[str]) -> Texts:
        """Return the texts of a file or folder, read as those of training were.

        Labels are read where they are there. A `.txt` file is one text, unless those
        of training were in a table.

        Args:
            path: as of `read_texts`; a folder may also hold the texts itself.

        Raises:
            UserError: for a file without the column of texts, or without text.
        """
        options = {**self.reading, "labelled": None}
        if os.path.isdir(path):
            encoding = options.get("encoding", "utf-8")
            known = any(os.path.isdir(Path(path, name)) for name in self.classes.names)
            return read_texts(path, encoding=encoding, labelled=known or None)
        if "text" not in options and str(path).lower().endswith(".txt"):
            return one_text(Path(path), options.get("encoding", "utf-8"))
        return read_texts(path, **options)

    def task(self, raw: Any, *, targets: bool = False) -> TextRows:
        """Return texts as a task whose `test` rows are all of them, in order.

        Args:
            raw: what `read` returned, a list of texts, a pandas column of them, or a
                frame that has the column of texts (and that of labels); to be scored,
                also a pair `(texts, labels)`.
            targets: whether the labels are known and are to be scored.

        Raises:
            UserError: for no text, for labels that are no classes, and where labels
                are wanted and there are none.
        """
        texts = self._texts(raw, targets)
        if targets and not texts.labelled:
            raise UserError(f"{texts.where}: labels are needed to score, got none")
        if targets and texts.several != self.classes.several:
            raise UserError(f"{texts.where}: labels must be {self._kind_of_labels}")
        rows: list[np.ndarray] = []
        labels: list[Label] = []
        names: list[str] = []
        for batch in texts.batches(labels=targets):
            rows.append(self._ids(batch.texts))
            labels += batch.labels or []
            names += batch.names or []
        if not sum(map(len, rows)):
            raise UserError(f"{texts.where} holds no text")
        inputs = np.concatenate(rows)
        if targets:
            known = self.classes.targets(labels)
        else:
            known = np.full((len(inputs), self.classes.outputs), np.nan, np.float32)
        return TextRows(
            inputs=inputs,
            targets=known,
            train=np.zeros(0, np.int32),
            validation=np.zeros(0, np.int32),
            test=np.arange(len(inputs), dtype=np.int32),
            origin=texts.origin,
            preprocessor=self,
            names=tuple(names) or None,
        )

    def answers(self, outputs: Any, task: Task) -> "pd.DataFrame":
        """Return the class of each text, and the probability of each class.

        Args:
            outputs: `(n, outputs)` logits.
            task: what `task` returned.

        Returns:
            `row`, from 0, or `file`; then the columns of `Classes.answers`.
        """
        table = self.classes.answers(outputs)
        names = getattr(task, "names", None)
        if names is None:
            table.insert(0, "row", np.arange(len(table)))
        else:
            table.insert(0, "file", names)
        return table

    def _texts(self, raw: Any, targets: bool) -> Texts:
        if isinstance(raw, Texts):
            return raw
        if isinstance(raw, str):
            raise UserError("`raw` must be a list of texts, got a text; put it in one")
        if targets and isinstance(raw, tuple) and len(raw) == 2:
            return Texts.of(*raw, several=self.classes.several)
        if not hasattr(raw, "columns"):
            return Texts.of(raw)
        columns = frame_options(self.reading)
        return texts_of_frame(raw, "`raw`", **columns, labelled=targets)

    def _ids(self, texts: Sequence[str]) -> np.ndarray:
        sequences = self.vocabulary.ids(map(self.tokenizer.tokens, texts))
        return pad(
            sequences,
            self.maxlen,
            padding=self.padding,
            truncating=self.truncating,
            dtype=self.vocabulary.dtype,
        )

    @property
    def _kind_of_labels(self) -> str:
        return "lists of labels" if self.classes.several else "one label a text"
