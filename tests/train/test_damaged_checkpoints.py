"""A run goes on from the newest checkpoint that is whole, and says what it passes over.

The first epoch is the best one here, so that steps 5 (best) and 10 (latest) are kept.
"""

import shutil

import pytest
from train.helpers import fit, small_model, small_task
from train.test_resume import scores
from train.test_step import same

import seqconv_jax as sc

MODEL, TASK = small_model(), small_task()
WATCH = {"metrics": {"gap": sc.losses.mae}, "monitor": "val_gap", "mode": "max"}


def train(**options):
    return fit(MODEL, TASK, **WATCH, **options)


@pytest.fixture(scope="module")
def two_epochs(tmp_path_factory):
    path = tmp_path_factory.mktemp("two") / "run"
    with sc.runs.open(path) as run:
        assert train(epochs=2, run=run).best.epoch == 1
    return path


@pytest.fixture(scope="module")
def three_epochs():
    return train(epochs=3)


@pytest.fixture
def run(two_epochs, tmp_path):
    path = shutil.copytree(two_epochs, tmp_path / "run")
    with sc.runs.open(path, resume=True) as run:
        yield run


def damage(run, step):
    """Flip a bit in a file of a checkpoint, and return its directory."""
    where = run.checkpoint_dir / str(step)
    path = max(where.rglob("*"), key=lambda p: p.is_file() and p.stat().st_size)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 8
    path.write_bytes(data)
    return where


@pytest.mark.parametrize("remedy", [False, True])
def test_a_damaged_latest_is_trained_again(run, three_epochs, remedy):
    where = damage(run, 10)
    if remedy:
        shutil.rmtree(where)
        resumed = train(epochs=3, run=run)
    else:
        with pytest.warns(UserWarning, match="/10 is damaged: .*got steps .5. to go"):
            resumed = train(epochs=3, run=run)
    assert same(resumed.state, three_epochs.state)
    assert same(resumed.best.params, three_epochs.best.params)
    assert scores(resumed.history) == scores(three_epochs.history)


@pytest.mark.parametrize("remedy", [False, True])
def test_a_damaged_best_beside_a_whole_latest(run, three_epochs, remedy):
    where = damage(run, 5)
    if remedy:
        shutil.rmtree(where)
    with pytest.warns(UserWarning) as caught:
        resumed = train(epochs=3, run=run)
    *damaged, lost = [str(each.message) for each in caught]
    assert "the best epoch, 1, is lost with its checkpoint" in lost
    assert len(damaged) == (not remedy) and all("/5 is damaged" in d for d in damaged)
    assert same(resumed.state, three_epochs.state)
    assert scores(resumed.history) == scores(three_epochs.history)
    left = resumed.history[1:]
    assert resumed.best.record == max(left, key=lambda r: r["val_gap"])
    assert where.exists() != remedy  # it is left to its owner


def test_no_whole_checkpoint_is_an_error_that_leaves_all(run, three_epochs):
    damage(run, 5)
    damage(run, 10)
    history = run.history()
    with pytest.raises(
        sc.UserError, match="no checkpoint is whole, so start a new run.*10 is dam"
    ):
        train(epochs=3, run=run)
    assert run.history() == history
    run.close()
    with sc.runs.open(run.path, overwrite=True) as anew:
        assert same(train(epochs=3, run=anew).state, three_epochs.state)
