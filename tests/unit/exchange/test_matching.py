"""What becomes of an order."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.exchange import INSTRUMENT, account, book, order, request, terms

from trading_bot.exchange.matching import cancel, check_filters, fill_resting, place
from trading_bot.exchange.orders import Status
from trading_bot.exchange.refusals import Refusal

BOOK = book(bids="9.99x5 9.98x10", asks="10.01x5 10.02x10")
RICH = account(USD="1000", EUR="100")


def placed(*wanted, holdings=RICH, against=BOOK, **options):
    return place(order(request(*wanted, **options)), against, holdings, terms())


def test_a_market_order_walks_the_book_from_the_best_price_on():
    effect = placed("BUY", "8")
    assert [(trade.price, trade.quantity) for trade in effect.trades] == [
        (Decimal("10.01"), 5),
        (Decimal("10.02"), 3),
    ]
    assert effect.order.status is Status.FILLED
    assert effect.order.executed_quote == Decimal("80.11")


def test_commission_is_taken_from_what_is_received():
    bought, sold = placed("BUY", "5"), placed("SELL", "5")
    assert (bought.trades[0].commission_asset, bought.trades[0].commission) == ("EUR", Decimal("0.005"))
    assert bought.account.balance("EUR").free == Decimal("104.995")
    assert bought.account.balance("USD").free == Decimal("949.95")
    assert (sold.trades[0].commission_asset, sold.trades[0].commission) == ("USD", Decimal("0.04995"))
    assert sold.account.balance("USD").free == 1000 + Decimal("49.95") - Decimal("0.04995")


def test_what_the_book_cannot_fill_of_a_market_order_expires():
    effect = placed("BUY", "20")
    assert effect.order.status is Status.EXPIRED
    assert effect.order.executed == 15
    assert effect.account.balance("USD").locked == 0


def test_a_limit_order_takes_up_to_its_price_and_rests_with_its_remainder_locked():
    effect = placed("BUY", "8", "10.01")
    assert effect.order.status is Status.PARTIALLY_FILLED
    assert effect.order.executed == 5
    assert effect.account.balance("USD").locked == 3 * Decimal("10.01")
    assert effect.account.balance("USD").free == 1000 - 8 * Decimal("10.01")


def test_what_a_better_price_saves_is_freed():
    effect = placed("BUY", "5", "10.50")
    assert effect.order.status is Status.FILLED
    assert effect.account.balance("USD").free == 1000 - 5 * Decimal("10.01")
    assert effect.account.balance("USD").locked == 0


def test_an_ioc_order_fills_what_it_can_and_the_rest_expires():
    effect = placed("SELL", "8", "9.99", time_in_force="IOC")
    assert effect.order.status is Status.EXPIRED
    assert effect.order.executed == 5
    assert effect.account.balance("EUR").locked == 0


def test_a_fok_order_fills_whole_or_not_at_all():
    whole = placed("BUY", "15", "10.02", time_in_force="FOK")
    nothing = placed("BUY", "15.1", "10.02", time_in_force="FOK")
    assert whole.order.status is Status.FILLED
    assert nothing.order.status is Status.EXPIRED
    assert nothing.trades == ()
    assert nothing.account == RICH.changed("USD")


def test_a_post_only_order_that_would_trade_is_refused():
    with pytest.raises(Refusal) as caught:
        placed("BUY", "1", "10.01", kind="LIMIT_MAKER")
    assert (caught.value.code, caught.value.message) == (-2010, "Order would immediately match and take.")
    assert placed("BUY", "1", "10.00", kind="LIMIT_MAKER").order.status is Status.NEW


@pytest.mark.parametrize(
    "wanted", [("BUY", "10"), ("BUY", "9.9", "10.02"), ("SELL", "1"), ("SELL", "1", "50")]
)
def test_an_order_that_cannot_be_paid_for_is_refused(wanted):
    with pytest.raises(Refusal) as caught:
        placed(*wanted, holdings=account(USD="99"))
    assert caught.value.code == -2010
    assert "insufficient balance" in caught.value.message


def test_a_resting_order_is_filled_at_its_own_price_as_the_maker():
    resting = placed("BUY", "8", "9.95")
    effect = fill_resting(resting.order, book("9.85x1", "9.90x6"), resting.account, terms())
    assert effect is not None
    assert [(trade.price, trade.quantity, trade.maker) for trade in effect.trades] == [
        (Decimal("9.95"), 6, True)
    ]
    assert effect.order.status is Status.PARTIALLY_FILLED
    assert effect.account.balance("USD").locked == 2 * Decimal("9.95")


def test_a_resting_order_that_is_not_crossed_stays_as_it_is():
    resting = placed("SELL", "8", "10.50")
    assert fill_resting(resting.order, BOOK, resting.account, terms()) is None


def test_a_cancelled_order_gives_back_what_it_had_locked():
    resting = placed("BUY", "8", "10.01")
    effect = cancel(resting.order, resting.account, terms())
    assert effect.order.status is Status.CANCELED
    assert effect.account.balance("USD").locked == 0
    assert effect.account.balance("USD").free == 1000 - 5 * Decimal("10.01")


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        (("BUY", "1", "10.001"), "PRICE_FILTER"),
        (("BUY", "1", "1000000.01"), "PRICE_FILTER"),
        (("BUY", "1.05", "10"), "LOT_SIZE"),
        (("BUY", "9000000.1", "10"), "LOT_SIZE"),
        (("BUY", "0.4", "10"), "NOTIONAL"),
        (("BUY", "0.4"), "NOTIONAL"),
    ],
)
def test_an_order_that_breaks_a_filter_is_refused_with_the_filters_name(wanted, name):
    with pytest.raises(Refusal) as caught:
        check_filters(request(*wanted), INSTRUMENT, Decimal(10))
    assert (caught.value.code, caught.value.message) == (-1013, f"Filter failure: {name}")


def test_an_order_on_tick_and_lot_passes():
    assert not refuses(request("BUY", "0.5", "10.01"))
    assert not refuses(request("SELL", "0.5"))
    assert refuses(request("SELL", "0.5001"))


def refuses(order) -> bool:
    try:
        check_filters(order, INSTRUMENT, Decimal(10))
    except Refusal:
        return True
    return False


def test_a_market_order_that_could_never_be_paid_in_full_is_refused_however_little_is_offered():
    with pytest.raises(Refusal, match="insufficient balance") as caught:
        placed("BUY", "100")
    assert caught.value.code == -2010
    assert placed("BUY", "99").order.status is Status.EXPIRED, "what is offered is bought, the rest expires"


def test_a_book_cut_to_nothing_fills_nothing():
    effect = placed("BUY", "8", "10.05", against=BOOK.with_at_most(Decimal(0)))
    assert (effect.order.status, effect.trades) == (Status.NEW, ())
    assert effect.account.balance("USD").locked == 8 * Decimal("10.05")
