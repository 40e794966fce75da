from __future__ import annotations

from decimal import Decimal

import pytest

from exporter.ops.representations.values import age_seconds, money, quantity, share


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1E+3", "1000"),
        ("0E-8", "0"),
        ("-0", "0"),
        ("-0.000000001", "0"),
        ("12.5000", "12.5"),
        ("99999.99999999", "99999.99999999"),
        ("1.23456789123456", "1.23456789"),
        ("1e40", "1" + "0" * 40),
    ],
)
def test_money_has_no_exponent_and_no_needless_zeros(value, shown):
    assert money(Decimal(value)) == shown


def test_a_price_far_below_one_keeps_its_digits():
    assert quantity(Decimal("0.000001234500")) == "0.0000012345"


def test_unknown_stays_unknown():
    assert money(None) is None
    assert share(None) is None
    assert age_seconds(None, 5) is None


def test_an_age_is_never_negative_when_two_clocks_differ():
    assert age_seconds(2_000_000_000, 1_000_000_000) == 0
