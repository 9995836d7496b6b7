"""The benchmarks on tiny workloads: that they count, compare and report rightly."""

import importlib
import json
from dataclasses import replace

import _data
import _machine
import _products
import _work
import compare
import floor
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scaling
from _output import check_names, write_json
from _peers import OURS, PEERS
from _report import fastest, limits, markdown, number, peer_table, summary_table
from _timing import Spread, quartiles, ratio
from _worker import Session, Worker, WorkerFailed
from _workloads import WORKLOADS, by_layer

import seqconv_jax as sc

TINY = {
    name: replace(
        workload,
        length=90,
        columns=3,
        vocabulary=50,
        units=4,
        dilations=(1, 2),
        batch_size=4,
    )
    for name, workload in WORKLOADS.items()
}


def params_of(workload):
    x = _data.made_up(workload, rows=8).batches(1, workload.batch_size)[0][0]
    return jax.eval_shape(workload.model().init, jax.random.key(0), x)["params"]


@pytest.fixture
def examples(tmp_path):
    """Return a function from a workload to the file of its examples."""

    def save(workload):
        _data.made_up(workload, rows=64).save(tmp_path / "problem.npz")
        return tmp_path / "problem.npz"

    return save


@pytest.fixture
def quick_workers(monkeypatch):
    """Let workers compile in half the time: theirs is not looked at here."""
    options = "backend_optimization_level=0", "llvm_disable_expensive_passes=true"
    flags = " ".join(f"--xla_{option}" for option in options)
    monkeypatch.setenv("XLA_FLAGS", flags)


@pytest.mark.parametrize("name", WORKLOADS)
def test_layers_are_those_of_our_network(name):
    workload = TINY[name]
    params = params_of(workload)
    counts = [sc.count_parameters(p) for p in by_layer(params, workload.layers)]
    assert counts == [row.parameters for row in _work.layer_work(workload)]
    assert sum(counts) == sc.count_parameters(params)


def test_parameters_of_the_published_networks():
    totals = {
        name: sum(row.parameters for row in _work.layer_work(workload))
        for name, workload in WORKLOADS.items()
    }
    assert totals["S2"] == 1_315_937
    assert totals["S8a"] == totals["S8b"] == 13_697


@pytest.mark.parametrize("training", [False, True])
def test_operations_are_those_that_xla_counts(training, monkeypatch):
    # The way of the fewest operations, which is not the fastest.
    operation = importlib.import_module("seqconv_jax.ops.conv_max_pool")
    monkeypatch.setattr(operation, "MOST_FILTERS", 0)
    workload = replace(WORKLOADS["S7a"], batch_size=4)
    model, params = workload.model(), params_of(workload)
    x = jnp.ones((4, 240, 14))

    def loss(params):
        return model.apply({"params": params}, x).sum()

    function = jax.grad(loss) if training else loss
    # The layers' arithmetic, before XLA chooses another way to it.
    counted = jax.jit(function).lower(params).cost_analysis()
    assert counted is not None
    rows = _work.layer_work(workload)
    expected = sum(row.forward + training * row.backward for row in rows)
    assert counted["flops"] == pytest.approx(expected, rel=0.15)


def test_a_tcn_counts_what_its_last_step_depends_on():
    workload = replace(WORKLOADS["TCN"], batch_size=4)
    x = jnp.ones((4, workload.length, workload.columns))
    forward = jax.jit(workload.model().apply)
    counted = forward.lower({"params": params_of(workload)}, x).cost_analysis()
    assert counted is not None
    expected = sum(row.forward for row in _work.layer_work(workload))
    assert counted["flops"] == pytest.approx(expected, rel=0.1)


def test_an_embedded_convolution_counts_the_cheaper_way():
    few, many = (replace(WORKLOADS["S2"], vocabulary=v) for v in (1_000, 200_000))
    positions = 128 * 494
    work = [_work.layer_work(workload)[1].forward for workload in (few, many)]
    assert work[0] == 2 * 1_000 * 7 * 128 * 32 + positions * 7 * 32
    assert work[1] == 2 * positions * 7 * 128 * 32


def test_bytes_of_the_convnet():
    workload = WORKLOADS["S7a"]
    kept = 78 * 32 + 24 * 32 + 32 + 1
    assert _work.kept_numbers(workload) == kept
    parameters = 2_272 + 5_152 + 5_152 + 33
    expected = 4 * (4 * parameters + 128 * 240 * 14 + 2 * 128 * kept)
    assert _work.bytes_moved(workload) == expected


def test_only_a_gru_waits_for_itself():
    assert _work.sequential(WORKLOADS["S7a"]) < 20
    assert _work.sequential(WORKLOADS["S9"]) > 4 * 240


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


def test_the_picture(tmp_path):
    from _charts import bars, curves

    bars({"S8a": result(torch="", flax="some")}, tmp_path / "bars.png")
    points = [{"size": 10, "seconds": 1.0}, {"size": 100, "seconds": 10.0}]
    curves({"length": {"a": points}}, tmp_path / "curves.png")
    for name in ("bars", "curves"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_which_peers_leave_something_out():
    noted = [peer for peer, each in PEERS.items() if each.note(WORKLOADS["S8a"])]
    assert noted == ["flax", "torch"]
    assert not any(each.note(WORKLOADS["S7a"]) for each in PEERS.values())


def test_keras_computes_the_same(examples):
    pytest.importorskip("keras")
    workload = TINY["S8a"]
    path = examples(workload)
    with jax.numpy_rank_promotion("allow"):
        x, weights, expected = Session(OURS, workload, path, 1).reference(False)
        found = Session("keras-jax", workload, path, 1).outputs(weights, x)
    assert np.abs(expected).max() > 0.01
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_torch_computes_the_same(examples):
    pytest.importorskip("torch", reason="PyTorch is an extra")
    path = examples(TINY["TCN"])
    x, weights, expected = Session(OURS, TINY["TCN"], path, 1).reference(True)
    found = Session("torch", TINY["TCN"], path, 1).outputs(weights, x)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_keras_gets_the_sources_windows():
    pytest.importorskip("keras")
    from _peer_keras import windows

    offsets = np.arange(-6, 0, 2, dtype=np.int32)
    rows = np.arange(6, 20, dtype=np.int32)
    table = np.arange(20, dtype=np.float32)[:, None]
    problem = _data.Problem(table, 10 * table, rows, offsets)
    x, y = next(windows(problem, 50))
    assert x.shape == (50, 3, 1)
    np.testing.assert_array_equal(x[:, :, 0], y[:, None] / 10 + offsets)
    assert set(y / 10) <= set(rows)


def test_a_worker_does_what_it_is_told(examples, quick_workers):
    workload = TINY["S7a"]
    with Worker(OURS, workload, examples(workload), epoch_steps=2) as worker:
        assert worker.ask("epoch") > worker.ask("epoch") > 0
        assert worker.ask("train", 2) > 0
        assert worker.ask("infer", 1, 2) > 0
        memory = worker.ask("memory")
        assert memory["peak"] > memory["rise"] > 0
        with pytest.raises(WorkerFailed, match="ours: ZeroDivisionError"):
            worker.ask("train", 0)
        assert worker.ask("train", 1) > 0


def test_a_worker_that_cannot_start_says_why(tmp_path):
    with pytest.raises(WorkerFailed, match="ours: FileNotFoundError"):
        Worker(OURS, TINY["S7a"], tmp_path / "missing.npz")


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


def test_a_deviation_is_refused():
    class Wrong:
        def ask(self, request, *arguments):
            return np.ones((2, 1), np.float32)

    references = {False: (None, None, np.zeros((2, 1), np.float32))}
    with pytest.raises(sc.UserError, match="must compute our outputs to 1e-05, got"):
        compare.check({"keras-jax": Wrong()}, references)  # pyright: ignore


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


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_products_hold_the_arithmetic_of_the_layers(name):
    workload = WORKLOADS[name]
    counted = sum(
        2 * 3 * each.time * each.batch * each.units**2
        if isinstance(each, _products.Steps)
        else 2 * each.rows * each.inner * each.columns
        for each in _products.products(workload)
    )
    layers = sum(row.forward for row in _work.layer_work(workload))
    # Less the additions behind a table's products, and a shortcut's product.
    assert counted == pytest.approx(layers, rel=0.06)


def test_products_are_timed_one_by_one():
    calls = []

    def best(call):
        jax.block_until_ready(call())
        calls.append(call)
        return 1.0

    # Forward and two derivatives of each; the first layer's input needs none.
    assert _products.seconds_of_products(TINY["S7a"], best) == len(calls) == 11
    # Two convolutions, the projection, the dense layer; there and back.
    assert _products.seconds_of_products(TINY["S8a"], best) == 11 + 2


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


def test_refusals(tmp_path):
    with pytest.raises(sc.UserError, match="--peers must be of ours, .* got 'caffe'"):
        check_names("--peers", ["caffe"], PEERS)
    with pytest.raises(sc.UserError, match="--threads must be from 1 to"):
        _machine.pin(0)
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", {"a": float("nan")})
