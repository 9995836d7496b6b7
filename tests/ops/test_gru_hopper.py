"""The fused loop for Hopper GPUs, lowered for CUDA and run: there, or interpreted."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numerics import assert_close, normal, value_and_gradients

from seqconv_jax.ops.gru.hopper import fitting_rows, fused_recurrence
from seqconv_jax.ops.gru.hopper_plan import is_available, plgpu
from seqconv_jax.ops.gru.hopper_products import split_bfloat16, split_tf32
from seqconv_jax.ops.gru.implementation import has_hopper_gpu
from seqconv_jax.ops.gru.step import Convention, Gates, Weights
from seqconv_jax.ops.recurrence import recurrence, recurrence_reference

needs_pallas = pytest.mark.skipif(
    not is_available(), reason="this JAX's Pallas lacks what the kernels use"
)

# Reset after, gate activation, units, batch, time, dropout, time mask, biases, all
# states. Each of them is met in both reset conventions.
CASES = [
    (False, "sigmoid", 32, 64, 5, True, False, True, False),
    (False, "hard_sigmoid", 8, 65, 3, False, True, False, True),
    (False, "hard_sigmoid_keras2", 64, 7, 1, True, True, True, True),
    (True, "sigmoid", 32, 7, 5, False, False, True, False),
    (True, "hard_sigmoid", 24, 1, 3, True, True, True, True),
    (True, "hard_sigmoid_keras2", 8, 65, 1, False, True, False, False),
]


def case(reset_after, gate, units, batch, time, dropped, masked, biased, sequences):
    projected = Gates(*(normal(time, batch, units, seed=seed) for seed in range(3)))
    weights = Weights(
        normal(units, 3 * units, seed=3) / np.sqrt(units, dtype="float32"),
        normal(3 * units, seed=4) if biased else None,
        normal(units, seed=5) if biased and reset_after else None,
        normal(3, batch, units, seed=6) if dropped else None,
    )
    real = normal(time, batch, seed=7) > -0.5 if masked else None
    arrays = (projected, (normal(batch, units, seed=8),), weights)
    return Convention(reset_after, gate), arrays, real


def fused(convention, projected, state, weights, mask, **options):
    """Run the kernels on a Hopper GPU, or else in Pallas's interpreter on the CPU."""
    arguments = (convention, projected, state, weights, mask)
    if has_hopper_gpu():
        return fused_recurrence(*arguments, **options)
    with jax.default_device(jax.devices("cpu")[0]):
        interpret = plgpu.InterpretGPUParams()
        return fused_recurrence(*arguments, interpret=interpret, **options)


@needs_pallas
@pytest.mark.parametrize(
    "kind, rows", [*((kind, 64) for kind in CASES), (CASES[0], 16), (CASES[4], 16)]
)
def test_values_and_gradients_equal_the_loop(kind, rows):
    convention, arrays, mask = case(*kind)
    got = value_and_gradients(
        lambda p, s, w: fused(
            convention,
            p,
            s,
            w,
            mask,
            return_sequences=kind[-1],
            precision="float32",
            rows=rows,
        ),
        *arrays,
    )
    expected = value_and_gradients(
        lambda p, s, w: recurrence_reference(convention, p, s, w, mask)[
            slice(None) if kind[-1] else -1
        ],
        *arrays,
    )
    assert_close(got, expected, 2e-5)


@needs_pallas
@pytest.mark.parametrize("rows, error", [(16, 1e-4), (64, 3e-3)])
def test_tf32_is_close(rows, error):
    convention, arrays, _ = case(False, "sigmoid", 32, 3, 4, True, False, True, True)
    got = fused(convention, *arrays, None, return_sequences=True, rows=rows)
    expected = recurrence(convention, *arrays, None, return_sequences=True)
    assert_close(got, expected, error)
    assert abs(np.asarray(got) - expected).max() > 1e-6  # rounded, as on the hardware


@needs_pallas
def test_second_and_forward_derivatives_equal_the_loop():
    kind = (False, "sigmoid", 4, 2, 2, True, True, True, True)
    convention, (projected, state, weights), mask = case(*kind)

    def kernels(weights):
        options: Any = {"return_sequences": True, "precision": "float32"}
        return fused(convention, projected, state, weights, mask, **options)

    def plain(weights):
        return recurrence_reference(convention, projected, state, weights, mask)

    def curvature(run):
        def loss(scale):
            scaled = weights._replace(kernel=scale * weights.kernel)
            return jnp.square(run(scaled)).sum()

        reverse, forward = jax.grad(jax.grad(loss)), jax.jacfwd(loss)
        return jax.jit(lambda scale: (reverse(scale), forward(scale)))(1.0)

    assert_close(curvature(kernels), curvature(plain), 1e-4)


@needs_pallas
def test_half_precision_in_is_half_precision_out():
    convention, arrays, _ = case(False, "sigmoid", 8, 3, 2, False, False, True, True)
    half = [jax.tree.map(lambda a: jnp.asarray(a, jnp.bfloat16), a) for a in arrays]
    projected, state, weights = half
    got = fused(convention, projected, state, weights, None, return_sequences=False)
    assert got.dtype == jnp.bfloat16
    expected = recurrence(convention, *arrays, None, return_sequences=False)
    assert_close(np.asarray(got, "float32"), expected, 3e-2)


@pytest.mark.parametrize("parts, bits", [("tf32", 15), ("float32", 22)])
def test_bfloat16_parts_add_up(parts, bits):
    x = normal(1000)
    rest = x - sum(p.astype(jnp.float32) for p in split_bfloat16(jnp.asarray(x), parts))
    assert (abs(np.asarray(rest)) <= abs(x) * 2.0**-bits).all()


def test_tf32_parts_add_up_and_have_few_bits():
    x = normal(1000) * np.float32(10) ** np.arange(-5, 5, 0.01, dtype="float32")
    first, rest = split_tf32(jnp.asarray(x), "float32")
    assert np.array_equal(first + rest, x)
    assert not np.any(np.asarray(first).view("int32") & 0x1FFF)
    assert (abs(np.asarray(rest)) <= abs(x) * 2.0**-11).all()
    assert np.array_equal(split_tf32(jnp.asarray(x), "tf32")[0], first)


# Reset after, gate activation, units, batch, time, dropout, time mask, biases, all.
SHAPES = [
    (False, "sigmoid", 32, 128, 74, True, False, True, False),
    (True, "sigmoid", 32, 128, 240, False, False, True, False),
    (True, "hard_sigmoid", 64, 65, 9, True, True, True, True),
    (False, "hard_sigmoid_keras2", 40, 7, 1, False, True, False, True),
]


@needs_pallas
@pytest.mark.parametrize("rows", [64, 16])
@pytest.mark.parametrize("kind", SHAPES)
def test_lowers_for_cuda_without_a_gpu(kind, rows):
    fewest = fitting_rows(kind[2], "float32") or 64
    precision = "float32" if rows >= fewest else "tf32"
    convention, arrays, mask = case(*kind)

    def loss(p, s, w):
        return fused_recurrence(
            convention,
            p,
            s,
            w,
            mask,
            return_sequences=kind[-1],
            precision=precision,
            rows=rows,
        ).sum()

    gradient = jax.jit(jax.grad(loss, argnums=(0, 1, 2)))
    lowered = gradient.trace(*arrays).lower(lowering_platforms=("cuda",)).as_text()
    assert lowered.count("custom_call @mosaic_gpu") == 2
    assert "stablehlo.while" not in lowered


def test_few_sequences_a_program_where_they_fit():
    assert [fitting_rows(u, "tf32") for u in (1, 64, 65, 96, 97)] == [
        16,
        16,
        64,
        64,
        None,
    ]
    assert [fitting_rows(u, "float32") for u in (32, 33, 64, 65)] == [16, 64, 64, None]


def test_what_does_not_fit_is_told():
    convention, arrays, _ = case(False, "sigmoid", 97, 1, 1, False, False, False, True)

    def run(**options):
        fused_recurrence(convention, *arrays, None, return_sequences=True, **options)

    with pytest.raises(ValueError, match="`units` must be few enough for tf32"):
        run()
    with pytest.raises(ValueError, match="`precision` must be"):
        run(precision="half")
