"""`python -m seqconv_jax export`: a file, or one line that says why there is none."""

import numpy as np
import pytest
from runs.trained import arrays_task, train

import seqconv_jax as sc
from seqconv_jax.cli import commands
from seqconv_jax.cli.main import main

pytest.importorskip("flatbuffers")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    directory = tmp_path_factory.mktemp("export") / "run"
    train(directory)
    return directory


@pytest.fixture(autouse=True)
def no_cache(monkeypatch):
    monkeypatch.setattr(commands, "keep_compiled", lambda chosen: None)


def test_a_file_is_written_and_answers(run, tmp_path, capsys):
    out = tmp_path / "run.stablehlo"
    main(["export", str(run), "--to", "stablehlo", "--out", str(out)])
    x = arrays_task().inputs
    want = sc.runs.load(run).outputs(x)
    np.testing.assert_allclose(sc.export.load_stablehlo(out)(x), want, 1e-5)
    assert not any(capsys.readouterr())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--to", "stablehlo", "--out", "x.onnx"), "--out must end in .stablehlo, got"),
        (
            ("--to", "onnx", "--out", "there.onnx"),
            "there.onnx exists; replace it",
        ),
        (("--to", "stablehlo", "--out", "no/x.stablehlo"), "there is no folder no"),
        (
            ("--to", "stablehlo", "--out", "x.stablehlo", "--words"),
            "--words is for --to onnx",
        ),
        (("--to", "stablehlo", "--out", "x.stablehlo", "--step", "77"), "/77 is missi"),
    ],
)
def test_mistakes_are_one_line(run, tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.onnx").write_bytes(b"before")
    with pytest.raises(SystemExit) as stop:
        main(["export", str(run), *arguments])
    assert stop.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and message in line
    assert [path.name for path in tmp_path.iterdir()] == ["there.onnx"]
    assert (tmp_path / "there.onnx").read_bytes() == b"before"
