"""The options of one of Keras's layers, each accounted for.

An option that has no counterpart is an error that names it: nothing is guessed, and no
code is run.
"""

import re
import warnings
from collections.abc import Mapping
from typing import Any

from seqconv_jax import nn as sc
from seqconv_jax._checks import UserError
from seqconv_jax.interop.keras_rules import (
    CARRIED,
    FROZEN,
    TRAINING_ONLY,
    WITHOUT_EFFECT,
    Rule,
)
from seqconv_jax.interop.keras_values import Unknown

_NEWEST = 3
_POLICIES = ("DTypePolicy", "Policy")
_OWN_MODULES = ("keras", "tf_keras", "tensorflow")


def checked_config(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a layer that is Keras's own and holds no code."""
    where, config = name_of(described), described.get("config")
    if described.get("class_name") == "Lambda":
        raise UserError(f"{where} holds code, which is never run")
    if not _is_keras_own(described):
        raise UserError(f"{where} is a class of somebody's own, which is never loaded")
    if not isinstance(config, dict):
        raise UserError(f"{where} has no configuration")
    return config


def major(version: str | None) -> int:
    """Return the number before the first point; 2 if it is not known.

    Raises:
        UserError: if it is no version, or that of a Keras yet to come.
    """
    if version is None:
        return 2
    number = re.match(r"([0-9]{1,4})(\.|$)", version)
    if number is None or not 1 <= int(number[1]) <= _NEWEST:
        raise UserError(
            f"the file must be written by Keras 1, 2 or 3, got version {version[:40]!r}"
        )
    return int(number[1])


def name_of(described: Mapping[str, Any]) -> str:
    """Return how errors call a layer."""
    config = described.get("config")
    name = config.get("name") if isinstance(config, dict) else None
    return f"layer {name!r} ({described.get('class_name')})"


def build_layer(where: str, rule: Rule, settings: Mapping[str, Any]) -> Any:
    """Return the layer, unless it needs options that were not there."""
    if settings.get("reverse") and settings.get("return_sequences"):
        raise UserError(
            f"{where} returns its states in reverse order (go_backwards with "
            "return_sequences), which has no counterpart here"
        )
    try:
        return rule.module(**settings)
    except TypeError as error:
        raise UserError(f"{where} lacks an option: {error}") from error


def settings(
    where: str, rule: Rule, config: Mapping[str, Any], version: str | None
) -> dict[str, Any]:
    """Return the fields of our module, once every option has been accounted for."""
    _check_dtype(where, rule, config.get("dtype"))
    settings, left_out = dict(rule.settings), []
    for option, value in config.items():
        if option in rule.fields:
            field, convert = rule.fields[option]
            try:
                settings[field] = convert(value)
            except Unknown:
                raise UserError(
                    f"{where} has {option} {value!r}, which has no counterpart here"
                ) from None
        elif option in rule.fixed:
            if value not in rule.fixed[option]:
                wanted = " or ".join(map(repr, rule.fixed[option]))
                raise UserError(
                    f"{where} must have {option} {wanted} to be represented here, "
                    f"got {value!r}"
                )
        elif option == CARRIED:
            _check_carried(where, value)
        elif option in TRAINING_ONLY:
            left_out += [option] if value is not None else []
        elif option == FROZEN:
            left_out += [] if value is True else [f"{FROZEN}={value}"]
        elif option not in WITHOUT_EFFECT and value is not None:
            raise UserError(f"{where} has an unknown option {option!r}: {value!r}")
    # Keras 3 writes all of them; what the others mean where they are left out differs.
    needed = rule.fields if major(version) >= 3 else ("recurrent_activation",)
    missing = [each for each in needed if each in rule.fields and each not in config]
    if missing:
        raise UserError(f"{where} lacks an option: {', '.join(missing)}")
    if version is None and config.get("recurrent_activation") == "hard_sigmoid":
        raise UserError(
            f"{where} has hard_sigmoid gates, which have two meanings, and the file "
            "does not say which version of Keras wrote it"
        )
    if left_out:
        warnings.warn(
            f"{where}: {', '.join(left_out)} acts in training alone and is left out",
            stacklevel=2,
        )
    return settings


def _check_carried(where: str, value: Any) -> None:
    """Say that no state lives on from one batch to the next."""
    if value:
        warnings.warn(
            f"{where}: {CARRIED}={value} carries its state from batch to batch in "
            "Keras, and here every batch begins with zeros",
            stacklevel=2,
        )


def _check_dtype(where: str, rule: Rule, dtype: Any) -> None:
    """Raise for a layer that computes in another type than float32."""
    if isinstance(dtype, dict) and dtype.get("class_name") in _POLICIES:
        dtype = (dtype.get("config") or {}).get("name")
    # The first versions gave an embedding the type of its ids.
    ids = ("int32", "int64") if rule.module is sc.Embedding else ()
    if dtype not in (None, "float32", *ids):
        raise UserError(f"{where} must compute in float32, got dtype {dtype!r}")


def _is_keras_own(described: Mapping[str, Any]) -> bool:
    module, registered = described.get("module"), described.get("registered_name")
    return (module is None or str(module).split(".")[0] in _OWN_MODULES) and (
        registered in (None, described.get("class_name"))
    )
