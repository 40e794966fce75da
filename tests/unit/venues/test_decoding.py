"""Numbers at the edge, and Binance's own messages."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading_bot.contract.errors import OperatorError, RetriableError, TickertapeError
from trading_bot.contract.events.trading import Liquidity, OrderType, Side
from trading_bot.venues import binance
from trading_bot.venues.ccxt_client import pointed_at
from trading_bot.venues.decoding import (
    bar_of,
    decoded,
    instrument_of,
    listed,
    number,
    order_of,
    order_type_of,
    plain,
    quote_of,
    status_of,
    text,
)
from trading_bot.venues.protocol import VenueFill, VenueOrder, VenueOrderStatus

NUMBERS = st.decimals(
    min_value=Decimal("-1e12"), max_value=Decimal("1e12"), allow_nan=False, allow_infinity=False, places=8
)


@given(NUMBERS)
def test_a_number_keeps_its_value_and_loses_its_zeros(value: Decimal) -> None:
    read = number(str(value), "price")
    assert read == value
    assert read.as_tuple() == number(read, "price").as_tuple() == number(text(value), "price").as_tuple()
    assert not text(read).endswith("0") or read == read.to_integral_value()


@given(st.decimals(min_value=Decimal("1e-8"), max_value=Decimal("1e12"), places=8))
def test_what_is_sent_is_what_was_meant_without_exponent(value: Decimal) -> None:
    assert Decimal(text(value)) == value
    assert "E" not in text(value).upper()


@pytest.mark.parametrize(
    "value", ["NaN", "sNaN", "Infinity", "-inf", "", "1,5", None, True, float("nan"), "1e60", "1e-40"]
)
def test_what_is_no_finite_number_is_refused(value: object) -> None:
    with pytest.raises(RetriableError) as refused:
        number(value, "price")
    assert refused.value.code == "VENUE_007"


@pytest.mark.parametrize(
    ("given_as", "short"), [("100.30000000", "100.3"), ("1E+3", "1000"), ("-0E-8", "0"), ("5", "5")]
)
def test_numbers_are_short(given_as: str, short: str) -> None:
    assert str(plain(Decimal(given_as))) == short


@pytest.mark.parametrize(
    ("bid", "ask"),
    [
        ("NaN", "1"),
        ("1", "Infinity"),
        ("0", "1"),
        ("-1", "1"),
        ("1.1", "1.0"),
        (None, "1"),
        ("1", "0.00000000"),
    ],
)
def test_a_quote_that_cannot_be_is_refused(bid: str | None, ask: str) -> None:
    with pytest.raises(TickertapeError):
        quote_of("EUR/USD", bid, ask, None, 1)


def test_a_quote_of_one_price_is_none_of_those() -> None:
    assert quote_of("EUR/USD", "1.10000000", "1.1", 5, 1).venue_time == 5_000_000


@pytest.mark.parametrize(
    "row",
    [
        [1, "1", "2", "0.5", "NaN", "1"],
        [1, "1", "2", "0.5", "0", "1"],
        [1, "1", "0.9", "0.5", "0.8", "1"],
        [1, "1", "2", "1.5", "1.7", "1"],
        [1, "1", "2", "0.5", "1", "-1"],
        [None, "1", "2", "0.5", "1", "1"],
    ],
)
def test_a_bar_that_cannot_be_is_refused(row: list[Any]) -> None:
    with pytest.raises(TickertapeError):
        bar_of("EUR/USD", row)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("LIMIT", OrderType.LIMIT),
        ("limit", OrderType.LIMIT),
        ("LIMIT_MAKER", OrderType.LIMIT),
        ("STOP_LOSS_LIMIT", OrderType.LIMIT),
        ("MARKET", OrderType.MARKET),
        ("STOP_LOSS", OrderType.MARKET),
    ],
)
def test_order_types_that_people_place_are_told_apart_by_their_price(kind: str, expected: OrderType) -> None:
    assert order_type_of(kind) is expected


def test_a_closed_order_with_a_part_unfilled_was_cancelled() -> None:
    assert status_of("closed", Decimal(2), Decimal(1)) is VenueOrderStatus.CANCELLED
    assert status_of("closed", Decimal(2), Decimal(2)) is VenueOrderStatus.FILLED
    with pytest.raises(KeyError):
        status_of("a state that nobody knows", Decimal(2), Decimal(2))


def test_an_order_without_its_client_order_id_is_refused() -> None:
    answer = {
        "amount": "1",
        "filled": "0",
        "type": "market",
        "clientOrderId": None,
        "id": "1",
        "symbol": "EUR/USD",
        "side": "buy",
        "status": "open",
        "timestamp": 1,
    }
    with pytest.raises(RetriableError):
        order_of(answer)
    assert order_of({**answer, "clientOrderId": "mine"}).created_at == 1_000_000


def market(**changes: Any) -> dict[str, Any]:
    return {
        "symbol": "EUR/USD",
        "base": "EUR",
        "quote": "USD",
        "spot": True,
        "active": True,
        "precision": {"price": "0.00001", "amount": "0.1"},
        "limits": {"amount": {"min": None}, "cost": {"min": "5"}},
        **changes,
    }


def test_an_instrument_takes_steps_or_decimal_places() -> None:
    by_step = instrument_of(market(), 4)
    by_places = instrument_of(market(precision={"price": 5, "amount": 1}), 2)
    assert by_step == by_places
    assert by_step.minimum_quantity == by_step.lot == Decimal("0.1")


@pytest.mark.parametrize(
    ("changes", "mode"),
    [
        ({"spot": False}, 4),
        ({"precision": {"price": None, "amount": "1"}}, 4),
        ({}, 3),
    ],
)
def test_a_market_that_cannot_be_traded_here_is_refused(changes: dict[str, Any], mode: int) -> None:
    with pytest.raises(OperatorError) as refused:
        instrument_of(market(**changes), mode)
    assert refused.value.code == "VENUE_008"
    markets = {"EUR/USD": market(**changes), "IBM/USD": market(symbol="IBM/USD")}
    there = ["IBM/USD"] if mode == 4 else []
    assert list(listed(("EUR/USD", "IBM/USD", "GONE/USD"), markets, mode)) == there


@pytest.mark.parametrize(("told", "is_active"), [(True, True), (False, False), (None, True)])
def test_a_market_that_is_halted_is_listed_and_says_so(told: bool | None, is_active: bool) -> None:
    assert instrument_of(market(active=told), 4).is_active is is_active


TRADE = {
    "e": "executionReport",
    "s": "EURUSD",
    "c": "cancel-1",
    "C": "mine-1",
    "S": "BUY",
    "o": "LIMIT",
    "q": "10.00000000",
    "p": "1.10000000",
    "x": "TRADE",
    "X": "PARTIALLY_FILLED",
    "i": 7,
    "l": "4.00000000",
    "z": "4.00000000",
    "L": "1.09990000",
    "n": "0.00400000",
    "N": "EUR",
    "T": 1_499_405_658_657,
    "t": 3,
    "m": False,
    "O": 1_499_405_658_000,
}


def test_an_execution_report_is_an_order_and_a_fill() -> None:
    order = binance.order_of("EUR/USD", "mine-1", TRADE)
    assert (order.status, order.quantity, order.filled_quantity) == (
        VenueOrderStatus.OPEN,
        Decimal(10),
        Decimal(4),
    )
    assert order.created_at == 1_499_405_658_000_000_000
    fill = binance.fill_of("EUR/USD", "mine-1", TRADE)
    assert (fill.quantity, fill.price, fill.fee) == (Decimal(4), Decimal("1.0999"), Decimal("0.004"))
    assert (fill.trade_id, fill.fee_asset, fill.side) == ("3", "EUR", Side.BUY)
    assert fill.liquidity is Liquidity.TAKER


def test_a_trade_without_a_fee_names_no_asset_and_is_booked_and_one_with_a_fee_must() -> None:
    free = binance.fill_of("EUR/USD", "mine-1", {**TRADE, "n": "0.00000000", "N": None})
    assert (free.fee, free.fee_asset) == (Decimal(0), "USD")
    with pytest.raises(RetriableError, match="fee asset"):
        binance.fill_of("EUR/USD", "mine-1", {**TRADE, "N": None})


@given(
    st.dictionaries(
        st.sampled_from(sorted(TRADE)),
        st.sampled_from([None, 5, "", "x", 1.5, True, [], {}, "NaN", "-1", 10**30]),
        min_size=1,
        max_size=3,
    )
)
def test_a_report_with_wrong_fields_is_refused_or_can_be_written_and_read(wrong: dict[str, Any]) -> None:
    event = {**TRADE, **wrong}
    for decode, kind in ((binance.fill_of, VenueFill), (binance.order_of, VenueOrder)):
        with contextlib.suppress(RetriableError):
            said = decoded("execution report", decode, "EUR/USD", event["C"], event)
            assert msgspec.json.decode(msgspec.json.encode(said), type=kind) == said


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"u": 1, "s": "EURUSD", "b": "1", "B": "1", "a": "1", "A": "1"}, "bookTicker"),
        ({"subscriptionId": 0, "event": TRADE}, "executionReport"),
        ({"id": "1", "status": 200, "result": {"subscriptionId": 0}}, ""),
        ({"result": None, "id": 1}, ""),
        ([1, 2], ""),
        ({"subscriptionId": 0, "event": {"e": "outboundAccountPosition"}}, "outboundAccountPosition"),
    ],
)
def test_messages_are_told_apart(message: Any, kind: str) -> None:
    assert binance.kind_of(binance.event_of(message)) == kind


def test_every_address_of_an_exchange_is_pointed_at_another_host_path_kept() -> None:
    addresses = {
        "public": "https://api.binance.com/api/v3",
        "ws": {
            "spot": "wss://stream.binance.com:9443/ws",
            "ws-api": {"spot": "wss://ws-api.binance.com:443/ws-api/v3"},
        },
        "none": None,
    }
    assert pointed_at("http://127.0.0.1:8100", addresses) == {
        "public": "http://127.0.0.1:8100/api/v3",
        "ws": {"spot": "ws://127.0.0.1:8100/ws", "ws-api": {"spot": "ws://127.0.0.1:8100/ws-api/v3"}},
        "none": None,
    }
    assert pointed_at("https://test.host/", {"a": "wss://x/ws"}) == {"a": "wss://test.host/ws"}
