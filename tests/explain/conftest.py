"""Runs that were trained once."""

import pytest
from explain.networks import LINE, forecasts, planted_run
from runs.trained import train


@pytest.fixture(scope="session")
def words_run(tmp_path_factory):
    """The directory of a run on texts whose class is a planted bigram."""
    return planted_run(tmp_path_factory.mktemp("explain") / "run")


@pytest.fixture(scope="session")
def load_run(tmp_path_factory):
    """The directory of a run that forecasts a load by a line."""
    directory = tmp_path_factory.mktemp("explain") / "load"
    train(directory, forecasts(), LINE, epochs=1)
    return directory
