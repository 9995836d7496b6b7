"""Imports go down only; each outside library has one owner; files stay short."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = sorted((ROOT / "seqconv_jax").rglob("*.py"))
EXPERIMENTS = sorted((ROOT / "experiments").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
LONGEST_FILE = 300

# Which parts of the package a part may import, beside itself and `_checks`.
MAY_IMPORT = {
    "__init__": set(),
    "_checks": set(),
    "_files": set(),
    "_json": set(),
    "_signals": set(),
    "_processes": {"_signals"},
    "_sent": set(),
    "_seeds": set(),
    "_memory": set(),
    "_best": set(),
    "_examples": {"_windows"},
    "_windows": set(),
    "_leaves": set(),
    "data": {"_examples", "_files", "_json", "_memory", "_windows"},
    "ops": set(),
    "losses": {"ops"},
    "optim": set(),
    "nn": {"ops"},
    "models": {"nn"},
    "train": {
        *("ops", "nn", "models", "losses", "checkpoint"),
        *("_best", "_examples", "_json", "_leaves", "_memory", "_windows"),
        *("_files", "_processes", "_seeds", "_sent", "_signals"),
    },
    "checkpoint": {"_files", "_json", "_best", "_leaves"},
    # What reads and writes a run is light; what uses one needs all that made it.
    "runs": {
        *("nn", "models", "data", "train", "checkpoint", "calibration", "conformal"),
        *("_files", "_json", "_seeds"),
    },
    "baselines": {"data", "_examples", "_windows"},
    "calibration": {"data"},
    "conformal": {"data"},
    "comparison": {"data", "train", "runs", "_files", "_json", "_windows"},
    "backtesting": {"data", "baselines", "comparison", "conformal", "train"},
    "explain": {"nn", "ops", "data", "runs"},
    "plots": {"_files", "_seeds"},
    "report": {"comparison", "data", "explain", "runs", "_files", "_json", "_seeds"},
    "interop": {"nn", "models", "_files", "_json", "_leaves"},
    "export": {"data", "train", "runs", "_files", "_json"},
    "estimators": {"data", "losses", "models", "train"},
    "cli": {
        *("runs", "calibration", "comparison", "data", "explain", "export", "plots"),
        "report",
        *("_files", "_json", "_processes", "_seeds"),
    },
    "__main__": {"cli"},
}

# Which parts may import an outside library.
OWNERS = {
    "jax": {
        *("_leaves", "checkpoint", "cli", "estimators", "explain", "export", "interop"),
        *("losses", "models", "nn", "ops", "optim", "train"),
    },
    "flax": {"explain", "nn", "models", "interop", "export"},
    "optax": {"estimators", "optim", "train"},
    "orbax": {"checkpoint"},
    "matplotlib": {"plots"},
    "scipy": {"baselines", "calibration", "comparison", "_seeds"},
    "pandas": {"backtesting", "data", "explain"},
    "pyarrow": {"data"},
    "h5py": {"interop"},
    "safetensors": {"interop"},
    "onnx": {"export"},
    "jax2onnx": {"export"},
    "sklearn": {"estimators"},
    "torch": set(),
    "tyro": {"cli", "__main__"},
    "tensorboardX": {"train"},
    "rich": set(),
}


def imported(source):
    """The full names of the modules that a source imports, type checking aside."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield from (f"{base}.{alias.name}" for alias in node.names)


def part_of(path):
    """`seqconv_jax/nn/conv.py` → `nn`, `seqconv_jax/runs.py` → `runs`."""
    return path.split("/")[1].removesuffix(".py")


def violations(path, source):
    """What a file of the package, by its path, imports against the rules."""
    part = part_of(path)
    if part not in MAY_IMPORT:
        return [f"{path}: {part!r} has no place in MAY_IMPORT"]
    found = []
    for name in imported(source):
        top, *rest = name.split(".")
        if not top:
            found.append(f"{path}: relative import {name}")
        elif name.startswith("matplotlib.pyplot"):
            found.append(f"{path}: {name} keeps global state")
        elif top in ("experiments", "tests"):
            found.append(f"{path}: imports {top}")
        elif top == "seqconv_jax":
            if not rest or rest[0] not in {part, "_checks"} | MAY_IMPORT[part]:
                found.append(f"{path}: {part} may not import {name}")
        elif part not in OWNERS.get(top, {part}):
            found.append(f"{path}: {part} may not import {top}")
    return found


def private_imports(path, source):
    """What an experiment imports of the package that is not public."""
    return [
        f"{path}: {name} is private"
        for name in imported(source)
        if name.startswith("seqconv_jax.") and "._" in name
    ]


@pytest.mark.parametrize("path", PACKAGE, ids=lambda p: str(p.relative_to(ROOT)))
def test_layers(path):
    assert violations(str(path.relative_to(ROOT)), path.read_text()) == []


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_experiments_use_public_names(path):
    assert private_imports(str(path.relative_to(ROOT)), path.read_text()) == []


@pytest.mark.parametrize(
    "path", [*PACKAGE, *EXPERIMENTS, *TESTS], ids=lambda p: str(p.relative_to(ROOT))
)
def test_files_are_short(path):
    assert len(path.read_text().splitlines()) <= LONGEST_FILE


def test_there_is_something_to_check():
    assert {part_of(str(p.relative_to(ROOT))) for p in PACKAGE} == MAY_IMPORT.keys()
    assert EXPERIMENTS


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("data/datasets/imdb.py", "import jax"),
        ("data/datasets/imdb.py", "from jax import numpy as jnp"),
        ("data/datasets/imdb.py", "def f():\n    import jax.numpy"),
        ("data/datasets/imdb.py", "from seqconv_jax import ops"),
        ("data/datasets/imdb.py", "from seqconv_jax.ops.conv import conv1d"),
        ("data/datasets/imdb.py", "import seqconv_jax as sc"),
        ("ops/conv.py", "from flax import linen as nn"),
        ("ops/conv.py", "from seqconv_jax.nn import Conv1D"),
        ("ops/conv.py", "from seqconv_jax import _checks, data"),
        ("losses.py", "import optax"),
        ("nn/conv.py", "from seqconv_jax import models"),
        ("models.py", "from seqconv_jax.train import fit"),
        ("train/loop.py", "import flax"),
        ("train/loop.py", "from orbax.checkpoint import v1"),
        ("train/loop.py", "from rich.progress import Progress"),
        ("train/loop.py", "from seqconv_jax import plots"),
        ("checkpoint/steps.py", "from seqconv_jax import runs"),
        ("runs/run.py", "import jax"),
        ("runs/run.py", "from matplotlib.figure import Figure"),
        ("plots/canvas.py", "import matplotlib.pyplot as plt"),
        ("plots/canvas.py", "from matplotlib import pyplot"),
        ("plots/canvas.py", "from . import curves"),
        ("nn/conv.py", "import tyro"),
        ("nn/conv.py", "from tests import oracles"),
        ("newcomer.py", ""),
    ],
)
def test_the_check_finds(path, source):
    assert len(violations(f"seqconv_jax/{path}", source)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("data/datasets/imdb.py", "from seqconv_jax.data.files.npz import read"),
        (
            "data/series/times.py",
            "import pandas as pd\nfrom seqconv_jax import _checks",
        ),
        ("ops/conv.py", "import jax\nfrom seqconv_jax.ops.pool import x"),
        ("train/store.py", "from seqconv_jax.checkpoint import Checkpoints"),
        ("runs/run.py", "if TYPE_CHECKING:\n    import jax"),
    ],
)
def test_the_check_lets_pass(path, source):
    assert violations(f"seqconv_jax/{path}", source) == []


def test_the_check_finds_private_imports():
    source = "from seqconv_jax import data, _checks\nfrom seqconv_jax.data import x"
    assert len(private_imports("experiments/x.py", source)) == 1
    assert private_imports("x.py", "from seqconv_jax.data._a import b") != []


def test_training_on_arrays_does_without_pandas():
    code = """
import sys
import seqconv_jax as sc
sc.data.Task, sc.data.load_imdb, sc.train.fit, sc.models.TextConvNet
print(sorted({"pandas", "orbax", "matplotlib", "h5py"} & sys.modules.keys()))
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_the_package_is_cheap():
    code = """
import sys, time
started = time.perf_counter()
import seqconv_jax.runs
took = time.perf_counter() - started
heavy = {"jax", "numpy", "flax", "optax", "orbax", "matplotlib", "pandas"}
print(took, sorted(heavy & sys.modules.keys()))
"""
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split(" ", 1)
        for _ in range(3)
    ]
    assert {loaded.strip() for _, loaded in runs} == {"[]"}
    assert min(float(took) for took, _ in runs) < 0.3
