"""How orders and trades stand in the database: one column a field."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Generic, TypeVar

import msgspec

from trading_bot.exchange.orders import Order, OrderList, Trade
from trading_bot.journal import OwnedDatabase

Record = TypeVar("Record", Order, Trade, OrderList)


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which records of a symbol are wanted; both ends of a range belong to it."""

    symbol: str
    limit: int
    from_id: int | None = None
    order_id: int | None = None
    start_ns: int | None = None
    end_ns: int | None = None


class Table(Generic[Record]):
    """A table whose columns are the fields of a record; the first is its key, and ``time`` one of them."""

    def __init__(self, name: str, kind: type[Record], time: str) -> None:
        self._kind: type[Record] = kind
        self._columns = kind.__struct_fields__
        self._key = self._columns[0]
        columns, places = ", ".join(self._columns), ", ".join("?" * len(self._columns))
        # the names are this module's own; values are always parameters
        self._select = f"SELECT {columns} FROM {name}"  # noqa: S608
        self._upsert = f"INSERT OR REPLACE INTO {name} ({columns}) VALUES ({places})"  # noqa: S608
        self._conditions = {
            "from_id": f"{self._key} >= ?",
            "order_id": "order_id = ?",
            "start_ns": f"{time} >= ?",
            "end_ns": f"{time} <= ?",
        }

    def write(self, database: OwnedDatabase, record: Record) -> None:
        """Insert a record, or replace the one with its key."""
        database.execute(self._upsert, [_stored(getattr(record, column)) for column in self._columns])

    def read(self, database: OwnedDatabase, tail: str, parameters: Sequence[Any] = ()) -> list[Record]:
        """Return the records that the end of a SELECT names."""
        return [
            msgspec.convert(dict(zip(self._columns, row, strict=True)), self._kind, strict=False)
            for row in database.execute(f"{self._select} {tail}", parameters)
        ]

    def page(self, database: OwnedDatabase, wanted: Filter) -> list[Record]:
        """Return at most ``wanted.limit`` records, ascending.

        They are the first from ``from_id`` or ``start_ns`` on where one is given, else the newest.
        """
        conditions: list[str] = ["symbol = ?"]
        parameters: list[str | int] = [wanted.symbol]
        for field, condition in self._conditions.items():
            value = getattr(wanted, field)
            if value is not None:
                conditions.append(condition)
                parameters.append(value)
        forward = wanted.from_id is not None or wanted.start_ns is not None
        direction = "ASC" if forward else "DESC"
        tail = f"WHERE {' AND '.join(conditions)} ORDER BY {self._key} {direction} LIMIT ?"
        found = self.read(database, tail, [*parameters, wanted.limit])
        return found if forward else found[::-1]


def _stored(value: object) -> object:
    return str(value) if isinstance(value, Decimal | str) else value


ORDERS = Table("orders", Order, "created_ns")
LISTS = Table("order_lists", OrderList, "created_ns")
TRADES = Table("trades", Trade, "time_ns")
