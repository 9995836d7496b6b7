"""What several devices compute, in a process of its own, which has four; see main."""

import json
import os
import signal
import sys
import tempfile

import jax
import numpy as np
import optax
from flax import linen
from train.helpers import fit, small_task
from train.tiny import Line, tiny_fit, tiny_task

import seqconv_jax as sc
from seqconv_jax.train.mesh import part_on, spread
from seqconv_jax.train.reporter import NullReporter

COUNTS = (None, 2, 4)
SCORES = ("loss", "val_loss", "mae", "val_mae", "gradient_norm")


class Stranger(linen.Module):
    """Layers of Flax that look across the batch, or draw for each example."""

    @linen.compact
    def __call__(self, x, train=False):
        x = linen.BatchNorm(use_running_average=not train)(linen.Dense(6)(x))
        x = linen.Dropout(0.3, broadcast_dims=(1,))(x, deterministic=not train)
        return linen.Dense(1)(linen.relu(x).mean(axis=1))


def network():
    """A GRU with both of its dropouts, behind batch normalisation."""
    layers = (
        *(sc.nn.BatchNorm(), sc.nn.Dropout(0.2, time_constant=True)),
        *(sc.nn.GRU(5, dropout=0.2, recurrent_dropout=0.2), sc.nn.Dense(1)),
    )
    return sc.nn.Sequential(layers)


def mesh_of(count):
    return count and sc.train.data_mesh(count)


def table(result):
    """Scores by epoch, then the norms of what has been trained and kept."""
    rows = [[each.get(name, 0.0) for name in SCORES] for each in result.history]
    trees = (result.state.params, result.best.params, result.best.batch_stats)
    return [*rows, [float(optax.tree.norm(tree)) for tree in trees if tree]]


def trained(model, counts=COUNTS, **options):
    """The same training on each number of devices."""
    task = small_task(replacement=False)
    given = {"steps_per_epoch": None, "batch_size": 12, "epochs": 3, **options}
    return [table(fit(model, task, mesh=mesh_of(n), **given)) for n in counts]


def recurrent():
    return trained(network())


def stranger():
    return trained(Stranger(), (None, 4))


def lines(devices, *arguments, **options):
    return [
        table(tiny_fit(*arguments, mesh=mesh_of(n), **options)) for n in (None, devices)
    ]


def branches():
    both = ((sc.nn.Dense(2),), (sc.nn.Dense(2),))
    merged = sc.nn.Parallel(both, merge="average", drop_path=0.3)
    model = sc.nn.Sequential((merged, sc.nn.Dropout(0.2), sc.nn.Dense(1)))
    return lines(4, model)


def one_device():
    return lines(1, Line(0.3))


def many_steps_a_call():
    return lines(2, Line(0.3), steps_per_call=2, ema_decay=0.9)


def batch_that_does_not_divide():
    """On four devices the last one has one example of ten, and two that count not."""
    return lines(4, Line(0.3), batch_size=10)


def one_example_a_batch():
    return lines(4, Line(0.3), tiny_task(3), batch_size=1)


def loss_weights():
    task = tiny_task(weights=np.linspace(0, 2, 24, dtype=np.float32))
    return lines(2, Line(0.3), task, batch_size=9)


def value_that_a_line_search_asks_for():
    """Value and gradient of a mean over 10 examples, of which a device has 3."""
    x = jax.numpy.arange(10.0)

    def loss(w):
        part = sc.ops.batch_part()
        own = x if part is None else part.own(x)
        return jax.numpy.sum(jax.numpy.square(w * own)) / 10

    def on_each(w):
        with part_on(mesh_of(4), 10):
            return jax.value_and_grad(sc.ops.sum_devices_of(loss))(w)

    both = jax.value_and_grad(loss)(2.0), spread(mesh_of(4), on_each)(2.0)
    return [[[float(number) for number in pair]] for pair in both]


def resumed_elsewhere():
    """Begun on four devices, stopped in the midst of an epoch, ended on two."""

    class Stopper(NullReporter):
        def advance(self, steps, loss):
            os.kill(os.getpid(), signal.SIGTERM)

    def train(run, **options):
        plateau = optax.contrib.reduce_on_plateau(factor=0.5, patience=1)
        return tiny_fit(Line(0.3), epochs=4, run=run, plateau=plateau, **options)

    with tempfile.TemporaryDirectory() as name:
        with sc.runs.open(f"{name}/whole") as run:
            whole = train(run)
        try:
            with sc.runs.open(f"{name}/run") as run:
                train(run, reporter=Stopper(), mesh=mesh_of(4))
        except sc.train.TrainingInterrupted as stop:
            assert stop.saved and 0 < stop.step < 3
        with sc.runs.open(f"{name}/run", resume=True) as run:
            return [table(whole), table(train(run, mesh=mesh_of(2)))]


def not_finite():
    """What is said, whichever device had the example."""
    task = tiny_task()
    task.targets[17] = 1e38
    try:
        tiny_fit(task=task, loss=sc.losses.mse, mesh=mesh_of(2))
    except sc.train.NonFiniteError as error:
        return str(error)


def placed():
    """Results and what a callback gets lie on one device; nothing is traced twice."""
    seen, traced, counts = [], [], []

    class Traced(linen.Module):
        @linen.compact
        def __call__(self, x, train=False):
            traced.append(train)
            return linen.Dense(1)(x)

    def after_an_epoch(state, record):
        seen.append(state)
        counts.append(len(traced))

    mesh = mesh_of(4)
    result = tiny_fit(Traced(), epochs=4, mesh=mesh, callback=after_an_epoch)
    states = [result.state, result.best.params, *seen]
    devices = {len(leaf.devices()) for leaf in jax.tree.leaves(states)}
    return [sorted(devices), counts]


def wrong():
    """Messages of what cannot be."""

    def message(call, *args, **kwargs):
        try:
            call(*args, **kwargs)
        except sc.UserError as error:
            return str(error)

    class OtherAxis(linen.Module):
        @linen.compact
        def __call__(self, x, train=False):
            mask = 1.0
            if train:
                key = self.make_rng("dropout")
                mask = sc.ops.dropout_mask(key, 0.5, (5,))
            return linen.Dense(1)(x).mean(1, keepdims=True) * jax.numpy.mean(mask)

    mesh = jax.make_mesh((4,), ("model",), axis_types=(jax.sharding.AxisType.Auto,))
    return [
        message(sc.train.data_mesh, 5),
        message(sc.train.data_mesh, 0),
        message(tiny_fit, mesh=mesh),
        message(tiny_fit, mesh=2),
        message(tiny_fit, OtherAxis(), mesh=mesh_of(4)),
    ]


CASES = (
    *(recurrent, stranger, branches),
    *(one_device, many_steps_a_call, batch_that_does_not_divide),
    *(one_example_a_batch, loss_weights, resumed_elsewhere),
    value_that_a_line_search_asks_for,
)
OTHERS = (not_finite, placed, wrong)


def main():
    jax.config.update("jax_num_cpu_devices", 4)
    jax.config.update("jax_compilation_cache_dir", sys.argv[1])
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
    print(json.dumps({case.__name__: case() for case in (*CASES, *OTHERS)}))


if __name__ == "__main__":
    main()
