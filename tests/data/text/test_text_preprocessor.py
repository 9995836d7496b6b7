"""New texts as training saw them, and answers with names."""

import pandas as pd
import pytest
from made_texts import made, write_csv, write_folder

from seqconv_jax import UserError, data
from seqconv_jax.data.text import TextPreprocessor, Vocabulary

TEXTS, LABELS = made()


@pytest.fixture(scope="module")
def preprocessor(tmp_path_factory):
    path = tmp_path_factory.mktemp("texts") / "a.csv"
    return data.text_task(write_csv(path, TEXTS, LABELS)).preprocessor


def test_a_file_is_read_as_the_training_file_was(preprocessor, tmp_path):
    task = preprocessor.task(
        preprocessor.read(write_csv(tmp_path / "b.csv", TEXTS, LABELS))
    )
    assert len(task.test) == 40 and task.targets.shape == (40, 1)
    assert pd.isna(task.targets).all() and task.preprocessor is preprocessor
    other = write_csv(tmp_path / "c.csv", TEXTS, LABELS, names=("words", "mood"))
    with pytest.raises(UserError, match="`text` = 'review' is no column"):
        preprocessor.read(other)
    unlabelled = tmp_path / "d.csv"
    unlabelled.write_text("review\nso it is\n\n")
    raw = preprocessor.read(unlabelled)
    assert preprocessor.task(raw).inputs.shape[0] == 1
    with pytest.raises(UserError, match="labels are needed to score"):
        preprocessor.task(raw, targets=True)


def test_the_truth_is_read_where_it_is_wanted(preprocessor, tmp_path):
    path = write_csv(tmp_path / "b.csv", TEXTS[:2], ["", "good"])
    raw = preprocessor.read(path)
    assert len(preprocessor.task(raw).test) == 2
    with pytest.raises(UserError, match="row 0: column 'mood' has no label"):
        preprocessor.task(raw, targets=True)
    for raw in (
        (TEXTS, LABELS),
        pd.DataFrame({"review": TEXTS, "mood": LABELS}),
        preprocessor.read(write_folder(tmp_path / "f", TEXTS, LABELS)),
    ):
        task = preprocessor.task(raw, targets=True)
        assert task.targets[:, 0].tolist() == [float(name == "good") for name in LABELS]
    with pytest.raises(UserError, match="'lovely' for example 0"):
        preprocessor.task((["a"], ["lovely"]), targets=True)


def test_answers_name_rows_and_files(preprocessor, tmp_path):
    task = preprocessor.task(TEXTS[:2])
    table = preprocessor.answers([[1.0], [-1.0]], task)
    assert table["row"].tolist() == [0, 1] and table["label"].tolist() == [
        "good",
        "bad",
    ]
    for name in ("b.txt", "a.txt"):
        (tmp_path / name).write_text("a film")
    task = preprocessor.task(preprocessor.read(tmp_path))
    table = preprocessor.answers([[1.0], [-1.0]], task)
    assert table["file"].tolist() == ["a.txt", "b.txt"]
    assert list(table) == ["file", "label", "p(bad)", "p(good)"]


def test_a_text_file_is_one_text_where_training_read_no_table(tmp_path):
    path = tmp_path / "new.txt"
    path.write_text("one,\ntwo,\nthree")
    preprocessor = data.text_task(TEXTS, LABELS).preprocessor
    assert len(preprocessor.task(preprocessor.read(path)).test) == 1


def test_a_folder_has_labels_where_its_folders_are_classes(preprocessor, tmp_path):
    """As the archive of the IMDB reviews, with lists of links beside them."""
    for part in ("train", "test"):
        folder = write_folder(tmp_path / part, TEXTS[::9], LABELS[::9])
        (folder / "urls_pos.txt").write_text("http://a.b")
        (folder / "unsup").mkdir()
        (folder / "unsup" / "1.txt").write_text("no label")
    (tmp_path / "README").write_text("what this is")
    for path, count in ((tmp_path / "test", 5), (tmp_path, 10)):
        task = preprocessor.task(preprocessor.read(path), targets=True)
        assert len(task.test) == count and task.names[0].endswith(".txt")


def test_frames_and_columns(preprocessor):
    frame = pd.DataFrame({"review": TEXTS[:3], "other": [1, 2, 3]})
    want = preprocessor.task(TEXTS[:3]).inputs
    assert (preprocessor.task(frame).inputs == want).all()
    assert (preprocessor.task(frame["review"]).inputs == want).all()
    with pytest.raises(UserError, match="'review' is no column"):
        preprocessor.task(frame.rename(columns={"review": "words"}))


def test_several_columns_of_a_frame(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,a,b\na b c,1,0\na b d,1,1\na b e,0,1\n")
    task = data.text_task(path, several=True, validation=0, test=0)
    frame = pd.read_csv(path)
    scored = task.preprocessor.task(frame, targets=True)
    assert scored.targets.tolist() == [[1, 0], [1, 1], [0, 1]]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda p: p.task("a text"), "put it in one"),
        (lambda p: p.task([]), "no text"),
        (lambda p: p.task([None]), "row 0"),
        (lambda p: TextPreprocessor.from_settings({}), "settings"),
        (
            lambda p: TextPreprocessor.from_settings({**p.settings(), "x": 1}),
            "settings",
        ),
        (lambda p: TextPreprocessor.from_settings([]), "settings"),  # type: ignore
        (lambda p: Vocabulary(("a", "a")), "different"),
        (lambda p: Vocabulary.from_settings({"words": ()}), "settings"),
    ],
)
def test_errors(preprocessor, call, words):
    with pytest.raises(UserError, match=words):
        call(preprocessor)
