"""From texts to a task: parts, vocabulary, lengths, targets, and what is said of it."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_texts import made, write_csv, write_folder, write_jsonl, write_parquet

from seqconv_jax import UserError, data
from seqconv_jax.data.preprocessor import preprocessor_of

TEXTS, LABELS = made()


def same(one, other):
    assert one.preprocessor.vocabulary == other.preprocessor.vocabulary
    for name in ("inputs", "targets", "train", "validation", "test"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_every_kind_of_file_gives_the_same_task(tmp_path):
    want = data.text_task(TEXTS, LABELS)
    for name, write in {
        "folder": write_folder,
        "a.csv": write_csv,
        "a.jsonl.gz": write_jsonl,
        "a.parquet": write_parquet,
    }.items():
        task = data.text_task(write(tmp_path / name, TEXTS, LABELS))
        same(task, want)
        assert task.data_sha256 and task.classes.names == ("bad", "good")


@pytest.mark.parametrize("classes", [2, 4])
def test_parts_have_their_share_of_every_class(classes):
    task = data.text_task(*made(80, classes), validation=0.2, test=0.25)
    each = {2: (24, 6, 10), 4: (12, 3, 5)}[classes]
    assert task.counts == dict.fromkeys(task.classes.names, each)
    rows = np.concatenate([task.train, task.validation, task.test])
    assert sorted(rows) == list(range(80))
    again = data.text_task(*made(80, classes), validation=0.2, test=0.25)
    same(task, again)
    other = data.text_task(*made(80, classes), validation=0.25, test=0.25, seed=1)
    assert set(other.test) != set(task.test)


def test_targets_are_those_of_the_classes():
    two, four = data.text_task(TEXTS, LABELS), data.text_task(*made(80, 4))
    assert (two.targets.dtype, two.targets.shape) == (np.float32, (40, 1))
    assert (four.targets.dtype, four.targets.shape) == (np.int32, (80, 1))
    assert [four.classes.names[i] for i in four.targets[:, 0]] == made(80, 4)[1]
    labels = [("a", "b"), ("b",), ()] * 10
    several = data.text_task(TEXTS[:30], labels, several=True)
    assert several.targets[:3].tolist() == [[1, 1], [0, 1], [0, 0]]
    assert several.classes.several and several.counts["b"][0] > 0


def test_the_vocabulary_is_that_of_train():
    train = ["b b a", "a a c"]
    task = data.text_task(
        train, ["x", "y"], validation=(["d d d a", "c"], ["x", "y"]), test=0
    )
    assert task.preprocessor.vocabulary.tokens == ("a", "b")
    assert task.vocabulary == 4 and task.inputs.dtype == np.uint8
    assert task.inputs.tolist() == [[3, 3, 2], [2, 2, 1], [1, 1, 1], [1, 0, 0]]
    most = data.text_task(train, ["x", "y"], validation=0, test=0, max_words=1)
    assert most.preprocessor.vocabulary.tokens == ("a",)
    every = data.text_task(train, ["x", "y"], validation=0, test=0, min_count=1)
    assert every.preprocessor.vocabulary.tokens == ("a", "b", "c")


def test_lengths_are_found_or_given():
    texts = [" ".join(["w"] * length) for length in range(1, 41)]
    task = data.text_task(texts, LABELS, validation=0, test=0)
    assert task.inputs.shape[1] == np.ceil(np.percentile(np.arange(1, 41), 95))
    long = data.text_task(["w " * 900] * 4, [0, 1] * 2, validation=0, test=0)
    assert long.inputs.shape == (4, 500)


@pytest.mark.parametrize(("side", "kept"), [("post", "ab dc"), ("pre", "cd ba")])
def test_only_what_is_kept_of_a_text_is_counted(side, kept):
    task = data.text_task(
        ["a b c d", "d c b a"],
        [0, 1],
        validation=0,
        test=0,
        maxlen=2,
        truncating=side,
        min_count=1,
    )
    words = ("", "", *task.preprocessor.vocabulary.tokens)
    assert ["".join(words[i] for i in row) for row in task.inputs] == kept.split()


def test_parts_of_their_own(tmp_path):
    train = write_csv(tmp_path / "a.csv", TEXTS, LABELS)
    test = write_csv(
        tmp_path / "b.csv", TEXTS[:2] + TEXTS[-2:], LABELS[:2] + LABELS[-2:]
    )
    task = data.text_task(train, test=test, validation=0.1)
    assert task.test.tolist() == [40, 41, 42, 43] and len(task.validation) == 4
    assert "4 test texts are in train too" in task.report
    for part in ("train", "test"):
        write_folder(tmp_path / "f" / part, TEXTS[::4], LABELS[::4])
    task = data.text_task(tmp_path / "f", validation=0.2)
    assert (len(task.train), len(task.validation), len(task.test)) == (8, 2, 10)


def test_what_is_said_of_the_texts():
    texts = ["so good", "so good ", "", "so bad", "it is", "it was"] * 2
    labels = ["p", "n", "p", "n", "p", "n"] * 2
    report = data.text_task(texts, labels, validation=0, test=0.34, seed=3).report
    for words in (
        "texts: train 8, validation 0, test 4; 2 classes",
        "empty texts: 2",
        "there before",
        "test texts are in train too",
        "1 texts have more than one label",
        "words, lower case",
        "out of vocabulary: train",
    ):
        assert words in report
    chinese = ["我今天非常高興能夠在這裡見到各位朋友們"] * 4
    report = data.text_task(chinese, [0, 1] * 2, validation=0, test=0).report
    assert "characters=1" in report


def test_a_preprocessor_makes_the_same_rows():
    cases: list[dict[str, Any]] = [{}, {"characters": (2, 3)}]
    for options in [*cases, {"truncating": "pre", "maxlen": 4}]:
        task = data.text_task(TEXTS, LABELS, **options)
        made_again = preprocessor_of(
            json.loads(json.dumps(task.preprocessor.settings()))
        )
        assert made_again == task.preprocessor
        np.testing.assert_array_equal(made_again.task(TEXTS).inputs, task.inputs)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: data.text_task(TEXTS, ["a"] * 40), "classes, got 1, all 'a'"),
        (lambda: data.text_task(TEXTS, TEXTS), "40 different labels for 40 texts"),
        (lambda: data.text_task(["a"] * 2000, range(2000)), "1,000 different labels"),
        (lambda: data.text_task(TEXTS, LABELS[:-1]), "one a text"),
        (lambda: data.text_task(TEXTS), "labels are needed"),
        (lambda: data.text_task("a text", LABELS), "left out for a file"),
        (lambda: data.text_task([3, 4], ["a", "b"]), "row 0"),
        (lambda: data.text_task([], []), "no text"),
        (lambda: data.text_task(TEXTS, [None, *LABELS[1:]]), "none in row 0"),
        (lambda: data.text_task(TEXTS, ["c", *LABELS[1:]]),
         r"must have texts in \w+, got none of 1 of 3: 'c' \(1 in all\)"),
        (lambda: data.text_task(TEXTS, LABELS, text="a"), "a path where options"),
        (lambda: data.text_task(TEXTS, LABELS, test=1.5), "`test` must be a rate"),
        (lambda: data.text_task(TEXTS, LABELS, validation=0.001), "`validation`"),
        (lambda: data.text_task(TEXTS, LABELS, maxlen=0), "`maxlen`"),
        (lambda: data.text_task(TEXTS, LABELS, maxlen=10**12), "`maxlen` must fit"),
        (lambda: data.text_task(TEXTS, LABELS, max_words=-1), "`max_words`"),
        (lambda: data.text_task(TEXTS, LABELS, min_count=999), "`min_count` must"),
        (lambda: data.text_task(TEXTS, LABELS, seed=-1), "`seed`"),
        (lambda: data.text_task(TEXTS, LABELS, truncating="end"), "`truncating`"),
    ],
)  # fmt: skip
def test_errors(call, words):
    with pytest.raises(UserError, match=words):
        call()


def test_a_frame():
    frame = pd.DataFrame({"id": range(40), "said": TEXTS, "mood": LABELS})
    found = data.text_task(frame)
    named = data.text_task(frame, text="said", label="mood")
    listed = data.text_task(TEXTS, LABELS)
    for task in (found, named):
        np.testing.assert_array_equal(task.inputs, listed.inputs)
        np.testing.assert_array_equal(task.test, listed.test)
    assert "label column found: 'mood'" in found.report
    # New frames need the same columns; another part may be a frame as well.
    again = named.preprocessor.task(frame, targets=True)
    np.testing.assert_array_equal(again.targets, listed.targets)
    apart = data.text_task(frame, text="said", label="mood", test=frame[::4])
    assert len(apart.test) == 10
    with pytest.raises(UserError, match="`data` has no|'sad' is no column of `data`"):
        data.text_task(frame, text="sad")
    with pytest.raises(UserError, match="frame is not read by encoding"):
        data.text_task(frame, encoding="utf-8")
    frame.loc[3, "mood"] = None
    with pytest.raises(UserError, match="`data`, row 3: column 'mood' has no label"):
        data.text_task(frame)
