from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.test_util import check_grads
from numerics import assert_same_bits, normal, quick_jit, value_and_gradients

from seqconv_jax import UserError
from seqconv_jax.ops import check_mask, hide, last_real_step, shift_left
from seqconv_jax.ops.masking import bare_sequence, shift, shift_reference

TIME = 6
# Full, padded in front, behind, on both sides around a hole, and nothing but padding.
ROWS = ["111111", "000111", "110000", "011010", "000000"]
MASK: Any = np.array([[step == "1" for step in row] for row in ROWS])


def spoilt(x, mask):
    return np.where(mask[:, :, None], x, np.float32(np.nan))


def test_bare_sequences():
    first, length = bare_sequence(jnp.asarray(MASK))
    assert first.tolist() == [0, 3, 0, 1, 0]
    assert length.tolist() == [6, 3, 2, 4, 0]


def test_hidden_steps_are_zero_with_zero_gradient():
    x = normal(5, TIME, 2)
    y, (gradient,) = value_and_gradients(lambda x: hide(x, MASK), spoilt(x, MASK))
    assert_same_bits(y, np.where(MASK[:, :, None], x, 0))
    assert not np.any(gradient[~MASK]) and np.all(gradient[MASK] != 0)
    assert hide(MASK, MASK).tolist() == MASK.tolist()


def test_without_a_mask_nothing_moves():
    x = normal(2, TIME, 3)
    assert hide(x, None) is x and shift_left(x, None) is x
    assert_same_bits(last_real_step(x), x[:, -1])


def test_shift_left_begins_with_the_first_real_step():
    x = normal(5, TIME, 2)
    y = quick_jit(shift_left)(spoilt(x, MASK), MASK)
    expected = np.zeros_like(x)
    for row, (first, length) in enumerate([(0, 6), (3, 3), (0, 2), (1, 4)]):
        expected[row, :length] = (x * MASK[:, :, None])[row, first : first + length]
    assert_same_bits(y, expected)


def test_last_real_step():
    x = normal(5, TIME, 2)
    y, (gradient,) = value_and_gradients(
        lambda x: last_real_step(x, MASK), spoilt(x, MASK)
    )
    last = [5, 5, 1, 4]
    assert_same_bits(y[:4], x[range(4), last])
    assert not np.any(y[4])
    assert np.argwhere(gradient[:, :, 0]).tolist() == [
        [i, t] for i, t in enumerate(last)
    ]


starts = st.lists(st.integers(-TIME - 2, TIME + 2), min_size=3, max_size=3)


@pytest.mark.parametrize("steps", [1, TIME, TIME + 3])
@given(start=starts)
def test_shift_equals_a_plain_lookup(steps, start):
    x, d_y = normal(3, TIME, 2), normal(3, steps, 2, seed=1)
    got = shifted(x, jnp.array(start), d_y)
    assert_same_bits(got[0], got[2])
    assert_same_bits(got[1], got[3])


@quick_jit
def shifted(x, start, d_y):
    """Return value and derivative of the shift and of its reference."""
    both = []
    for function in (shift, shift_reference):
        y, back = jax.vjp(lambda x, f=function: f(x, start, d_y.shape[1]), x)
        both += [y, *back(d_y)]
    return both


@pytest.mark.usefixtures("x64")
def test_derivative_of_a_shift_in_float64():
    x, start = normal(4, TIME, 2, dtype="float64"), jnp.array([-2, 0, 3, 9])
    run = jax.jit(lambda x: shift(x, start, 7))
    check_grads(run, (x,), order=2, modes=["rev"])


def test_a_shift_back_scatters_nothing():
    def loss(x):
        return shift_left(x, MASK).sum()

    program = jax.jit(jax.grad(loss)).lower(normal(5, TIME, 2)).as_text()
    assert "scatter" not in program and "gather" in program


def test_a_mask_of_numbers_becomes_one_of_booleans():
    mask = check_mask(jnp.array([[0, 2]]), jnp.zeros((1, 2, 1)))
    assert mask.dtype == bool and mask.tolist() == [[False, True]]


@pytest.mark.parametrize("function", [check_mask, hide, shift_left, last_real_step])
def test_a_mask_of_another_shape_raises(function):
    x, mask = jnp.zeros((2, 3, 1)), jnp.ones((3, 2), bool)
    arguments = (mask, x) if function is check_mask else (x, mask)
    with pytest.raises(UserError, match=r"`mask` must have shape \(2, 3\), got \(3, 2"):
        function(*arguments)


def test_the_last_step_needs_a_step():
    with pytest.raises(UserError, match=r"`x` must have shape \(batch, time, features"):
        last_real_step(jnp.zeros((2, 3)))
    with pytest.raises(
        UserError, match=r"`x` must have shape \(batch, at least 1 step"
    ):
        last_real_step(jnp.zeros((2, 0, 3)))
