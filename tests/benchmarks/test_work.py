"""The counts of a training step's work are those of the models' layers."""

import importlib
from dataclasses import replace

import _data
import _products
import _work
import jax
import jax.numpy as jnp
import pytest
from _layer_work import Input, Recurrence, work_of
from _workloads import WORKLOADS, by_layer
from tiny_workloads import TINY

import seqconv_jax as sc


def params_of(workload):
    x = _data.made_up(workload, rows=8).batches(1, workload.batch_size)[0][0]
    return jax.eval_shape(workload.model().init, jax.random.key(0), x)["params"]


@pytest.mark.parametrize("name", WORKLOADS)
def test_layers_are_those_of_our_network(name):
    workload = TINY[name]
    params = params_of(workload)
    counts = [sc.count_parameters(p) for p in by_layer(params, workload.model())]
    assert counts == [row.parameters for row in _work.layer_work(workload)]
    assert sum(counts) == sc.count_parameters(params)


def test_parameters_of_the_published_networks():
    totals = {
        name: sum(row.parameters for row in _work.layer_work(workload))
        for name, workload in WORKLOADS.items()
    }
    assert totals["S2"] == 1_315_937
    assert totals["S8a"] == totals["S8b"] == 13_697


def test_a_layer_whose_work_is_not_known_is_an_error():
    with pytest.raises(sc.UserError, match="nothing is known of the work of LSTM"):
        work_of(sc.nn.LSTM(4), Input(batch=4, length=90, width=3))


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


def test_steps_of_the_blocks_of_a_tcn():
    blocks = [
        sc.nn.ResidualBlock(features=8, kernel_size=3, dilation=dilation)
        for dilation in (1, 2, 4)
    ]
    # The last of 4 reads 3 and 5 steps, 4 apart; that of 2 needs 11 and 13, 2 apart.
    expected = [(27, 13), (11, 5), (3, 1)]
    assert _work.steps_of_blocks(240, (*blocks, sc.nn.LastStep())) == expected


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


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_products_hold_the_arithmetic_of_the_layers(name):
    workload = WORKLOADS[name]
    counted = sum(
        2 * 3 * each.time * each.batch * each.units**2
        if isinstance(each, Recurrence)
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
