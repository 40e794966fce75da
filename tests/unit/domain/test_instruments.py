from __future__ import annotations

from decimal import Decimal

import pytest
from support.accounts import EUR, account

from trading_bot.contract.events.trading import Side

RULES = account().instruments[EUR]  # tick 0.001, lot 0.01, at least 0.01 and 1 USD


@pytest.mark.parametrize(
    ("asked", "given"), [("1.239", "1.23"), ("1.23", "1.23"), ("0.009", "0"), ("0", "0")]
)
def test_a_quantity_is_rounded_down_to_the_lot(asked, given):
    assert RULES.round_quantity(Decimal(asked)) == Decimal(given)


def test_a_price_is_rounded_to_the_side_that_costs_less():
    assert RULES.round_price(Decimal("1.2345"), Side.BUY) == Decimal("1.234")
    assert RULES.round_price(Decimal("1.2345"), Side.SELL) == Decimal("1.235")
    for side in Side:
        assert RULES.round_price(Decimal("1.234"), side) == Decimal("1.234")


def test_the_venues_minimums_hold_both_at_once():
    assert RULES.accepts(Decimal("0.10"), Decimal(10))
    assert not RULES.accepts(Decimal("0.10"), Decimal("9.99"))
    assert not RULES.accepts(Decimal("0.009"), Decimal(1000))
