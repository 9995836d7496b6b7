"""The commands: what is wrong with the arguments is said before JAX is loaded."""

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqconv_jax._checks import UserError
from seqconv_jax._files import replace_file
from seqconv_jax._json import to_json
from seqconv_jax.cli.compiled import keep_compiled
from seqconv_jax.cli.given import examples_of
from seqconv_jax.cli.table import TABLES, check_new_file, write_table

if TYPE_CHECKING:
    from seqconv_jax.runs import Predictor

_DIGITS = "0123456789"


def predict(asked: Any) -> None:
    """Write the answers to examples as a table."""
    texts = [text for given in asked.text for text in given]
    if bool(texts) == (asked.data is not None):
        raise UserError("give either --data or --text, got both or neither")
    check_new_file(asked.out, TABLES, asked.overwrite)
    predictor = load_run(asked)
    if texts and predictor.preprocessor.kind != "text":
        raise UserError(
            f"--text is for runs on texts, got {asked.run}, a run on "
            f"{predictor.preprocessor.kind}; give --data"
        )
    with examples_of(predictor, asked.data, texts) as raw:
        answers = predictor.predict(raw, windows=asked.windows)
    write_table(answers, asked.out)


def evaluate(asked: Any) -> None:
    """Print the scores of examples, a line each."""
    check_new_file(asked.out, (".json",), asked.overwrite)
    predictor = load_run(asked)
    with examples_of(predictor, asked.data) as raw:
        scores = predictor.evaluate(raw)
    if asked.out is not None:
        replace_file(asked.out, to_json(scores, indent=2))
    width = max(map(len, scores))
    for name, value in scores.items():
        print(f"{name:<{width}}  {value!r}")


def summary(asked: Any) -> None:
    """Print what a run was asked, how it went, and its model."""
    print(load_run(asked).summary())


def compare(asked: Any) -> None:
    """Print whether one side's runs are better than the other's."""
    check_new_file(asked.out, (".json",), asked.overwrite)
    from seqconv_jax.comparison import compare as compare_runs

    result = compare_runs(
        asked.runs,
        asked.against,
        metric=asked.metric,
        names=_names(asked.runs, asked.against),
        confidence=asked.confidence,
    )
    if asked.out is not None:
        found = {**asdict(result), "better": result.better, "words": str(result)}
        replace_file(asked.out, to_json(found, indent=2))
    print(result)


def _names(runs: Sequence[Path], others: Sequence[Path]) -> tuple[str, str]:
    """Return what to call two sides: by what all paths of one begin with.

    >>> _names([Path("runs/gru/0"), Path("runs/gru/1")], [Path("runs/ridge.npz")])
    ('runs/gru', 'runs/ridge')
    >>> _names([Path("runs/a0"), Path("runs/b0")], [Path("runs/a1"), Path("runs/b1")])
    ('a', 'b')
    """
    names = [
        _common([str(each).removesuffix(".npz") for each in side])
        for side in (runs, others)
    ]
    distinct = all(Path(name).name for name in names) and names[0] != names[1]
    return (names[0], names[1]) if distinct else ("a", "b")


def _common(paths: Sequence[str]) -> str:
    """Return the path, or what several begin with that end in numbers of their own.

    >>> _common(["runs/gru-0", "runs/gru-1"]), _common(["runs/a", "runs/b"])
    ('runs/gru', '')
    """
    if len(paths) == 1:
        return paths[0]
    common = os.path.commonprefix(paths).rstrip(_DIGITS)
    numbered = all(not path[len(common) :].strip(_DIGITS) for path in paths)
    return common.rstrip("/-_") if numbered else ""


def load_run(asked: Any) -> "Predictor":
    """Return the predictor of the run that was asked for, if its data is there."""
    data = getattr(asked, "data", None)
    if data not in (None, "-") and not Path(data).expanduser().exists():
        raise UserError(f"--data {data} does not exist")
    if not asked.run.is_dir():
        raise UserError(f"{asked.run} is no run directory: it does not exist")
    from seqconv_jax.runs import load

    keep_compiled(None)
    return load(asked.run, step=asked.step)
