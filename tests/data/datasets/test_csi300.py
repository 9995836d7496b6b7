import numpy as np
import pytest

from seqconv_jax._checks import UserError
from seqconv_jax.data import CSI300, GeneratedDataWarning, load_csi300, read_series

INDEX = "hs300/000300.SH.csv"


def test_today_is_the_newest_bar_and_tomorrow_the_target(data_file):
    path = data_file(*INDEX.split("/"))
    task = load_csi300(path)
    close = read_series(path, time=CSI300.time, keep=["close"]).values[:, 0]
    assert task.offsets is not None
    assert (
        task.offsets.tolist() == list(range(-59, 1))
        and task.horizon == "1 business day"
    )
    assert task.train.tolist() == list(range(60, 4_000))
    assert task.validation.tolist() == list(range(4_061, 4_400))
    np.testing.assert_allclose(
        task.actual(task.test), close[task.test + 1], rtol=1e-5, atol=1e-3
    )
    error = np.abs(np.diff(close))[task.test].mean() / task.unit_scale
    assert task.baseline("test") == pytest.approx(error, rel=1e-4)


def test_the_file_may_have_its_newest_row_first(tmp_path):
    days = np.busday_offset("2020-01-01", np.arange(300), roll="forward")
    lines = [f"{day},{row}" for row, day in enumerate(days)]
    path = tmp_path / "bars.csv"
    path.write_text("\n".join(["date,close", *lines[::-1]]) + "\n")
    with pytest.raises(UserError, match="rows run from newest"):
        load_csi300(path, split=(150, 220))
    task = load_csi300(path, split=(150, 220), reverse=True, exact_horizon=False)
    assert task.horizon_rows == 2 and "rows reversed" in task.report
    rows = task.test[:2]
    np.testing.assert_allclose(task.actual(rows), rows + 1, rtol=1e-5)


def test_without_a_file_the_index_is_generated():
    with pytest.warns(GeneratedDataWarning, match="the CSI 300 index could not be had"):
        task = load_csi300()
    assert (task.data_source, task.data_path, task.data_sha256) == (
        "generated",
        None,
        None,
    )
    with pytest.raises(UserError, match="the CSI 300 index: .*get 000300.SH.csv and"):
        load_csi300(require_real=True)
