"""How a published experiment reads its series: which rows, windows and column."""

from dataclasses import dataclass

__all__ = ["ForecastSetup"]


@dataclass(frozen=True, kw_only=True)
class ForecastSetup:
    """How a published experiment reads its series.

    The book's are in F. Chollet, *Deep Learning with Python*, section 6.4, and in the
    notebooks that follow it.

    >>> from seqconv_jax.data import JENA
    >>> JENA.target, JENA.lookback, JENA.every, JENA.delay
    ('T (degC)', '10d', '1h', '24h')

    Attributes:
        time: the time column of its file.
        target: the column it forecasts.
        rows: where the file is cut into train, validation and test.
        dates: the same as dates, for other samplings of the same series.
        lookback: how far back inputs go.
        every: the distance between two inputs.
        delay: how far ahead the target lies.
    """

    time: str
    target: str
    rows: tuple[int, int]
    dates: tuple[str, str] | None = None
    lookback: str | int
    every: str | int
    delay: str | int
