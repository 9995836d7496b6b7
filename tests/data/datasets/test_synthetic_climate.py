import numpy as np
import pytest

from seqconv_jax._checks import UserError
from seqconv_jax.data import JENA, forecast_task, generated_climate, jena_split
from seqconv_jax.data.datasets.synthetic_climate import COLUMNS


@pytest.fixture(scope="module")
def climate():
    return generated_climate()


@pytest.fixture(scope="module")
def task(climate):
    return forecast_task(
        climate,
        target=JENA.target,
        lookback="5d",
        every="30min",
        delay="24h",
        split=jena_split(climate),
    )


def test_the_climate_has_the_originals_form(climate):
    assert climate.values.shape == (420_551, 14) and climate.columns == COLUMNS
    assert climate.data_source == "generated" and climate.path is None
    assert str(climate.times[0]) == "2009-01-01T00:10:00.000000"
    assert climate.every == np.timedelta64(10, "m") and not len(climate.gaps)
    assert np.isfinite(climate.values).all()
    np.testing.assert_array_equal(climate.values, climate.values.round(2))
    assert "not measured data" in climate.report()


def test_the_climate_is_its_seed():
    one, two = generated_climate(3, 2_000), generated_climate(3, 2_000)
    np.testing.assert_array_equal(one.values, two.values)
    assert (generated_climate(4, 2_000).values != one.values).mean() > 0.9
    with pytest.raises(UserError, match="`seed` must be an integer of at least 0"):
        generated_climate(-1)
    with pytest.raises(UserError, match="`rows` must be a positive integer"):
        generated_climate(0, 0)


def test_the_climate_obeys_physics(climate):
    value = dict(zip(climate.columns, climate.values.T, strict=True))
    pressure, temperature = value["p (mbar)"], value["T (degC)"]
    vapour, most = value["VPact (mbar)"], value["VPmax (mbar)"]
    near = np.testing.assert_allclose
    near(vapour, most * value["rh (%)"] / 100, atol=0.02)
    near(value["VPdef (mbar)"], most - vapour, atol=0.011)
    near(value["H2OC (mmol/mol)"], 1000 * vapour / pressure, atol=0.02)
    near(value["sh (g/kg)"], 622 * vapour / (pressure - 0.378 * vapour), atol=0.02)
    near(
        value["Tpot (K)"],
        (temperature + 273.15) * (1000 / pressure) ** 0.286,
        atol=0.02,
    )
    assert (value["Tdew (degC)"] < temperature).all()
    assert value["rh (%)"].min() > 5 and value["rh (%)"].max() <= 100
    assert (value["max. wv (m/s)"] >= value["wv (m/s)"]).all()
    assert value["wv (m/s)"].min() >= 0
    assert value["wd (deg)"].min() >= 0 and value["wd (deg)"].max() <= 360
    assert 7.5 < temperature.std() < 9.5 and -30 < temperature.min()


def test_tomorrow_can_be_forecast(task):
    """A ridge regression on a few lags beats the baseline by far."""
    lags = 3 * np.array([-1, -3, -7, -13, -25, -37, -49, -97])

    def features(rows):
        x = task.inputs[rows[:, None] + lags].reshape(len(rows), -1)
        return np.concatenate([x, np.ones((len(rows), 1))], axis=1, dtype=np.float64)

    train = np.random.default_rng(0).choice(task.train, 8_000)
    x = features(train)
    change = task.targets[train] - task.last[train]
    weights = np.linalg.solve(x.T @ x + 20 * np.eye(x.shape[1]), x.T @ change)
    for split in ("validation", "test"):
        rows = task.rows(split)[::11]
        guess = features(rows) @ weights + task.last[rows]
        error = np.abs(guess - task.targets[rows]).mean()
        assert 0.25 < task.baseline(split) < 0.35
        assert error < 0.75 * task.baseline(split)
        assert task.hit_rate(guess, rows) > 0.65


def test_the_climate_uses_the_published_rows(task):
    assert len(task.train) == 200_000 - 720
    assert task.horizon == "24h 30min"
    assert task.data_source == "generated" and task.data_path is None
