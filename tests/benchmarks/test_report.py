"""Medians, ratios with intervals, tables and charts."""

import doctest
import importlib

import _machine
import numpy as np
import pytest
from _output import check_names, write_json
from _peers import OURS, PEERS
from _report import fastest, limits, markdown, number, peer_table, summary_table
from _timing import Spread, quartiles, ratio

import seqconv_jax as sc


def test_quartiles():
    assert quartiles([5.0, 1.0, 4.0, 2.0, 3.0]) == Spread(2.0, 3.0, 4.0)


def test_ratio_is_taken_within_rounds():
    ours = np.array([1.0, 10.0, 100.0, 2.0, 5.0])
    assert ratio(3 * ours, ours) == pytest.approx((3.0, 3.0, 3.0))


def test_interval_holds_the_true_ratio():
    rng = np.random.default_rng(0)
    ours, theirs = np.exp(0.1 * rng.normal(size=(2, 40)))
    low, median, high = ratio(2 * theirs, ours)
    assert low < median < high
    assert low < 2 < high
    assert high - low < 0.4
    assert ratio(2 * theirs, ours) == (low, median, high)


def test_numbers_and_tables():
    assert [number(v) for v in (0.0, 0.5, 2.0, 99.96, 1234.5)] == [
        *("0.00", "0.500", "2.00", "100", "1,234")
    ]
    assert limits(Spread(0.001, 0.002, 0.003), 1e-3) == "2.00 (1.00 to 3.00)"
    assert markdown(["a", "b"], [["1", "2"]]).splitlines()[2] == "| 1 | 2 |"


def result(**notes):
    """Figures of one workload: the peers are 2, 3, ... times slower than we."""
    peers = [OURS, *notes]
    seconds = {
        measure: {peer: [0.1 * (i + 1)] * 3 for i, peer in enumerate(peers)}
        for measure in ("train", "infer_1", "infer_128", "epoch")
    }
    return {
        "title": "network",
        "seconds": seconds,
        "build_seconds": dict.fromkeys(peers, 0.25),
        "first_epoch_seconds": dict.fromkeys(peers, 1.0),
        "memory_megabytes": {
            peer: {"peak": 300.0 - 10 * i, "rise": 100.0}
            for i, peer in enumerate(peers)
        },
        "notes": {OURS: "", **notes},
    }


def test_the_fastest_peer_does_the_same_work():
    figures = result(torch="no recurrent dropout", flax="")
    assert fastest(figures, "train") == "flax"
    assert fastest(result(), "train") is None
    table = summary_table({"S8a": figures})
    assert "3.00 (3.00 to 3.00) × (Flax, written plainly)" in table
    assert "no recurrent dropout" in peer_table(figures)
    assert "200 (200 to 200); 2.00 (2.00 to 2.00) ×" in peer_table(figures)
    assert len({line.count("|") for line in table.splitlines()}) == 1
    assert "| 1.15 | 300 (100) |" in peer_table(figures)  # 0.25 + 1.0 - 0.1 s


def test_the_charts(tmp_path):
    from _charts import bars, curves

    bars({"S8a": result(torch="", flax="some")}, tmp_path / "bars.png")
    points = [{"size": 10, "seconds": 1.0}, {"size": 100, "seconds": 10.0}]
    curves({"length": {"a": points}}, tmp_path / "curves.png")
    for name in ("bars", "curves"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_errors(tmp_path):
    with pytest.raises(sc.UserError, match="--peers must be of ours, .* got 'caffe'"):
        check_names("--peers", ["caffe"], PEERS)
    with pytest.raises(sc.UserError, match="--threads must be from 1 to"):
        _machine.pin(0)
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", {"a": float("nan")})


@pytest.mark.parametrize("name", ["_products", "_report", "_timing", "_workloads"])
def test_examples_are_true(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted and not result.failed
