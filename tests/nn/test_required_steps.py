from functools import reduce
from math import gcd

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numerics import (
    assert_close,
    assert_same_bits,
    drawn,
    normal,
    quick_jit,
    values_and_gradients,
)

from seqconv_jax import UserError, models, nn
from seqconv_jax.nn.required_steps import (
    Steps,
    all_steps,
    ratio,
    select,
    steps_under,
    union,
)

convolutions = st.tuples(st.integers(1, 4), st.integers(1, 9))


def places(steps):
    """Return where the steps lie in their sequence."""
    last = steps.length - 1
    return {last - i * steps.apart for i in range(steps.count)}


def seen_by(outputs, kernel_size, dilation):
    """Return the steps that causal outputs see, one by one."""
    taps = range(kernel_size)
    return {t - k * dilation for t in outputs for k in taps if t - k * dilation >= 0}


@given(st.integers(1, 60), st.lists(convolutions, max_size=4))
def test_what_is_seen_through_convolutions_is_among_the_steps(length, stack):
    steps, needed = Steps(length), {length - 1}
    for kernel_size, dilation in stack:
        above, steps = steps, steps_under(steps, kernel_size, dilation)
        needed = seen_by(needed, kernel_size, dilation)
        assert seen_by(places(above), kernel_size, dilation) <= places(steps)
        assert places(above) <= places(steps)
    assert needed <= places(steps) and min(places(steps)) >= 0
    assert len(places(steps)) == steps.count


@given(st.lists(convolutions, min_size=1, max_size=4))
def test_no_fewer_steps_at_equal_distances_would_do(stack):
    length = 200  # Longer than all of them see.
    steps, needed = Steps(length), {length - 1}
    for kernel_size, dilation in stack:
        steps = steps_under(steps, kernel_size, dilation)
        needed = seen_by(needed, kernel_size, dilation)
    distances = [length - 1 - t for t in needed]
    assert steps.reach == max(distances)
    assert steps.apart == reduce(gcd, distances)


@given(st.integers(1, 60), convolutions, convolutions)
def test_the_union_holds_both(length, first, second):
    a, b = (steps_under(Steps(length), *each) for each in (first, second))
    both = union(a, b)
    assert places(a) | places(b) <= places(both)
    assert both == union(b, a) and union(a, a) == a
    assert min(places(both)) == min(places(a) | places(b))


@given(st.integers(1, 30), convolutions, convolutions)
def test_selecting_steps_takes_those_of_the_sequence(length, first, second):
    x = np.arange(length).reshape(1, -1, 1)
    wanted = steps_under(Steps(length), *first)
    between = steps_under(wanted, *second)
    held = select(x, all_steps(length), between)
    assert set(held.ravel().tolist()) == places(between)
    found = select(held, between, wanted)
    assert sorted(found.ravel().tolist()) == sorted(places(wanted))
    assert found.shape == (1, wanted.count, 1)
    assert ratio(wanted, between) * between.apart in (wanted.apart, between.apart)


def test_errors():
    with pytest.raises(UserError, match="`kernel_size` must be a positive integer"):
        steps_under(Steps(9), 0, 1)
    with pytest.raises(UserError, match="`dilation` must be a positive integer"):
        steps_under(Steps(9), 2, 0)


def random_layer(random, width):
    """Draw a causal layer, or a residual one of causal layers."""

    def conv():
        size, dilation = (int(n) for n in random.integers(1, (4, 7)))
        return nn.Conv1D(width, size, padding="causal", dilation=dilation)

    kind = random.integers(4)
    if kind == 0:
        return nn.Residual((conv(), nn.Activation("relu"), conv()), activation="relu")
    if kind == 1:
        return nn.Residual((conv(), nn.Dense(width)), (conv(), conv()))
    return (conv(), nn.Dense(width))[kind - 2]


def test_the_last_step_of_random_causal_layers():
    random = np.random.default_rng(0)
    models, inputs = [], []
    for _ in range(24):
        length, count = random.integers(1, 40), random.integers(1, 5)
        layers = [random_layer(random, 2) for _ in range(count)]
        models.append(nn.Sequential((*layers, nn.LastStep())))
        inputs.append(jnp.asarray(random.integers(-2, 3, (1, length, 2)), jnp.float32))

    def whole_numbers(model, x):
        shapes = jax.eval_shape(model.init, jax.random.key(0), x)
        # Their sums are the same in whatever order they are added up.
        return jax.tree.map(
            lambda p: jnp.asarray(random.integers(-1, 2, p.shape), jnp.float32), shapes
        )

    variables = [whole_numbers(m, x) for m, x in zip(models, inputs, strict=True)]

    def run(variables, inputs, **settings):
        return [
            model.clone(**settings).apply(v, x)
            for model, v, x in zip(models, variables, inputs, strict=True)
        ]

    got = quick_jit(run)(variables, inputs)
    plain = quick_jit(lambda v, x: run(v, x, rewrites=()))(variables, inputs)
    assert all(len(np.unique(y)) for y in plain)
    for y, expected in zip(got, plain, strict=True):
        assert_same_bits(y, expected)


def test_channels_dropped_for_all_steps_are_those_of_all_blocks():
    model, x = models.TCN(4, dilations=(1, 2, 4), dropout=0.5), normal(3, 40, 3)
    params = drawn(model, x, scale=0.5)["params"]

    def run(params, model):
        rngs = {"dropout": jax.random.key(3)}
        return model.apply({"params": params}, x, train=True, rngs=rngs)

    got, plain, still = values_and_gradients(
        [
            lambda p: run(p, model),
            lambda p: run(p, model.clone(rewrites=())),
            lambda p: model.apply({"params": p}, x),
        ],
        [(params,)] * 3,
    )
    assert_close(got, plain, 5e-6)
    assert np.all(np.asarray(got[0]) != np.asarray(still[0]))
