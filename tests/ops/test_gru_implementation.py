"""Which implementation of a gated recurrent unit's loop a program gets."""

import logging
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.export import symbolic_shape
from numerics import assert_close, normal

import seqconv_jax as sc
from seqconv_jax import _checks, ops
from seqconv_jax.ops.gru import hopper_plan, implementation
from seqconv_jax.ops.gru.hopper_plan import is_available

needs_pallas = pytest.mark.skipif(
    not is_available(), reason="this JAX's Pallas lacks what the kernels use"
)


@pytest.fixture
def hopper(monkeypatch):
    """Let JAX seem to compute on a Hopper GPU."""
    monkeypatch.setattr(implementation, "has_hopper_gpu", lambda: True)
    implementation._tell.cache_clear()


@pytest.fixture
def no_hopper(monkeypatch):
    """Let JAX seem to compute elsewhere, whatever these tests run on."""
    monkeypatch.setattr(implementation, "has_hopper_gpu", lambda: False)


def arrays(units=8, batch=3, dtype="float32"):
    x, w = normal(batch, 5, 4, seed=1), normal(4, 3 * units, seed=2)
    u = normal(units, 3 * units, seed=3) / np.sqrt(units, dtype="float32")
    return tuple(jnp.asarray(a, dtype) for a in (x, w, u))


def kernels(function, *arrays, platform="cuda"):
    """How many fused kernels a program has when it is lowered for a platform."""
    traced = jax.jit(lambda *a: function(*a)).trace(*arrays)  # anew: no cache
    return (
        traced.lower(lowering_platforms=(platform,))
        .as_text()
        .count("custom_call @mosaic_gpu")
    )


def loss(x, w, u, **options):
    return jnp.square(ops.gru(x, w, u, **options)).sum()


gradient = jax.grad(loss, argnums=(0, 1, 2))


def test_sizes_that_are_known_late_are_looped_over(hopper):
    (batch,) = symbolic_shape("batch")
    x, w, u = arrays()
    x = jax.ShapeDtypeStruct((batch, *x.shape[1:]), x.dtype)
    assert jax.eval_shape(ops.gru, x, w, u).shape == (batch, 8)
    with pytest.raises(sc.UserError, match="'fused' needs "):
        jax.eval_shape(partial(ops.gru, implementation="fused"), x, w, u)


def test_without_a_gpu_the_program_is_the_loop(no_hopper):
    choices = [
        jax.make_jaxpr(lambda *a, how=how: gradient(*a, implementation=how))(*arrays())
        for how in (None, "xla")
    ]
    assert str(choices[0]) == str(choices[1])
    assert "platform_index" not in str(choices[0])


@needs_pallas
def test_with_a_hopper_gpu_it_is_the_platforms_own(hopper):
    assert kernels(loss, *arrays()) == 1
    assert kernels(gradient, *arrays()) == 2
    assert kernels(gradient, *arrays(), platform="cpu") == 0
    assert kernels(partial(loss, implementation="xla"), *arrays()) == 0
    assert kernels(partial(loss, implementation="fused"), *arrays()) == 1


@needs_pallas
def test_on_the_cpu_of_such_a_machine_nothing_changes(hopper):
    got = jax.jit(lambda *a: gradient(*a))(*arrays())
    expected = jax.jit(partial(gradient, implementation="xla"))(*arrays())
    assert_close(got, expected, 1e-6)


@needs_pallas
def test_transformations_keep_the_kernels(hopper):
    x, w, u = arrays()
    several = jax.vmap(gradient, (None, 0, 0))
    assert kernels(several, x, jnp.stack([w] * 4), jnp.stack([u] * 4)) == 2
    assert kernels(jax.grad(jax.checkpoint(loss), argnums=(1, 2)), x, w, u) >= 2

    def train(x, w, u):
        return jax.lax.fori_loop(0, 9, lambda _, u: u - gradient(x, w, u)[2], u)

    assert kernels(train, x, w, u) == 2


@needs_pallas
def test_every_argument_reaches_the_kernels(hopper, x64):
    x, w, u = arrays()
    options = {
        "initial_state": normal(3, 8),
        "mask": jnp.ones((3, 5), bool),
        "recurrent_dropout_mask": normal(3, 3, 8),
        "bias": normal(2, 24),
        "reset_after": True,
        "reverse": True,
    }
    assert kernels(lambda *a: gradient(*a, **options), x, w, u) == 2


@needs_pallas
def test_layers_and_models_pass_it_on(hopper):
    model, x = sc.models.ConvGRU(features=4, units=8), jnp.ones((2, 40, 3))
    params = jax.eval_shape(model.init, jax.random.key(0), x)
    assert kernels(model.apply, params, x) == 1
    layer = sc.nn.GRU(8, implementation="xla")
    params = jax.eval_shape(layer.init, jax.random.key(0), x)
    assert kernels(layer.apply, params, x) == 0
    both = sc.nn.Bidirectional(sc.nn.GRU(8))
    params = jax.eval_shape(both.init, jax.random.key(0), x)
    assert kernels(both.apply, params, x) == 2


@needs_pallas
def test_precision_follows_jax(hopper):
    for wanted, precision in [
        (None, "tf32"),
        ("tensorfloat32", "tf32"),
        ("high", "float32"),
        ("highest", "float32"),
    ]:
        with jax.default_matmul_precision(wanted):
            assert implementation._precision() == precision
    with jax.default_matmul_precision("highest"):
        assert kernels(loss, *arrays(65)) == 0
    with jax.default_matmul_precision(None):
        assert kernels(loss, *arrays(65)) == 1


@needs_pallas
@pytest.mark.parametrize(
    "options, message",
    [
        ({"units": 65}, "fewer than 65 units for products in float32"),
        ({"dtype": "bfloat16"}, "float32 arrays, not bfloat16"),
        ({"batch": 0}, "numbers to compute, not 0 sequences of 8 units"),
    ],
)
def test_what_the_kernels_cannot_run_is_a_loop(hopper, caplog, options, message):
    with caplog.at_level(logging.INFO, "seqconv_jax"):
        assert kernels(loss, *arrays(**options)) == 0
        assert kernels(gradient, *arrays(**options)) == 0
    assert [message in record.getMessage() for record in caplog.records] == [True]
    with pytest.raises(_checks.UserError, match=f"`implementation` .*{message}"):
        ops.gru(*arrays(**options), implementation="fused")


@needs_pallas
def test_meshes_get_the_loop(hopper):
    mesh = jax.make_mesh((1,), ("data",), (jax.sharding.AxisType.Auto,))
    rows = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("data"))
    x, w, u = arrays()
    assert kernels(loss, jax.device_put(x, rows), w, u) == 0
    with pytest.raises(_checks.UserError, match="needs arrays without a mesh"):
        ops.gru(jax.device_put(x, rows), w, u, implementation="fused")


def test_an_old_jax_gets_the_loop(hopper, monkeypatch):
    monkeypatch.setattr(hopper_plan, "is_available", lambda: False)
    assert kernels(loss, *arrays()) == 0
    with pytest.raises(_checks.UserError, match="needs JAX 0.11.2 or later"):
        ops.gru(*arrays(), implementation="fused")


def test_a_missing_gpu_and_an_unknown_name_are_told(no_hopper):
    with pytest.raises(_checks.UserError, match="needs a Hopper GPU .*got 'fused'"):
        ops.gru(*arrays(), implementation="fused")
    with pytest.raises(_checks.UserError, match="did you mean 'fused'"):
        ops.gru(*arrays(), implementation="fuse")


def test_a_hopper_gpu_is_known_by_its_capability(monkeypatch):
    class Device:
        compute_capability = "9.0"

    monkeypatch.setattr(jax, "default_backend", lambda: "cpu")
    assert not implementation.has_hopper_gpu()
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    monkeypatch.setattr(jax, "local_devices", lambda: [Device()])
    assert implementation.has_hopper_gpu()
    monkeypatch.setattr(Device, "compute_capability", "10.0")
    assert not implementation.has_hopper_gpu()
