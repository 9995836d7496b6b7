import re
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqconv_jax._checks import UserError
from seqconv_jax.data.series.durations import (
    BusinessDays,
    format_duration,
    parse_step,
    rows_of,
)

TEN_MINUTES = np.timedelta64(10, "m")
MONTH, QUARTER = np.timedelta64(1, "M"), np.timedelta64(3, "M")
BUSINESS_DAY = BusinessDays(1)


@pytest.mark.parametrize(
    ("value", "rows"),
    [
        (7, 7),
        (np.int32(7), 7),
        ("7", 7),
        (" 7 ", 7),
        (0, 0),
        (-3, -3),
        ("5d", 720),
        ("24h", 144),
        ("24 hours", 144),
        ("30min", 3),
        ("0.5h", 3),
        ("1d 12h", 216),
        ("1D12H", 216),
        ("1w", 1008),
        ("0min", 0),
        ("600s", 1),
        ("600000ms", 1),
        (timedelta(hours=1), 6),
        (pd.Timedelta("1h"), 6),
        (np.timedelta64(1, "h"), 6),
        (np.timedelta64(1, "D"), 144),
    ],
)
def test_rows_of_every_documented_form(value, rows):
    assert rows_of(value, TEN_MINUTES) == rows


@pytest.mark.parametrize(
    "value",
    [1.0, True, None, "", "d", "5 fortnights", "1m", "1d x", "-1d", "1d2"]
    + ["9" * 25 + "d", [5], "0.5 months", "1y 1d", timedelta.max],
)
def test_other_forms_are_rejected(value):
    match = f"`lookback` must be a number of rows, or a .*got {re.escape(repr(value))}"
    with pytest.raises(UserError, match=match):
        rows_of(value, TEN_MINUTES, name="lookback")


@pytest.mark.parametrize(
    "value", [pd.NaT, np.timedelta64("NaT", "s")], ids=["pandas", "numpy"]
)
def test_no_time_is_rejected(value):
    with pytest.raises(UserError, match="must be a number of rows, or a duration"):
        rows_of(value, TEN_MINUTES)


def test_what_is_no_whole_number_of_rows_names_the_sampling():
    hour = np.timedelta64(1, "h")
    with pytest.raises(
        UserError,
        match="`every` = 30min is finer than the sampling of a.csv, which is 1h; give "
        "at least 1h",
    ):
        rows_of("30min", hour, name="every", where="a.csv")
    with pytest.raises(
        UserError, match="`delay` = 1h 30min is no whole .* nearest are 1h and 2h"
    ):
        rows_of(timedelta(minutes=90), hour, name="delay")
    with pytest.raises(
        UserError, match="`lookback` = 60d is a duration, but b.csv has no regular"
    ):
        rows_of("60d", None, name="lookback", where="b.csv")
    assert rows_of("60", None) == 60


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(0, "0s"), (1, "1min"), (60, "1h"), (90, "1h 30min"), (1440, "1d")]
    + [(1470, "24h 30min"), (1500, "25h"), (2880, "2d"), (10080, "7d")],
)
def test_format(minutes, text):
    assert format_duration(np.timedelta64(minutes, "m")) == text


@pytest.mark.parametrize(
    ("value", "every", "rows"),
    [
        ("12 months", MONTH, 12),
        ("1y", MONTH, 12),
        ("1.5 years", MONTH, 18),
        ("1y 6months", MONTH, 18),
        ("4 quarters", MONTH, 12),
        (np.timedelta64(1, "Y"), MONTH, 12),
        (np.timedelta64(1, "Y"), QUARTER, 4),
        ("2 years", np.timedelta64(1, "Y"), 2),
        ("5B", BUSINESS_DAY, 5),
        ("5 business days", BUSINESS_DAY, 5),
        (BusinessDays(5), BUSINESS_DAY, 5),
        ("2w", BUSINESS_DAY, 10),
        ("7 days", BUSINESS_DAY, 5),
        ("0d", MONTH, 0),
        ("24", MONTH, 24),
    ],
)
def test_rows_of_durations_of_the_calendar(value, every, rows):
    assert rows_of(value, every, name="lookback") == rows


@pytest.mark.parametrize(
    ("value", "every", "match"),
    [
        ("30d", MONTH, "`lookback` = 30d counts in days and .* every 1month; give mon"),
        ("1y", TEN_MINUTES, "`lookback` = 1y counts in months, .* every 10min; give d"),
        (
            "5d",
            BUSINESS_DAY,
            "days and hours, .* sampled every 1 business day; give .* '5B'",
        ),
        ("1month", BUSINESS_DAY, "counts in months"),
        ("2B", np.timedelta64(1, "D"), "counts in business days, .* every 1d"),
        ("1month", QUARTER, "finer than the sampling of .*, which is 3months"),
        ("4months", QUARTER, "no whole multiple .* nearest are 3months and 6months"),
        ("1y", None, "has no regular sampling; give a number of rows"),
    ],
)
def test_a_duration_of_another_calendar_is_rejected(value, every, match):
    with pytest.raises(UserError, match=match):
        rows_of(value, every, name="lookback")


@given(st.integers(1, 10**4), st.sampled_from([MONTH, TEN_MINUTES, BUSINESS_DAY]))
def test_a_step_reads_back(count, unit):
    step = count * unit
    text = format_duration(step)
    assert parse_step(text) == step and rows_of(text, unit) == count
    assert format_duration(np.int64(count) * unit) == text


@given(st.integers(0, 10**15))
def test_a_formatted_duration_reads_back(microseconds):
    text = format_duration(np.timedelta64(microseconds, "us"))
    assert rows_of(text, np.timedelta64(1, "us")) == microseconds
