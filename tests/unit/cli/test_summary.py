from __future__ import annotations

from decimal import Decimal

import click
import pytest

from trading_bot.cli.options import Duration
from trading_bot.cli.summary import age, money, plain, timestamp
from trading_bot.cli.supervision.life import describe
from trading_bot.cli.tables import seconds
from trading_bot.domain.state import State


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1.10"), "1.1"),
        (Decimal(100), "100"),
        (Decimal("1E+3"), "1000"),
        (Decimal(0), "0"),
        (Decimal("96.4613268382086960715"), "96.46132684"),
        (Decimal("-0.00000001"), "-0.00000001"),
        (None, None),
    ],
)
def test_a_number_has_no_exponent_and_no_needless_digits(value, text):
    assert plain(value) == text


def test_money_has_two_places_and_unknown_money_stays_unknown():
    assert money(Decimal("1234.5")) == "1234.50"
    assert money(None) is None


def test_an_age_that_never_began_is_unknown_and_not_zero():
    assert age(None, 5) is None
    assert age(1_000_000_000, 3_500_000_000) == 2.5


def test_a_time_is_rfc_3339_in_utc():
    assert timestamp(1_700_000_000_123_000_000) == "2023-11-14T22:13:20.123Z"


@pytest.mark.parametrize(
    ("value", "text"), [(None, "never"), (1.25, "1.2 s"), (125, "2 min 5 s"), (7300, "2 h 1 min")]
)
def test_an_age_reads_well(value, text):
    assert seconds(value) == text


@pytest.mark.parametrize(("text", "value"), [("60s", 60), ("2m", 120), ("1.5h", 5400), ("90", 90)])
def test_a_duration_is_read_in_seconds(text, value):
    assert Duration().convert(text, None, None) == value


@pytest.mark.parametrize("text", ["", "soon", "-5s", "0", "5 weeks"])
def test_a_duration_that_is_none_is_refused(text):
    with pytest.raises(click.BadParameter, match="such as 60s"):
        Duration().convert(text, None, None)


def test_the_line_of_life_of_an_empty_tape_knows_no_equity():
    assert describe(State()) == ["paused", "0 decisions", "0 orders", "0 fills", "equity unknown yet"]
