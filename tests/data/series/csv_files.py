"""Small CSV files, and how to say that one must be rejected."""

import pytest

from seqconv_jax._checks import UserError
from seqconv_jax.data.series import read_series

HOURLY = """time,a,b (m/s)
2020-01-01 00:00:00,1,10
2020-01-01 01:00:00,2,20
2020-01-01 02:00:00,3.5,-30
"""


def write(tmp_path, text, name="x.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def read(tmp_path, text, **options):
    return read_series(write(tmp_path, text), **options)


def reject(tmp_path, text, match, **options):
    path = write(tmp_path, text)
    with pytest.raises(UserError, match=match) as caught:
        read_series(path, **options)
    message = str(caught.value)
    assert "x.csv" in message and "\n" not in message


def column(*cells, header="a"):
    return header + "\n" + "".join(f"{cell}\n" for cell in cells)


def times(*stamps):
    return "t,a\n" + "".join(f"{stamp},{row}\n" for row, stamp in enumerate(stamps))
