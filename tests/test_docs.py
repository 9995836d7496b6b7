"""The code in README and docs runs, in the order in which it stands there."""

import re
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from numerics import normal

import seqconv_jax as sc

ROOT = Path(__file__).parents[1]
LONGEST_README = 120


def blocks(name):
    """The Python blocks of a Markdown file."""
    return re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(), re.DOTALL)


def run(name, **names):
    """Execute a file's blocks one after another; return the names they leave."""
    assert blocks(name)
    for i, block in enumerate(blocks(name)):
        exec(compile(block, f"{name}, block {i}", "exec"), names)
    return names


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= LONGEST_README


def test_the_readme_trains_on_arrays(capsys):
    names = run("README.md")
    assert names["outputs"].shape == (1000, 1)
    assert names["forecasts"].shape == (100, 1)
    losses = [record["val_loss"] for record in names["result"].history]
    assert losses[-1] < losses[0]
    assert "ConvGRU, input (60, 4)" in capsys.readouterr().out


def test_layers():
    x, key = jnp.asarray(normal(4, 60, 4)), jax.random.key(0)
    tx, model = sc.optim.rmsprop(1e-3), sc.models.SeriesConvNet((), outputs=2)
    names = run(
        "docs/layers.md",
        jax=jax,
        sc=sc,
        x=x,
        key=key,
        tx=tx,
        kernel=jnp.asarray(normal(5, 4, 6)),
        w=jnp.asarray(normal(4, 6)),
        u=jnp.asarray(normal(2, 6)),
        bias=None,
        state=sc.train.init_state(model, tx, x, seed=0),
        batch=sc.train.Batch(x, jnp.zeros((4, 2)), jnp.ones(4)),
    )
    for kind, shape in [
        (names["ConvLSTM"](8), (4, 1)),
        (names["model"], (4, 1)),
    ]:
        variables = kind.init(key, x)
        assert kind.apply(variables, x, mask=jnp.ones((4, 60), bool)).shape == shape


@pytest.mark.parametrize("path", ["README.md", *sorted((ROOT / "docs").glob("*.md"))])
def test_links_lead_somewhere(path):
    text = (ROOT / path).read_text()
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    for link in links:
        assert ((ROOT / path).parent / link).exists(), link

