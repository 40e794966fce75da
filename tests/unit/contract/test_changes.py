"""What a change of settings means, key by key."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from trading_bot.contract.changes import (
    LOOSENS,
    Apply,
    applying,
    changes,
    check_changes,
    leaves,
    loosening,
    marks,
)
from trading_bot.contract.errors import OperatorError
from trading_bot.contract.settings import Limits, Settings, parse_settings

TREND = {"kind": "sma_cross", "symbols": ["EUR/USD"]}


def settings(**fields: Any) -> Settings:
    return parse_settings({"symbols": ["EUR/USD"], "strategies": {"trend": TREND}, **fields})


def test_equal_settings_differ_in_nothing():
    assert changes(settings(), settings()) == ()
    assert changes(settings(limits={"max_order_notional": "5000.0"}), settings()) == ()


def test_each_key_that_differs_is_one_change_with_its_path():
    (change,) = changes(settings(), settings(limits={"max_order_notional": 4000}))
    assert msgspec.to_builtins(change) == {
        "field": "limits.max_order_notional",
        "before": "5000",
        "after": "4000",
        "apply": "hot",
        "loosens": False,
    }


@pytest.mark.parametrize(
    ("section", "loosens", "apply"),
    [
        ({"limits": {"max_order_notional": 6000}}, True, Apply.HOT),
        ({"limits": {"max_order_notional": 4000}}, False, Apply.HOT),
        ({"intervals": {"stale_after_seconds": 9}}, True, Apply.HOT),
        ({"intervals": {"quote_seconds": 9}}, False, Apply.HOT),
        ({"execution": {"order_type": "limit"}}, True, Apply.HOT),
        ({"execution": {"request_timeout_seconds": 9}}, True, Apply.RESTART),
        ({"bar": "5m"}, False, Apply.RESTART),
        ({"day_starts_at": "01:00"}, False, Apply.FORBIDDEN),
    ],
)
def test_a_change_says_when_it_takes_effect_and_whether_it_takes_more_risk(section, loosens, apply):
    (change,) = changes(settings(), settings(**section))
    assert (change.loosens, change.apply) == (loosens, apply)


def test_a_strategys_own_keys_are_changes_of_their_own_a_new_one_is_one_change():
    hot = settings(strategies={"trend": {**TREND, "order_notional": 1000}})
    (change,) = changes(settings(), hot)
    assert (change.field, change.apply) == ("strategies.trend.order_notional", Apply.HOT)
    other = settings(strategies={"trend": {"kind": "mean_reversion", "symbols": ["EUR/USD"]}})
    (change,) = changes(settings(), other)
    assert (change.field, change.apply, change.loosens) == ("strategies.trend", Apply.RESTART, True)
    renamed = changes(settings(), settings(strategies={"other": TREND}))
    assert {(one.field, one.before is None, one.after is None) for one in renamed} == {
        ("strategies.trend", False, True),
        ("strategies.other", True, False),
    }


def test_going_there_and_back_changes_the_same_keys_and_only_one_way_loosens_a_limit():
    there = changes(settings(), settings(limits={"max_drawdown": 0.1}))
    back = changes(settings(limits={"max_drawdown": 0.1}), settings())
    assert [one.field for one in there] == [one.field for one in back]
    assert [one.loosens for one in (*there, *back)] == [False, True]


def test_no_limit_at_all_is_the_loosest():
    assert LOOSENS["up"](5, None)
    assert not LOOSENS["up"](None, 5)
    assert LOOSENS["down"](5, None)


def test_every_key_of_the_model_says_what_a_change_of_it_means():
    for name, (_, mark) in leaves(settings()).items():
        assert mark.apply in Apply, name
        assert mark.loosens in LOOSENS, name
    assert set(marks(Limits)) == set(Limits.__struct_fields__)


def test_what_is_not_allowed_is_refused_by_its_own_code_the_gravest_first():
    everything = changes(
        settings(),
        settings(day_starts_at="01:00", bar="5m", limits={"max_order_notional": 6000}),
    )
    for allowed, code in (
        (everything, "CFG_007"),
        (tuple(one for one in everything if one.apply is not Apply.FORBIDDEN), "CFG_009"),
        (loosening(everything), "CFG_008"),
    ):
        with pytest.raises(OperatorError) as refused:
            check_changes(allowed, confirmed=(), restart=False)
        assert refused.value.code == code
    check_changes(applying(everything, Apply.RESTART), confirmed=(), restart=True)
    check_changes(loosening(everything), confirmed=("limits.max_order_notional",), restart=False)
