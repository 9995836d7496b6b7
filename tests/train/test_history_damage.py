"""A history that is not the checkpoint's never goes on as if it were."""

import shutil

import pytest
from train.test_resume import scores
from train.test_same_fit import edit_info
from train.test_step import same
from train.tiny import tiny_fit

import seqconv_jax as sc
from seqconv_jax.runs.sealed import read_lines, write_lines

OWN = {"epochs": 3, "steps_per_epoch": 3}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run of three epochs of three steps."""
    path = tmp_path_factory.mktemp("history") / "run"
    with sc.runs.open(path) as run:
        result = tiny_fit(run=run, **OWN)
    return path, result


@pytest.fixture
def run(whole, tmp_path):
    shutil.copytree(whole[0], tmp_path / "run")
    with sc.runs.open(tmp_path / "run", resume=True) as run:
        yield run


def edit(change):
    """Return an edit of the lines, as objects; they get their checksums anew."""

    def apply(path):
        write_lines(path, change(read_lines(path)))

    return apply


def dangling(path):
    path.unlink()
    path.symlink_to(path.parent / "nowhere")


def spoil(old, new):
    """Return an edit of the text alone."""
    return lambda path: path.write_text(path.read_text().replace(old, new, 1))


DAMAGE = {
    "another digit": (spoil('"loss": ', '"loss": 1'), "line 1 is damaged: not that"),
    "another name": (spoil("run_sha", "run_sho"), "line 1 is damaged: not that of its"),
    "a name twice": (spoil('"step": 6', '"step": 6, "step": 6'), "line 2 is damaged"),
    "missing": (lambda path: path.unlink(), "line 1 is missing: .* 3 epochs behind"),
    "empty": (lambda path: path.write_text(""), "line 1 is missing"),
    "dangling link": (dangling, "history"),
    "first removed": (
        edit(lambda a: a[1:]),
        "line 1 must be epoch 1, got 2",
    ),
    "middle removed": (edit(lambda a: [a[0], a[2]]), "line 2 must be epoch 2, got 3"),
    "last removed": (edit(lambda a: a[:2]), "line 3 is missing"),
    "doubled": (edit(lambda a: [a[0], *a]), "line 2 must be epoch 2, got 1"),
    "last doubled": (edit(lambda a: [*a, a[2]]), "line 4 must be epoch 4, got 3"),
    "swapped": (edit(lambda a: [a[1], a[0], a[2]]), "line 1 must be epoch 1, got 2"),
    "other number": (
        edit(lambda a: [a[0], a[1] | {"val_loss": -1.0}, a[2]]),
        "line 2 has -1.0 as val_loss, the checkpoint ",
    ),
    "NaN": (
        spoil('"loss": ', '"lost": NaN, "loss": '),
        "line 1 is damaged: NaN is not a number of JSON",
    ),
    "text": (
        edit(lambda a: [a[0] | {"val_loss": "low"}, *a[1:]]),
        "line 1 must have a number as val_loss",
    ),
    "no score": (
        edit(lambda a: [{k: v for k, v in a[0].items() if k != "val_loss"}, *a[1:]]),
        "line 1 must have a number as val_loss",
    ),
    "step of text": (edit(lambda a: [a[0] | {"step": "3"}, *a[1:]]), "at step '3'"),
    "step of true": (
        edit(lambda a: [a[0] | {"epoch": True}, *a[1:]]),
        "must be epoch 1, got True",
    ),
    "other steps": (
        edit(lambda a: [each | {"step": each["step"] + 1} for each in a]),
        "line 1 must be epoch 1 at step 3, got epoch 1 at step 4",
    ),
    "no JSON": (lambda path: path.write_text("{\n"), "line 1 is damaged"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_it_is_an_error_whose_remedy_works(whole, run, damage):
    apply, message = DAMAGE[damage]
    apply(run.path / "history.jsonl")
    with pytest.raises(sc.UserError, match=message) as caught:
        tiny_fit(run=run, **OWN)
    assert "\n" not in str(caught.value)
    assert f"rebuild_history(run)`, run being `runs.open('{run.path}'" in str(
        caught.value
    )
    assert sc.train.rebuild_history(run) == whole[1].history
    assert (run.path / "history.jsonl").read_bytes() == (
        whole[0] / "history.jsonl"
    ).read_bytes()
    again = tiny_fit(run=run, **OWN)
    assert same(again.state, whole[1].state) and again.history == whole[1].history


def test_a_rebuilt_history_goes_on_to_the_bit(run):
    dangling(run.path / "history.jsonl")
    sc.train.rebuild_history(run)
    resumed, uninterrupted = (
        tiny_fit(run=each, epochs=4, steps_per_epoch=3) for each in (run, None)
    )
    assert same(resumed.state, uninterrupted.state)
    assert scores(resumed.history) == scores(uninterrupted.history)
    assert scores(run.history()) == scores(resumed.history)


@pytest.mark.parametrize(
    "damage",
    ["missing", "swapped", "doubled", "NaN", "text", "last removed", "no JSON"],
)
def test_that_of_an_earlier_version_is_checked_by_its_numbers(run, damage):
    edit_info(run, lambda content: content.pop("info"))
    apply, message = DAMAGE[damage]
    apply(run.path / "history.jsonl")
    with (
        pytest.raises(sc.UserError, match=f"{message}.*; put back the file as it was"),
        pytest.warns(UserWarning, match="begun by an earlier version"),
    ):
        tiny_fit(run=run, **OWN)
    with pytest.raises(sc.UserError, match="holds no history: it was written by an"):
        sc.train.rebuild_history(run)


def test_other_steps_of_an_earlier_version_are_seen(run):
    """Resumed with smaller batches, nothing of an epoch would be left to do."""
    edit_info(run, lambda content: content.pop("info"))
    for steps, line in ((2, "epoch 1 at step 2"), (4, "epoch 1 at step 4")):
        with (
            pytest.raises(sc.UserError, match=f"line 1 must be {line}, got epoch 1 at"),
            pytest.warns(UserWarning, match="begun by an earlier version"),
        ):
            tiny_fit(run=run, epochs=9, steps_per_epoch=steps, batch_size=4)


def test_a_history_without_checkpoints_is_not_begun_anew(run):
    shutil.rmtree(run.checkpoint_dir)
    before = (run.path / "history.jsonl").read_bytes()
    with pytest.raises(sc.UserError, match="history of 3 epochs and no checkpoint"):
        tiny_fit(run=run, **OWN)
    with pytest.raises(sc.UserError, match="no checkpoint in .*, expected one to reb"):
        sc.train.rebuild_history(run)
    assert (run.path / "history.jsonl").read_bytes() == before


def test_a_run_killed_in_its_first_checkpoint_begins_anew(whole, tmp_path):
    """The history is written first, and may be one epoch ahead."""
    with sc.runs.open(tmp_path / "run") as run:
        run.append(whole[1].history[0])
        result = tiny_fit(run=run, **OWN)
    assert same(result.state, whole[1].state)
    assert scores(result.history) == scores(whole[1].history)
