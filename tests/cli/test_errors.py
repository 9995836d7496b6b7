"""What a command prints of warnings and errors: a line each."""

import warnings

import pytest

from seqconv_jax import UserError
from seqconv_jax.cli.errors import call_or_exit
from seqconv_jax.data import SentinelWarning


def test_warnings_are_lines_in_the_words_of_the_command(capsys):
    def main():
        warnings.warn("a.csv: pass\nmarks=1", SentinelWarning, stacklevel=2)
        raise UserError("marks=1 is none")

    plain = warnings.showwarning
    with warnings.catch_warnings(), pytest.raises(SystemExit) as stop:
        warnings.simplefilter("always")
        call_or_exit(main, worded=lambda text: text.replace("marks=", "--marks "))
    assert stop.value.code == 2 and warnings.showwarning is plain
    assert capsys.readouterr().err.splitlines() == [
        *("warning: a.csv: pass --marks 1", "error: --marks 1 is none"),
    ]


def test_warnings_of_programmers_are_left_alone(capsys):
    with pytest.warns(DeprecationWarning, match="old"):
        call_or_exit(lambda: warnings.warn("old", DeprecationWarning, stacklevel=1))
    assert "warning: " not in capsys.readouterr().err
