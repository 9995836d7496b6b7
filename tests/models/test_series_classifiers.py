"""FCN, ResNet and InceptionTime: their sizes, and series of several lengths."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numerics import drawn, quick_jit

from seqconv_jax import UserError, losses
from seqconv_jax.data import PADDING
from seqconv_jax.interop.model_config import decode, encode
from seqconv_jax.models import FCN, InceptionTime, ResNet
from seqconv_jax.nn.summary import count_parameters

TINY = {
    "fcn": FCN((4, 6), (8, 3), outputs=3, mask_value=PADDING),
    "resnet": ResNet((2, 2), (8, 3), outputs=3, mask_value=PADDING),
    "inception": InceptionTime(
        2, (6,), depth=3, bottleneck=2, outputs=3, mask_value=PADDING
    ),
}


def count(model, channels):
    x = jax.ShapeDtypeStruct((1, 24, channels), jnp.float32)
    return count_parameters(jax.eval_shape(model.init, jax.random.key(0), x)["params"])


# As the authors' code has them (Keras, trainable parameters), for one logit a class.
@pytest.mark.parametrize(
    ("model", "channels", "classes", "parameters"),
    [
        (FCN, 1, 2, 264_962),
        (FCN, 12, 9, 264_962 + 11 * 8 * 128 + 7 * 129),
        (ResNet, 1, 2, 504_258),
        (ResNet, 12, 9, 504_258 + 11 * 9 * 64 + 7 * 129),
        (InceptionTime, 1, 2, 420_192 + 258),
        (
            InceptionTime,  # with a bottleneck in the first module as well
            12,
            9,
            420_192
            - 2_240
            - 32
            - 128
            + 12 * 32
            + 70 * 32 * 32
            + 12 * (32 + 128)
            + 1161,
        ),
    ],
)
def test_sizes_are_those_of_the_papers(model, channels, classes, parameters):
    assert count(model(outputs=classes), channels) == parameters


@pytest.mark.parametrize("name", TINY)
def test_padding_changes_no_prediction(name):
    model, rng = TINY[name], np.random.default_rng(0)
    bare = rng.normal(size=(1, 9, 2)).astype(np.float32)
    longer = np.full((2, 14, 2), PADDING, np.float32)
    longer[0, :9], longer[1] = bare[0], rng.normal(size=(14, 2))
    # Absolute values, for variances are among them.
    variables = jax.tree.map(jnp.abs, drawn(model, bare, scale=0.3))
    run = quick_jit(model.apply)
    alone, in_batch = run(variables, bare), run(variables, longer)
    np.testing.assert_allclose(in_batch[:1], alone, rtol=1e-5)
    longer[0] = PADDING
    assert np.isfinite(run(variables, longer)).all()


def test_padding_changes_no_gradient():
    model, x = TINY["fcn"], np.full((2, 14, 2), PADDING, np.float32)
    x[0, :9] = np.random.default_rng(0).normal(size=(9, 2))
    x[1, :5] = x[0, :5]
    variables = quick_jit(model.init)(jax.random.key(0), x)

    @quick_jit
    def slope(params, x):
        def loss(params):
            y, new = model.apply(
                {**variables, "params": params}, x, train=True, mutable=["batch_stats"]
            )
            labels = jnp.zeros((2, 1), jnp.int32)
            return losses.categorical_cross_entropy(y, labels).mean(), new

        return jax.grad(loss, has_aux=True)(params)

    moved = np.roll(x, 3, axis=1)  # padded in front as well
    one, other = (slope(variables["params"], each) for each in (x, moved))
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(one))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=2e-5), one, other)


@pytest.mark.parametrize("name", TINY)
def test_the_configuration_gives_the_model_again(name):
    assert decode(encode(TINY[name])) == TINY[name]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (FCN((8, 8), (5,)), "`kernel_sizes` must be one for each of 2"),
        (ResNet(()), "`features` must be integers in a tuple"),
        (InceptionTime(depth=0), "`depth` must be a positive integer"),
        (InceptionTime(kernel_sizes=()), "`kernel_sizes`"),
    ],
)
def test_wrong_settings(model, message):
    with pytest.raises(UserError, match=message):
        model.init(jax.random.key(0), jnp.ones((1, 9, 1)))


@pytest.mark.parametrize("name", TINY)
def test_after_a_few_steps_it_answers_as_it_trained(name):
    """Small training sets have few: averages over hundreds would still be zeros."""
    model = TINY[name]
    x = 3 + jax.random.normal(jax.random.key(1), (16, 12, 2))
    variables = quick_jit(model.init)(jax.random.key(0), x)

    @quick_jit
    def step(variables):
        trained, new = model.apply(variables, x, train=True, mutable=["batch_stats"])
        return trained, {**variables, **new}

    trained, variables = step(variables)
    for _ in range(59):
        trained, variables = step(variables)
    np.testing.assert_allclose(quick_jit(model.apply)(variables, x), trained, atol=0.02)
