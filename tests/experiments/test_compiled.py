"""Compiled programs are kept for the next start, by default and where a flag says."""

import os
import zlib
from pathlib import Path

import _cli
import csi300_conv1d
import jax
import pytest
from experiments.test_command_lines import run

from seqconv_jax import UserError
from seqconv_jax.cli import compiled


@pytest.fixture
def settings_of_jax(monkeypatch):
    """What would be set, where nothing is."""
    found = {}
    monkeypatch.setattr(jax.config, "update", found.__setitem__)
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    return found


def start(**settings):
    _cli._start(lambda _: None, csi300_conv1d.Settings(**settings))


def test_the_second_start_compiles_nothing(bars, tmp_path):
    common = ["--data", bars, "--epochs", 1, "--split", 150, 220]
    first = set()
    for name in ("a", "b"):
        result = run(
            *("csi300_conv1d", *common, "--out", tmp_path / name),
            SEQCONV_CACHE=str(tmp_path / "cache"),
        )
        assert result.returncode == 0 and not result.stderr
        entries = {path.name for path in tmp_path.glob("cache/compiled/*/*-cache")}
        if name == "a":
            first = entries
            assert any(entry.startswith("jit__one") for entry in entries)
    assert entries == first
    histories = [(tmp_path / name / "history.jsonl").read_text() for name in "ab"]
    losses = [text.split('"seconds"')[0] for text in histories]
    assert losses[0] == losses[1]


def test_where_they_are_kept(settings_of_jax, tmp_path, monkeypatch):
    start(no_compilation_cache=True)
    assert settings_of_jax == {}
    start(compilation_cache=tmp_path / "mine")
    assert settings_of_jax["jax_compilation_cache_dir"] == str(tmp_path / "mine")
    start()
    default = settings_of_jax.pop("jax_compilation_cache_dir")
    assert Path(default).is_relative_to(os.environ["SEQCONV_CACHE"])
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path))
    start()  # that of the environment stays
    assert "jax_compilation_cache_dir" not in settings_of_jax


def test_a_place_that_cannot_be_written(settings_of_jax, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    with pytest.raises(
        UserError, match="cannot write in .*file/x: Not a directory; ch"
    ):
        start(compilation_cache=tmp_path / "file" / "x")
    monkeypatch.setenv("SEQCONV_CACHE", str(tmp_path / "file"))
    start()
    assert settings_of_jax == {}
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("compiled programs are not kept: cannot write in ")


def test_parts_and_the_oldest_are_dropped(settings_of_jax, monkeypatch):
    directory = compiled.default_directory()
    directory.mkdir(parents=True, exist_ok=True)
    whole = zlib.compress(os.urandom(500))
    flipped = bytearray(whole)
    flipped[250] ^= 1
    contents = {"part": whole[:-9], "empty": b"", "flip": flipped, "whole": whole}
    contents |= {"other": b"\x28\xb5\x2f\xfd", "old": whole}
    for age, (name, content) in enumerate(contents.items()):
        path = directory / f"{name}-cache"
        path.write_bytes(content)
        os.utime(path, (2e9 - age, 2e9 - age))
    monkeypatch.setattr(compiled, "_MOST", 2 * len(whole))
    start()
    left = {path.name for path in directory.iterdir()}
    assert left & {f"{name}-cache" for name in contents} == {
        *("whole-cache", "other-cache")
    }
