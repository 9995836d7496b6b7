"""The scripts on tiny workloads: they time, compare and write their files."""

import json
from pathlib import Path

import _data
import _machine
import compare
import floor
import numpy as np
import pytest
import scaling
import seeds
import versions
from _peers import OURS
from _workloads import WORKLOADS
from tiny_workloads import TINY

import seqconv_jax as sc


def test_the_comparison_writes_its_files(tmp_path, monkeypatch, quick_workers):
    monkeypatch.setattr(compare, "WORKLOADS", {"S8a": TINY["S8a"]})
    monkeypatch.setattr(_data, "load", lambda w: (_data.made_up(w, rows=64), "noise"))
    monkeypatch.setattr(_machine, "pin", lambda threads: 1)
    settings = compare.Settings(
        workloads=("S8a",),
        peers=(OURS, "flax"),
        rounds=2,
        steps=1,
        calls=1,
        epoch_rounds=2,
        epoch_steps=2,
        out=tmp_path,
    )
    compare.main(settings)
    report = json.loads((tmp_path / "compare.json").read_text())
    figures = report["workloads"]["S8a"]
    assert len(figures["seconds"]["train"]["flax"]) == 2
    assert 0 <= figures["deviation"]["flax"] <= 1e-5
    assert "jax" in report["machine"]["versions"]
    assert "Flax, written plainly" in (tmp_path / "compare.md").read_text()
    assert (tmp_path / "compare.png").exists()


def test_a_deviation_is_an_error():
    class Wrong:
        def ask(self, request, *arguments):
            return np.ones((2, 1), np.float32)

    references = {False: (None, None, np.zeros((2, 1), np.float32))}
    with pytest.raises(sc.UserError, match="must compute our outputs to 1e-05, got"):
        compare.check({"keras-jax": Wrong()}, references, 1e-5)  # pyright: ignore


def test_floor_and_exponents():
    rates = {"flop_per_second": 1e12, "bytes_per_second": 1e9}
    found = floor.floor(WORKLOADS["S7a"], rates)
    assert found["floor_seconds"] == found["moving_seconds"]
    least = found["floor_seconds"]
    timed = {"products_seconds": least / 2, "seconds": [2 * least] * 3}
    row = floor.table({"S7a": found | timed})
    assert "| 2.00 | 4.00 |" in row
    points = [
        {"size": 10, "seconds": 1.0, "flop": 1.0, "bytes": 1.0, "peak_megabytes": 1},
        {"size": 20, "seconds": 4.0, "flop": 2.0, "bytes": 2.0, "peak_megabytes": 1},
    ]
    assert "| 2.00 ! | 1.00 |" in scaling.table(
        "length", scaling.with_exponents(points)
    )


def test_scaling_leaves_out_what_is_too_much():
    settings = scaling.Settings(max_seconds=1.0, max_gigabytes=4.0)
    before = {"flop": 1.0, "bytes": 1.0, "expected_bytes": 1.0, "seconds": 0.6}
    point = {"flop": 2.0, "bytes": 1.0, "expected_bytes": 1.0}
    assert (
        scaling.too_much(settings, point, before) == "about 1.2 s expected, 1 allowed"
    )
    assert scaling.too_much(settings, point, None) == ""
    point["expected_bytes"] = float(8 << 30)
    assert "8.0 GB expected, 4.0 allowed" in scaling.too_much(settings, point, None)


def test_versions_are_compared_in_turns(tmp_path, monkeypatch, quick_workers):
    monkeypatch.setattr(versions, "WORKLOADS", {"S7a": TINY["S7a"]})
    monkeypatch.setattr(_data, "load", lambda w: (_data.made_up(w, rows=64), "noise"))
    monkeypatch.setattr(_machine, "pin", lambda threads: 1)
    settings = versions.Settings(
        before=Path(__file__).parents[2],
        workloads=("S7a",),
        rounds=1,
        turns=2,
        steps=1,
        epoch_steps=1,
        out=tmp_path,
    )
    versions.main(settings)
    report = json.loads((tmp_path / "versions.json").read_text())
    figures = report["workloads"]["S7a"]
    assert figures.keys() == versions.MEASURES.keys()
    assert {len(each[side]) for each in figures.values() for side in each} == {1}
    assert "| first step, with its compilation, s |" in (
        (tmp_path / "versions.md").read_text()
    )


def test_ratios_of_versions_are_after_to_before():
    halved = {"before": [2.0] * 3, "after": [1.0] * 3}
    figures = dict.fromkeys(versions.MEASURES, halved)
    assert versions.table(figures).count("| 0.500 (0.500 to 0.500) |") == 6


def test_a_folder_without_the_package_is_an_error(tmp_path):
    with pytest.raises(sc.UserError, match="--before must hold a folder seqconv_jax"):
        versions.main(versions.Settings(before=tmp_path))


def test_seeds_are_timed_together_and_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(seeds, "WORKLOADS", {"S8a": TINY["S8a"]})
    monkeypatch.setattr(_data, "load", lambda w: (_data.made_up(w, rows=64), "noise"))
    settings = seeds.Settings(
        workloads=("S8a",),
        how="one by one",
        rounds=1,
        steps=1,
        epochs=2,
        out=tmp_path,
    )
    seconds = seeds.main(settings)["S8a"]
    assert seconds["several_wall"][0] > seconds["several"][0] > 0
    assert "| S8a |" in (tmp_path / "seeds.md").read_text()
