import doctest
import importlib
import pkgutil

import pytest

import seqconv_jax
from seqconv_jax import ops


def modules():
    """Return the names of all modules."""
    walked = pkgutil.walk_packages(seqconv_jax.__path__, "seqconv_jax.")
    names = ["seqconv_jax", *(module.name for module in walked)]
    return names


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
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted and not result.failed


@pytest.mark.parametrize("name", sorted(ops.__all__))
def test_every_public_operation_has_an_example(name):
    assert ">>> " in getattr(ops, name).__doc__


def test_the_front_page_has_an_example():
    assert seqconv_jax.__name__ in WITH_EXAMPLES
