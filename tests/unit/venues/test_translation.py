"""Every exception of ccxt, by name: what it means for a question, an order, a cancel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ccxt
import pytest
from ccxt.base import errors as vendor

from trading_bot.contract.errors import ERRORS, HaltError, NonRetriableError, OperatorError, RetriableError
from trading_bot.venues.protocol import OutcomeUnknown
from trading_bot.venues.translation import (
    TRANSLATIONS,
    Request,
    is_not_found,
    scrub,
    translate,
    translate_cancel,
    translate_order,
)


def names(tree: dict[str, Any]) -> Iterator[str]:
    for name, below in tree.items():
        yield name
        yield from names(below)


EVERY_NAME = sorted(names(vendor.error_hierarchy))
FAMILY_OF_FAILURE = {"OperationFailed", *names(vendor.error_hierarchy["BaseError"]["OperationFailed"])}
SAYS_THAT_IT_IS_THERE = {"DuplicateOrderId"}
ABOUT_THE_ACCOUNT = {
    "AuthenticationError",
    "PermissionDenied",
    "AccountNotEnabled",
    "AccountSuspended",
    "ManualInteractionNeeded",
    "RestrictedLocation",
}


def raised(name: str, *, decoded: bool = True, status: int = 400) -> tuple[BaseException, Request]:
    """Return an exception as it leaves a request that was handed over and answered."""
    error = getattr(ccxt, name)("venue says no")
    return error, Request("place", handed_over=True, status=status, refusal=error if decoded else None)


def test_the_table_names_every_exception_of_ccxt_and_no_other() -> None:
    assert sorted(TRANSLATIONS) == EVERY_NAME


@pytest.mark.parametrize("name", EVERY_NAME)
def test_a_question_becomes_the_error_that_its_row_says(name: str) -> None:
    error = translate(*raised(name), symbol="EUR/USD")
    assert (error.code, type(error)) == TRANSLATIONS[name]
    assert type(error) is ERRORS[error.code].consequence
    assert "venue says no" in error.message
    assert error.context["symbol"] == "EUR/USD"


@pytest.mark.parametrize("name", EVERY_NAME)
def test_an_order_is_over_only_by_a_decoded_rejection(name: str) -> None:
    error = translate_order(*raised(name))
    if name in ABOUT_THE_ACCOUNT:
        assert type(error) is OperatorError
    elif name in FAMILY_OF_FAILURE | SAYS_THAT_IT_IS_THERE or not issubclass(
        getattr(ccxt, name), ccxt.ExchangeError
    ):
        assert type(error) is OutcomeUnknown
    else:
        assert (type(error), error.code) == (NonRetriableError, "ORDER_001")


@pytest.mark.parametrize("name", EVERY_NAME)
def test_an_order_is_unknown_where_no_decoded_answer_came(name: str) -> None:
    assert type(translate_order(*raised(name, decoded=False))) is OutcomeUnknown


@pytest.mark.parametrize("name", EVERY_NAME)
def test_an_order_is_unknown_where_the_server_failed(name: str) -> None:
    assert type(translate_order(*raised(name, status=500))) is OutcomeUnknown


@pytest.mark.parametrize("name", EVERY_NAME)
def test_an_order_that_was_not_handed_over_is_never_unknown(name: str) -> None:
    error = translate_order(getattr(ccxt, name)("before"), Request("place"))
    assert not isinstance(error, OutcomeUnknown)
    assert error.code == TRANSLATIONS[name][0]


@pytest.mark.parametrize("name", EVERY_NAME)
def test_a_rate_limit_turns_an_order_away_before_it_is_looked_at(name: str) -> None:
    limited, banned = translate_order(*raised(name, status=429)), translate_order(*raised(name, status=418))
    assert (type(limited), limited.code) == (RetriableError, "VENUE_003")
    assert (type(banned), banned.code) == (HaltError, "VENUE_004")


@pytest.mark.parametrize("name", EVERY_NAME)
def test_a_cancel_is_refused_only_by_a_decoded_answer(name: str) -> None:
    assert translate_cancel(*raised(name, decoded=False)).code != "ORDER_003"
    decoded = translate_cancel(*raised(name))
    if name in FAMILY_OF_FAILURE | ABOUT_THE_ACCOUNT:
        assert decoded.code == TRANSLATIONS[name][0]


def test_a_cancel_of_an_order_that_is_over_is_refused() -> None:
    assert translate_cancel(*raised("OrderNotFound")).code == "ORDER_003"


def test_an_order_is_missing_only_where_a_decoded_answer_says_so() -> None:
    assert is_not_found(*raised("OrderNotFound"))
    assert not is_not_found(*raised("OrderNotFound", decoded=False))
    assert not is_not_found(*raised("BadRequest"))


@pytest.mark.parametrize(
    "error", [TypeError("'str' is no dict"), KeyError("id"), ConnectionResetError(), TimeoutError()]
)
def test_whatever_else_goes_wrong_with_an_order_that_was_handed_over_is_unknown(error: Exception) -> None:
    assert type(translate_order(error, Request("place", handed_over=True))) is OutcomeUnknown


def test_an_answer_that_breaks_off_is_no_refusal_of_a_question() -> None:
    error = ccxt.ExchangeError("payload is not completed")
    assert translate(error, Request("balances", handed_over=True, status=None)).code == "VENUE_007"


def test_addresses_in_the_words_of_an_exception_lose_their_query() -> None:
    error = ccxt.RequestTimeout("binance GET https://host/api/v3/account?timestamp=1&signature=abc took long")
    scrub(error)
    assert str(error) == "binance GET https://host/api/v3/account took long"
