"""What a damaged run directory says, what it never does, and how it is mended."""

import json
import os
import random
import socket

import pytest
from runs.helpers import CONFIG, finished

from seqconv_jax import UserError, runs
from seqconv_jax.runs import sealed

FILES = {
    "config.json": "put a copy of it back, or choose another directory",
    "summary.json": "remove it, and resume the run to write it again",
    "history.jsonl": "",
}
DAMAGED = {
    "empty": b"",
    "part": b'{"a": ',
    "list": b"[1]",
    "number": b"7",
    "byte": b'{"a": "\xff"}',
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "nul": b'{"a": 1}\0',
    "deep": b'{"a": ' + b"[" * 99_999,
    "deep and whole": b'{"a": ' + b"[" * 500 + b"]" * 500 + b"}",
    "twice": b'{"a": 1, "a": 2}',
    "NaN": b'{"a": NaN}',
    "infinite": b'{"a": 1e999}',
    "digits": b'{"a": ' + b"1" * 5_000 + b"}",
}


def read(directory, name):
    """Read the file of that name as the library does."""
    with runs.open(directory, resume=True) as run:
        return {"summary.json": run.summary, "history.jsonl": run.history}.get(
            name, lambda: run.config
        )()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param(name, content, id=f"{name}-{kind}")
        for name in FILES
        for kind, content in DAMAGED.items()
        if (name, kind) != ("history.jsonl", "empty")  # a run without an epoch
    ],
)
def test_other_content_is_one_line_that_names_the_file(tmp_path, name, content):
    finished(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=f"{name}.* is damaged: ") as caught:
        read(tmp_path, name)
    assert "\n" not in str(caught.value) and FILES[name] in str(caught.value)
    assert (tmp_path / name).read_bytes() == content


@pytest.mark.parametrize("name", ["config.json", "summary.json"])
def test_any_flipped_bit_is_found(tmp_path, name):
    finished(tmp_path, text="\u00e9", rate=1e-05)
    path = tmp_path / name
    data = path.read_bytes()
    read = sealed.read_config if name == "config.json" else sealed.read_summary
    whole = read(path)
    bits = random.Random(0).sample(range(8 * len(data)), 100)
    for bit in bits:
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        try:
            assert read(path) == whole  # a hexadecimal digit's case
        except UserError as error:
            assert name in str(error) and "\n" not in str(error)
        path.write_bytes(data)
    assert read(path) == whole


def test_a_changed_setting_is_found(tmp_path):
    finished(tmp_path)
    path = tmp_path / "config.json"
    path.write_text(path.read_text().replace('"units": 32', '"units": 64'))
    with pytest.raises(UserError, match="config.json is damaged: it does not match"):
        runs.open(tmp_path, resume=True)


def test_a_summary_that_lost_its_checksum_is_damaged(tmp_path):
    finished(tmp_path)
    (tmp_path / "summary.json").write_text('{"test_mae": 0.5}')
    with runs.open(tmp_path, config=CONFIG, resume=True) as run:
        with pytest.raises(UserError, match="summary.json is damaged: it has no"):
            run.summary()


def test_runs_of_older_versions_have_no_checksum(tmp_path):
    finished(tmp_path)
    (tmp_path / "predictor.json").unlink(missing_ok=True)
    old = CONFIG | {"run_format": 1}
    (tmp_path / "config.json").write_text(json.dumps(old, indent=2))
    (tmp_path / "summary.json").write_text('{"test_mae": 0.5}')
    with runs.open(tmp_path, config=CONFIG, resume=True) as run:
        assert run.summary() == {"test_mae": 0.5}
        assert run.config["run_format"] == 2
    with runs.open(tmp_path, config=CONFIG, resume=True) as run:
        assert run.summary() == {"test_mae": 0.5}


def test_a_config_cannot_become_one_of_an_older_version(tmp_path):
    """Which had no checksum: of the older version nothing else would be here."""
    finished(tmp_path)
    assert (tmp_path / "predictor.json").exists()
    old = CONFIG | {"run_format": 1}
    (tmp_path / "config.json").write_text(json.dumps(old, indent=2))
    with pytest.raises(UserError, match="config.json is damaged: it has no checksum"):
        runs.open(tmp_path, resume=True)


class TestRemedies:
    def test_a_copy_of_the_config(self, tmp_path):
        finished(tmp_path)
        path = tmp_path / "config.json"
        data = path.read_bytes()
        path.write_bytes(data[:-40])
        with pytest.raises(UserError, match="put a copy of it back"):
            runs.open(tmp_path, config=CONFIG, resume=True)
        path.write_bytes(data)
        runs.open(tmp_path, config=CONFIG, resume=True).close()

    def test_a_summary_is_written_again(self, tmp_path):
        finished(tmp_path)
        (tmp_path / "summary.json").write_bytes(b"{")
        with runs.open(tmp_path, resume=True) as run:
            with pytest.raises(UserError, match="remove it, and resume"):
                run.summary()
            (run.path / "summary.json").unlink()
            assert run.summary() is None
            run.write_summary({"test_mae": 0.25})
            assert run.summary() == {"test_mae": 0.25}


def plant(path, kind, outside):
    """Put something in place of a file that is none."""
    path.unlink(missing_ok=True)
    if kind == "link":
        path.symlink_to(outside)
    elif kind == "dangling link":
        path.symlink_to(outside.with_name("nowhere"))
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            os.chdir(path.parent)  # a socket's path must be short
            server.bind(path.name)
    else:
        path.mkdir()


@pytest.mark.parametrize("name", [*FILES, ".lock"])
@pytest.mark.parametrize(
    "kind", ["link", "dangling link", "pipe", "socket", "directory"]
)
def test_only_regular_files_are_opened(tmp_path, monkeypatch, name, kind):
    monkeypatch.chdir(tmp_path)
    outside = tmp_path / "thesis.tex"
    outside.write_text('{"years": "of work"}')
    run = finished(tmp_path / "run")
    plant(run / name, kind, outside)
    before = os.lstat(run / name)
    with pytest.raises(UserError, match=f"{name} is a.*, expected a regular file"):
        read(run, name)
    assert outside.read_text() == '{"years": "of work"}'
    assert sorted(os.listdir(tmp_path)) == ["run", "thesis.tex"]
    assert os.lstat(run / name).st_ino == before.st_ino


def test_a_config_that_is_a_directory_is_to_be_put_back(tmp_path):
    out = finished(tmp_path)
    (out / "config.json").unlink()
    (out / "config.json").mkdir()
    with pytest.raises(UserError, match="is a directory, .*; put a copy of it back"):
        runs.open(out, config=CONFIG, resume=True)


@pytest.mark.parametrize("name", ["config.json", "summary.json", "history.jsonl"])
def test_a_planted_temporary_name_is_not_written_through(tmp_path, name):
    outside = tmp_path / "thesis.tex"
    outside.write_text("years of work")
    (finished(tmp_path / "run") / f".{name}.tmp").symlink_to(outside)
    with runs.open(tmp_path / "run", resume=True) as run:
        run.write_history([{"epoch": 1, "step": 5}])
        run.write_summary({})
    assert outside.read_text() == "years of work"


def test_checkpoints_that_are_a_link(tmp_path):
    run = finished(tmp_path / "run")
    (run / "checkpoints").rename(tmp_path / "elsewhere")
    (run / "checkpoints").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="checkpoints is a link to .*elsewhere, expect"):
        runs.open(run, resume=True)
    (run / "checkpoints").unlink()
    (tmp_path / "elsewhere").rename(run / "checkpoints")
    runs.open(run, resume=True).close()
