"""What devices promise on paper, and that the measurement trains."""

import json

import _data
import devices
import pytest
from _all_reduce import Links
from _workloads import WORKLOADS
from tiny_workloads import TINY

import seqconv_jax as sc
from seqconv_jax.nn.summary import layers

LINKS = Links(
    inside=8, bandwidth=1e9, latency=1e-6, net_bandwidth=1e8, net_latency=1e-5
)


def test_an_all_reduce_inside_and_between_machines():
    assert LINKS.seconds(1e6, 1) == 0
    # 2 (n - 1) / n of a megabyte in a ring, 2 log2(n) messages in a tree
    assert LINKS.seconds(1e6, 8) == pytest.approx(1.75e-3 + 6e-6)
    assert LINKS.seconds(1e6, 16) == pytest.approx(1.75e-3 + 6e-6 + 1e-2 + 2e-5)


def test_what_a_step_carries_is_a_number_for_each_parameter():
    workload = WORKLOADS["S8a"]
    found = devices.on_paper(workload, 1e-3, LINKS)
    model, x = workload.model(), _data.made_up(workload, rows=2).batches(1, 2)[0][0]
    parameters = sum(row.parameters for row in layers(model, x))
    assert found["all_reduce_bytes"] == 4 * parameters
    waits = LINKS.seconds(4 * parameters, 64)
    assert found["efficiency"][64] == pytest.approx(1e-3 / (1e-3 + waits))


def test_the_files(tmp_path):
    with pytest.raises(sc.UserError, match="--step-ms must have 2 numbers.*got 1"):
        devices.main(devices.Settings(workloads=("S2", "S9"), step_ms=(1.0,)))
    options = {"workloads": ("S9",), "step_ms": (0.5,), "devices": 1}
    devices.main(devices.Settings(**options, out=tmp_path))
    found = json.loads((tmp_path / "devices.json").read_text())
    assert found["paper"]["S9"]["step_seconds"] == 5e-4
    assert "| S9 | 0.731 |" in (tmp_path / "devices.md").read_text()


def test_a_step_is_timed(monkeypatch):
    monkeypatch.setattr(devices, "WORKLOADS", {"S7a": TINY["S7a"]})
    monkeypatch.setattr(_data, "load", lambda w: (_data.made_up(w, rows=64), "noise"))
    assert 0 < devices.train("S7a", 1, steps=2) < 60
