"""Files that are no texts with labels: one line says which, where and what to do."""

import gzip
import json

import pytest
from made_texts import made, write_csv

from seqconv_jax import UserError
from seqconv_jax.data import read_texts

CASES = {
    "two texts": (
        "a.csv",
        b"title,body,label\na b c,d e f,1\ng h i,j k l,0\n",
        {},
        "hold texts: 'title', 'body'; name one, or several to join, with text=",
    ),
    "two labels": (
        "a.csv",
        b"text,x,y\na b c,1,5\nd e f,0,6\ng h i,1,5\nj k l,0,6\n",
        {},
        "2 columns may hold labels: 'x', 'y'; name one with label=",
    ),
    "no texts": ("a.csv", b"a,b,c\n1,2,x\n3,4,y\n", {}, "no column looks like texts"),
    "unknown": ("a.csv", b"text,label\na b c,1\n", {"text": "txt"}, "mean 'text'"),
    "twice": ("a.csv", b"text,label\na,1\n", {"text": "text", "label": "text"}, "two"),
    "ragged": ("a.csv", b"text,label\na b c,1\nd, e f,0\n", {}, "line 3"),
    "short": ("a.csv", b"x,text,label\n1,a b c,1\n2,d e f\n", {}, "row 1: column"),
    "empty": ("a.csv", b"", {}, "is empty"),
    "header only": ("a.csv", b"text,label\n", {}, "has no rows"),
    "no label": ("a.csv", b"text,label\na b c,1\nd e f,\n", {}, "'label' has no"),
    "bytes": ("a.csv", b"text,label\na b c,1\n\xe9t\xe9,0\n", {}, "line 3: byte 0xE9"),
    "later bytes": (
        "a.jsonl",
        b'{"text": "a b c", "label": 1}\n' * 9000 + b'{"text": "\xff"}\n',
        {},
        "line 9,001: byte 0xFF is not of UTF-8; .*latin-1",
    ),
    "utf-16": ("a.csv", "text,label\na b,1\n".encode("utf-16"), {}, "'utf-16'"),
    "zeros": ("a.csv", b"text,label\na\0b,1\n", {}, "zero bytes"),
    "page": ("a.csv", b"<!DOCTYPE html><html></html>", {}, "web page"),
    "pointer": ("a.csv", b"version https://git-lfs.github.com", {}, "Git LFS pointer"),
    "merged": (
        "a.tsv",
        b'label\ttext\na\t"hello to you\nb\tand "you" as "well\nc\tx y"\nd\n',
        {},
        "quotes=False",
    ),
    "json": ("a.jsonl", b'{"text": "a b c", "label": 1}\n{"text"\n', {}, "line 2"),
    "json list": ("a.jsonl", b"[1, 2]\n", {}, "element 0: an object is expected"),
    "json array": ("a.json", b'[{"text": "a b c"},\n', {}, "an array of objects"),
    "json single": ("a.json", b'{\n"text": "a"}\n', {}, "line 1, is no JSON.* line"),
    "json key": ("a.jsonl", b'{"text": "a b c", "label": 1}\n{"text": "d"}\n', {},
                 "line 2: no key 'label'"),
    "json number": ("a.jsonl", b'{"text": 3, "label": 1}\n', {"text": "text"}, "texts"),
    "marks": (
        "a.csv",
        b"text,a,b\na b c,1,0\nd e f,2,1\n",
        {"several": True, "label": ("a", "b")},
        "row 1: column 'a' must be 0 or 1, got '2'",
    ),
    "parquet": ("a.parquet", b"PAR1", {}, "damaged"),
    "gzip": ("a.csv.gz", b"text,label", {}, "damaged"),
    "kind": ("a.xlsx", b"PK\x03\x04\xe2[Content_Types].xml", {}, "is an Excel file"),
    "fastText": ("a.txt", b"__label__a __label__b so\n__label__a no\n", {},
                 r"row 0: one label is expected, got \['a', 'b'\]; several=True"),
    "fastText none": ("a.txt", b"__label__a so good\nno label here\n", {},
                      "row 1: column 'label' has no label"),
    "one column": ("a.label", b"LOC Where is it now ?\nHUM Who is it then ?\n", {},
                   "no column of labels beside '1'; give what separates.*' '"),
    "many marks": ("a.csv", b"text,x,y\na b c,1,0\nd e f,0,1\ng h i,1,0\nj k l,0,1\n",
                   {}, "several=True"),
    "separator": ("a.csv", b"text,label\na,1\n", {"separator": "ab"}, "one character"),
    "encoding": ("a.csv", b"text,label\na,1\n", {"encoding": "klingon"}, "`encoding`"),
    "not several": ("a.csv", b"t,a,b\na,1,0\n", {"text": "t", "label": ["a", "b"]},
                    "several=True"),
    "max_bytes": ("a.csv", b"text,label\na b c,1\n", {"max_bytes": 9}, "9 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_files(tmp_path, case):
    name, content, options, words = CASES[case]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError, match=words) as caught:
        for _ in read_texts(path, **options).batches():
            pass
    assert "\n" not in str(caught.value)


def test_a_packed_file_is_read_within_its_limit(tmp_path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"text,label\n" + b"a b c,1\n" * 100_000))
    with pytest.raises(UserError, match="more than 50,000 bytes"):
        list(read_texts(path, max_bytes=50_000, text="text", label="label").batches())


def test_folders(tmp_path):
    with pytest.raises(UserError, match=r"no text files; expected LABEL/\*.txt"):
        read_texts(tmp_path)
    with pytest.raises(UserError, match="must exist"):
        read_texts(tmp_path / "none")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.txt").write_bytes(b"one\n\xff\n")
    with pytest.raises(UserError, match=r"x.txt, line 2: byte 0xFF"):
        list(read_texts(tmp_path).batches())
    with pytest.raises(UserError, match="more than 2 bytes"):
        list(read_texts(tmp_path, max_bytes=2, encoding="latin-1").batches())
    with pytest.raises(UserError, match="one label each"):
        read_texts(tmp_path, several=True)
    texts, labels = made(4)
    for name in ("train.csv", "train.tsv"):
        write_csv(tmp_path / name, texts, labels)
    with pytest.raises(UserError, match="two files of train"):
        read_texts(tmp_path)


def test_the_choice_is_recorded_in_strict_json(tmp_path):
    texts = read_texts(write_csv(tmp_path / "a.csv", *made(6)))
    assert json.loads(json.dumps(texts.options)) == texts.options
