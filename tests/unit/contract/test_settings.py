from __future__ import annotations

import math
from decimal import Decimal

import pytest

from trading_bot.contract.errors import OperatorError
from trading_bot.contract.settings import (
    MeanReversion,
    Settings,
    parse_settings,
    settings_hash,
    settings_schema,
)
from trading_bot.contract.settings.validation import EXPECTED

SAID_OTHERWISE = {
    *("title", "description", "default", "examples", "x-apply", "x-loosens", "$ref", "discriminator"),
    *("anyOf", "additionalProperties", "items", "propertyNames"),
}
"""Keywords that can fail by themselves never, or in words of their own."""


def document(**fields):
    strategies = {"trend": {"kind": "sma_cross", "symbols": ["EUR/USD"]}}
    return {"symbols": ["EUR/USD", "GOOGL/USD"], "strategies": strategies, **fields}


def reverting(**fields):
    return document(strategies={"back": {"kind": "mean_reversion", "symbols": ["EUR/USD"], **fields}})


def crossing(**fields):
    return document(strategies={"trend": {"kind": "sma_cross", "symbols": ["EUR/USD"], **fields}})


def faults(document):
    with pytest.raises(OperatorError) as caught:
        parse_settings(document)
    assert caught.value.code == "CFG_001"
    found = caught.value.context["errors"]
    for fault in found:
        assert set(fault) == {"field", "expected", "found", "example"}
        assert all(isinstance(text, str) and text for text in fault.values()), fault
        assert "…" not in fault["example"]
    assert found[0]["field"] in caught.value.message
    assert found[0]["example"] in caught.value.message
    return found


def keywords(schema):
    yield from schema
    inner = [schema.get(key) for key in ("items", "additionalProperties", "propertyNames")]
    for one in [*inner, *schema.get("anyOf", ())]:
        if isinstance(one, dict):
            yield from keywords(one)


def properties():
    """Return (struct, key, schema) of every setting."""
    return [
        (struct, key, schema)
        for struct, definition in settings_schema()["$defs"].items()
        for key, schema in definition.get("properties", {}).items()
    ]


def test_the_smallest_document_is_completed_by_defaults():
    settings = parse_settings(document())
    assert isinstance(settings, Settings)
    assert settings.limits.max_order_notional == 5000
    assert settings.strategies["trend"].slow == 20


def test_money_may_be_a_number_or_a_decimal_string_and_is_exact():
    for money in (0.1, "0.1", Decimal("0.1")):
        limits = parse_settings(document(limits={"max_daily_loss": money})).limits
        assert limits.max_daily_loss == Decimal("0.1")


def test_whole_numbers_and_seconds_may_be_spelled_either_way():
    settings = parse_settings(crossing(fast=5.0) | {"intervals": {"reconcile_seconds": "7"}})
    assert settings.strategies["trend"].fast == 5
    assert settings.intervals.reconcile_seconds == 7.0


def test_equal_settings_have_one_hash_however_they_are_written():
    spelled = [
        document(limits={"max_order_notional": money}) for money in (5000, 5000.0, "5000", "5000.00", "5E3")
    ]
    spelled.append(document())
    assert len({settings_hash(parse_settings(one)) for one in spelled}) == 1
    assert settings_hash(parse_settings(document(bar="5m"))) != settings_hash(parse_settings(document()))


@pytest.mark.parametrize(
    ("changed", "field", "expected", "found"),
    [
        ({"limits": {"max_drawdown": 7}}, "limits.max_drawdown", "at most 1", "7"),
        ({"limits": {"max_drawdown": 0}}, "limits.max_drawdown", "more than 0", "0"),
        ({"limits": {"max_daily_loss": "-5"}}, "limits.max_daily_loss", "more than 0", "'-5'"),
        (
            {"limits": {"max_daily_loss": 1e13}},
            "limits.max_daily_loss",
            "at most 1000000000000.0",
            "10000000000000.0",
        ),
        (
            {"limits": {"max_daily_loss": math.nan}},
            "limits.max_daily_loss",
            "a number, or a decimal in a string",
            "'nan'",
        ),
        (
            {"limits": {"max_daily_loss": "much"}},
            "limits.max_daily_loss",
            "a number, or a decimal in a string",
            "'much'",
        ),
        (
            {"limits": {"max_daily_loss": True}},
            "limits.max_daily_loss",
            "a number, or a decimal in a string",
            "True",
        ),
        ({"limits": []}, "limits", "keys with values", "[]"),
        (
            {"limits": {"max_orders_per_minute": 1.5}},
            "limits.max_orders_per_minute",
            "a whole number",
            "1.5",
        ),
        ({"bar": "2m"}, "bar", "one of 1s, 1m, 5m, 15m, 1h", "'2m'"),
        ({"currency": "EUR"}, "currency", "one of USD", "'EUR'"),
        ({"symbols": []}, "symbols", "at least 1 of them", "[]"),
        ({"symbols": "EUR/USD"}, "symbols", "a list", "'EUR/USD'"),
        ({"symbols": ["EUR/USD", "EUR/USD"]}, "symbols", "each of them once", "['EUR/USD', 'EUR/USD']"),
        ({"symbols": ["EUR/USD", "EUR/GBP"]}, "symbols", "symbols quoted in USD", "EUR/GBP"),
        (
            {"day_starts_at": "25:00"},
            "day_starts_at",
            "text that matches ^([01]\\d|2[0-3]):[0-5]\\d$",
            "'25:00'",
        ),
        ({"day_time_zone": "Mars/Base"}, "day_time_zone", "the IANA name of a time zone", "'Mars/Base'"),
        (
            {"day_time_zone": "../../etc/passwd"},
            "day_time_zone",
            "the IANA name of a time zone",
            "'../../etc",
        ),
        ({"sessions": {"EUR/USD": {"weekdays": [8]}}}, "sessions.EUR/USD.weekdays.0", "at most 7", "8"),
        ({"sessions": {"EUR/USD": {"time_zone": "X"}}}, "sessions.EUR/USD.time_zone", "the IANA name", "'X'"),
        ({"sessions": {"IBM/USD": {}}}, "sessions.IBM/USD", "symbols that are listed in symbols", "IBM/USD"),
        ({"telemetry": {"idle_span_share": 2}}, "telemetry.idle_span_share", "at most 1", "2"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected_and_found(changed, field, expected, found):
    fault = faults(document(**changed))[0]
    assert fault["field"] == field
    assert fault["expected"].startswith(expected)
    assert fault["found"].startswith(found)


@pytest.mark.parametrize(
    ("wrong", "field", "expected"),
    [
        (crossing(kind="foo"), "strategies.trend.kind", "one of sma_cross, mean_reversion"),
        (document(strategies={"trend": {"symbols": ["EUR/USD"]}}), "strategies.trend.kind", "a value"),
        (document(strategies={"trend": 5}), "strategies.trend", "keys with values"),
        (document(strategies={}), "strategies", "at least 1 of them"),
        (
            document(strategies={"a|b": {"kind": "sma_cross", "symbols": ["EUR/USD"]}}),
            "strategies",
            "text that",
        ),
        (reverting(window="x"), "strategies.back.window", "a whole number"),
        (reverting(windw=5), "strategies.back.windw", "window (did you mean that?)"),
        (crossing(symbols=["IBM/USD"]), "strategies.trend.symbols", "symbols that are listed in symbols"),
        (crossing(fast=20), "strategies.trend.fast", "less than slow (20)"),
        (reverting(window=5), "strategies.back.entry_z", "less than 2.000"),
        (reverting(exit_z=2), "strategies.back.exit_z", "less than entry_z"),
    ],
)
def test_a_fault_in_a_strategy_speaks_of_the_kind_that_was_meant(wrong, field, expected):
    found = faults(wrong)
    assert len(found) == 1
    assert found[0]["field"] == field
    assert found[0]["expected"].startswith(expected)


def test_two_strategies_do_not_trade_one_symbol():
    both = document()["strategies"] | {"back": {"kind": "mean_reversion", "symbols": ["EUR/USD"]}}
    fault = faults(document(strategies=both))[0]
    assert (fault["field"], fault["found"]) == ("strategies.back.symbols", "EUR/USD")


def test_an_order_may_not_be_larger_than_a_position():
    fault = faults(document(limits={"max_order_notional": 20000}))[0]
    assert fault["field"] == "limits.max_order_notional"
    assert fault["expected"] == "at most max_position_notional (10000)"


def test_a_misspelled_key_is_answered_with_the_one_that_was_meant():
    fault = faults(document(limits={"max_ordr_notional": 1}))[0]
    assert fault == {
        "field": "limits.max_ordr_notional",
        "expected": "max_order_notional (did you mean that?)",
        "found": "max_ordr_notional",
        "example": "max_order_notional",
    }


def test_every_fault_of_a_document_is_told_at_once():
    wrong = document(limits={"max_drawdown": 7, "max_daily_loss": 0}, bar="2m")
    assert [fault["field"] for fault in faults(wrong)] == [
        "bar",
        "limits.max_daily_loss",
        "limits.max_drawdown",
    ]


@pytest.mark.parametrize("nothing", [None, 5, "text", [], True])
def test_what_is_no_mapping_is_no_settings_document(nothing):
    assert faults(nothing)[0]["field"] == "(document)"


def test_an_empty_document_is_told_what_it_lacks_with_examples_that_work():
    found = faults({})
    assert [fault["field"] for fault in found] == ["symbols", "strategies"]
    assert [fault["found"] for fault in found] == ["nothing", "nothing"]


def test_a_document_nested_without_end_is_one_fault():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert faults(document(symbols=deep))[0]["expected"] == "a document"


@pytest.mark.parametrize(("struct", "key", "schema"), properties())
def test_every_setting_says_what_it_means_and_what_a_change_of_it_implies(struct, key, schema):
    if "$ref" in schema or "allOf" in schema or "anyOf" in schema or key == "kind":
        return
    assert schema["description"].endswith("."), f"{struct}.{key}"
    assert schema["x-apply"] in ("hot", "restart", "forbidden")
    assert schema["x-loosens"] in ("up", "down", "any", "none")


@pytest.mark.parametrize(("struct", "key", "schema"), properties())
def test_every_number_has_bounds(struct, key, schema):
    if schema.get("type") in ("number", "integer"):
        assert {"minimum", "exclusiveMinimum"} & schema.keys(), f"{struct}.{key}"
        assert "maximum" in schema, f"{struct}.{key}"


def test_every_keyword_of_the_schema_has_words():
    used = {keyword for _, _, schema in properties() for keyword in keywords(schema)}
    assert used - SAID_OTHERWISE - set(EXPECTED) == set()


def test_the_defaults_of_every_strategy_are_valid():
    assert MeanReversion(symbols=("EUR/USD",)) == parse_settings(reverting()).strategies["back"]
