"""The networks of the Jena hybrid, the line beside them, and how they are trained."""

from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqconv_jax.data import ForecastTask

LINE_RATE = 0.1  # of the network's learning rate
MOST = 10**5  # filters, and so on


def network(settings: Any) -> Any:
    """Return the network that the settings ask for."""
    from seqconv_jax import UserError, models, nn

    options = {
        "dropout": settings.dropout,
        "recurrent_dropout": settings.recurrent_dropout,
        "reset_after": settings.reset_after,
    }
    for name in ("features", "kernel_size", "pool", "units"):
        size = getattr(settings, name)
        if not 0 < size <= MOST:
            raise UserError(f"`{name}` must be from 1 to {MOST:,}, got {size:,}")
    if settings.products and not settings.line:
        raise UserError("--products goes with --line True")
    if settings.model == "gru":
        if settings.line:
            raise UserError("--line goes with --model hybrid")
        gru = models.GRURegressor(settings.units, **options)
        return gru.clone(bidirectional=settings.bidirectional)
    if settings.bidirectional:
        raise UserError("--bidirectional goes with --model gru")
    line = {"skip": settings.line, "products": tuple(settings.products)}
    sizes = {name: getattr(settings, name) for name in ("features", "kernel_size")}
    if settings.blocks == 2:
        return models.ConvGRU(
            **(sizes | options),
            pool=settings.pool,
            units=settings.units,
            **line,
        )
    block = nn.ConvBlock(**sizes, pool=settings.pool)
    gru = nn.GRU(settings.units, **options)
    return models.ConvRNN(gru, (block,), **line)


def first_params(settings: Any, task: "ForecastTask", model: Any) -> Any:
    """Return parameters whose line is a ridge of all inputs; None without a line.

    The ridge's penalty is chosen on validation.
    """
    if not settings.line:
        return None
    import jax

    from seqconv_jax import UserError, baselines, models

    if settings.predict != "change":
        raise UserError("--line goes with --predict change")
    line = baselines.ridge_lags(
        task, columns=task.columns, calendar={}, products=settings.products
    )
    print(
        f"the line begins as a ridge of all inputs, penalty {line.penalty:g}; "
        f"validation {line.tried[line.penalty]:.4f}\n"
    )

    params = model.init(jax.random.key(settings.seed), task.example)["params"]
    return models.start_from_line(params, line)


def optimizer(settings: Any) -> Any:
    """Return the optimiser: the book's RMSprop, or AdamW whose rate falls to zero.

    AdamW's gradients are clipped. A line that began in closed form is near its optimum:
    it moves at a tenth of the rate, and does not decay.

    Raises:
        UserError: for a number that is out of range.
    """
    import jax
    import optax

    from seqconv_jax import UserError, optim
    from seqconv_jax.models.skip import SKIP

    if not 0 <= settings.weight_decay < 1e30:
        raise UserError(
            f"`weight_decay` must be 0 or more, got {settings.weight_decay}"
        )
    if settings.optimizer == "rmsprop":
        return optim.rmsprop(settings.learning_rate)
    highest = settings.learning_rate
    if not 1e-30 < highest < 1e30:
        raise UserError(f"`learning_rate` must be above 0, got {highest}")
    steps = max(1, settings.epochs * settings.steps_per_epoch)
    warm = min(max(1, steps // 50), steps - 1)
    rate = optax.warmup_cosine_decay_schedule(0.0, highest, warm, steps)

    def parts(params: Any) -> Any:
        def part(path: Any, _: Any) -> str:
            inside = any(getattr(key, "key", None) == SKIP for key in path)
            return "line" if inside else "network"

        return jax.tree_util.tree_map_with_path(part, params)

    def kernels(params: Any) -> Any:
        return jax.tree.map(lambda each: each.ndim > 1, params)

    decay = settings.weight_decay
    return optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.partition(
            {
                "line": optax.chain(optax.adam(rate), optax.scale(LINE_RATE)),
                "network": optax.adamw(rate, weight_decay=decay, mask=kernels),
            },
            parts,
        ),
    )


def loss(settings: Any) -> Any:
    """Return the absolute error, or Huber's."""
    from seqconv_jax import UserError, losses

    if not 0 <= settings.delta < 1e30:
        raise UserError(f"`delta` must be 0 or more, got {settings.delta}")
    if not settings.delta:
        return losses.mae
    return partial(losses.huber, delta=settings.delta)
