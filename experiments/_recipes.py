"""Named settings of an experiment, which its flags override."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

Settings = TypeVar("Settings", bound=Any)


def with_recipe(
    settings: Settings, recipes: Mapping[str, Mapping[str, Any]]
) -> Settings:
    """Return settings in which the recipe says what no flag did.

    What a recipe may say is None until a flag says it. All of it becomes part of the
    run's config, so that the run goes on as it was even where a recipe has changed.

    Args:
        settings: with a field `recipe`, the name of one, or None for no recipe.
        recipes: values of fields, by the recipe's name.
    """
    if settings.recipe is None:
        return settings
    said = recipes[settings.recipe]
    left = {k: value for k, value in said.items() if getattr(settings, k) is None}
    return replace(settings, **left)
