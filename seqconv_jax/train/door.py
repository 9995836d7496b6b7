"""What callers supply, looked at once before anything is trained, scored or written.

Nothing here runs in a step: shapes and names are looked at while a function is traced,
arrays once on the host.
"""

import contextlib
import inspect
import math
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from seqconv_jax import _examples
from seqconv_jax._checks import UserError, expect, first_line
from seqconv_jax._leaves import check_leaves, named_leaves
from seqconv_jax._windows import row_blocks
from seqconv_jax.nn.declared import check_model, declared
from seqconv_jax.train.history import check_run
from seqconv_jax.train.labels import check_labels
from seqconv_jax.train.scores import Score, check_metrics, check_score


def check_fit_arguments(
    model: Any,
    task: Any,
    optimizer: Any,
    loss: Any,
    metrics: Any,
) -> dict[str, Score]:
    """Return the metrics of a run by name, if it can be trained on these.

    Raises:
        UserError: naming the argument, or the array of the task, what was expected,
            and what it is.
    """
    check_model(model)
    check_optimizer("optimizer", optimizer)
    check_score("loss", loss)
    metrics = check_metrics(metrics)
    rows = _examples.check_task(task)
    expect(len(rows["train"]) > 0, "task.train", "at least one row", [])
    splits = {f"task.{name}": rows[name] for name in ("train", "validation")}
    _check_values(task, splits)
    check_labels(model, task, splits, (loss, *metrics.values()))
    if ids := _ids_of(model, task.inputs, task.example):
        _examples.check_ids(task, splits, ids)
    return metrics


def check_optimizer(name: str, tx: Any) -> None:
    """Raise unless `tx` is an optax optimiser: something with `init` and `update`."""
    fits = not isinstance(tx, type) and all(
        callable(getattr(tx, method, None)) for method in ("init", "update")
    )
    if not fits:
        hint = "; call it, with its learning rate" if callable(tx) else ""
        got = getattr(tx, "__name__", None) or repr(tx)
        raise UserError(
            f"`{name}` must be an optax optimiser, such as optim.rmsprop(1e-3), got "
            f"{got}{hint}"
        )


@contextlib.contextmanager
def wording_optimizer_errors() -> Iterator[None]:
    """Word what an optimiser says that was made of wrong settings, or wants more."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            "`optimizer` must do with gradients, parameters and the loss as `value`, "
            f"got one that says: {first_line(error)}"
        ) from error


def check_listeners(run: Any, callback: Any, reporter: Any) -> None:
    """Raise unless each is None, or can be told what it is to be told.

    Raises:
        UserError: naming the argument, such as a path in place of an open run.
    """
    if run is not None:
        check_run(run)
    if reporter is not None:
        fits = not isinstance(reporter, type) and all(
            hasattr(reporter, method) for method in _REPORTER
        )
        what = f"a reporter with {', '.join(_REPORTER)}"
        expect(fits, "reporter", what, reporter)
    if callback is not None:
        what = "a function of the state and the record of an epoch"
        fits = callable(callback) and _takes_two(callback)
        expect(fits, "callback", what, callback)


_REPORTER = ("begin", "advance", "end")


def _takes_two(function: Any) -> bool:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some built-in functions have none
        return True
    try:
        signature.bind(None, None)
    except TypeError:
        return False
    return True


def check_evaluation(
    model: Any,
    params: Any,
    batch_stats: Any,
    task: Any,
    rows: Any,
    scores: Mapping[str, Score] | None,
) -> np.ndarray:
    """Return the rows to score or predict as `(n,)` int32.

    Args:
        model: the model to call.
        params: what should be its parameters.
        batch_stats: what should be its batch statistics; `{}` for none.
        task: the data.
        rows: which rows of it.
        scores: what compares predictions with the targets; None if nothing does.

    Raises:
        UserError: if there is no row or one outside the data, for an id or a number
            that is none, and for the parameters of another model.
    """
    check_model(model)
    _examples.check_task(task)
    rows = _examples.check_rows("rows", rows, task)
    expect(len(rows) > 0, "rows", "at least one row", [])
    _check_values(task, {"rows": rows}, targets=scores is not None)
    check_labels(model, task, {"rows": rows}, (scores or {}).values())
    expected, ids = declared(model, _one_example(task, rows))
    _check_variables(expected, params, batch_stats)
    if ids is not None:
        _examples.check_ids(task, {"rows": rows}, ids)
    return rows


def unknown_ids(model: Any, x: jax.Array) -> jax.Array | None:
    """Return which ids of a batch the model does not know; None where it takes none.

    A wrong id gives NaN, which a maximum may drop: training must not rely on it.

    Args:
        model: a Flax module.
        x: `(batch, time)` ids or `(batch, time, features)`.
    """
    ids = _ids_of(model, x, x)
    return None if ids is None else ids.unknown(x)


def _ids_of(model: Any, inputs: Any, example: Any):
    if not np.issubdtype(inputs.dtype, np.integer):
        return None
    return declared(model, example).ids


def _one_example(task: Any, rows: np.ndarray) -> jax.ShapeDtypeStruct:
    shape, lead = tuple(task.inputs.shape), (1,)
    length = () if task.offsets is None else (len(task.offsets),)
    return jax.ShapeDtypeStruct(lead + length + shape[1:], task.inputs.dtype)


def _check_values(
    task: Any, splits: Mapping[str, np.ndarray], *, targets: bool = True
) -> None:
    """Raise for numbers that are not finite, or that JAX would narrow to others."""
    for name in ("inputs", "targets") if targets else ("inputs",):
        _check_narrowing(f"task.{name}", getattr(task, name))
    _examples.check_finite(task, dict(splits), targets=targets)


def _check_narrowing(name: str, array: Any) -> None:
    dtype = jax.dtypes.canonicalize_dtype(array.dtype)
    if dtype == array.dtype:
        return
    is_float = jnp.issubdtype(dtype, jnp.floating)
    limits = jnp.finfo(dtype) if is_float else jnp.iinfo(dtype)
    array = np.asarray(array)
    for rows in row_blocks(len(array), math.prod(array.shape[1:])):
        block = array[rows]
        block = block[np.isfinite(block)] if is_float else block
        if block.size and (block.max() > limits.max or block.min() < limits.min):
            raise UserError(
                f"`{name}` must fit {dtype.name}, which JAX makes of {array.dtype}, "
                f"got numbers from {block.min()} to {block.max()}"
            )


def _check_variables(
    expected: Mapping[str, Any], params: Any, batch_stats: Any
) -> None:
    if isinstance(params, Mapping) and set(params) & {"params", "batch_stats"}:
        if "params" not in expected["params"]:
            raise UserError(
                "`params` must be the model's parameters alone, got variables of the "
                f'collections {", ".join(sorted(params))}; take variables["params"]'
            )
    given = {"params": params, "batch_stats": batch_stats}
    for name, tree in given.items():
        check_leaves(
            name, named_leaves(tree), named_leaves(expected[name]), dtypes=False
        )


def check_float_params(params: Any) -> None:
    """Raise if a parameter has no gradient, since it is no float."""
    for name, leaf in named_leaves(params).items():
        if not jnp.issubdtype(leaf.dtype, jnp.floating):
            raise UserError(f"`params` must be floats, got {name} as {leaf.dtype}")
