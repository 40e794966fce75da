"""The books: what is committed is what is remembered, before and after they are opened again."""

from __future__ import annotations

import itertools
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from trading_bot.contract.errors import OperatorError, TickertapeError
from trading_bot.domain.clock import ManualClock
from trading_bot.exchange.books import Books
from trading_bot.exchange.desk import Desk
from trading_bot.exchange.faults import Faults
from trading_bot.exchange.listing import DEFAULTS
from trading_bot.exchange.markets import Market, Markets
from trading_bot.exchange.orders import OrderRequest, OrderType, Side, Status
from trading_bot.exchange.process import opening
from trading_bot.exchange.refusals import Refusal
from trading_bot.exchange.reports import Execution
from trading_bot.exchange.tables import Filter
from trading_bot.journal import OwnedDatabase
from trading_bot.market_data.bundled import load

CLOCK_AT_START = ManualClock().now_ns()
EURO = load("EUR/USD")


class Place:
    """An exchange without a network, on a clock that is moved by hand."""

    def __init__(self, folder: Path, interval: str = "1s") -> None:
        self.clock = ManualClock()
        self.path = folder / "exchange.db"
        self.interval = interval
        self.told: list = []
        self.open()

    def open(self) -> None:
        self.books = Books.open(self.path, opening(self.interval), self.clock.now_ns())
        market = Market(DEFAULTS["EUR/USD"], EURO, self.books.timeline, self.books.seed)
        self.market = market
        self.desk = Desk(self.books, Markets([market]), self.clock, Faults([], self.clock, 1))
        self.desk.listen(lambda reports, account, changed: self.told.append((reports, account, changed)))

    def reopen(self) -> None:
        self.books.close()
        self.open()

    def order(self, side: str, quantity: str, price: str | None = None, identity: str = "mine", **options):
        wanted = OrderRequest(
            symbol="EUR/USD",
            side=Side(side),
            type=OrderType.LIMIT if price else OrderType.MARKET,
            quantity=Decimal(quantity),
            client_order_id=identity,
            price=Decimal(price or 0),
        )
        return self.desk.place(wanted, **options)


@pytest.fixture
def place(tmp_path: Path):
    made = Place(tmp_path)
    yield made
    made.books.close()


def test_books_opened_again_are_as_they_were(place):
    place.order("BUY", "500", identity="a")
    place.order("BUY", "10", "0.9", identity="b")
    account, resting = place.books.account, place.books.open_orders()
    next_ids = (place.books.next_order_id, place.books.next_trade_id)
    place.reopen()
    assert place.books.account == account
    assert place.books.open_orders() == resting
    assert (place.books.next_order_id, place.books.next_trade_id) == next_ids


def test_listeners_hear_of_a_step_after_its_commit(place, tmp_path):
    seen = []
    place.desk.listen(lambda *_: seen.append(place.books.order_by_client_id("EUR/USD", "mine")))
    place.order("BUY", "100")
    assert seen[0].status is Status.FILLED


def test_an_order_that_is_not_announced_is_booked_and_told_to_nobody(place):
    place.order("BUY", "100", announce=False)
    assert place.told == []
    assert place.books.order_by_client_id("EUR/USD", "mine").executed == 100


def test_reports_carry_the_changed_balances(place):
    place.order("BUY", "100")
    reports, account, changed = place.told[0]
    assert [report.execution for report in reports] == [Execution.NEW, Execution.TRADE]
    assert sorted(changed) == ["EUR", "USD"]
    assert account.balance("EUR").free == Decimal("99.9")


def test_the_same_client_order_id_is_counted_each_time_it_comes_in(place):
    place.order("BUY", "10", "0.9")
    with pytest.raises(Refusal, match="Duplicate order"):
        place.order("BUY", "10", "0.9")
    with pytest.raises(Refusal, match="LOT_SIZE"):
        place.order("BUY", "0.01")
    place.reopen()
    assert [(each.client_order_id, each.times) for each in place.books.latest_received(9)] == [("mine", 3)]


def test_a_disk_that_is_full_refuses_the_order_and_changes_nothing(place):
    accounts = [place.books.account]

    def place_orders_for_ever():
        for number in itertools.count():
            place.order("BUY", "10", "0.9", identity=f"{number:036}")
            accounts.append(place.books.account)

    place.books._database.execute("PRAGMA max_page_count = 1")
    with pytest.raises(TickertapeError) as caught:
        place_orders_for_ever()
    assert caught.value.code == "JRNL_004"
    assert place.books.account == accounts[-1]
    place.reopen()
    assert place.books.account == accounts[-1]
    assert len(place.books.open_orders()) == len(accounts) - 1


def test_what_a_bar_offers_is_offered_once_and_again_in_the_next_bar(place):
    first = place.order("BUY", "60000", identity="a").order
    again = place.order("BUY", "1000", identity="b").order
    place.clock.advance(1)
    later = place.order("BUY", "1000", identity="c").order
    assert first.status is Status.EXPIRED
    assert again.executed == place.market.instrument.lot
    assert later.executed == 1_000


def test_what_was_taken_from_a_bar_is_not_offered_again_after_a_restart(place):
    place.order("BUY", "60000", identity="a")
    place.reopen()
    assert place.order("BUY", "1000", identity="b").order.executed == place.market.instrument.lot


def test_a_resting_order_is_filled_over_several_bars(place):
    best = place.market.book(place.clock.now_ns()).bids[0].price
    place.order("BUY", "60000", str(best))
    for _ in range(400):
        place.clock.advance(0.25)
        place.desk.match_resting()
    order = place.books.order_by_client_id("EUR/USD", "mine")
    trades = place.books.trades(Filter(symbol="EUR/USD", limit=1_000, order_id=order.order_id))
    assert order.executed == sum(trade.quantity for trade in trades)
    assert len({place.books.timeline.bar_of(trade.time_ns) for trade in trades}) > 1
    assert {trade.price for trade in trades} == {best}


def test_the_same_replay_gives_the_same_fills(tmp_path):
    fills = []
    for run in "ab":
        (tmp_path / run).mkdir()
        place = Place(tmp_path / run)
        place.order("BUY", "20000", identity="a")
        place.clock.advance(3)
        place.order("SELL", "5000", identity="b")
        fills.append([msgspec.to_builtins(trade) for trade in place.books.latest_trades(99)])
        place.books.close()
    assert fills[0] == fills[1]


def test_trades_are_paged_from_an_id_a_time_or_the_end(place):
    for number in range(5):
        place.order("BUY", "10", identity=str(number))
        place.clock.advance(1)
    everything = place.books.trades(Filter(symbol="EUR/USD", limit=99))
    ids = [trade.trade_id for trade in everything]
    assert ids == [1, 2, 3, 4, 5]

    def page(**wanted) -> list[int]:
        return [each.trade_id for each in place.books.trades(Filter(symbol="EUR/USD", limit=2, **wanted))]

    assert page() == [4, 5]
    assert page(from_id=2) == [2, 3]
    assert page(start_ns=everything[1].time_ns) == [2, 3]
    assert page(end_ns=everything[2].time_ns) == [2, 3]
    assert page(order_id=4) == [4]


def test_books_begun_with_another_bar_are_refused(place):
    place.books.close()
    with pytest.raises(OperatorError) as caught:
        Books.open(place.path, opening("1m"), place.clock.now_ns())
    assert caught.value.code == "DATA_005"
    place.open()


def test_a_later_start_keeps_the_place_in_the_data_that_the_books_were_begun_with(place):
    place.books.close()
    chosen = opening("1s", first_bars={"EUR/USD": 600}, balance=Decimal(5), seed=9)
    books = Books.open(place.path, chosen, place.clock.now_ns())
    assert books.first_bars["EUR/USD"] == DEFAULTS["EUR/USD"].first_bar
    assert books.account.balance("USD").free == 100_000
    books.close()
    place.open()


# The first version of the books, as it was released: what a home of then brings.
VERSION_1 = """
CREATE TABLE timeline (anchor_ns INTEGER NOT NULL, interval TEXT NOT NULL, seed INTEGER NOT NULL);
CREATE TABLE first_bars (symbol TEXT PRIMARY KEY, first_bar INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE balances (asset TEXT PRIMARY KEY, free TEXT NOT NULL, locked TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE orders (
    order_id INTEGER PRIMARY KEY, client_order_id TEXT NOT NULL, symbol TEXT NOT NULL, side TEXT NOT NULL,
    type TEXT NOT NULL, time_in_force TEXT NOT NULL, price TEXT NOT NULL, quantity TEXT NOT NULL,
    created_ns INTEGER NOT NULL, updated_ns INTEGER NOT NULL, executed TEXT NOT NULL,
    executed_quote TEXT NOT NULL, status TEXT NOT NULL
);
CREATE TABLE trades (
    trade_id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, client_order_id TEXT NOT NULL,
    symbol TEXT NOT NULL, side TEXT NOT NULL, price TEXT NOT NULL, quantity TEXT NOT NULL,
    commission TEXT NOT NULL, commission_asset TEXT NOT NULL, maker INTEGER NOT NULL, time_ns INTEGER NOT NULL
);
CREATE TABLE received (
    client_order_id TEXT PRIMARY KEY, times INTEGER NOT NULL, first_ns INTEGER NOT NULL,
    last_ns INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE faults (
    name TEXT NOT NULL, symbol TEXT NOT NULL, since_ns INTEGER NOT NULL, PRIMARY KEY (name, symbol)
) WITHOUT ROWID;
CREATE TABLE fault_changes (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, symbol TEXT NOT NULL, is_on INTEGER NOT NULL,
    time_ns INTEGER NOT NULL
);
INSERT INTO timeline VALUES (1795312620000000000, '1s', 2017);
INSERT INTO balances VALUES ('USD', '90', '10');
INSERT INTO orders VALUES (1, 'old', 'EUR/USD', 'BUY', 'LIMIT', 'GTC', '1', '10', 5, 5, '0', '0', 'NEW');
INSERT INTO faults VALUES ('mute_feed', 'EUR/USD', 7);
INSERT INTO fault_changes VALUES (1, 'mute_feed', 'EUR/USD', 1, 7);
"""


def test_books_of_the_first_version_are_taken_over(tmp_path):
    path = tmp_path / "exchange.db"
    OwnedDatabase.open(path, VERSION_1, "tickertape exchange", 1).close()
    books = Books.open(path, opening("1s"), CLOCK_AT_START)
    (order,) = books.open_orders()
    assert (order.client_order_id, order.working, order.stop_price, order.list_id) == ("old", True, 0, -1)
    (fault,) = books.faults()
    assert (fault.name, fault.until_ns, fault.probability) == ("mute_feed", None, 1.0)
    assert [change.on for change in books.fault_changes(9)] == [True]
    books.close()


def test_a_pair_is_kept_through_a_restart_and_ends_as_one(place):
    place.order("BUY", "500", identity="a")
    price = place.market.price(place.clock.now_ns())
    high, low = round(price * Decimal("1.2"), 5), round(price * Decimal("0.8"), 5)
    above = OrderRequest(
        symbol="EUR/USD",
        side=Side.SELL,
        type=OrderType.LIMIT_MAKER,
        quantity=Decimal(100),
        client_order_id="up",
        price=high,
    )
    below = msgspec.structs.replace(
        above, type=OrderType.STOP_LOSS, client_order_id="down", price=Decimal(0), stop_price=low
    )
    pair, _ = place.desk.place_pair(above, below, "both")
    assert place.books.account.balance("EUR").locked == 100
    place.reopen()
    assert place.books.order_list(client_list_id="both") == pair
    assert place.books.next_list_id == pair.list_id + 1
    first, second = place.books.orders_of(pair)
    assert place.books.partner(first) == second
    place.told.clear()
    place.desk.cancel(second, "enough")
    assert place.books.account.balance("EUR").locked == 0
    assert {order.status for order in place.books.orders_of(pair)} == {Status.CANCELED}
    assert [report.execution for report in place.told[0][0]] == [Execution.CANCELED, Execution.CANCELED]


def test_a_stop_that_is_triggered_is_told_as_new_once_more_and_then_trades(place):
    place.order("BUY", "500", identity="a")
    price = place.market.price(place.clock.now_ns())
    wanted = OrderRequest(
        symbol="EUR/USD",
        side=Side.SELL,
        type=OrderType.STOP_LOSS,
        quantity=Decimal(100),
        client_order_id="stop",
        stop_price=round(price * Decimal("0.999"), 5),
    )
    place.desk.place(wanted)
    place.told.clear()
    for _ in range(4_000):
        place.clock.advance(0.25)
        place.desk.match_resting()
        if place.told:
            break
    assert [report.execution for report in place.told[0][0]] == [Execution.NEW, Execution.TRADE]
    assert place.books.order_by_client_id("EUR/USD", "stop").status is Status.FILLED
    assert place.books.account.balance("EUR").locked == 0


def test_what_rested_while_the_exchange_was_down_is_filled_by_the_quotes_of_its_return(place):
    """Bars missed meanwhile exist, but nobody traded in them."""
    start, tick = place.clock.now_ns(), place.market.instrument.tick
    lowest = min(range(1, 600), key=lambda bar: place.market.replay.play(bar).low)
    limit = str(place.market.replay.play(lowest).low * tick + 10 * tick)
    place.order("BUY", "10", limit, identity="deep")
    place.clock.advance(lowest + 400)
    assert place.market.book(place.clock.now_ns()).asks[0].price > Decimal(limit), "it has come and gone"
    place.reopen()
    place.desk.match_resting()
    assert place.books.order_by_client_id("EUR/USD", "deep").status is Status.NEW
    place.clock.advance(-(place.clock.now_ns() - start) / 1e9 + lowest)
    for _ in range(8):
        place.clock.advance(0.25)
        place.desk.match_resting()
    assert place.books.order_by_client_id("EUR/USD", "deep").status is Status.FILLED, "while it runs it is"
