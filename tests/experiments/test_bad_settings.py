"""A setting that is wrong is one line, before anything is made or replaced."""

import json
from typing import Any, get_type_hints

import classify_series
import classify_text
import csi300_conv1d
import imdb_conv1d
import jena_conv1d
import jena_hybrid
import pytest
import reproduce

from seqconv_jax import UserError, runs
from seqconv_jax.runs.sealed import write_sealed

TINY = {"epochs": 1, "steps_per_epoch": 1, "batch_size": 8}
EXPERIMENTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "jena_conv1d": (
        jena_conv1d,
        {**TINY, "lookback": "3d", "every": "1h", "split": ("0.6", "0.8")},
    ),
    "jena_hybrid": (
        jena_hybrid,
        {**TINY, "lookback": "3d", "every": "1h", "split": ("0.6", "0.8")},
    ),
    "csi300_conv1d": (csi300_conv1d, {**TINY, "split": ("150", "220")}),
    "imdb_conv1d": (imdb_conv1d, {**TINY, "num_words": 100, "maxlen": 60}),
    "classify_text": (classify_text, TINY),
    "classify_series": (classify_series, {**TINY, "model": "fcn"}),
}
DATA = {"csi300_conv1d": "bars", "imdb_conv1d": "reviews"}
DATA |= {"classify_text": "texts", "classify_series": "waves"}

COUNT = (-1, 0, 10**12)
RATE = (-1.0, 1.0, float("nan"), 1e300)
SPAN = ("", "-1", "nan", "-3d", "999999999999d", "9" * 5000)
WRONG: dict[str, tuple[Any, ...]] = {
    "seed": (-1, 2**32, 2**70),
    "devices": COUNT,
    "epochs": (-1, 0),
    "patience": (-1, 0),
    "steps_per_epoch": COUNT,
    "batch_size": (*COUNT, 10**8),
    "num_words": (*COUNT, 10**9),
    "maxlen": COUNT,
    "learning_rate": (-1.0, 0.0, float("nan"), float("inf"), 1e300, 1e-300),
    "dropout": RATE,
    "recurrent_dropout": RATE,
    "token_dropout": RATE,
    "ngram_dropout": RATE,
    "drop_path": RATE,
    "ngram_order": (-1, 10**12),
    "weight_decay": (-1.0, float("nan"), float("inf")),
    "delta": (-1.0, float("nan"), float("inf")),
    "ema_decay": RATE,
    "pool": (-1, 0, 10**12),
    "products": ((0,), (-1,)),
    "ngram_weight": (-1.0, 2.0, float("nan")),
    "ngram_learning_rate": (-1.0, float("nan"), float("inf")),
    "validation": RATE,
    "ensemble": (-1, 0, 10**12),
    "max_words": (-1, 0),
    "min_count": COUNT,
    "characters": ((0, 1), (3, 2), (1, 99)),
    "features": (-1, 0, 10**12),
    "kernel_size": (-1, 0, 10**12),
    "embedding": (-1, 10**12),
    "encoding": ("klingon", ""),
    "separator": ("ab", ""),
    "label_separator": ("",),
    "text": (("",), ("x",)),
    "label": (("",), ("x",)),
    "lookback": SPAN,
    "every": SPAN,
    "delay": SPAN,
    "purge": SPAN,
    "split": (("0", "0"), ("nan", "nan"), ("0.9", "0.1"), ("0.5", "1.5"), ("5", "x")),
    "time": ("", "x"),
    "target": ("", "x"),
}
# The command line lets no others through, or they are paths.
FREE = {
    *("no_baselines", "tensorboard", "seeds", "calendar", "line"),
    *("coordinator", "processes", "process", "calibrate"),
    *("resume", "overwrite", "require_real_data", "retrain", "reset_after", "reverse"),
    *("bidirectional", "no_compilation_cache", "compilation_cache", "data", "out"),
    *("horizon", "gaps", "predict", "missing", "duplicates", "unsorted"),
    *(
        "recipe",
        "optimizer",
        "schedule",
        "watch",
        "head",
        "setting",
        "model",
        "normalise",
        "blocks",
        "units",
        "scale",
        "several",
        "unlabelled",
    ),
    *("test", "header", "no_quotes", "keep_case", "truncating"),
}


def cases():
    for name, (module, _) in EXPERIMENTS.items():
        hints = get_type_hints(module.Settings)
        assert hints.keys() <= WRONG.keys() | FREE
        for field in sorted(hints.keys() & WRONG.keys()):
            for value in WRONG[field]:
                rows = isinstance(value, str) and hints[field] is int
                if not rows:  # the command line reads a number there
                    yield pytest.param(name, field, value, id=f"{name}-{field}-{value}")


@pytest.mark.parametrize(("name", "field", "value"), list(cases()))
def test_a_wrong_setting_leaves_nothing(request, tmp_path, name, field, value):
    module, options = EXPERIMENTS[name]
    data = request.getfixturevalue(DATA.get(name, "weather"))
    out = tmp_path / "run"
    settings = module.Settings(**{**options, "data": data, "out": out, field: value})
    with pytest.raises(
        UserError, match=f"`?{field}`?|`model`|the series has"
    ) as caught:
        module.main(settings)
    assert "\n" not in str(caught.value)
    assert not out.exists()


def test_the_corrected_command_runs_and_a_wrong_one_replaces_nothing(bars, tmp_path):
    def train(**options):
        settings = {"data": bars, "out": tmp_path / "run", "split": ("150", "220")}
        settings |= {"epochs": 1, "steps_per_epoch": 3}
        csi300_conv1d.main(csi300_conv1d.Settings(**settings | options))

    with pytest.raises(UserError, match="learning_rate"):
        train(learning_rate=-1.0)
    train()
    before = {
        path: path.read_bytes()
        for path in (tmp_path / "run").rglob("*")
        if path.is_file()
    }
    assert before
    for flag in ("resume", "overwrite"):
        for wrong in ({"learning_rate": -1.0}, {"batch_size": 10**12}, {"epochs": 0}):
            with pytest.raises(UserError, match=next(iter(wrong))):
                train(**{flag: True}, **wrong)
    assert before == {path: path.read_bytes() for path in before}
    # an earlier version told the horizon in other words
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["real_horizon"] == "1d"
    write_sealed(tmp_path / "run" / "config.json", {**config, "real_horizon": "1 row"})
    train(resume=True, epochs=2)
    with runs.open(tmp_path / "run", resume=True) as run:
        assert len(run.history()) == 2


@pytest.mark.parametrize("wrong", [{"seeds": 0}, {"seeds": -1}, {"rows": ("imdb",)}])
def test_reproduce(tmp_path, wrong):
    settings = reproduce.Settings(data=tmp_path, runs=tmp_path / "runs", **wrong)
    with pytest.raises(UserError, match=f"--{next(iter(wrong))} must be"):
        reproduce.main(settings)
    assert not (tmp_path / "runs").exists()
