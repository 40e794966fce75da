"""The exchange's durable books: account, orders, trades, faults, and which bar is which minute.

What is asked for often (account, open orders) is also held in memory, and changes there only after its
commit: a commit that fails leaves both as they were.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec

from trading_bot.contract.errors import OperatorError
from trading_bot.exchange.faults import Fault
from trading_bot.exchange.matching import Effect
from trading_bot.exchange.orders import NO_LIST, Account, Balance, Order, OrderList, Trade
from trading_bot.exchange.tables import LISTS, ORDERS, TRADES, Filter
from trading_bot.exchange.timeline import Timeline
from trading_bot.journal import OwnedDatabase

APPLICATION = "tickertape exchange"
VERSION = 2
SCHEMA = """
CREATE TABLE timeline (anchor_ns INTEGER NOT NULL, interval TEXT NOT NULL, seed INTEGER NOT NULL);
CREATE TABLE first_bars (symbol TEXT PRIMARY KEY, first_bar INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE balances (asset TEXT PRIMARY KEY, free TEXT NOT NULL, locked TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE orders (
    order_id INTEGER PRIMARY KEY, client_order_id TEXT NOT NULL, symbol TEXT NOT NULL, side TEXT NOT NULL,
    type TEXT NOT NULL, time_in_force TEXT NOT NULL, price TEXT NOT NULL, quantity TEXT NOT NULL,
    created_ns INTEGER NOT NULL, updated_ns INTEGER NOT NULL, executed TEXT NOT NULL,
    executed_quote TEXT NOT NULL, status TEXT NOT NULL, stop_price TEXT NOT NULL DEFAULT '0',
    working INTEGER NOT NULL DEFAULT 1, list_id INTEGER NOT NULL DEFAULT -1,
    quote_quantity TEXT NOT NULL DEFAULT '0'
);
CREATE INDEX orders_by_client ON orders (client_order_id, order_id);
CREATE INDEX orders_by_symbol ON orders (symbol, order_id);
CREATE INDEX orders_open ON orders (order_id) WHERE status IN ('NEW', 'PARTIALLY_FILLED');
CREATE TABLE trades (
    trade_id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, client_order_id TEXT NOT NULL,
    symbol TEXT NOT NULL, side TEXT NOT NULL, price TEXT NOT NULL, quantity TEXT NOT NULL,
    commission TEXT NOT NULL, commission_asset TEXT NOT NULL, maker INTEGER NOT NULL, time_ns INTEGER NOT NULL
);
CREATE INDEX trades_by_symbol ON trades (symbol, trade_id);
CREATE INDEX trades_by_order ON trades (order_id);
CREATE TABLE received (
    client_order_id TEXT PRIMARY KEY, times INTEGER NOT NULL, first_ns INTEGER NOT NULL,
    last_ns INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX received_by_time ON received (last_ns);
CREATE TABLE order_lists (
    list_id INTEGER PRIMARY KEY, client_list_id TEXT NOT NULL, symbol TEXT NOT NULL, created_ns INTEGER NOT NULL
);
CREATE INDEX order_lists_by_client ON order_lists (client_list_id, list_id);
CREATE INDEX orders_by_list ON orders (list_id) WHERE list_id >= 0;
CREATE TABLE faults (
    name TEXT NOT NULL, symbol TEXT NOT NULL, since_ns INTEGER NOT NULL, until_ns INTEGER,
    probability REAL NOT NULL DEFAULT 1.0, size REAL NOT NULL DEFAULT 0.0, PRIMARY KEY (name, symbol)
) WITHOUT ROWID;
CREATE TABLE fault_changes (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, symbol TEXT NOT NULL, is_on INTEGER NOT NULL,
    time_ns INTEGER NOT NULL, until_ns INTEGER, probability REAL NOT NULL DEFAULT 1.0,
    size REAL NOT NULL DEFAULT 0.0
);
"""
MIGRATIONS = {
    1: """
ALTER TABLE orders ADD COLUMN stop_price TEXT NOT NULL DEFAULT '0';
ALTER TABLE orders ADD COLUMN working INTEGER NOT NULL DEFAULT 1;
ALTER TABLE orders ADD COLUMN list_id INTEGER NOT NULL DEFAULT -1;
ALTER TABLE orders ADD COLUMN quote_quantity TEXT NOT NULL DEFAULT '0';
CREATE TABLE order_lists (
    list_id INTEGER PRIMARY KEY, client_list_id TEXT NOT NULL, symbol TEXT NOT NULL, created_ns INTEGER NOT NULL
);
CREATE INDEX order_lists_by_client ON order_lists (client_list_id, list_id);
CREATE INDEX orders_by_list ON orders (list_id) WHERE list_id >= 0;
ALTER TABLE faults ADD COLUMN until_ns INTEGER;
ALTER TABLE faults ADD COLUMN probability REAL NOT NULL DEFAULT 1.0;
ALTER TABLE faults ADD COLUMN size REAL NOT NULL DEFAULT 0.0;
ALTER TABLE fault_changes ADD COLUMN until_ns INTEGER;
ALTER TABLE fault_changes ADD COLUMN probability REAL NOT NULL DEFAULT 1.0;
ALTER TABLE fault_changes ADD COLUMN size REAL NOT NULL DEFAULT 0.0;
"""
}
STILL_OPEN = "WHERE status IN ('NEW', 'PARTIALLY_FILLED') ORDER BY order_id"
EVERY_SYMBOL = ""


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """What an exchange is begun with. Only ``interval`` is asked again at a later start."""

    interval: str
    seed: int
    balances: dict[str, Decimal]
    first_bars: dict[str, int]


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """How often orders with this client order id came in, refused ones included."""

    client_order_id: str
    times: int
    first_ns: int
    last_ns: int


class FaultChange(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that was switched on or off."""

    name: str
    symbol: str | None
    on: bool
    time_ns: int
    until_ns: int | None
    probability: float
    size: float


class Books:
    """The books of one exchange, which this process alone writes."""

    def __init__(self, database: OwnedDatabase) -> None:
        self._database = database
        anchor, interval, seed = database.execute("SELECT anchor_ns, interval, seed FROM timeline")[0]
        self.timeline = Timeline(anchor_ns=anchor, interval=interval)
        self.seed: int = seed
        self.first_bars: dict[str, int] = dict(database.execute("SELECT symbol, first_bar FROM first_bars"))
        self.account = _account(database)
        self._open = {order.order_id: order for order in ORDERS.read(database, STILL_OPEN)}
        self._last_order_id = _greatest(database, "SELECT max(order_id) FROM orders")
        self._last_trade_id = _greatest(database, "SELECT max(trade_id) FROM trades")
        self._last_list_id = _greatest(database, "SELECT max(list_id) FROM order_lists")

    @classmethod
    def open(cls, path: Path, opening: Opening, now_ns: int) -> Books:
        """Open the books; the first time, begin them: bar 0 plays now, and the balances are paid in.

        Raises:
            OperatorError: DATA_005 when they were begun with another interval, JRNL_003 when another
                process owns them, and as for any database.
        """
        database = OwnedDatabase.open(path, SCHEMA, APPLICATION, VERSION, migrations=MIGRATIONS, durable=True)
        try:
            if not database.execute("SELECT 1 FROM timeline"):
                _begin(database, opening, now_ns)
            books = cls(database)
            _check_interval(path, begun=books.timeline.interval, asked=opening.interval)
        except BaseException:
            database.close()
            raise
        return books

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    @property
    def next_order_id(self) -> int:
        """The id that the next order gets."""
        return self._last_order_id + 1

    @property
    def next_trade_id(self) -> int:
        """The id that the next trade gets."""
        return self._last_trade_id + 1

    def book(self, effect: Effect, pair: OrderList | None = None) -> None:
        """Commit a step to the disk, then to memory; ``pair`` is the list that it begins.

        Raises:
            TickertapeError: the commit failed, and nothing changed.
        """
        with self._database.transaction() as database:
            ORDERS.write(database, effect.order)
            if effect.other is not None:
                ORDERS.write(database, effect.other)
            if pair is not None:
                LISTS.write(database, pair)
            for trade in effect.trades:
                TRADES.write(database, trade)
            for asset, balance in effect.account.balances.items():
                if balance != self.account.balances.get(asset):
                    _write_balance(database, asset, balance)
        self._remember(effect)
        if pair is not None:
            self._last_list_id = pair.list_id

    @property
    def next_list_id(self) -> int:
        """The id that the next pair of orders gets."""
        return self._last_list_id + 1

    def count_received(self, client_order_id: str, now_ns: int) -> None:
        """Count an order that came in, before anything is decided about it."""
        with self._database.transaction(durable=False) as database:
            database.execute(
                "INSERT INTO received VALUES (?1, 1, ?2, ?2) ON CONFLICT (client_order_id) "
                "DO UPDATE SET times = times + 1, last_ns = ?2",
                (client_order_id, now_ns),
            )

    def open_orders(self, symbol: str | None = None) -> list[Order]:
        """Return the open orders, oldest first."""
        return [order for order in self._open.values() if symbol in {None, order.symbol}]

    def order_by_id(self, symbol: str, order_id: int) -> Order | None:
        """Return an order by the exchange's id."""
        tail = "WHERE symbol = ? AND order_id = ?"
        return next(iter(ORDERS.read(self._database, tail, (symbol, order_id))), None)

    def order_by_client_id(self, symbol: str, client_order_id: str) -> Order | None:
        """Return the newest order with the client's id: an id may be used again once it is not open."""
        tail = "WHERE client_order_id = ? AND symbol = ? ORDER BY order_id DESC LIMIT 1"
        return next(iter(ORDERS.read(self._database, tail, (client_order_id, symbol))), None)

    def partner(self, order: Order) -> Order | None:
        """Return the other order of a pair while both are open."""
        if order.list_id == NO_LIST:
            return None
        others = (each for each in self._open.values() if each.list_id == order.list_id)
        return next((each for each in others if each.order_id != order.order_id), None)

    def is_open(self, order: Order) -> bool:
        """Whether an order is still open."""
        return order.order_id in self._open

    def order_list(self, *, list_id: int | None = None, client_list_id: str = "") -> OrderList | None:
        """Return a pair by the exchange's id or, where that is None, the client's."""
        column, value = ("list_id", list_id) if list_id is not None else ("client_list_id", client_list_id)
        tail = f"WHERE {column} = ? ORDER BY list_id DESC LIMIT 1"
        return next(iter(LISTS.read(self._database, tail, (value,))), None)

    def order_lists(self, limit: int) -> list[OrderList]:
        """Return the newest pairs, oldest first."""
        return LISTS.read(self._database, "ORDER BY list_id DESC LIMIT ?", (limit,))[::-1]

    def orders_of(self, pair: OrderList) -> list[Order]:
        """Return the two orders of a pair."""
        return ORDERS.read(self._database, "WHERE list_id = ? ORDER BY order_id", (pair.list_id,))

    def orders(self, wanted: Filter) -> list[Order]:
        """Return orders by when they arrived, ascending."""
        return ORDERS.page(self._database, wanted)

    def trades(self, wanted: Filter) -> list[Trade]:
        """Return trades, ascending."""
        return TRADES.page(self._database, wanted)

    def trades_since(self, symbol: str, time_ns: int) -> list[Trade]:
        """Return all trades of a symbol since a time."""
        return TRADES.read(self._database, "WHERE symbol = ? AND time_ns >= ?", (symbol, time_ns))

    def latest_orders(self, limit: int) -> list[Order]:
        """Return the newest orders of all symbols, newest first."""
        return ORDERS.read(self._database, "ORDER BY order_id DESC LIMIT ?", (limit,))

    def latest_trades(self, limit: int) -> list[Trade]:
        """Return the newest trades of all symbols, newest first."""
        return TRADES.read(self._database, "ORDER BY trade_id DESC LIMIT ?", (limit,))

    def latest_received(self, limit: int) -> list[Received]:
        """Return how often each client order id came in, the latest first."""
        rows = self._database.execute(
            "SELECT client_order_id, times, first_ns, last_ns FROM received "
            "ORDER BY last_ns DESC, client_order_id LIMIT ?",
            (limit,),
        )
        return [
            Received(client_order_id=name, times=times, first_ns=first, last_ns=last)
            for name, times, first, last in rows
        ]

    def counts(self) -> dict[str, int]:
        """Return how many orders, trades and client order ids there are."""
        sql = "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM trades), (SELECT count(*) FROM received)"
        return dict(zip(("orders", "trades", "received"), self._database.execute(sql)[0], strict=True))

    def faults(self) -> list[Fault]:
        """Return the faults that are on."""
        rows = self._database.execute(
            "SELECT name, symbol, since_ns, until_ns, probability, size FROM faults ORDER BY since_ns"
        )
        return [
            Fault(
                name=name,
                symbol=symbol or None,
                since_ns=since,
                until_ns=until,
                probability=probability,
                size=size,
            )
            for name, symbol, since, until, probability, size in rows
        ]

    def record_fault_on(self, fault: Fault) -> None:
        """Record that a fault was switched on; one that is on already is replaced."""
        row = (
            fault.name,
            fault.symbol or EVERY_SYMBOL,
            fault.since_ns,
            fault.until_ns,
            fault.probability,
            fault.size,
        )
        with self._database.transaction() as database:
            database.execute("INSERT OR REPLACE INTO faults VALUES (?, ?, ?, ?, ?, ?)", row)
            database.execute(
                "INSERT INTO fault_changes (is_on, name, symbol, time_ns, until_ns, probability, size) "
                "VALUES (1, ?, ?, ?, ?, ?, ?)",
                row,
            )

    def record_fault_off(self, name: str, symbol: str | None, now_ns: int) -> None:
        """Record that a fault ended; without a symbol, for all."""
        key = (name, symbol or EVERY_SYMBOL)
        with self._database.transaction() as database:
            database.execute(
                "INSERT INTO fault_changes (is_on, name, symbol, time_ns) VALUES (0, ?, ?, ?)", (*key, now_ns)
            )
            database.execute("DELETE FROM faults WHERE name = ?1 AND ?2 IN ('', symbol)", key)

    def fault_changes(self, limit: int) -> list[FaultChange]:
        """Return what was switched, newest first."""
        rows = self._database.execute(
            "SELECT name, symbol, is_on, time_ns, until_ns, probability, size FROM fault_changes "
            "ORDER BY id DESC LIMIT ?",
            (limit,),
        )
        return [
            FaultChange(
                name=name,
                symbol=symbol or None,
                on=bool(on),
                time_ns=time,
                until_ns=until,
                probability=probability,
                size=size,
            )
            for name, symbol, on, time, until, probability, size in rows
        ]

    def _remember(self, effect: Effect) -> None:
        self.account = effect.account
        if effect.trades:
            self._last_trade_id = effect.trades[-1].trade_id
        for order in (effect.order, effect.other):
            if order is None:
                continue
            self._last_order_id = max(self._last_order_id, order.order_id)
            if order.open:
                self._open[order.order_id] = order
            else:
                self._open.pop(order.order_id, None)


def _check_interval(path: Path, *, begun: str, asked: str) -> None:
    if begun != asked:
        message = f"{path} was begun with --bar {begun}, not {asked}"
        raise OperatorError("DATA_005", message, path=str(path), expected=begun, found=asked)


def _begin(database: OwnedDatabase, opening: Opening, now_ns: int) -> None:
    timeline = Timeline.begin(now_ns, opening.interval)
    with database.transaction():
        row = (timeline.anchor_ns, timeline.interval, opening.seed)
        database.execute("INSERT INTO timeline VALUES (?, ?, ?)", row)
        for symbol, first_bar in opening.first_bars.items():
            database.execute("INSERT INTO first_bars VALUES (?, ?)", (symbol, first_bar))
        for asset, amount in opening.balances.items():
            _write_balance(database, asset, Balance(free=amount))


def _account(database: OwnedDatabase) -> Account:
    rows = database.execute("SELECT asset, free, locked FROM balances")
    return Account(
        balances={asset: Balance(free=Decimal(free), locked=Decimal(locked)) for asset, free, locked in rows}
    )


def _write_balance(database: OwnedDatabase, asset: str, balance: Balance) -> None:
    row = (asset, str(balance.free), str(balance.locked))
    database.execute("INSERT OR REPLACE INTO balances VALUES (?, ?, ?)", row)


def _greatest(database: OwnedDatabase, sql: str) -> int:
    return int(database.execute(sql)[0][0] or 0)
