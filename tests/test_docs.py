"""The code in README and docs runs, in the order in which it stands there."""

import contextlib
import doctest
import io
import re
import shlex
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from numerics import normal

import seqconv_jax as sc
from seqconv_jax.cli import commands
from seqconv_jax.cli.main import main

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


def check_what_is_printed(name, less=None, **names):
    """Execute a file's blocks; each text block right behind one is what it prints.

    `less` are words of the page, and those in their place that train for less long.
    """
    text = (ROOT / name).read_text()
    for much, little in (less or {}).items():
        assert much in text
        text = text.replace(much, little)
    pattern = r"```python\n(.*?)```\n(?:\n```text\n(.*?)```)?"
    pairs = re.findall(pattern, text, re.DOTALL)
    assert len(pairs) == len(blocks(name))
    for i, (block, expected) in enumerate(pairs):
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(block, f"{name}, block {i}", "exec"), names)
        got, flags = printed.getvalue(), doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        same = doctest.OutputChecker().check_output(expected, got, flags)
        assert same, f"{name}, block {i} printed\n{got}\nnot\n{expected}"
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
    names = run(
        "docs/layers.md",
        x=x,
        kernel=jnp.asarray(normal(5, 4, 6)),
        w=jnp.asarray(normal(4, 6)),
        u=jnp.asarray(normal(2, 6)),
        bias=None,
    )
    mask = jnp.arange(60)[None] < jnp.array([[60], [20], [7], [0]])
    models = names["ConvLSTM"](8), names["model"], names["network"]
    for model, shape in zip(models, [(4, 1), (4, 1), (4, 60, 128)], strict=True):
        y = model.apply(model.init(key, x), x, mask=mask)
        assert y.shape == shape and jnp.all(jnp.isfinite(y))
    for name, shape in [("beside", (4, 1)), ("day_ahead", (4, 24, 4))]:
        y, _ = jax.eval_shape(names[name].init_with_output, key, x)
        assert y.shape == shape
    deep = names["Deep"]()
    x = jnp.asarray(normal(4, 60, 8))
    variables = deep.init(key, x)
    trained = deep.apply(variables, x, train=True, rngs={"dropout": key})
    assert jnp.any(trained != deep.apply(variables, x))
    assert names["outputs"].dtype == names["exported"].out_avals[0].dtype == "bfloat16"


def test_tasks_from_data_to_predictions(tmp_path, monkeypatch, capsys):
    """The pages in the order in which they are read: the last uses the others' runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(commands, "keep_compiled", lambda chosen: None)
    for page in ("data", "forecasting", "classes", "predict", "explain"):
        check_what_is_printed(f"docs/{page}.md")
    run_commands("docs/predict.md", at_least=4)
    assert Path("forecast.csv").read_text().startswith("time,step,ahead,load (MW)\n")
    printed = capsys.readouterr().out
    assert printed.startswith("row,label,p(bad),p(good),p(mixed)\n0,bad,")
    Path("load.png").unlink()
    for arguments in run_commands("docs/explain.md", at_least=4):
        assert Path(arguments[-1]).exists()
    logged = with_fakes(monkeypatch)
    check_what_is_printed("docs/report.md")
    assert [step for _, step in logged["wandb"]] == [1, 2]
    assert logged["mlflow"][1][0]["loss"] == logged["wandb"][1][0]["loss"]
    run_commands("docs/report.md", at_least=3)
    assert "An awful" not in Path("load.html").read_text()


def run_commands(name, *, at_least):
    """Run what a page does in the shell; return the arguments of each command."""
    text = (ROOT / name).read_text()
    lines = re.findall(r"^python -m seqconv_jax (.*)$", text, re.MULTILINE)
    assert len(lines) >= at_least
    given = [shlex.split(line) for line in lines]
    for arguments in given:
        main(arguments)
    return given


def with_fakes(monkeypatch):
    """Put services that are not installed in place; return what each is told."""
    logged = {"wandb": [], "mlflow": []}

    def wandb_log(record, step):
        logged["wandb"].append((record, step))

    def log_metrics(metrics, step):
        logged["mlflow"].append((metrics, step))

    wandb = SimpleNamespace(init=lambda project: SimpleNamespace(log=wandb_log))
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    mlflow = SimpleNamespace(log_metrics=log_metrics)
    monkeypatch.setitem(sys.modules, "mlflow", mlflow)
    return logged


def test_comparing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    check_what_is_printed("docs/compare.md")
    text = (ROOT / "docs/compare.md").read_text()
    [line] = re.findall(r"^python -m seqconv_jax (.*gru-0.npz.*)$", text, re.MULTILINE)
    main(shlex.split(line))
    said = capsys.readouterr().out
    assert said.startswith("mae (lower is better): gru has 0.27") and "ridge" in said
    assert "gru is better by 0.02" in said and "(blocks of 24)" in said


def test_how_sure_it_is():
    names = check_what_is_printed("docs/uncertainty.md")
    assert names["fitted"].value == pytest.approx(2.5, abs=0.2)


def test_data_beyond_memory(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    check_what_is_printed("docs/big_data.md")
    text = (ROOT / "docs/big_data.md").read_text()
    lines = re.findall(r"^python -m seqconv_jax (.*)$", text, re.MULTILINE)
    reviews = [f'{{"text": "{word}", "label": "{word}"}}' for word in "ab" * 20]
    Path("reviews.jsonl").write_text("\n".join(reviews))
    for line in lines:
        main([*shlex.split(line), "--overwrite"])
    assert len(lines) == 2 and "--data reviews trains on it" in capsys.readouterr().out


def test_several_seeds(capsys):
    x = normal(40, 3, 1)
    names: dict[str, Any] = {
        "sc": sc,
        "task": sc.data.arrays_task(x, (x[:, 0] > 0).astype("float32"), validation=0.2),
        "model": sc.nn.Sequential((sc.nn.Flatten(), sc.nn.Dense(1))),
    }
    exec(blocks("docs/training.md")[1], names)
    assert sorted(names["found"].results) == [0, 1]
    assert 0 < float(capsys.readouterr().out) < 2
    exec(blocks("docs/training.md")[2], names)
    *scores, best = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in scores] == ["0.001", "0.003", "0.01"]
    assert float(best) in (0.001, 0.003, 0.01)


def test_losses():
    names: dict[str, Any] = {"sc": sc}
    exec(blocks("docs/training.md")[3], names)
    y, guess = jnp.ones((4, 2)), jnp.repeat(jnp.arange(3.0)[None], 4, axis=0)
    assert names["huber"](y - 1, y).tolist() == [0.375] * 4
    assert names["metrics"]["inside"](jnp.tile(guess, 2), y).tolist() == [1] * 4
    assert names["metrics"]["median_mae"](jnp.tile(guess, 2), y).tolist() == [0] * 4
    assert names["pinball"](jnp.tile(guess, 2), y).shape == (4,)
    assert names["softmax"].keywords == {"from_probabilities": True}


@pytest.mark.parametrize("path", ["README.md", *sorted((ROOT / "docs").glob("*.md"))])
def test_links_lead_somewhere(path):
    text = (ROOT / path).read_text()
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    for link in links:
        assert ((ROOT / path).parent / link).exists(), link


def test_the_page_on_devices_runs():
    result = run("docs/distributed.md")["result"]
    assert int(result.state.step) == 4
