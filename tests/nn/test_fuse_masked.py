"""An embedding and a convolution where ids are masked, computed as one."""

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen
from numerics import assert_close, drawn, quick_jit, values_and_gradients

from seqconv_jax import UserError, nn
from seqconv_jax.nn import fuse

IDS = np.random.default_rng(1).integers(1, 6, (4, 12)).astype(np.int32)
IDS[1, :5] = IDS[2, 7:] = IDS[2, 2] = IDS[3] = 0
MASK = jnp.asarray(IDS != 0)
CONVOLUTIONS = [
    nn.Conv1D(3, 3, stride, padding, dilation, activation)
    for stride, padding, (dilation, activation) in itertools.product(
        (1, 2), ("valid", "same", "causal"), ((1, "relu"), (3, "softmax"))
    )
]


def stack(embedding, conv, **settings):
    layers = embedding, conv, nn.MaxPool1D(2), nn.GlobalAvgPool1D()
    return nn.Sequential(layers, **settings)


@pytest.mark.parametrize("vocabulary", [6, 90])
def test_values_and_gradients_are_those_of_the_layers(vocabulary):
    """Fewer and more ids in a batch than in the vocabulary; the mask of either kind."""
    embeddings = [nn.Embedding(vocabulary, 4, mask_id=0), nn.Embedding(vocabulary, 4)]
    convolutions = CONVOLUTIONS[:: 2 if vocabulary == 6 else 5]
    cases = list(zip(itertools.cycle(embeddings), convolutions, strict=False))

    def run(params, case, rewrites):
        model, embedding = stack(*case, rewrites=rewrites), case[0]
        options: Any = {} if embedding.makes_mask else {"mask": MASK}
        return model.apply({"params": params}, IDS, **options)

    params = [(drawn(stack(*case), IDS, scale=0.5)["params"],) for case in cases]
    got, expected = (
        values_and_gradients(
            [lambda p, c=case, r=rewrites: run(p, c, r) for case in cases], params
        )
        for rewrites in (fuse.REWRITES, ())
    )
    assert_close(got, expected, 5e-6)
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(got))


@pytest.mark.parametrize(
    "embedding, conv, rewrites, applies",
    [
        (nn.Embedding(6, 4, mask_id=0), CONVOLUTIONS[0], fuse.REWRITES, True),
        (nn.Embedding(6, 4, mask_id=0), CONVOLUTIONS[0], fuse.REWRITES[1:], False),
        (nn.Embedding(6, 4, mask_id=0), CONVOLUTIONS[0], (), False),
        (nn.Embedding(6, 4, mask_id=0), nn.LayerNorm(), fuse.REWRITES, False),
        (
            nn.Embedding(6, 4, mask_id=0),
            linen.remat(nn.Conv1D)(3, 3),
            fuse.REWRITES,
            False,
        ),
        (
            linen.remat(nn.Embedding)(6, 4, mask_id=0),
            CONVOLUTIONS[0],
            fuse.REWRITES,
            False,
        ),
    ],
    ids=["both", "another name", "none", "no convolution", "lifted", "lifted first"],
)
def test_where_it_applies(embedding, conv, rewrites, applies, monkeypatch):
    plain, found = fuse.masked_pair, []

    def watched(*arguments):
        found.append(plain(*arguments))
        return found[-1]

    monkeypatch.setattr(fuse, "masked_pair", watched)
    model = stack(embedding, conv, rewrites=rewrites)
    variables = jax.eval_shape(model.init, jax.random.key(0), IDS)
    assert not any(found)
    jax.eval_shape(model.apply, variables, IDS)
    assert any(found) == applies


def test_masked_ids_may_be_any_and_others_stop_the_training():
    model = stack(nn.Embedding(6, 4), CONVOLUTIONS[0])
    variables = drawn(model, IDS)
    run = quick_jit(lambda ids: model.apply(variables, ids, mask=MASK))
    y = run(IDS)
    assert_close(run(np.where(MASK, IDS, -3)), y)
    assert_close(run(np.where(MASK, IDS, 99)), y)
    unknown = IDS.copy()
    unknown[0, 4] = 6
    assert np.isnan(run(unknown)[0]).any() and not np.isnan(run(unknown)[1:]).any()


def test_what_the_pair_holds():
    model = stack(nn.Embedding(6, 4, mask_id=0), CONVOLUTIONS[0])
    variables = drawn(model, IDS)
    row = model.bind(variables).layers
    pair = fuse.masked_pair(row, fuse.REWRITES)
    assert pair is not None and (pair.embedding, pair.layer) == row[:2]
    for others in (row[1:], (row[0], row[2]), row[:1]):
        assert fuse.masked_pair(others, fuse.REWRITES) is None
    with pytest.raises(UserError, match=r"`mask` must have shape \(4, 12\), got"):
        model.apply(variables, IDS, mask=MASK[:, :9])
