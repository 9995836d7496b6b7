"""Recipes: named settings that flags override, and that a run remembers."""

import json

import imdb_conv1d
import jax
import pytest
from _recipes import with_recipe
from _text_network import network

import seqconv_jax as sc

TINY = {"num_words": 100, "maxlen": 20, "batch_size": 16, "features": 4, "embedding": 4}


def test_flags_go_before_the_recipe_and_the_recipe_before_the_book():
    settings = imdb_conv1d.Settings(recipe="best", learning_rate=0.5, drop_path=0.0)
    said = imdb_conv1d.RECIPES["best"]
    filled = imdb_conv1d.resolved(settings)
    assert (filled.learning_rate, filled.drop_path) == (0.5, 0.0)
    for name in said.keys() - {"learning_rate", "drop_path"}:
        assert getattr(filled, name) == said[name]
    assert filled.recipe == "best" and filled.patience is None
    plain = imdb_conv1d.Settings()
    assert with_recipe(plain, imdb_conv1d.RECIPES) == plain


@pytest.mark.parametrize("recipe", imdb_conv1d.RECIPES)
def test_a_recipe_says_fields_that_are_unset_without_it(recipe):
    for name in imdb_conv1d.RECIPES[recipe]:
        assert getattr(imdb_conv1d.Settings(), name) is None


def test_the_best_imdb_recipe_has_a_line_and_is_remembered(reviews, tmp_path, capsys):
    out = tmp_path / "run"
    options = {**TINY, "data": reviews, "out": out, "no_baselines": True}
    imdb_conv1d.main(imdb_conv1d.Settings(recipe="best", epochs=1, **options))
    config = json.loads((out / "config.json").read_text())
    assert config["recipe"] == "best" and config["ngram_order"] == 4
    assert config["schedule"] == "cosine" and config["features"] == 4
    task = sc.data.load_imdb(reviews, num_words=100, maxlen=20)
    count = sc.baselines.ngram_table(task).count
    assert sc.runs.load(out).model.ngrams == count
    assert f"two training reviews or more: {count:,}" in capsys.readouterr().out


def test_the_line_is_counted_anew_on_all_of_train(reviews):
    task = sc.data.load_imdb(reviews, num_words=100, maxlen=20)
    settings = imdb_conv1d.Settings(ngram_order=2, features=4)
    counts = []
    for each in (task, task.without_validation()):
        model, stats = network(settings, each)
        counts.append(model.ngrams)
        assert len(jax.tree.leaves(stats)[1]) == model.ngrams
    assert counts[0] < counts[1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"recipe": "best", "setting": "slow"}, "`setting` is for the book's network"),
        ({"kernel_size": 3, "features": None}, "`kernel_size` needs `features`"),
        ({"drop_path": 0.5}, "`drop_path` needs `ngram_order`"),
    ],
)
def test_flags_that_do_not_fit(reviews, tmp_path, wrong, message):
    settings = imdb_conv1d.Settings(
        data=reviews, out=tmp_path / "run", **{**TINY, **wrong}
    )
    with pytest.raises(sc.UserError, match=message):
        imdb_conv1d.main(settings)
