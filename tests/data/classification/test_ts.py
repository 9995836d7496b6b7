"""The archive's files, read value for value, and each contradiction at its line."""

import numpy as np
import pytest

from seqconv_jax import UserError
from seqconv_jax.data import read_labelled, read_ts

HEAD = "@problemName p\n@timeStamps false\n@classLabel true a b\n"


def write(tmp_path, text, name="p_TRAIN.ts"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_channels_lengths_labels_and_comments(tmp_path):
    text = f"# by José\n% more\n{HEAD}@univariate false\n\n@data\n1,2:3,4:b\n5:6:a\n"
    data = read_ts(write(tmp_path, b"\xef\xbb\xbf" + text.encode("latin-1")))
    assert (data.name, data.labels, data.classes) == ("p", ("b", "a"), ("a", "b"))
    assert [each.tolist() for each in data.series] == [[[1, 3], [2, 4]], [[5, 6]]]


def test_a_channel_that_ends_earlier_is_missing_there(tmp_path):
    data = read_ts(write(tmp_path, f"{HEAD}@data\n1,2,?:3:a\n"))
    np.testing.assert_array_equal(data.series[0], [[1, 3], [2, np.nan]])
    assert "1 series end in missing values" in data.notes[0]


def test_without_classes(tmp_path):
    data = read_ts(write(tmp_path, "@classLabel false\n@data\n1,2:3,4\n"))
    assert data.labels is None and data.channels == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no @data"),
        (f"{HEAD}@data\n", "has no case"),
        (
            "@timeStamps true\n@data\n",
            r"line 1: values with times \(@timeStamps true\)",
        ),
        ("@targetLabel true\n@data\n", "line 1: the targets are numbers"),
        ("@dimensions x\n@data\n", "line 1 must say a number of at least 1"),
        ("@missing maybe\n@data\n", "line 1 must say true or false"),
        ("@data\n1,2:a\n", "line 2: the header must say @classLabel"),
        (f"{HEAD}1,2:a\n", "line 4 must be a comment"),
        (f"{HEAD}@data\n1,2:c\n", "line 5 has class 'c', but the header lists .*a b"),
        (f"{HEAD}@data\n1,2:\n", "line 5 has no class"),
        (f"{HEAD}@data\na\n", "line 5 must be channels"),
        (f"{HEAD}@data\n1,x:a\n", "line 5: 'x' is no finite number"),
        (f"{HEAD}@data\n1,inf:a\n", "line 5: 'inf' is no finite number"),
        (f"{HEAD}@data\n1_0,2:a\n", "line 5: '1_0' is no finite number"),
        (f"{HEAD}@data\n1,,2:a\n", "line 5: '' is no finite number"),
        (f"{HEAD}@data\n1:a\n1:2:a\n", "line 6 has 2 channels, expected 1"),
        (f"{HEAD}@dimensions 2\n@data\n1:a\n", "line 6 has 1 channels, expected 2"),
        (f"{HEAD}@univariate true\n@data\n1:2:a\n", "2 channels, .* @univariate true"),
        (f"{HEAD}@equalLength true\n@data\n1:a\n1,2:a\n", "line 7 has 2 steps, .* 1"),
        (f"{HEAD}@seriesLength 3\n@data\n1,2:a\n", "line 6 has 2 steps, expected 3"),
        (f"{HEAD}@missing false\n@data\n1,?,2:a\n", "line 6 has a missing value"),
        (f"{HEAD}@data\n?,?:a\n", "has no value that is not missing"),
        (HEAD.encode() + b"@data\n1,2:\xff\n", "line 5 is not UTF-8"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path, text, message):
    with pytest.raises(UserError, match=message) as caught:
        read_ts(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_label_first(tmp_path):
    data = read_labelled(write(tmp_path, "-1\t0.5\t1\n1\t2\tNaN\n", "p_TRAIN.tsv"))
    assert data.labels == ("-1", "1") and data.lengths.tolist() == [2, 1]
    spaces = "  1.0000000e+00  5.0e-01 1\n  2.0000000e+00  2 3\n"
    data = read_labelled(write(tmp_path, spaces, "p_TRAIN.txt"))
    assert data.labels == ("1", "2") and data.series[0].tolist() == [[0.5], [1]]


def test_arrays_in_a_file(tmp_path):
    x = np.array([[[1.0, 2], [3, 4]], [[5, 6], [np.nan, np.nan]]])
    np.savez(tmp_path / "p_TRAIN.npz", X=x, y=np.array([3.0, 1.0]))
    data = read_labelled(tmp_path / "p_TRAIN.npz")
    assert (data.name, data.labels) == ("p", ("3", "1"))
    assert data.lengths.tolist() == [2, 1]


@pytest.mark.parametrize(
    ("name", "message"),
    [("p.arff", "must be one of .ts.*has its sets as .ts"), ("p.ts", "cannot be read")],
)
def test_files_that_are_not_read(tmp_path, name, message):
    with pytest.raises(UserError, match=message):
        read_labelled(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "cases", "channels", "shortest", "longest"),
    [("JapaneseVowels", 270, 12, 7, 26), ("PickupGestureWiimoteZ", 50, 1, 29, 361)],
)
def test_real_files(data_file, name, cases, channels, shortest, longest):
    data = read_ts(data_file("ucr", f"{name}_TRAIN.ts"))
    assert (len(data), data.channels) == (cases, channels)
    assert (data.lengths.min(), data.lengths.max()) == (shortest, longest)
    assert not data.notes and data.origin.sha256
