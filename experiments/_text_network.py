"""The network of the IMDB experiment, and its optimiser, as the flags say."""

from collections.abc import Hashable
from typing import Any

MOST = 10**5  # filters, and so on
MOST_WORDS = 8  # of an n-gram


def network(settings: Any, task: Any) -> tuple[Any, Any]:
    """Return the network, and the n-grams that it knows as its batch statistics.

    Without flags it is the book's; with `--ngram-order` a line through the n-grams of
    the task's training texts stands beside it.

    Args:
        settings: of the experiment.
        task: the reviews.
    """
    from seqconv_jax import UserError, baselines, models, nn

    given = {
        name: getattr(settings, name)
        for name in ("embedding", "head", "dropout", "token_dropout")
        if getattr(settings, name) is not None
    }
    model = models.TextConvNet(task.vocabulary, **given, **_blocks(settings))
    order = settings.ngram_order or 0
    if not 0 <= order <= MOST_WORDS:
        raise UserError(f"`ngram_order` must be from 0 to {MOST_WORDS}, got {order:,}")
    if order == 0:
        needing = ("ngram_dropout", "ngram_learning_rate", "ngram_weight", "drop_path")
        for name in needing:
            if getattr(settings, name):
                raise UserError(f"`{name}` needs `ngram_order`, which is not given")
        return model, None
    table = baselines.ngram_table(task, order=order)
    print(f"n-grams in two training reviews or more: {table.count:,}\n")
    model = model.clone(
        ngrams=table.count,
        ngram_order=order,
        ngram_dropout=settings.ngram_dropout or 0.0,
        drop_path=settings.drop_path or 0.0,
        ngram_weight=0.5 if settings.ngram_weight is None else settings.ngram_weight,
    )
    return model, nn.ngram_stats(model, task.example, table)


def _blocks(settings: Any) -> dict[str, Any]:
    """Return the one convolution that flags ask for; nothing for the book's two."""
    from seqconv_jax import UserError, nn

    for name, least in (("embedding", 0), ("features", 1), ("kernel_size", 1)):
        size = getattr(settings, name)
        if size is not None and not least <= size <= MOST:
            raise UserError(f"`{name}` must be from {least} to {MOST:,}, got {size:,}")
    if settings.features is None:
        if settings.kernel_size is not None:
            raise UserError("`kernel_size` needs `features`, which is not given")
        return {}
    size = 3 if settings.kernel_size is None else settings.kernel_size
    return {"blocks": (nn.ConvBlock(settings.features, size, padding="same"),)}


def optimizer(settings: Any, task: Any) -> Any:
    """Return the optimiser: RMSprop, or Adam, with a cosine decay to the last epoch.

    Args:
        settings: of the experiment.
        task: the reviews, which say how many steps there are.
    """
    import optax

    def of_rate(name: str) -> Any:
        rate = _scheduled(name, settings, task)
        if settings.optimizer == "adam":
            return optax.adam(rate)
        from seqconv_jax import optim

        return optim.rmsprop(rate)

    if settings.ngram_learning_rate is None:
        return of_rate("learning_rate")
    both: dict[Hashable, Any] = {
        "line": of_rate("ngram_learning_rate"),
        "rest": of_rate("learning_rate"),
    }
    return optax.multi_transform(both, _line_or_rest)


def _scheduled(name: str, settings: Any, task: Any) -> Any:
    """Return a learning rate, or its fall to zero at the last epoch."""
    import optax

    from seqconv_jax import UserError

    rate = getattr(settings, name)
    if not 1e-30 < rate < 1e30:
        raise UserError(f"`{name}` must be above 0, got {rate}")
    if settings.schedule != "cosine":
        return rate
    steps = settings.steps_per_epoch or -(-len(task.train) // settings.batch_size)
    return optax.cosine_decay_schedule(rate, settings.epochs * steps)


def _line_or_rest(params: Any) -> Any:
    """Return of each parameter whether it is the line's: the second branch's."""
    import jax

    def which(path: Any, _: Any) -> str:
        return "line" if "branches_1_0" in jax.tree_util.keystr(path) else "rest"

    return jax.tree_util.tree_map_with_path(which, params)
