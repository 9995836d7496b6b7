"""`python -m seqconv_jax convert`: a file to a folder, or one line of an error."""

import re

import numpy as np
import pytest

from seqconv_jax.cli.main import main
from seqconv_jax.data import open_series

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
