import itertools

import jax
import jax.numpy as jnp
import numpy as np
import oracles
from gru_cases import (
    BATCH,
    FEATURES,
    MASK,
    TIME,
    UNITS,
    dropout_masks,
    inputs,
    jitted,
    parameters,
)
from hypothesis import given
from hypothesis import strategies as st
from numerics import (
    assert_close,
    assert_same_bits,
    normal,
    quick_jit,
    value_and_gradients,
)

from seqconv_jax.ops import gru


@given(
    padded=st.lists(st.booleans(), min_size=TIME, max_size=TIME),
    junk=st.sampled_from([1.0, 1e30, np.inf, np.nan]),
    reverse=st.booleans(),
)
def test_what_lies_under_the_mask_changes_nothing(padded, junk, reverse):
    x, weights = inputs(), parameters(True)
    mask = np.tile(~np.array(padded), (BATCH, 1))
    spoilt = np.where(mask[:, :, None], x, np.float32(junk))
    options = {"reset_after": True, "reverse": reverse, "mask": mask}
    got = jitted(spoilt, *weights, **options)
    assert_same_bits(got, jitted(x, *weights, **options))
    short = oracles.gru(x[:, mask[0]], *weights, reset_after=True, reverse=reverse)
    assert_close(got, short)


def test_gradient_of_masked_inputs_is_zero_and_padding_row_keeps_its_state():
    state, weights = normal(BATCH, UNITS, seed=3), parameters(False)
    y, (dx, dstate) = value_and_gradients(
        lambda x, state: gru(x, *weights, mask=MASK, initial_state=state),
        inputs(),
        state,
    )
    assert_same_bits(y[3], state[3])
    assert not np.any(dx[~MASK]) and np.all(np.any(dx[MASK] != 0, axis=-1))
    assert np.isfinite(dstate).all()


def test_dropout_masks_of_ones_change_nothing():
    x, weights = inputs(), parameters(False)
    ones = {
        "input_dropout_mask": jnp.ones((3, BATCH, FEATURES)),
        "recurrent_dropout_mask": jnp.ones((3, BATCH, UNITS)),
    }
    assert_close(jitted(x, *weights, **ones), jitted(x, *weights))


def test_each_gate_has_its_own_mask():
    # Where a gate's mask is zero, its part of the kernel gets no gradient.
    @quick_jit
    @jax.grad
    def gradients(weights, masks):
        return jnp.sum(gru(inputs(), *weights, reset_after=True, **masks))

    for kind, gate in itertools.product(["input", "recurrent"], range(3)):
        masks = {name: np.ones_like(mask) for name, mask in dropout_masks().items()}
        masks[f"{kind}_dropout_mask"][gate] = 0
        part = gradients(parameters(True), masks)[0 if kind == "input" else 1]
        moved = [bool(np.any(p)) for p in np.split(np.asarray(part), 3, axis=1)]
        assert moved == [i != gate for i in range(3)]


def test_dropped_state_still_interpolates_whole():
    # Recurrent masks of zero cut U off, but z h keeps the state itself.
    x, weights = inputs(), parameters(False)
    state = normal(BATCH, UNITS, seed=3)
    mask = jnp.zeros((3, BATCH, UNITS))
    got = jitted(x, *weights, initial_state=state, recurrent_dropout_mask=mask)
    kernel, recurrent, bias = weights
    without = oracles.gru(x, kernel, 0 * recurrent, bias, initial_state=state)
    assert_close(got, without)
