import jax
import keras
import keras_reference
import numpy as np
import optax
import oracles
import pytest
from numerics import assert_close, normal

from seqconv_jax import UserError
from seqconv_jax.optim import rmsprop

RATE = float(np.float32(1e-2))  # Keras keeps the rate in float32.
START = normal(4, 3, seed=1)
# From gradients that epsilon dwarfs to ones that dwarf epsilon.
GRADIENTS = normal(100, 4, 3) * 10.0 ** np.array([-5, -3, 0], np.float32)


def path(tx, gradients=GRADIENTS, start=START):
    """Return the parameter after every gradient."""

    @jax.jit
    def run(start, gradients):
        def step(carry, gradient):
            p, state = carry
            update, state = tx.update(gradient, state, p)
            p = optax.apply_updates(p, update)
            return (p, state), p

        return jax.lax.scan(step, (start, tx.init(start)), gradients)[1]

    return run(start, gradients)


SETTINGS = [
    {},
    {"momentum": 0.9},
    {"centered": True},
    {"centered": True, "momentum": 0.5},
    {"decay": 0.99, "epsilon": 1e-3},
    {"decay": 0.0},
]


def arrays(dtype):
    """Return start and gradients, and how near two right paths lie in `dtype`."""
    tolerance = {"float32": 2e-5, "float64": 1e-10}[dtype]
    return START.astype(dtype), GRADIENTS.astype(dtype), tolerance


def apart(settings):
    """Keep epsilon outside the root above the rounding of the first variance."""
    return {"epsilon": 1e-3, **settings} if settings.get("centered") else settings


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("epsilon_in_root", [True, False])
@pytest.mark.parametrize("settings", SETTINGS, ids=repr)
def test_equals_the_recurrence_over_a_hundred_steps(
    settings, epsilon_in_root, dtype, x64
):
    start, gradients, tolerance = arrays(dtype)
    settings = settings if epsilon_in_root else apart(settings)
    settings = {**settings, "epsilon_in_root": epsilon_in_root}
    got = path(rmsprop(RATE, **settings), gradients, start)
    assert got.dtype == dtype
    expected = oracles.rmsprop(start, gradients, RATE, **settings)
    assert_close(got, expected, tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("settings", SETTINGS[:5], ids=repr)
def test_equals_keras_3_over_a_hundred_steps(settings, dtype, x64):
    start, gradients, tolerance = arrays(dtype)
    options = {"rho" if k == "decay" else k: v for k, v in settings.items()}
    with keras_reference.exact():
        variable = keras.Variable(start, dtype=dtype)
        optimizer = keras.optimizers.RMSprop(RATE, **options)
        optimizer.build([variable])

        def step(carry, gradient):
            p, state = optimizer.stateless_apply(carry[1], [gradient], carry[0])
            return (p, state), p[0]

        carry = [variable.value], [v.value for v in optimizer.variables]
        expected = jax.jit(lambda g: jax.lax.scan(step, carry, g)[1])(gradients)
    got = path(rmsprop(RATE, **settings), gradients, start)
    assert_close(got, np.asarray(expected), tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("settings", SETTINGS[:5], ids=repr)
def test_epsilon_outside_the_root_equals_pytorch(settings, dtype, x64):
    torch = pytest.importorskip("torch", reason="PyTorch is an extra")
    start, gradients, tolerance = arrays(dtype)
    settings = {"decay": 0.9, "epsilon": 1e-7, **apart(settings)}
    options = dict(settings)
    p = torch.nn.Parameter(torch.tensor(start))
    optimizer = torch.optim.RMSprop(
        [p], RATE, alpha=options.pop("decay"), eps=options.pop("epsilon"), **options
    )
    expected = []
    for gradient in gradients:
        p.grad = torch.tensor(gradient)
        optimizer.step()
        expected.append(p.detach().numpy().copy())
    got = path(rmsprop(RATE, epsilon_in_root=False, **settings), gradients, start)
    assert_close(got, np.stack(expected), tolerance)


def test_defaults_are_those_of_keras_3():
    optimizer = keras.optimizers.RMSprop()
    assert (optimizer.rho, optimizer.epsilon) == (0.9, 1e-7)
    assert optimizer.momentum == 0.0 and not optimizer.centered
    explicit = rmsprop(
        1e-2,
        decay=0.9,
        epsilon=1e-7,
        epsilon_in_root=True,
        momentum=0.0,
        centered=False,
    )
    assert np.array_equal(path(rmsprop(1e-2)), path(explicit))


def test_the_two_conventions_differ_where_gradients_are_small():
    gradients = np.full((5, 1), 1e-4, np.float32)
    start = np.zeros(1, np.float32)
    inside, outside = (
        path(rmsprop(1e-2, epsilon_in_root=root), gradients, start)[-1, 0]
        for root in (True, False)
    )
    assert outside < 3 * inside < 0


def test_a_constant_rate_has_a_known_first_step():
    # v = 0.1 g^2, so the first step is the rate over sqrt(0.1), whatever the gradient.
    gradients, start = np.full((1, 1), 7.0, np.float32), np.zeros(1, np.float32)
    assert path(rmsprop(1e-3), gradients, start)[0, 0] == pytest.approx(
        -1e-3 / np.sqrt(0.1), rel=1e-5
    )


def test_schedule_of_the_step():
    schedule = optax.exponential_decay(1e-2, transition_steps=10, decay_rate=0.5)
    expected = oracles.rmsprop(START, GRADIENTS, lambda step: 1e-2 * 0.5 ** (step / 10))
    assert_close(path(rmsprop(schedule)), expected, 2e-5)


def test_state_starts_at_zero_and_has_the_shape_of_the_parameters():
    state = rmsprop(1e-3, momentum=0.9, centered=True).init({"w": START})
    arrays = [leaf for leaf in jax.tree.leaves(state) if np.ndim(leaf)]
    assert [leaf.shape for leaf in arrays] == [START.shape] * 3
    assert not any(np.any(leaf) for leaf in arrays)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"learning_rate": 0.0}, "`learning_rate` must be a positive number, got 0.0"),
        ({"learning_rate": -1e-3}, "`learning_rate` must be a positive number, got -0"),
        ({"learning_rate": float("nan")}, "`learning_rate` must be .* got nan"),
        ({"learning_rate": float("inf")}, "`learning_rate` must be .* got inf"),
        ({"learning_rate": 1e300}, "`learning_rate` must be a number that float32 h"),
        ({"learning_rate": 1e-300}, "`learning_rate` must be a number that float32 h"),
        ({"learning_rate": "1e-3"}, "`learning_rate` must be a positive number, got '"),
        (
            {"learning_rate": None},
            "`learning_rate` must be a positive number, got None",
        ),
        ({"epsilon": 0.0}, "`epsilon` must be a positive number, got 0.0"),
        ({"epsilon": float("nan")}, "`epsilon` must be a positive number, got nan"),
        ({"decay": 1.0}, r"`decay` must be a number in \[0, 1\), got 1.0"),
        ({"decay": -0.1}, r"`decay` must be a number in \[0, 1\), got -0.1"),
        ({"momentum": 1.0}, r"`momentum` must be a number in \[0, 1\), got 1.0"),
        ({"momentum": -0.9}, r"`momentum` must be a number in \[0, 1\), got -0.9"),
        (
            {"momentum": float("nan")},
            r"`momentum` must be a number in \[0, 1\), got nan",
        ),
    ],
)
def test_arguments_out_of_range_raise(arguments, message):
    with pytest.raises(UserError, match=message):
        rmsprop(**{"learning_rate": 1e-3, **arguments})


@pytest.mark.parametrize(
    "options",
    [
        {"decay": "0.9"},
        {"momentum": None},
        {"epsilon": None},
        {"epsilon": float("inf")},
        {"centered": "no"},
        {"learning_rate": np.array([1e-3, 1e-2])},
    ],
)
def test_what_is_no_number_or_flag_is_named(options):
    with pytest.raises(UserError, match=f"`{next(iter(options))}` must be "):
        rmsprop(**({"learning_rate": 1e-3} | options))
