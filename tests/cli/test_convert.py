"""`python -m seqconv_jax convert`: a file to a folder, or one line of an error."""

import re

import numpy as np
import pytest

from seqconv_jax.cli.main import main
from seqconv_jax.data import open_series, open_texts

TEXT = "day,level (m),note\n2020-01-01,2.5,7\n2020-01-02,?,8\n2020-01-03,3.5,9\n"


def test_a_file_becomes_a_folder(tmp_path, capsys):
    path, out = tmp_path / "river.csv", tmp_path / "river"
    path.write_text(TEXT)
    options = ["--missing", "previous", "--drop", "note"]
    main(["convert", str(path), "--out", str(out), *options])
    said = capsys.readouterr().out
    assert "3 rows, 1 columns, 2020-01-01 to 2020-01-03" in said
    assert f"--data {out} trains on it" in said
    series = open_series(out, verify=True)
    np.testing.assert_array_equal(series.values[:, 0], [2.5, 2.5, 3.5])
    assert series.read_options["missing"] == "previous"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ([], "missing cells, .*; pass --missing 'previous'"),
        (["--time", "when"], "--time = 'when' is no column of"),
        (["--time", "day", "--no-time"], "--no-time goes without --time"),
        (["--maxlen", "3"], "--maxlen needs --texts"),
        (["--texts", "--time", "day"], "--time goes without --texts"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path, capsys, options, error):
    path = tmp_path / "river.csv"
    path.write_text(TEXT)
    with pytest.raises(SystemExit) as stop:
        main(["convert", str(path), "--out", str(tmp_path / "out"), *options])
    said = capsys.readouterr().err
    assert stop.value.code == 2 and said.count("\n") == 1
    assert re.search(error, said), said
    assert not (tmp_path / "out").exists()


def test_texts(tmp_path, capsys):
    path, out = tmp_path / "x.csv", tmp_path / "x"
    rows = [f"{word} film,{word}" for word in ("good", "bad") * 10]
    path.write_text("\n".join(["review,label", *rows]))
    options = ["--texts", "--text", "review", "--maxlen", "2", "--test", "0.2"]
    main(["convert", str(path), "--out", str(out), *options])
    assert "2 are kept" in capsys.readouterr().out
    assert open_texts(out).inputs.shape == (20, 2)
