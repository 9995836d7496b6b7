"""A run as ONNX, by way of jax2onnx."""

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator
from typing import Any

import jax
import jax.export
import jax.numpy as jnp

from seqconv_jax._checks import UserError, first_line
from seqconv_jax._files import replace_file
from seqconv_jax._json import to_json
from seqconv_jax.export.given import import_extra, new_file, predictor_of
from seqconv_jax.export.onnx_words import words_to_ids
from seqconv_jax.export.program import Program, program_of

__all__ = ["METADATA", "onnx"]

METADATA = "seqconv_jax"  # the key that inputs, outputs and classes are told under
OPSET = 21


def onnx(run: Any, path: str | os.PathLike[str], *, words: bool = False) -> None:
    """Write a run's best epoch as ONNX, for any batch size.

    Inputs and output are those of `stablehlo`, and what is told of them is JSON in the
    model's metadata under "seqconv_jax". Every layer is computed as it stands, without
    this library's rewrites. Which models go through is a table in docs/export.md.

    Args:
        run: a run directory, or what `runs.load` returned.
        path: the file; replaced at once and whole if it exists.
        words: of a run on texts, whether the input is words in place of ids: strings of
            shape (batch, words), with "" where a text has ended (or not begun, with
            padding "pre").

    Raises:
        UserError: without the extra `onnx`, if the run cannot be loaded, for an
            operation that cannot be written as ONNX, and for `words` of a vocabulary
            that leaves words out.
    """
    import_extra("jax2onnx", "onnx")
    file = new_file(path)
    predictor = predictor_of(run)
    program = program_of(predictor, rewrites=False)
    made = _converted(program)
    described = program.described()
    if words:
        described = words_to_ids(made, described)
    entry = made.metadata_props.add()
    entry.key, entry.value = METADATA, to_json(described)
    made.producer_name = "seqconv_jax"
    replace_file(file, made.SerializeToString())


def _converted(program: Program) -> Any:
    """Return a program as a `ModelProto`."""
    (batch,) = jax.export.symbolic_shape("batch")
    inputs = [each.spec(batch) for each in program.inputs]
    with _as_it_was():
        import jax2onnx

        try:
            return jax2onnx.to_onnx(
                program.function,
                inputs,
                model_name="seqconv_jax",
                opset=OPSET,
                input_names=[each.name for each in program.inputs],
                output_names=[program.output.name],
            )
        except Exception as error:  # of any type, from the operation that it lacks
            raise UserError(
                f"jax2onnx cannot write this model as ONNX: {first_line(error)}; "
                "export.stablehlo can, and docs/export.md says which models go through"
            ) from error


@contextlib.contextmanager
def _as_it_was() -> Iterator[None]:
    """Keep jax2onnx's notes of its own plugins, and its changes to JAX, to itself."""
    logger, functions = logging.getLogger("jax2onnx"), dict(vars(jnp))
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
        for name in vars(jnp).keys() - functions.keys():
            delattr(jnp, name)
        for name, function in functions.items():
            if vars(jnp).get(name) is not function:
                setattr(jnp, name, function)
