"""The temperature: found again where one was planted, and answers that stay."""

import numpy as np
import pytest

from seqconv_jax import UserError, calibration
from seqconv_jax.data import Classes

RNG = np.random.default_rng(0)
CLASSES = {
    "two": Classes(("a", "b")),
    "three": Classes(("a", "b", "c")),
    "several": Classes(("a", "b", "c"), several=True),
}


def drawn(classes, count=20_000):
    """Logits, and truth drawn with their probabilities."""
    logits = RNG.normal(scale=2, size=(count, classes.outputs))
    table = classes.probabilities(logits)
    if classes.several:
        return logits, (RNG.uniform(size=table.shape) < table).astype(np.float32)
    draws = RNG.uniform(size=(count, 1))
    return logits, (draws > table.cumsum(axis=1)).sum(axis=1, keepdims=True)


@pytest.mark.parametrize("classes", CLASSES.values(), ids=CLASSES)
@pytest.mark.parametrize("planted", [0.4, 3.0])
def test_a_planted_temperature_is_found(classes, planted):
    logits, truth = drawn(classes)
    found = calibration.fit_temperature(classes, logits * planted, truth)
    assert found.value == pytest.approx(planted, rel=0.05)
    assert found.after < found.before and found.count == 20_000
    before, after = (
        calibration.answer_confidence(classes, each, truth)
        for each in (logits * planted, found(logits * planted))
    )
    assert (before[1] == after[1]).all()  # no answer changes
    error = calibration.expected_calibration_error
    assert error(*after) < 0.012 < 0.06 < error(*before)


@pytest.mark.parametrize("classes", CLASSES.values(), ids=CLASSES)
def test_the_likelihood_is_that_of_the_probabilities(classes):
    logits, truth = drawn(classes, 50)
    table = classes.probabilities(logits)
    if classes.several:
        want = -np.log(np.where(truth > 0, table, 1 - table)).mean()
    else:
        want = -np.log(np.take_along_axis(table, truth, axis=1)).mean()
    found = calibration.negative_log_likelihood(classes, logits, truth)
    assert found == pytest.approx(want, rel=1e-12)
    far = calibration.negative_log_likelihood(classes, 0 * logits + 5e3, 0 * truth)
    assert np.isfinite(far)


def test_settings_make_an_equal_one():
    found = calibration.Temperature(2.5, 10, 0.7, 0.6)
    assert calibration.Temperature.from_settings(found.settings()) == found
    for wrong in ({"value": 0}, {"value": "2"}, {"heat": 1}):
        with pytest.raises(UserError):
            calibration.Temperature.from_settings(found.settings() | wrong)


def test_what_no_temperature_follows_from():
    two = CLASSES["two"]
    with pytest.raises(
        UserError, match="got 2 examples of which every answer is right"
    ):
        calibration.fit_temperature(two, [[1.0], [-1.0]], [[1.0], [0.0]])
    with pytest.raises(UserError, match="the logits tell nothing"):
        calibration.fit_temperature(two, [[1.0], [-1.0]], [[0.0], [1.0]])
    with pytest.raises(UserError, match=r"`targets` must have shape \(2, 1\)"):
        calibration.fit_temperature(two, [[1.0], [-1.0]], [1.0, 0.0])
    with pytest.raises(UserError, match="`targets` must be whole numbers from 0 to 1"):
        calibration.fit_temperature(two, [[1.0]], [[0.5]])
    with pytest.raises(UserError, match=r"`outputs` must be of shape \(n, 3\)"):
        calibration.fit_temperature(CLASSES["three"], [[1.0]], [[0]])
