"""Every example in a docstring is true, and what is public has one."""

import doctest
import importlib
import inspect
import pkgutil
from importlib.util import find_spec

import pytest

import seqconv_jax
from seqconv_jax import models, nn, ops

EXTRAS = {"seqconv_jax.estimators.": "sklearn"}  # imported as soon as the modules


def modules():
    """Return the names of all modules whose extra is there."""
    walked = pkgutil.walk_packages(seqconv_jax.__path__, "seqconv_jax.")
    lacking = tuple(
        part for part, library in EXTRAS.items() if find_spec(library) is None
    )
    names = [module.name for module in walked]
    return ["seqconv_jax", *(name for name in names if not name.startswith(lacking))]


def is_public(name):
    """Say whether each part of a module's path is."""
    return not any(part.startswith("_") for part in name.split("."))


WITH_EXAMPLES = [
    name
    for name in modules()
    if any(
        t.examples for t in doctest.DocTestFinder().find(importlib.import_module(name))
    )
]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_are_true(name, tmp_path, monkeypatch):
    monkeypatch.setenv("SEQCONV_CACHE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted and not result.failed


PUBLIC = {
    f"{package.__name__.removeprefix('seqconv_jax.')}.{name}": getattr(package, name)
    for package in (ops, nn, models)
    for name in package.__all__
}


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_every_public_operation_layer_and_model_has_an_example(name):
    thing = PUBLIC[name]
    text = thing.__doc__ or ""
    assert ">>> " in text
    if name.startswith(("nn.", "models.")) and inspect.isclass(thing):
        assert "Attributes:" in text or not own_fields(thing)


def own_fields(kind):
    """Return the fields of a module's class that are not Flax's, nor its base's."""
    names = set(inspect.get_annotations(kind)) - {"name", "parent"}
    return [name for name in names if not name.startswith("_")]


def test_public_modules_say_what_they_are():
    for name in filter(is_public, modules()):
        assert importlib.import_module(name).__doc__, name


def test_the_front_page_has_an_example():
    assert seqconv_jax.__name__ in WITH_EXAMPLES


def test_all_packages_are_walked():
    found = set(modules())
    assert {f"seqconv_jax.{name}" for name in seqconv_jax._MODULES} <= found
    assert {"seqconv_jax.nn.conv", "seqconv_jax.ops.conv"} <= set(WITH_EXAMPLES)
