import doctest
import importlib
import pkgutil

import pytest

import seqconv_jax
from seqconv_jax import ops


def modules():
    """Return the names of the modules whose examples compute with arrays alone."""
    names = ["seqconv_jax", "seqconv_jax.train.batches"]
    names += ["seqconv_jax.interop.pytorch"]
    names += [f"seqconv_jax.{n}" for n in ("losses", "optim", "models", "layer_table")]
    for package in ("ops", "nn"):
        found = importlib.import_module(f"seqconv_jax.{package}")
        names += [
            m.name for m in pkgutil.walk_packages(found.__path__, found.__name__ + ".")
        ]
    return names


WITH_EXAMPLES = [
    name
    for name in modules()
    if any(
        t.examples for t in doctest.DocTestFinder().find(importlib.import_module(name))
    )
]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_are_true(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted and not result.failed


@pytest.mark.parametrize("name", sorted(ops.__all__))
def test_every_public_operation_has_an_example(name):
    assert ">>> " in getattr(ops, name).__doc__


def test_the_front_page_has_an_example():
    assert seqconv_jax.__name__ in WITH_EXAMPLES
