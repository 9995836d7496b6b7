"""Linear classifiers against a minimum that SciPy finds, and ridge against algebra."""

import numpy as np
import pytest
from scipy import optimize, sparse

from seqconv_jax import UserError
from seqconv_jax.baselines import linear_classifier, ridge_classifier
from seqconv_jax.baselines.ridge import moments_of, solve_ridge

LOSSES = {
    "squared_hinge": lambda m: np.maximum(1 - m, 0) ** 2,
    "logistic": lambda m: np.log1p(np.exp(-m)),
}


def examples(rows=40, features=6, seed=0):
    key = np.random.default_rng(seed)
    x = key.normal(size=(rows, features)) * (key.random((rows, features)) < 0.5)
    sign = np.sign(x @ key.normal(size=features) + key.normal(size=rows))
    return x, np.where(sign == 0, 1, sign)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("cost", [0.01, 1.0, 100.0])
def test_the_minimum_is_the_one_that_scipy_finds(loss, cost):
    x, sign = examples()
    scale = np.linspace(0, 2, 6)[:, None]

    def height(w):
        margin = sign * ((x * scale[:, 0]) @ w[:-1] + w[-1])
        return 0.5 * w @ w + cost * LOSSES[loss](margin).sum()

    found = optimize.minimize(height, np.zeros(7), tol=1e-12).x
    model = linear_classifier(
        sparse.csr_array(x), sign[:, None], cost=cost, loss=loss, scale=scale
    )
    weights = np.append(found[:-1] * scale[:, 0], found[-1])
    ours = np.append(model.kernel[:, 0], model.bias)
    np.testing.assert_allclose(ours, weights, atol=2e-3 * np.abs(weights).max())
    started = linear_classifier(
        *(x, sign[:, None]), cost=cost, loss=loss, scale=scale, start=model
    )
    np.testing.assert_allclose(started.kernel, model.kernel, atol=1e-9)


def test_each_output_is_solved_alone():
    x, sign = examples()
    signs = np.stack([sign, -sign, np.sign(x[:, 0] + 0.1)], axis=1)
    together = linear_classifier(x, signs, cost=0.5)
    alone = [linear_classifier(x, signs[:, [k]], cost=0.5) for k in range(3)]
    expected = np.concatenate([model(x) for model in alone], axis=1)
    np.testing.assert_allclose(together(x), expected, atol=1e-12)


@pytest.mark.parametrize("cost", [0, -1.0, float("nan"), "big", True])
def test_a_cost_that_is_none(cost):
    x, sign = examples()
    with pytest.raises(UserError, match="`cost` must be above 0"):
        linear_classifier(x, sign[:, None], cost=cost)


def test_ridge_by_blocks_is_that_of_all_examples():
    key = np.random.default_rng(0)
    x, y = key.normal(50, 1, size=(90, 4)), key.normal(size=(90, 2))
    model = solve_ridge(
        moments_of((x[i : i + 7], y[i : i + 7]) for i in range(0, 90, 7)), 3.0
    )
    centred = x - x.mean(axis=0)
    left = centred.T @ centred + 3.0 * np.eye(4)
    kernel = np.linalg.solve(left, centred.T @ (y - y.mean(axis=0)))
    np.testing.assert_allclose(model.kernel, kernel, atol=1e-10)
    np.testing.assert_allclose(model(x).mean(axis=0), y.mean(axis=0), atol=1e-10)
    with pytest.raises(UserError, match="`penalty` must be a number above 0, got 0"):
        solve_ridge(moments_of([(x, y)]), 0)
    with pytest.raises(UserError, match="at least one example"):
        moments_of([])


@pytest.mark.parametrize("features", [5, 60])
def test_the_penalty_is_that_of_leaving_out_each_example(features):
    x, sign = examples(24, features, seed=1)
    signs = np.stack([sign, -np.sign(x[:, 0] + 0.05)], axis=1)
    found = ridge_classifier(x, signs)
    z = (x - x.mean(axis=0)) / x.std(axis=0)

    def fitted(rows, penalty):
        mean, bias = z[rows].mean(axis=0), signs[rows].mean(axis=0)
        left = (z[rows] - mean).T @ (z[rows] - mean) + penalty * np.eye(features)
        kernel = np.linalg.solve(left, (z[rows] - mean).T @ (signs[rows] - bias))
        return lambda new: (new - mean) @ kernel + bias

    for penalty, error in found.tried.items():
        if penalty < 0.1:  # NumPy's own solution has few digits there
            continue
        others = [np.delete(np.arange(24), i) for i in range(24)]
        left = [fitted(rows, penalty)(z[i]) - signs[i] for i, rows in enumerate(others)]
        assert error == pytest.approx(np.square(left).mean(), rel=1e-6)
    assert found.penalty == min(found.tried, key=found.tried.__getitem__)
    expected = fitted(np.arange(24), found.penalty)(z)
    np.testing.assert_allclose(found.model(x), expected, atol=1e-6)
