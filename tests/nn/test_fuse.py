import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import errors
from flax import linen as linen
from nn.pairs import (
    CASES,
    CONVOLVE,
    EMBED,
    LAST,
    ONE_HOT,
    POOLS,
    RISE,
    conv,
)
from nn.stacks import IDS, NAMED, SERIES, Scale, traced
from numerics import (
    apply,
    assert_close,
    assert_same_bits,
    drawn,
    normal,
    quick_jit,
    values_and_gradients,
)

from seqconv_jax import UserError, models, nn
from seqconv_jax.nn import fuse
from seqconv_jax.nn.causal import LastOf
from seqconv_jax.nn.operations import Convolve
from seqconv_jax.nn.summary import summary

KEY = jax.random.key(0)
BEHIND_RISE = CONVOLVE, ONE_HOT  # of the maximum that it puts first
X = normal(3, 13, 4)


@pytest.fixture
def applied(monkeypatch):
    """Return a list that the name of a rewrite is added to whenever it applies."""
    names = []

    def watched(name, rewrite, first, second):
        rewritten = rewrite(first, second)
        return rewritten if rewritten is None else names.append(name) or rewritten

    table = {
        name: functools.partial(watched, name, fuse._TABLE[name])
        for name in fuse._TABLE
    }
    monkeypatch.setattr(fuse, "_TABLE", table)
    return names


def both(layers, rewrites=fuse.REWRITES):
    """Return a network with the rewrites, and the same one with none."""
    return nn.Sequential(layers, rewrites=rewrites), nn.Sequential(layers, rewrites=())


def inputs(layers):
    of_ids = isinstance(layers[0], nn.Embedding | nn.OneHotConv1D)
    return IDS[:, :13] if of_ids else X


@pytest.mark.parametrize("rewrites", [fuse.REWRITES, None], ids=["all", "alone"])
@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_are_those_of_the_layers(name, rewrites, applied):
    rewrites = rewrites or ((RISE, name) if name in BEHIND_RISE else (name,))
    pairs = [both(layers, rewrites) for layers in CASES[name]]
    arguments = [
        (drawn(plain, inputs(plain.layers), scale=0.3)["params"],) for _, plain in pairs
    ]

    def results(models):
        functions = [
            lambda p, m=model: m.apply({"params": p}, inputs(m.layers), train=True)
            for model in models
        ]
        return values_and_gradients(functions, arguments)

    expected = results([plain for _, plain in pairs])
    assert applied == []
    got = results([fused for fused, _ in pairs])
    assert applied.count(name) >= len(pairs)
    assert_close(got, expected, 2e-6)


@pytest.mark.parametrize("layers", CASES[RISE])
def test_a_maximum_first_leaves_the_same_bits(layers):
    fused, plain = both(layers, (RISE,))
    variables = drawn(plain, X)
    run = quick_jit(lambda v: (fused.apply(v, X), plain.apply(v, X)))
    assert_same_bits(*run(variables))


@pytest.mark.parametrize("name", NAMED)
def test_models_equal_their_layers_in_values_and_gradients(name):
    model, x = NAMED[name]
    params = drawn(model, x, scale=0.3)["params"]
    models = [model, model.clone(rewrites=())]
    runs = [lambda p, m=m: m.apply({"params": p}, x) for m in models]
    got, expected = values_and_gradients(runs, [(params,)] * 2)
    assert_close(got, expected, 5e-6)


@pytest.mark.parametrize(
    "name, expected",
    [
        ("TextConvNet", [EMBED, RISE, RISE]),
        ("SeriesConvNet", [RISE, CONVOLVE, RISE]),
        ("ConvGRU", [RISE, CONVOLVE]),
        ("GRURegressor", []),
        ("TCN", [LAST] * 3),
    ],
)
def test_what_applies_in_the_models(name, expected, applied):
    model, x = NAMED[name]
    variables = jax.eval_shape(model.init, KEY, x)
    assert applied == []  # Parameters are declared where each layer is called.
    traced(model, variables, x)
    assert applied == expected
    applied.clear()
    traced(model, variables, x, train=False)
    assert applied == [name for name in expected if name != CONVOLVE]


class Doubled(nn.Conv1D):
    """A stranger's convolution that is not one."""

    @linen.compact
    def __call__(self, x, *, mask=None, train=False):
        """Double the result."""
        kernel = self.param("kernel", linen.initializers.ones, (3, x.shape[-1], 5))
        return 2 * (x[:, 2:] @ kernel[0])


REMAT = linen.remat(nn.Conv1D)


@pytest.mark.parametrize(
    "layers, expected",
    [
        *(((conv(activation=n), POOLS[0]), []) for n in ("softmax", "tanh", "gelu")),
        ((conv(activation="relu", stride=2), POOLS[0]), [RISE]),
        ((conv(dilation=2), POOLS[0]), [RISE]),
        ((conv(padding="same"), POOLS[0]), [RISE]),
        ((conv(), nn.MaxPool1D(3, stride=2)), [RISE]),
        ((conv(), nn.MaxPool1D(3, padding="same")), [RISE]),
        ((conv(), nn.GlobalMaxPool1D()), [RISE]),
        ((conv(), nn.AvgPool1D(3)), []),
        ((Doubled(5, 3), POOLS[0]), []),
        ((REMAT(5, 3), POOLS[0]), []),
        ((conv(), linen.remat(nn.MaxPool1D)(3)), []),
        ((conv(), Scale(), POOLS[0]), []),
        ((conv(), nn.Dropout(0.0), POOLS[0]), []),
        ((nn.Embedding(7, 4), REMAT(5, 3)), []),
        ((nn.Embedding(7, 4), Doubled(5, 3)), []),
        ((nn.Embedding(7, 4), nn.LayerNorm(), conv()), []),
        ((nn.Masking(), conv(activation="relu"), POOLS[0]), []),
        ((conv(activation="relu"), POOLS[0], nn.Masking()), [RISE, CONVOLVE]),
        ((conv(padding="same"), nn.LastStep()), [LAST]),  # The bias alone.
        ((conv(padding="causal", stride=2), nn.LastStep()), [LAST]),
        ((REMAT(5, 3, padding="causal"), nn.LastStep()), []),
        ((nn.BatchNorm(), nn.LastStep()), []),
        ((nn.Dropout(0.5), nn.LastStep()), []),
        ((nn.Dropout(0.5, time_constant=True), nn.LastStep()), [LAST]),
        ((nn.Residual((conv(1), nn.BatchNorm()), (conv(1),)), nn.LastStep()), []),
        ((conv(padding="causal"), nn.GRU(3)), []),
    ],
    ids=lambda case: " ".join(
        part if isinstance(part, str) else type(part).__name__ for part in case
    ),
)
def test_what_applies_and_what_does_not(layers, expected, applied):
    model, plain = both(layers)
    x = inputs(layers)
    shapes = jax.eval_shape(model.init, KEY, x)
    y = traced(model, shapes, x)
    assert applied == expected
    assert y.shape == traced(plain, shapes, x).shape
    if not expected:
        run = quick_jit(lambda v: (apply(model, v, x), apply(plain, v, x)))
        assert_same_bits(*run(drawn(model, x)))


def test_a_live_mask_leaves_each_layer_as_it_is(applied):
    model = nn.Sequential((conv(activation="relu"), POOLS[0], conv(), POOLS[3]))
    variables = jax.eval_shape(model.init, KEY, X)
    mask = jnp.ones((3, 13), bool)
    jax.eval_shape(lambda v: model.apply(v, X, mask=mask), variables)
    assert applied == []
    until = nn.Sequential(model.layers, mask_until=2)
    jax.eval_shape(lambda v: until.apply(v, X, mask=mask), variables)
    assert applied == [RISE]


def test_what_the_plan_holds():
    layers = (nn.Embedding(7, 4), conv(), conv(activation="relu"), POOLS[0])
    model = nn.Sequential(layers)
    row = model.bind(drawn(model, IDS)).layers
    embed_conv, _, conv_max, after = fuse.plan(row, fuse.REWRITES)
    assert isinstance(embed_conv, Convolve) and embed_conv.embedding is row[0]
    assert isinstance(conv_max, Convolve) and conv_max.window == 3
    assert after.layer is conv_max.layer is row[2]
    assert [each.layer for each in fuse.plan(row, ())] == list(row)
    tcn = models.TCN(4, dilations=(1, 2))
    last, dense = fuse.plan(tcn.bind(drawn(tcn, SERIES)).bound_layers, fuse.REWRITES)
    assert isinstance(last, LastOf) and len(last.operations) == 2
    assert isinstance(dense.layer, nn.Dense)


@pytest.mark.parametrize("name", NAMED)
def test_who_captures_what_is_between_sees_every_layer(name, applied):
    model, x = NAMED[name]
    variables = drawn(model, x, scale=0.3)

    def capture(variables, model):
        return model.apply(variables, x, capture_intermediates=True)

    run = quick_jit(capture, static_argnums=1)
    y, seen = run(variables, model)
    assert applied == []
    plain, every = run(variables, model.clone(rewrites=()))
    assert_same_bits(y, plain)
    assert jax.tree.structure(seen) == jax.tree.structure(every)
    rows = summary(model, x).splitlines()[3:-2]
    between = dict(seen["intermediates"])
    assert between.pop("__call__")[0].shape == y.shape
    assert sorted(between) == sorted({row.split(" ")[0] for row in rows})
    for outputs in between.values():
        (output,) = outputs["__call__"]
        assert isinstance(output, jax.Array) and output.shape[0] == len(x)


def test_an_unknown_rewrite_raises():
    model = nn.Sequential((conv(),), rewrites=("activation, maximun",))
    with pytest.raises(UserError, match="did you mean 'activation, maximum'"):
        model.apply(drawn(model, X), X)
    with pytest.raises(UserError, match="`rewrites` must be one of"):
        models.TCN(4, rewrites=("pairs",)).apply({}, normal(1, 300, 2))


@pytest.mark.parametrize("rewrites", [fuse.REWRITES, ()], ids=["all", "none"])
@pytest.mark.parametrize(
    "layers",
    [(nn.Embedding(7, 4), conv()), (conv(), POOLS[0]), (conv(padding="causal"),)],
    ids=["embedding", "pool", "convolution"],
)
def test_wrong_parameters_raise_as_ever(layers, rewrites):
    model, x = nn.Sequential(layers, rewrites=rewrites), inputs(layers)
    params = drawn(model, x)["params"]
    for name, part in [(n, p) for n, parts in params.items() for p in parts]:
        rest = {k: v for k, v in params[name].items() if k != part}
        with pytest.raises(errors.ScopeParamNotFoundError, match=part):
            model.apply({"params": {**params, name: rest}}, x)
        longer = np.concatenate([params[name][part]] * 2)
        wrong = {**params, name: {**rest, part: longer}}
        with pytest.raises(errors.ScopeParamShapeError, match=part):
            model.apply({"params": wrong}, x)
