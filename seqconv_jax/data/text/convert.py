"""Texts of any number: read once, and kept as arrays of ids to be mapped."""

import inspect
import os
from pathlib import Path
from typing import Any

from seqconv_jax._checks import UserError, one_of
from seqconv_jax.data.files.array_folder import check_place, new_folder, open_folder
from seqconv_jax.data.files.origin import Origin
from seqconv_jax.data.text.preprocessor import TextPreprocessor
from seqconv_jax.data.text.read import read_texts
from seqconv_jax.data.text.task import TextTask, make_task, text_task

__all__ = ["KIND", "convert_texts", "open_texts"]

KIND = "texts"
_ROWS = ("train", "validation", "test")


def convert_texts(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    **options: Any,
) -> TextTask:
    r"""Make the task of texts, and keep it in a folder as arrays to be mapped.

    It is the task of `text_task`, with the vocabulary of the training texts, but the
    ids never lie in memory as a whole: so there may be more of them than it holds.
    What does is some 30 bytes a text, and the different tokens.

    Args:
        path: a file or folder, as of `read_texts`.
        out: the folder to make.
        overwrite: whether to replace an older folder of texts.
        **options: those of `text_task`, of reading too.

    Returns:
        The task, opened from the folder; `open_texts`, and `text_task` of the folder,
        open it again.

    Raises:
        UserError: as `text_task`; nothing is left of the folder then.

    Example:
        >>> import json, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "reviews.jsonl")
        ...     texts = [("a good film", 1), ("bad", 0)] * 4
        ...     lines = [json.dumps({"text": t, "label": n}) for t, n in texts]
        ...     _ = path.write_text("\n".join(lines))
        ...     split = {"validation": 0, "test": 0.25}
        ...     task = convert_texts(path, f"{folder}/reviews", maxlen=3, **split)
        >>> type(task.inputs).__name__, task.inputs[:2].tolist(), len(task.test)
        ('memmap', [[2, 3, 4], [5, 0, 0]], 2)
    """
    out = Path(out)
    check_place(out, KIND, overwrite)
    asked = _asked(path, options)
    with new_folder(out, KIND, overwrite=overwrite) as new:
        task = make_task(**asked, folder=new)
        new.scratch.unlink()
        new.append("targets", task.targets)
        for name in _ROWS:
            new.append(name, getattr(task, name))
        new.finish(
            {
                "preprocessor": task.preprocessor.settings(),
                "vocabulary": task.vocabulary,
                "counts": task.counts,
                "report": task.report,
                "source": task.data_path,
                "hash": task.data_sha256,
            }
        )
    return open_texts(out)


def open_texts(path: str | os.PathLike[str], *, verify: bool = False) -> TextTask:
    """Open the task of a folder that `convert_texts` made.

    Args:
        path: the folder.
        verify: whether to read all of it, and compare checksums.

    Returns:
        The task; its arrays are memory maps, and can't be written to.

    Raises:
        UserError: if the folder holds no texts, or is damaged.
    """
    folder = open_folder(Path(path), KIND, verify=verify)
    told = folder.content
    preprocessor = TextPreprocessor.from_settings(told["preprocessor"])
    arrays: dict[str, Any] = {**folder.arrays}
    return TextTask(
        **arrays,
        origin=Origin(Path(told["source"]), "file", told["hash"]),
        preprocessor=preprocessor,
        vocabulary=told["vocabulary"],
        classes=preprocessor.classes,
        counts={name: tuple(each) for name, each in told["counts"].items()},
        report=told["report"],
    )


def _asked(path: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Return all options of `make_task`, those of reading in one."""
    if not isinstance(path, str | os.PathLike):
        raise UserError("`path` must be a file or folder of texts; lists are in memory")
    reading = inspect.signature(read_texts).parameters.keys() - {"path"}
    task = inspect.signature(text_task).parameters.keys() - {"data", "labels"}
    known = sorted(reading | task - {"reading"})
    for name in options:
        one_of("options", name, known)
    bound = inspect.signature(text_task).bind(path, **options)
    bound.apply_defaults()
    return bound.arguments
