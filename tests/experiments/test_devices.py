"""`--devices` spreads an experiment's batches, and its numbers stay."""

import socket
from concurrent.futures import ThreadPoolExecutor

import _devices
import csi300_conv1d
import jax
import numpy as np
import pytest
from experiments.test_command_lines import run

import seqconv_jax as sc


def history(path):
    with sc.runs.open(path, resume=True, may_change=()) as opened:
        return opened.history()


def test_a_flag_and_no_other_program(bars, tmp_path):
    # Few steps: sooner or later rounding turns the sign of an error, which is all that
    # the gradient of an absolute error takes from it.
    flags = ["--epochs", 1, "--steps-per-epoch", 4, "--split", 150, 220]
    common = ["csi300_conv1d", "--data", bars, *flags]
    spread = run(*common, "--devices", 2, "--out", tmp_path / "two")
    assert spread.returncode == 0 and not spread.stderr
    given = {"epochs": 1, "steps_per_epoch": 4, "split": (150, 220)}
    settings = csi300_conv1d.Settings(data=bars, out=tmp_path / "one", **given)
    csi300_conv1d.main(settings)
    (one,), (two,) = history(tmp_path / "one"), history(tmp_path / "two")
    for name in ("loss", "val_loss", "val_mae"):
        np.testing.assert_allclose(one[name], two[name], rtol=1e-5)


@pytest.mark.parametrize("given", [0, 99])
def test_devices_that_are_not_there(given, tmp_path):
    jax.devices()  # from here on there are no more
    settings = csi300_conv1d.Settings(devices=given, out=tmp_path)
    with pytest.raises(sc.UserError, match=f"`devices` must be .*, got {given}"):
        _devices.mesh_of(settings)


@pytest.mark.parametrize(
    ("script", "flag", "message"),
    [
        ("classify_series", ("--ensemble", "2"), "--ensemble must be 1"),
        ("imdb_conv1d", ("--seeds", "2"), "--seeds must be 1"),
    ],
)
def test_several_processes_train_one_network(script, flag, message, tmp_path):
    data = tmp_path / "GunPoint_TRAIN.ts"  # refused before it is looked for
    place = ["--out", tmp_path / "run", "--data", data]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        coordinator = f"127.0.0.1:{free.getsockname()[1]}"
    together = ["--coordinator", coordinator, "--processes", "2", "--process"]
    with ThreadPoolExecutor() as both:
        ended = both.map(
            lambda number: run(script, *place, *flag, *together, number), range(2)
        )
    words = f"{message} where several processes train together"
    for each in ended:
        assert each.returncode == 2 and words in each.stderr, each.stderr
    assert not (tmp_path / "run").exists()
