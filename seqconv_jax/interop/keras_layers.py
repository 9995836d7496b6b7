"""From the configuration of one of Keras's layers to a layer of ours.

A layer that is not in the table, or an option that has no counterpart, is an error that
names it: nothing is guessed, and no code is run.
"""

from collections.abc import Mapping
from typing import Any

from flax import linen as nn

from seqconv_jax._checks import UserError
from seqconv_jax.interop.keras_rules import Rule, merges, rules
from seqconv_jax.interop.keras_settings import (
    build_layer,
    checked_config,
    major,
    name_of,
    settings,
)
from seqconv_jax.interop.keras_wrappers import bidirectional, inner_of_time_distributed

_WRAPPERS = ("Bidirectional", "TimeDistributed")


def translate(
    described: Mapping[str, Any], version: str | None, last_axis: int
) -> nn.Module:
    """Return our layer for one of a configuration of Keras's.

    Args:
        described: `{"class_name": ..., "config": {...}}`.
        version: the Keras that wrote it, such as `"2.15.0"`; None if nobody knows.
        last_axis: that of its input, counted from 0: 2 for a sequence, 1 for a vector.

    Raises:
        UserError: naming the layer, and what of it cannot be represented here.
    """
    config, where = checked_config(described), name_of(described)
    known = rules(major(version), last_axis)
    if described["class_name"] == "Bidirectional":
        return bidirectional(where, config, version, known)
    if described["class_name"] == "TimeDistributed" and last_axis == 2:
        by_step = rules(major(version), last_axis - 1)
        return inner_of_time_distributed(where, config, version, by_step)
    rule = _rule(described, known, [*known, *_WRAPPERS])
    return build_layer(where, rule, settings(where, rule, config, version))


def translate_merge(
    described: Mapping[str, Any], version: str | None, last_axis: int
) -> str:
    """Return how one of Keras's layers of several inputs merges them here.

    Args:
        described: as for `translate`.
        version: as for `translate`.
        last_axis: that of all inputs.

    Raises:
        UserError: naming the layer, and what of it cannot be represented here.
    """
    config, where = checked_config(described), name_of(described)
    known = merges(last_axis)
    rule = _rule(described, known, [*known])
    return settings(where, rule, config, version)["merge"]


def _rule(described, known: Mapping[str, Rule], there_are: list[str]) -> Rule:
    """Return the rule for a layer among those known."""
    kind = described.get("class_name")
    if kind not in known:
        raise UserError(
            f"{name_of(described)} has no counterpart here; there are "
            f"{', '.join(sorted(there_are))}"
        )
    return known[kind]
