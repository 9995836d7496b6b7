"""Models whose batch is spread over two devices, in a process that has two."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = """
import json

import jax
import jax.numpy as jnp

jax.config.update("jax_num_cpu_devices", 2)
from jax.sharding import AxisType, NamedSharding, PartitionSpec
from seqconv_jax import models, nn

blocks = nn.ConvBlock(2, 3, pool=2), nn.ConvBlock(2, 3)
every = {
    "text": models.TextConvNet(9, 2, blocks, mask_id=0),
    "words": models.TextConvNet(9, 2, blocks, head="global_average"),
    "flat": models.SeriesConvNet(blocks, head="flatten", dropout=0.1),
    "gru": models.ConvGRU(2, 3, 2, 2),
    "both": models.ConvRNN(nn.Bidirectional(nn.LSTM(2)), blocks),
    "tcn": models.TCN(2, 3, (1, 2), dropout=0.1),
}
key = jax.random.key(0)
ids, series = jax.random.randint(key, (4, 12), 0, 9), jax.random.normal(key, (4, 12, 2))
inputs = {name: ids if name in ("text", "words") else series for name in every}
params = {name: every[name].init(key, inputs[name])["params"] for name in every}


@jax.jit
@jax.value_and_grad
def losses(params, inputs):
    def loss(name):
        variables, rngs = {"params": params[name]}, {"dropout": key}
        y = every[name].apply(variables, inputs[name], train=True, rngs=rngs)
        return jnp.square(y).mean()

    return sum(map(loss, every))


alone = jax.device_get(losses(params, inputs))
furthest = {}
for kind in (AxisType.Explicit, AxisType.Auto):
    mesh = jax.make_mesh((2,), ("data",), axis_types=(kind,))
    spread = jax.device_put(inputs, NamedSharding(mesh, PartitionSpec("data")))
    with jax.set_mesh(mesh):
        spread_losses = jax.device_get(losses(params, spread))
    far = jax.tree.map(lambda a, b: float(abs(a - b).max()), alone, spread_losses)
    furthest[kind.name] = max(jax.tree.leaves(far))
print(json.dumps(furthest))
"""


def test_a_spread_batch_gives_the_same_gradients():
    quickly = {"XLA_FLAGS": "--xla_backend_optimization_level=0"}  # compiled, not run
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ | quickly,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    furthest = json.loads(done.stdout)
    assert furthest.keys() == {"Explicit", "Auto"} and max(furthest.values()) < 1e-5
