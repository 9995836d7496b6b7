"""Programs compiled as well as their use is worth, and ahead of their call."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from train.helpers import fit, small_model, small_task
from train.test_step import same
from train.tiny import Line, tiny_fit

import seqconv_jax as sc
from seqconv_jax.train import compiling
from seqconv_jax.train.state import state_shapes

on_a_cpu = pytest.mark.skipif(jax.default_backend() != "cpu", reason="a CPU's way")


@on_a_cpu
def test_levels_but_for_where_the_environment_tells(monkeypatch):
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    assert compiling.options(compiling.ONCE) == {"xla_backend_optimization_level": 1}
    assert compiling.options(compiling.OFTEN) == {"xla_backend_optimization_level": 2}
    monkeypatch.setenv("XLA_FLAGS", "--xla_backend_optimization_level=0")
    assert compiling.options(compiling.OFTEN) is None


@on_a_cpu
def test_a_lower_level_gives_the_same_bits(monkeypatch):
    lower = fit(small_model())
    monkeypatch.setattr(compiling, "options", lambda level: None)
    assert same(lower.state, fit(small_model()).state)


@on_a_cpu
def test_a_call_finds_what_was_compiled_ahead(caplog):
    shapes = jax.ShapeDtypeStruct((3,), np.float32)
    double = compiling.Program(jax.jit(lambda x: 2 * x))
    double.trace(shapes, ahead=True)
    x = jnp.ones(3, np.float32)
    with jax.log_compiles(), caplog.at_level("WARNING", logger="jax"):
        assert double(x).tolist() == [2.0, 2.0, 2.0]
    assert not [r for r in caplog.messages if "Finished XLA compilation" in r]
    with jax.log_compiles(), caplog.at_level("WARNING", logger="jax"):
        jax.jit(lambda x: 3 * x)(x)
    assert [r for r in caplog.messages if "Finished XLA compilation" in r]


@on_a_cpu
def test_what_cannot_be_compiled_is_the_calls_to_tell():
    class Broken:
        def lower(self):
            return self

        def compile(self):
            raise RuntimeError("in the thread")

        def __call__(self):
            raise RuntimeError("in the call")

    program = compiling.Program(Broken())
    program.trace(ahead=True)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="in the call"):
            program()


@pytest.mark.parametrize("ema", [False, True])
def test_shapes_are_those_of_the_state(ema):
    model, tx = small_model(), optax.adam(1e-3)
    example = small_task().example
    state = sc.train.init_state(model, tx, example, seed=0, ema=ema)
    shapes = state_shapes(model, tx, example, ema=ema)
    assert jax.tree.structure(shapes) == jax.tree.structure(state)
    for shape, leaf in zip(
        jax.tree.leaves(shapes), jax.tree.leaves(state), strict=True
    ):
        assert (shape.shape, shape.dtype) == (leaf.shape, leaf.dtype)


def test_an_optimiser_whose_first_state_needs_values():
    """It computes in NumPy: its state is made outside a program, and trained with."""

    def init(params):
        return jax.tree.map(lambda p: jnp.asarray(np.abs(np.asarray(p))), params)

    def update(updates, state, params=None):
        return jax.tree.map(lambda g, s: -0.01 * g * (1 + 0 * s), updates, state), state

    result = tiny_fit(Line(), optimizer=optax.GradientTransformation(init, update))
    kernel = result.state.opt_state["Dense_0"]["kernel"]
    assert float(kernel.min()) >= 0
    assert len(result.history) == 2
