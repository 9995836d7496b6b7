"""What measures a GPU, on a CPU: every part runs, and profiles are read rightly."""

import json
from dataclasses import replace
from importlib.util import find_spec

import _data
import _gpu_measurement
import _gpu_parts
import _gpu_programs
import _gpu_report
import _machine
import compare
import gpu
import pytest
from _peers import OURS
from _profile import Event, Line, Plane, kernels, short_name, summary
from tiny_workloads import TINY

import seqconv_jax as sc

pytestmark = pytest.mark.filterwarnings("ignore:builtin type:DeprecationWarning")
SHORT = TINY | {"S9": replace(TINY["S9"], length=10)}


def plane(name, **lines):
    return Plane(name, [Line(line, events) for line, events in lines.items()])


def test_a_profile_of_two_streams():
    op = {"hlo_op": "fusion.1", "tf_op": "jit(f)/dot", "hlo_module": "jit_f"}
    first = [
        Event("void gemm<float, f<2>>(int)", 1e6, 2e6, op),
        Event("MemcpyD2D", 5e6, 1e6, {}),
    ]
    second = [Event("void gemm<double>()", 2e6, 2e6, {})]
    groups = [Event("jit_f", 0.0, 9e6, op)]
    planes = [
        plane("/host:CPU", **{"Stream #1": groups}),
        plane(
            "/device:GPU:0",
            **{"Stream #14(Compute)": first, "Stream #15(Compute)": second},
            **{"XLA Modules": groups},
        ),
    ]
    found = summary(planes, steps=2)
    top = found.pop("top")
    assert found == {
        "steps": 2,
        "kernels_a_step": 1.5,
        "span_ms": 2.5,
        "busy_ms": 2.0,
        "between_ms": 0.5,
    }
    assert [row["kernel"] for row in top] == ["gemm", "MemcpyD2D"]
    assert top[0]["ops"] == ["jit(f)/dot"]
    assert (top[0]["calls_a_step"], top[0]["ms_a_step"]) == (1.0, 2.0)
    assert top[0]["microseconds_a_call"] == 2_000


def test_a_cpu_is_seen_by_its_operations():
    named = Event("fusion", 0.0, 1.0, {"hlo_op": "fusion"})
    planes = [plane("/host:CPU", threads=[named, Event("wait", 0.0, 9.0, {})])]
    assert kernels(planes) == [named]


def test_a_profile_of_nothing_is_an_error():
    with pytest.raises(ValueError, match="holds no kernels"):
        summary([plane("/host:CPU")], steps=1)


def test_names_that_are_all_arguments_stay():
    assert short_name("<unknown>") == "<unknown>"


@pytest.fixture
def tiny(tmp_path, monkeypatch, quick_workers):
    """Return a function that measures the given parts of tiny workloads."""
    for module in (gpu, _gpu_measurement, _gpu_programs, _gpu_parts, _gpu_report):
        monkeypatch.setattr(module, "WORKLOADS", SHORT)
    monkeypatch.setattr(_data, "load", lambda w: (_data.made_up(w, rows=64), "noise"))
    monkeypatch.setattr(_machine, "pin", lambda threads: 1)

    def measure(*parts, **more):
        gpu.main(
            gpu.Settings(
                parts=parts,
                rounds=2,
                steps=1,
                calls=1,
                epoch_rounds=2,
                epoch_steps=2,
                scan_steps=2,
                seeds=(1, 2),
                seeds_workloads=("S9",),
                matrix=16,
                megabytes=1,
                out=tmp_path,
                **more,
            )
        )
        report = json.loads((tmp_path / "gpu.json").read_text())
        return report, (tmp_path / "gpu.md").read_text()

    return measure


def test_every_part_but_peers(tiny, tmp_path):
    parts = ["device", "kernels", "seeds", "profile", "scatter"]
    report, text = tiny(*parts, workloads=("S9",), profile_seeds=(1, 2))
    assert not report["failed"]
    assert list(report["parts"]) == parts
    assert report["parts"]["seeds"].keys() == {"S9, 1", "S9, 2"}
    assert len(report["parts"]["seeds"]["S9, 2"]["seconds"]) == 2
    assert report["parts"]["profile"]["S9"]["kernels_a_step"] > 1
    for name in ("S9", "S9-2"):
        assert (tmp_path / "profile" / f"{name}.xplane.pb.gz").stat().st_size > 0
    assert "S9 Jena GRU, 2 seeds, those that take longest" in text
    for title in ("Rates", "A GRU's loop", "Several seeds", "Profile", "Scatter"):
        assert f"## {title}" in text
    if find_spec("matplotlib"):
        assert (tmp_path / "gpu.png").exists()


def test_peers_and_one_that_fails(tiny, monkeypatch):
    monkeypatch.setattr(compare, "installed", list)
    # A worker's process looks it up in its own table, and does not find it.
    monkeypatch.setitem(gpu.PEERS, "away", gpu.PEERS["flax"])
    report, text = tiny("peers", workloads=("S7a",), peers=(OURS, "flax", "away"))
    found = report["parts"]["peers"]["S7a"]
    assert found["seconds"]["epoch"].keys() == {OURS, "flax"}
    assert found["failed"].keys() == {"away"}
    assert "Flax, written plainly failed: away: KeyError" in text


def test_we_are_always_among_the_peers(tmp_path):
    with pytest.raises(sc.UserError, match="--peers must hold 'ours'"):
        gpu.main(gpu.Settings(peers=("flax",), out=tmp_path))
