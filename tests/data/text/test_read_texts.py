"""The same texts from every kind of file, and columns that are found."""

import gzip
import json
import zipfile

import pytest
from made_texts import made, write_csv, write_folder, write_jsonl, write_parquet

from seqconv_jax.data import read_texts

TEXTS, LABELS = made()


def rows_of(texts):
    read = [
        row
        for batch in texts.batches()
        for row in zip(batch.texts, batch.labels or batch.texts, strict=True)
    ]
    return [text for text, _ in read], [label for _, label in read]


def zipped(path, texts, labels):
    file = write_csv(path.with_suffix(".csv"), texts, labels)
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(file, "reviews.csv")
    return path


WRITERS = {
    "folder": write_folder,
    "a.csv": write_csv,
    "a.zip": zipped,
    "a.txt": lambda *args: write_csv(*args, separator=";"),
    "a.tsv": lambda *args: write_csv(*args, separator="\t"),
    "a.jsonl.gz": write_jsonl,
    "a.parquet": write_parquet,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_kind_of_file_gives_the_same(tmp_path, name):
    texts = read_texts(WRITERS[name](tmp_path / name, TEXTS, LABELS))
    assert rows_of(texts) == (TEXTS, LABELS)
    assert texts.origin.sha256 and texts.labelled
    # What was found reads it again in the same way.
    again = read_texts(tmp_path / name, **texts.options)
    assert rows_of(again) == (TEXTS, LABELS)


def test_a_large_file_is_read_in_parts(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("text,label\n" + '"so much, in all",1\n"or so",0\n' * 1500)
    batches = list(read_texts(path, text="text", label="label").batches())
    assert len(batches) > 1
    assert sum(len(batch.texts) for batch in batches) == 3000


def test_a_file_without_a_header(tmp_path):
    path = tmp_path / "messages.txt"
    path.write_text("ham\tgo on until the very end\nspam\tyou won a free prize now\n")
    texts = read_texts(path)
    assert rows_of(texts)[1] == ["ham", "spam"]
    assert any("no header found" in note for note in texts.notes)
    assert texts.options["text"] == "2" and texts.options["header"] is False
    # A label that comes again is no name of a column.
    path.write_text("ham\tgo on then\nspam\tyou won a prize\nham\tthat is good\n")
    assert rows_of(read_texts(path))[1] == ["ham", "spam", "ham"]


def test_quotes_may_be_ordinary_characters(tmp_path):
    path = tmp_path / "messages.tsv"
    path.write_text('label\ttext\na\t"hello there you\nb\tand "you" as well\n')
    texts = read_texts(path)
    assert "double quotes found to be ordinary characters" in texts.notes
    for options in ({}, {"quotes": False}, texts.options):
        again = read_texts(path, **options)
        assert rows_of(again)[0][0] == '"hello there you'
    # Cells that have both of their quotes are bounded by them, over two lines as well.
    path.write_text('label\ttext\na\t"hello ""there""\nyou"\nb\tand "you" as well\n')
    assert rows_of(read_texts(path))[0][0] == 'hello "there"\nyou'


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_encodings(tmp_path, encoding):
    path = tmp_path / "a.csv"
    path.write_text("text,label\nune très belle fête,1\nun film à voir,0\n", encoding)
    given = "utf-8" if encoding == "utf-8-sig" else encoding
    assert rows_of(read_texts(path, encoding=given))[0][0] == "une très belle fête"


@pytest.mark.parametrize(
    ("text", "label", "found"),
    [
        ("id,said,stars\n1,so it is,5\n2,not at all,1\n3,a fine day,5\n4,a bad day,1\n",
         "stars", ["5", "1", "5", "1"]),
        ("label,kind,words here\n1,x,a b c\n0,y,d e f\n1,x,g h i\n0,y,j k l\n",
         "label", ["1", "0", "1", "0"]),
    ],
)  # fmt: skip
def test_columns_are_found(tmp_path, text, label, found):
    (tmp_path / "a.csv").write_text(text)
    texts = read_texts(tmp_path / "a.csv")
    assert texts.options["label"] == label and rows_of(texts)[1] == found


def test_several_labels(tmp_path):
    want = [("a", "b"), (), ("b",)]
    words = ["one of two", "that has none", "that has one"]
    rows = list(zip(words, want, strict=True))
    cells = [f"{text},{';'.join(tags)}\n" for text, tags in rows]
    marks = [
        f"x{at}9,{text},{int('a' in tags)},{int('b' in tags)}\n"
        for at, (text, tags) in enumerate(rows)
    ]
    (tmp_path / "cells.csv").write_text("text,tags\n" + "".join(cells))
    (tmp_path / "marks.csv").write_text("id,text,a,b\n" + "".join(marks))
    write_jsonl(tmp_path / "lists.jsonl.gz", words, want)
    for name in ("cells.csv", "marks.csv", "lists.jsonl.gz"):
        texts = read_texts(tmp_path / name, several=True)
        assert [label for b in texts.batches() for label in b.labels or ()] == want
        again = read_texts(tmp_path / name, **texts.options)
        assert [label for b in again.batches() for label in b.labels or ()] == want


def test_labels_are_named_alike_in_every_file(tmp_path):
    write_csv(tmp_path / "a.csv", TEXTS, [1, 0] * 20)
    write_parquet(tmp_path / "a.parquet", TEXTS, [1.0, 0.0] * 20)
    write_jsonl(tmp_path / "a.jsonl.gz", TEXTS, [1, 0] * 20)
    for name in ("a.csv", "a.parquet", "a.jsonl.gz"):
        assert rows_of(read_texts(tmp_path / name))[1] == ["1", "0"] * 20


def test_unlabelled_rows_are_dropped_on_request(tmp_path):
    path = write_csv(tmp_path / "a.csv", ["so it is", "no no no"], ["", "a"])
    texts = read_texts(path, text="review", label="mood", unlabelled="drop")
    assert rows_of(texts) == (["no no no"], ["a"])
    assert [len(batch.texts) for batch in texts.batches(labels=False)] == [2]


def test_folders_of_parts(tmp_path):
    for part in ("train", "test"):
        write_folder(tmp_path / part, TEXTS[::10], LABELS[::10])
    (tmp_path / "train" / "unsup").mkdir()
    (tmp_path / "train" / "unsup" / "1.txt").write_text("no label")
    (tmp_path / "train" / "urls.txt").write_text("beside")
    (tmp_path / "train" / "good" / ".hidden.txt").write_text("hidden")
    (tmp_path / "train" / "good" / "out.txt").symlink_to("/etc/hostname")
    texts = read_texts(tmp_path)
    batches = list(texts.batches())
    assert {batch.part for batch in batches} == {"train", "test"}
    assert sum(len(batch.texts) for batch in batches) == 8
    assert {label for b in batches for label in b.labels or ()} == {"good", "bad"}
    for word in ("unsup", "1 files in train/", "1 links in good/"):
        assert any(word in note for note in texts.notes)


def test_a_folder_with_tables_of_parts(tmp_path):
    write_csv(tmp_path / "train.csv", TEXTS, LABELS)
    write_csv(tmp_path / "my_test.csv", TEXTS[:4], LABELS[:4])
    batches = list(read_texts(tmp_path).batches())
    counts = [(b.part, len(b.texts)) for b in batches]
    assert counts == [("train", 40), ("test", 4)]


def test_files_without_an_ending_are_texts(tmp_path):
    for name in ("a/100", "a/101.5", "b/7"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("words")
    assert rows_of(read_texts(tmp_path))[1] == ["a", "a", "b"]


def test_a_packed_file_stays_packed(tmp_path):
    path = tmp_path / "a.csv.gz"
    with gzip.open(path, "wt") as file:
        file.write("text,label\nso it is,1\nno no no,0\n")
    assert rows_of(read_texts(path))[1] == ["1", "0"]


def test_an_array_of_objects(tmp_path):
    path = tmp_path / "a.json"
    rows = [
        {"text": text, "mood": label} for text, label in zip(TEXTS, LABELS, strict=True)
    ]
    path.write_text(json.dumps(rows, indent=1))
    assert rows_of(read_texts(path)) == (TEXTS, LABELS)


def test_lines_as_fasttext_reads_them(tmp_path):
    path = tmp_path / "a.train"
    path.write_text("__label__a so, good\n\n__label__b not so good\n")
    texts = read_texts(path)
    assert rows_of(texts) == (["so, good", "not so good"], ["a", "b"])
    path.write_text("only a text\nand another\n")
    again = read_texts(path, **{**texts.options, "labelled": None})
    assert rows_of(again)[0] == ["only a text", "and another"] and not again.labelled
    path.write_text("__label__a __label__b both of them\n__label__b one\n")
    several = read_texts(path, several=True)
    assert [batch.labels for batch in several.batches()] == [[("a", "b"), ("b",)]]


def test_lines_whose_first_word_is_their_label(tmp_path):
    path = tmp_path / "trec.label"
    path.write_text("LOC:city Where is it ?\nHUM:ind Who, then ?\n")
    texts = read_texts(path, separator=" ")
    assert rows_of(texts)[1] == ["LOC:city", "HUM:ind"]
    assert rows_of(read_texts(path, **texts.options))[0][1] == "Who, then ?"


def test_columns_of_texts_are_joined(tmp_path):
    path = tmp_path / "news.csv"
    path.write_text('"1","so it is","a long day"\n"2","","no more of it"\n')
    texts = read_texts(path, text=["2", "3"])
    assert rows_of(texts)[0] == ["so it is\na long day", "no more of it"]
    assert texts.options["text"] == ["2", "3"] and texts.options["label"] == "1"
