"""Nothing at a masked step is seen: not in a value, and not in a gradient."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numerics import (
    assert_close,
    assert_same_bits,
    normal,
    quick_jit,
    value_and_gradients,
    with_gradients,
)

from seqconv_jax import ops

BATCH, TIME, FEATURES, UNITS = 4, 9, 2, 3

# Padded on both sides, padded behind with a hole, a full row, a row of padding.
MASK: Any = np.ones((BATCH, TIME), bool)
MASK[0, :3] = MASK[0, 8:] = MASK[1, 6:] = MASK[1, 2] = MASK[3] = False


def recurrent(gates):
    width = gates * UNITS
    shapes = [(FEATURES, width), (UNITS, width), (width,)]
    return tuple(normal(*shape, seed=i) for i, shape in enumerate(shapes))


def dropout(gates):
    return {
        "input_dropout_mask": 2.0 * (normal(*gates, BATCH, FEATURES) > 0),
        "recurrent_dropout_mask": 2.0 * (normal(*gates, BATCH, UNITS) > 0),
    }


def normalised(measure):
    """Return what subtracts and divides by what an operation measures."""

    @functools.wraps(measure)
    def run(x, mask):
        return measure(x, mask).normalised(ops.hide(x, mask))

    return run


FILTERS = (normal(3, FEATURES, UNITS), normal(UNITS))

# Each with its weights and settings.
OPERATIONS = {
    "gru": (ops.gru, recurrent(3), {}),
    "gru, reset after": (
        ops.gru,
        (*recurrent(3)[:2], normal(2, 3 * UNITS)),
        {"reset_after": True, "return_sequences": True, **dropout((3,))},
    ),
    "gru, reversed": (ops.gru, recurrent(3), {"reverse": True}),
    "lstm": (ops.lstm, recurrent(4), {}),
    "lstm, dropped": (
        ops.lstm,
        recurrent(4),
        {"reverse": True, "return_sequences": True, **dropout((4,))},
    ),
    "simple_rnn": (ops.simple_rnn, recurrent(1), {"return_sequences": True}),
    "simple_rnn, relu": (
        ops.simple_rnn,
        recurrent(1),
        {"activation": "relu", "reverse": True, **dropout(())},
    ),
    "max_pool": (ops.max_pool, (), {"window": 2}),
    "max_pool, same": (
        ops.max_pool,
        (),
        {"window": 3, "stride": 1, "padding": "same"},
    ),
    "max_pool, wide": (ops.max_pool, (), {"window": 9}),
    "avg_pool": (ops.avg_pool, (), {"window": 2}),
    "avg_pool, same": (ops.avg_pool, (), {"window": 3, "padding": "same"}),
    "global_max_pool": (ops.global_max_pool, (), {}),
    "global_avg_pool": (ops.global_avg_pool, (), {}),
    "last_real_step": (ops.last_real_step, (), {}),
    "shift_left": (ops.shift_left, (), {}),
    "hide": (ops.hide, (), {}),
    "masked_conv1d": (ops.masked_conv1d, FILTERS, {}),
    "masked_conv1d, same": (ops.masked_conv1d, FILTERS, {"padding": "same"}),
    "masked_conv1d, strided": (
        ops.masked_conv1d,
        FILTERS,
        {"padding": "causal", "stride": 2, "dilation": 2},
    ),
    "last_value_scale": (normalised(ops.last_value_scale), (), {}),
    "moment_scale": (normalised(ops.moment_scale), (), {}),
    "masked_max_pool": (ops.masked_max_pool, (), {"window": 2}),
    "masked_avg_pool": (ops.masked_avg_pool, (), {"window": 3, "padding": "same"}),
}
# These take a mask or ids in place of values.
OF_IDS = {"masked_embed_conv", "one_hot_conv"}
WITHOUT_VALUES = {"pool_mask", "window_mask", "check_mask", *OF_IDS}


def test_every_operation_with_a_mask_is_here():
    with_mask = {
        name for name in ops.__all__ if "mask" in getattr(ops, name).__annotations__
    }
    here = {operation.__name__ for operation, *_ in OPERATIONS.values()}
    others = {"window_rows", "finite_where_masked"}
    assert with_mask == here | WITHOUT_VALUES | others


@pytest.mark.parametrize("junk", [np.nan, np.inf])
def test_what_is_not_finite_is_hidden_where_it_is_masked(junk):
    x = normal(BATCH, TIME, FEATURES)
    spoilt = x.copy()
    spoilt[:, 0] = junk
    y, (gradient,) = value_and_gradients(
        lambda x: ops.finite_where_masked(x, MASK), spoilt
    )
    hidden = np.zeros(x.shape, bool)
    hidden[:, 0] = ~MASK[:, :1]
    assert_same_bits(y, np.where(hidden, np.float32(0), spoilt))
    assert not np.any(gradient[hidden]) and np.all(gradient[~hidden])


@functools.cache
def program(name):
    """Return an operation's compiled value and gradients, in its input and weights."""
    operation, _, options = OPERATIONS[name]
    return quick_jit(
        with_gradients(lambda x, *w: operation(x, *w, mask=MASK, **options))
    )


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("junk", [np.nan, np.inf])
def test_what_lies_at_masked_steps_changes_no_value_and_no_gradient(name, junk):
    x, (_, weights, _) = normal(BATCH, TIME, FEATURES) - 1, OPERATIONS[name]
    with_zeros, spoilt = (
        jax.device_get(program(name)(np.where(MASK[:, :, None], x, what), *weights))
        for what in (np.float32(0), np.float32(junk))
    )
    for got, expected in zip(*map(jax.tree.leaves, (spoilt, with_zeros)), strict=True):
        assert np.isfinite(got).all()
        assert_same_bits(got, expected)
    assert not np.any(spoilt[1][0][~MASK]) and np.any(spoilt[1][0])


def test_an_initial_state_and_masks_of_dropout_have_finite_gradients():
    x = np.where(MASK[:, :, None], normal(BATCH, TIME, FEATURES), np.float32(np.nan))
    state = normal(BATCH, UNITS)
    cases = [
        (ops.gru, 3, (3,), state),
        (ops.lstm, 4, (4,), (state, state)),
        (ops.simple_rnn, 1, (), state),
    ]
    for operation, gates, lead, initial in cases:

        def run(masks, initial, operation=operation, gates=gates):
            weights = recurrent(gates)
            return operation(x, *weights, mask=MASK, initial_state=initial, **masks)

        y, gradients = value_and_gradients(run, dropout(lead), initial)
        leaves = jax.tree.leaves((y, gradients))
        assert all(np.isfinite(leaf).all() for leaf in leaves)


def test_masked_ids_give_finite_values_and_gradients():
    ids = jnp.where(MASK, 1, 99)

    def run(table, kernel):
        return ops.masked_embed_conv(ids, table, kernel, mask=MASK)

    def over_ids(kernel):
        return ops.one_hot_conv(ids, kernel, mask=MASK)

    y, gradients = value_and_gradients(run, normal(4, FEATURES), FILTERS[0])
    assert all(np.isfinite(a).all() for a in (y, *gradients))
    y, gradients = value_and_gradients(over_ids, normal(3, 4, 2))
    assert all(np.isfinite(a).all() for a in (y, *gradients))


def test_the_mask_of_a_pool_knows_no_values():
    expected = [[False, True, True, True], [True, True, True, False]]
    assert ops.pool_mask(MASK[:2], 2).tolist() == expected


def test_rows_for_windows_hold_nothing_masked():
    x = np.where(MASK[:, :, None], normal(BATCH, TIME, FEATURES), np.float32(np.nan))

    def run(x, mask):
        rows = ops.window_rows(x, mask, 3, stride=2, padding="same")
        return rows.x, rows.mask

    values, mask = jax.device_get(quick_jit(run)(x, MASK))
    assert np.isfinite(values).all() and not np.any(values[~mask])
    assert_close(mask.sum(1), MASK.sum(1), 1e-9)
