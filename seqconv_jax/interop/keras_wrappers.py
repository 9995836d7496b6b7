"""Keras's layers around other layers: in both directions, and at every step."""

from collections.abc import Mapping
from typing import Any

from flax import linen as nn

from seqconv_jax import nn as sc
from seqconv_jax._checks import UserError
from seqconv_jax.interop.keras_rules import MERGES, Rule
from seqconv_jax.interop.keras_settings import (
    build_layer,
    checked_config,
    name_of,
    settings,
)
from seqconv_jax.nn.recurrent import Recurrent

_OF_BIDIRECTIONAL = ("merge_mode", "layer", "backward_layer")
# What they do to a vector, they do to each step of a sequence.
_BY_STEP = (sc.Activation, sc.Dense, sc.Dropout, sc.LayerNorm, sc.LeakyReLU)


def bidirectional(
    where: str,
    config: Mapping[str, Any],
    version: str | None,
    known: Mapping[str, Rule],
) -> nn.Module:
    """Return a recurrent layer in both directions.

    Args:
        where: how errors call the layer.
        config: its options.
        version: as for `translate`.
        known: the rules.
    """
    options = {k: v for k, v in config.items() if k not in _OF_BIDIRECTIONAL}
    settings(where, Rule(sc.Bidirectional), options, version)
    merge = config.get("merge_mode")
    if merge not in MERGES:
        raise UserError(f"{where} has merge_mode {merge!r}, expected {sorted(MERGES)}")
    recurrent = {k: r for k, r in known.items() if issubclass(r.module, Recurrent)}
    wrapped: list[Any] = [config.get("layer"), config.get("backward_layer")]
    wrapped = wrapped if wrapped[1] is not None else wrapped[:1]
    kinds = [isinstance(x, dict) and x.get("class_name") for x in wrapped]
    if kinds[0] not in recurrent:
        raise UserError(
            f"{where} must wrap a {' or '.join(recurrent)} to be represented here"
        )
    rule, directions = recurrent[kinds[0]], []
    for inner in wrapped if len(set(kinds)) == 1 else []:
        options = dict(checked_config(inner))
        options.pop("zero_output_for_mask", None)  # ours does the same of itself
        fields = settings(name_of(inner), rule, options, version)
        directions.append({"reverse": False, **fields})
    for backward in directions[1:]:
        backward["reverse"] = not backward["reverse"]
    if not directions or any(each != directions[0] for each in directions):
        raise UserError(f"{where} has directions that differ in their options")
    return sc.Bidirectional(build_layer(where, rule, directions[0]), MERGES[merge])


def inner_of_time_distributed(
    where: str,
    config: Mapping[str, Any],
    version: str | None,
    known: Mapping[str, Rule],
) -> nn.Module:
    """Return the layer that is called at every step: alone it does that here.

    Args:
        where: how errors call the layer.
        config: its options.
        version: as for `translate`.
        known: the rules, for vectors.
    """
    options = {k: v for k, v in config.items() if k != "layer"}
    settings(where, Rule(sc.Dense), options, version)
    inner: Any = config.get("layer")
    kind = inner.get("class_name") if isinstance(inner, dict) else None
    by_step = {k: rule for k, rule in known.items() if rule.module in _BY_STEP}
    if kind not in by_step:
        raise UserError(
            f"{where} must wrap one of {', '.join(sorted(by_step))} to be represented "
            f"here, got {kind}"
        )
    inside = f"{name_of(inner)} in {where}"
    fields = settings(inside, by_step[kind], checked_config(inner), version)
    return build_layer(inside, by_step[kind], fields)
