"""The Weather benchmark's borders, forms and errors."""

from typing import Any

import numpy as np
import pytest

from seqconv_jax import UserError
from seqconv_jax.data import load_weather, whole_batches


@pytest.fixture
def path(tmp_path):
    """A thousand ramps, one mark in train."""
    times = np.datetime64("2020-01-01T00:10") + np.arange(1000) * 10
    lines = [f"{time},{row},{row % 7}" for row, time in enumerate(times)]
    lines[100] = f"{times[100]},100,-9999"
    (tmp_path / "weather.csv").write_text("\n".join(["date,p (mbar),OT", *lines]))
    return tmp_path / "weather.csv"


SPLITS: dict[Any, Any] = {
    "train": (0, 700),
    "validation": (700, 800),
    "test": (800, 1000),
}


def test_borders_are_the_published_ones(path):
    task = load_weather(path, horizon=6, lookback=20)
    for split, (start, stop) in SPLITS.items():
        ahead = task.rows(split)[:, None] + task.ahead_rows
        assert (ahead.min(), ahead.max()) == (max(start, 20), stop - 1)
        assert len(ahead) == stop - max(start, 20) - 5
    assert task.outputs == 12 and not task.replacement
    table = np.arange(700.0)
    assert task.unit_scale[0] == pytest.approx(table.std())
    assert task.unit_shift[0] == pytest.approx(table.mean())


def test_both_forms(path):
    raw, filled = (load_weather(path, horizon=6, filled=each) for each in (False, True))
    assert raw.target_std[0, 1] > 300 and filled.target_std[0, 1] < 3
    assert filled.inputs[100, 1] == filled.inputs[99, 1]


def test_options_and_errors(path, tmp_path, monkeypatch):
    task = load_weather(
        path, horizon="1h", target="OT", predict="change", calendar=True
    )
    assert (task.outputs, task.target, task.predict) == (6, "OT", "change")
    with pytest.raises(UserError, match="`filled` must be True or False"):
        load_weather(path, filled="yes")  # type: ignore
    monkeypatch.setenv("SEQCONV_OFFLINE", "1")
    with pytest.raises(UserError, match="the data path must exist"):
        load_weather(tmp_path / "nowhere")
    with pytest.raises(UserError, match="Weather benchmark"):
        load_weather()


def test_the_last_partial_batch_is_left_out_on_demand():
    assert len(whole_batches(np.arange(10_204), 1024)) == 9 * 1024
    with pytest.raises(UserError, match="`batch_size` must be at most 3, the rows"):
        whole_batches(np.arange(3), 4)
