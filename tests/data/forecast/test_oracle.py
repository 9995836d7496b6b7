"""Every window against a plain loop over rows, for each option and together."""

from itertools import product
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from data.forecast.ramps import noise, series_of

from seqconv_jax.data import forecast_task
from seqconv_jax.train import batches

COLUMNS = ("a (m)", "b", "c")


def hours(rows, seed=0):
    return series_of(noise(rows, 3, seed), COLUMNS, minutes=60)


def oracle(series, task, at, head):
    """The example of one row of one series, read cell by cell."""
    values, times = series.values, series.times
    z = (values - values[:head].mean(axis=0)) / values[:head].std(axis=0)
    past = [at + int(offset) for offset in task.past_offsets]
    ahead = [past[-1] + int(rows) for rows in task.ahead_rows]
    normalised = task.predict == "normalised"
    x = []
    for step in past + (ahead if task.visible is not None else []):
        cells = []
        for name in task.columns:
            if name in COLUMNS:
                known = step in past or name == "c"
                cell = z[step, COLUMNS.index(name)] if known else 0.0
                if normalised and known and (name != "c" or task.visible is None):
                    cell -= z[past[-1], COLUMNS.index(name)]
            elif name == "observed":
                cell = float(step in past)
            else:
                cell = wave(name, times[step])
            cells.append(cell)
        x.append(cells)
    y = []
    for step in ahead:
        for name in task.target_columns:
            column = COLUMNS.index(name)
            base = 0.0 if task.predict == "value" else z[past[-1], column]
            y.append(z[step, column] - base)
    return np.array(x), np.array(y)


def wave(name, time):
    day = time.astype("datetime64[D]").item()
    hour = (time - time.astype("datetime64[D]")) / np.timedelta64(1, "h")
    days = 366 if day.year % 4 == 0 else 365
    turn = {
        "hour of day": hour / 24,
        "day of week": day.weekday() / 7,
        "day of year": (day.timetuple().tm_yday - 1 + hour / 24) / days,
    }[name.split(" ", 1)[1]]
    return (np.sin if name.startswith("sin") else np.cos)(2 * np.pi * turn)


SHAPES = [
    dict(horizon=1),
    dict(horizon=4),
    dict(delay=2),
    dict(delay=2, horizon=6, step=2, every=3),
    dict(delay=1, horizon=3, exact_horizon=False, every=2, purge=0),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("predict", ["value", "change", "normalised"])
def test_windows_are_what_a_loop_reads(shape, predict):
    series = hours(90)
    for target, future, calendar in product(
        ("a (m)", ("b", "a (m)")), ((), ("c",)), (False, True)
    ):
        task = forecast_task(
            series,
            target=target,
            lookback=7,
            split=(40, 65),
            predict=predict,
            future=future,
            calendar=calendar,
            **shape,
        )
        for split in ("train", "validation", "test"):
            rows = task.rows(split)[[0, -1]]
            x, y = task.gather(rows)
            if shape == SHAPES[3] and future and calendar and split == "test":
                batch = batches.gather(batches.put_on_device(task), jnp.asarray(rows))
                np.testing.assert_array_equal(batch.x, x)
                np.testing.assert_array_equal(batch.y, y)
            assert x.dtype == y.dtype == np.float32
            for index, row in enumerate(rows.tolist()):
                expected = oracle(series, task, row, head=40)
                np.testing.assert_allclose(x[index], expected[0], atol=2e-6)
                np.testing.assert_allclose(y[index], expected[1], atol=2e-6)
            columns = [COLUMNS.index(name) for name in task.target_columns]
            newest = rows + int(task.past_offsets[-1])
            ahead = newest[:, None] + task.ahead_rows
            truth = series.values[ahead][..., columns]
            truth = truth[:, 0, 0] if task.outputs == 1 else truth
            np.testing.assert_allclose(task.actual(rows), truth, atol=1e-5)


@pytest.mark.parametrize("scale", ["series", "all"])
def test_windows_of_several_series_never_cross(scale):
    parts = {"x": hours(70, 1), "y": hours(100, 2)}
    options: dict[str, Any] = dict(
        target=["a (m)", "b"], lookback=6, horizon=3, split=(40, 60), predict="change"
    )
    task = forecast_task(parts, scale=scale, **options)
    alone = {name: forecast_task(one, **options) for name, one in parts.items()}
    start = dict(zip(task.series_names, task.starts.tolist(), strict=True))
    assert start == {"x": 0, "y": 70}
    for split in ("train", "validation", "test"):
        rows = [alone[name].rows(split) + start[name] for name in parts]
        assert task.rows(split).tolist() == np.concatenate(rows).tolist()
        for name, own in alone.items():
            at = own.rows(split)
            np.testing.assert_allclose(
                task.actual(at + start[name]), own.actual(at), atol=1e-5
            )
            if scale == "series":
                for one, other in zip(
                    task.gather(at + start[name]), own.gather(at), strict=True
                ):
                    np.testing.assert_array_equal(one, other)
    heads = np.concatenate([one.values[:40] for one in parts.values()])
    if scale == "all":
        np.testing.assert_allclose(task.unit_scale, heads.std(axis=0)[:2])
        assert task.mean.shape == (3,)
    else:
        assert task.unit_scale.shape == (2, 2) and task.mean.shape == (2, 3)


def test_two_series_of_the_same_data_are_one_twice():
    options: dict[str, Any] = dict(target="b", lookback=5, horizon=2, split=(0.5, 0.7))
    one = forecast_task(hours(80), **options)
    two = forecast_task({"p": hours(80), "q": hours(80)}, **options)
    for split in ("train", "validation", "test"):
        for single, double in zip(
            one.gather(one.rows(split)), two.gather(two.rows(split)), strict=True
        ):
            np.testing.assert_array_equal(np.concatenate([single, single]), double)
    assert two.baseline() == one.baseline()


@pytest.mark.parametrize("predict", ["value", "normalised"])
def test_nothing_behind_the_cut_has_a_part_in_training(predict):
    def made(changed):
        values = noise(90, 3)
        values[40:] += changed
        return forecast_task(
            series_of(values, COLUMNS, minutes=60),
            target=["a (m)", "c"],
            lookback=7,
            horizon=5,
            split=(40, 65),
            predict=predict,
            calendar=True,
            future=["b"],
        )

    task, other = made(0.0), made(100.0)
    assert int(task.train.max()) + 5 == 39
    for one, two in zip(
        task.gather(task.train), other.gather(other.train), strict=True
    ):
        np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(task.unit_scale, other.unit_scale)
    assert task.validation[0] == 39 and task.validation[-1] == 59
    assert task.test[0] == 64 and task.test[-1] == 84
