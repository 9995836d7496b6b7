"""A model's linear skip: around other layers, and from a line in closed form."""

from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from seqconv_jax import _checks
from seqconv_jax._checks import UserError
from seqconv_jax.nn import Dense, Flatten, MeanProducts, Parallel

__all__ = ["SKIP", "beside_line", "start_from_line"]

SKIP = "skip"  # the name of its layer


def beside_line(
    layers: tuple[Any, ...],
    outputs: int,
    *,
    products: tuple[int, ...] = (),
    **types: Any,
) -> tuple[Any, ...]:
    """Return layers with a linear map of all inputs around them.

    What the two put out is summed up. The line begins at zero; its kernel has a row for
    each step and feature, the step slower.

    Args:
        layers: from `(batch, time, features)` to `(batch, outputs)`.
        outputs: the width of the output.
        products: spans of newest steps; the line also sees all products of their
            means, see `nn.MeanProducts`.
        **types: `dtype` and `param_dtype` of the line.

    Reference:
        The "autoregressive component" of G. Lai and others, "LSTNet",
        arXiv:1703.07015.

    Example:
        >>> from seqconv_jax.nn import GRU
        >>> [type(layer).__name__ for layer in beside_line((GRU(8), Dense(1)), 1)]
        ['Parallel']
    """
    line = Dense(outputs, kernel_init="zeros", name=SKIP, **types)
    seen = MeanProducts(tuple(products)) if products else Flatten()
    return (Parallel((layers, (seen, line)), "sum"),)


def start_from_line(
    params: Mapping[str, Any], line: Any, *, change: bool = True
) -> dict[str, Any]:
    """Return parameters whose linear skips are a line that was found in closed form.

    Args:
        params: of a model with a skip: `PatchGRU`, or `ConvGRU(skip=True)`.
        line: `baselines.linear_map` for the one, with `shared` as the model has it;
            `baselines.ridge_lags` of all inputs with `calendar={}`, and `products` as
            the model has them, for the other.
        change: whether the model puts out changes since the newest input, as its task
            asks with `predict="change"`. False where it puts out values, which a model
            that normalises its windows does.

    Raises:
        UserError: for a model without a skip, and a line of another shape.

    Example:
        >>> import jax
        >>> from seqconv_jax import baselines, models
        >>> from seqconv_jax.data import Series, forecast_task
        >>> wave = np.sin(np.arange(200) / 3.0)[:, None]
        >>> series = Series(values=wave, columns=("level",))
        >>> task = forecast_task(
        ...     series, target="level", lookback=8, horizon=3, split=(0.5, 0.75)
        ... )
        >>> model = models.PatchGRU(steps=3, columns=(0,), patch=4, units=4)
        >>> params = model.init(jax.random.key(0), task.example)["params"]
        >>> line = baselines.linear_map(task, penalty=1e-9)
        >>> params = start_from_line(params, line, change=False)
        >>> x, y = task.gather(task.test)
        >>> bool(jnp.abs(model.apply({"params": params}, x) - y).max() < 1e-3)
        True
    """
    kernel, bias = _weights(line, change)
    started = _with_skips(params, lambda old: _started(old, kernel, bias))
    if started is None:
        raise UserError("`params` must be of a model with a linear skip, got none")
    return started


def _started(old: Mapping[str, Any], kernel: Any, bias: Any) -> dict[str, Any]:
    """Return a skip's parameters, in place of its old ones."""
    if old["kernel"].ndim == 2 and kernel.ndim == 3:
        equal = len(kernel) == 1 or bool((kernel == kernel[:1]).all())
        _checks.expect(equal, "line", "fitted with shared=True", "other weights")
        kernel, bias = kernel[0], bias[0]
    _checks.shape("line", kernel, old["kernel"].shape)
    new = {"kernel": kernel, "bias": bias}
    return {k: jnp.asarray(new[k], each.dtype) for k, each in old.items()}


def _weights(line: Any, change: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return kernel and bias of a line, from inputs to values or changes."""
    if hasattr(line, "columns"):  # from differences to changes, of each column
        kernel = line.kernel.copy()
        kernel[:, -1] += (0.0 if change else 1.0) - kernel.sum(axis=1)
        return kernel, np.zeros((len(kernel), kernel.shape[2]))
    every = bool(line.cells.all()) and not any(line.calendar.values())
    _checks.expect(every, "line", "a ridge of all inputs, with calendar={}", "others")
    _checks.expect(line.relative and change, "line", "one of changes", "values")
    return line.model.kernel, line.model.bias


def _with_skips(
    params: Mapping[str, Any], start: Callable[[Mapping[str, Any]], Any]
) -> dict[str, Any] | None:
    """Return parameters with what `start` makes of each skip; None if there is none."""
    changed = {}
    for name, inner in params.items():
        if name == SKIP:
            changed[name] = start(inner)
        elif isinstance(inner, Mapping):
            below = _with_skips(inner, start)
            if below is not None:
                changed[name] = below
    return {**params, **changed} if changed else None
