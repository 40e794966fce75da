"""Bad days on purpose: which there are, what is switched on, and whether it strikes now.

What a fault does stands where it does it: ``feed_faults`` (market data), ``socket_faults`` (connections),
``answer_faults`` (REST), ``desk`` (orders), ``report_faults`` (what the account hears).
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from trading_bot.domain.clock import Clock

MUTE_FEED: Final = "mute_feed"
STALE_QUOTES: Final = "stale_quotes"
CROSSED_BOOK: Final = "crossed_book"
NAN_PRICE: Final = "nan_price"
PRICE_SPIKE: Final = "price_spike"
DROP_CONNECTION: Final = "drop_connection"
FLAPPING_CONNECTION: Final = "flapping_connection"
UNREACHABLE: Final = "unreachable"
LOST_ACK: Final = "lost_ack"
LATE_ACK: Final = "late_ack"
RATE_LIMITED: Final = "rate_limited"
BANNED: Final = "banned"
MAINTENANCE: Final = "maintenance"
SERVER_ERROR: Final = "server_error"
TRUNCATED_JSON: Final = "truncated_json"
CLOCK_SKEW: Final = "clock_skew"
REJECT_ORDER: Final = "reject_order"
HALTED_SYMBOL: Final = "halted_symbol"
PARTIAL_FILL_THEN_STALL: Final = "partial_fill_then_stall"
DUPLICATE_FILL: Final = "duplicate_fill"
OUT_OF_ORDER_FILLS: Final = "out_of_order_fills"
WRONG_BALANCE: Final = "wrong_balance"
MANUAL_TRADE: Final = "manual_trade"


class Place(StrEnum):
    """Where a fault takes effect."""

    MARKET_DATA = "market data"
    CONNECTIONS = "connections"
    ANSWERS = "answers"
    ORDERS = "orders"
    ACCOUNT = "account"


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """The one number of a fault, in words, and its bounds."""

    meaning: str
    default: float
    least: float
    most: float


class FaultKind(msgspec.Struct, frozen=True, kw_only=True):
    """One fault that there is.

    ``by_symbol``: whether it can be switched for one symbol alone. ``by_chance``: whether it has occasions on
    which it may strike or not. ``lasts``: the seconds after which it
    ends when it is not said otherwise; None is until it is switched off, 0 is at once.
    """

    name: str
    place: Place
    meaning: str
    by_symbol: bool = True
    by_chance: bool = True
    size: Size | None = None
    lasts: float | None = None


KINDS: Final = {
    kind.name: kind
    for kind in (
        FaultKind(
            name=MUTE_FEED,
            place=Place.MARKET_DATA,
            meaning="Market data sockets stay open and answer pings, but no quote, trade or bar comes.",
        ),
        FaultKind(
            name=STALE_QUOTES,
            place=Place.MARKET_DATA,
            meaning="Quotes and trades keep coming, but repeat those of the moment it was switched on; bars go on.",
        ),
        FaultKind(
            name=CROSSED_BOOK,
            place=Place.MARKET_DATA,
            meaning="The stream's best bid is above its best ask.",
        ),
        FaultKind(
            name=NAN_PRICE,
            place=Place.MARKET_DATA,
            meaning="The stream's quotes, trades and bars have NaN for a price.",
        ),
        FaultKind(
            name=PRICE_SPIKE,
            place=Place.MARKET_DATA,
            meaning="The stream's quotes, trades and bars are off by a share; orders trade at the true price.",
            size=Size(meaning="share added to prices", default=0.2, least=-0.99, most=100.0),
        ),
        FaultKind(
            name=DROP_CONNECTION,
            place=Place.CONNECTIONS,
            meaning="Every socket is cut, and a new one is refused.",
            by_symbol=False,
        ),
        FaultKind(
            name=FLAPPING_CONNECTION,
            place=Place.CONNECTIONS,
            meaning="Every socket is cut after a while, again and again.",
            by_symbol=False,
            size=Size(meaning="longest life of a socket, seconds", default=2.0, least=0.05, most=600.0),
        ),
        FaultKind(
            name=UNREACHABLE,
            place=Place.CONNECTIONS,
            meaning="The port is closed: connections are cut and refused, the simulation's own interface too.",
            by_symbol=False,
            by_chance=False,
            lasts=30.0,
        ),
        FaultKind(
            name=LOST_ACK,
            place=Place.ANSWERS,
            meaning="An order is accepted and booked, but neither its answer nor the reports of its arrival come; "
            "the connection is cut after half a minute.",
        ),
        FaultKind(
            name=LATE_ACK,
            place=Place.ANSWERS,
            meaning="An order is carried out at once, but answered late; the reports come before the answer.",
            size=Size(meaning="seconds until the answer", default=3.0, least=0.01, most=600.0),
        ),
        FaultKind(
            name=RATE_LIMITED,
            place=Place.ANSWERS,
            meaning="Requests are turned away with 429 and Retry-After.",
            size=Size(meaning="Retry-After, seconds", default=5.0, least=1.0, most=3600.0),
        ),
        FaultKind(
            name=BANNED,
            place=Place.ANSWERS,
            meaning="Requests are turned away with 418, and the time at which the ban ends.",
            size=Size(meaning="seconds of ban still to go", default=120.0, least=1.0, most=259_200.0),
        ),
        FaultKind(
            name=MAINTENANCE,
            place=Place.ANSWERS,
            meaning="Every request is answered 503 with Retry-After, every socket is cut and refused.",
            by_symbol=False,
            size=Size(meaning="Retry-After, seconds", default=60.0, least=1.0, most=86_400.0),
        ),
        FaultKind(
            name=SERVER_ERROR,
            place=Place.ANSWERS,
            meaning="Requests are answered 500; half of them were carried out all the same.",
        ),
        FaultKind(
            name=TRUNCATED_JSON,
            place=Place.ANSWERS,
            meaning="Requests are carried out, and answered 200 with the first half of the JSON.",
        ),
        FaultKind(
            name=CLOCK_SKEW,
            place=Place.ANSWERS,
            meaning="The exchange's clock is wrong, in what it says and in how it checks timestamps.",
            by_symbol=False,
            size=Size(meaning="seconds ahead", default=3.0, least=-3600.0, most=3600.0),
        ),
        FaultKind(
            name=REJECT_ORDER,
            place=Place.ORDERS,
            meaning="New orders are refused: Filter failure: PERCENT_PRICE_BY_SIDE.",
        ),
        FaultKind(
            name=HALTED_SYMBOL,
            place=Place.ORDERS,
            meaning="Trading is halted: new orders are refused, nothing is matched, quotes and trades stop; "
            "cancels pass, bars go on.",
        ),
        FaultKind(
            name=PARTIAL_FILL_THEN_STALL,
            place=Place.ORDERS,
            meaning="New orders get a share of what they ask for; resting orders get nothing.",
            size=Size(meaning="share that is filled", default=0.5, least=0.0, most=1.0),
        ),
        FaultKind(
            name=DUPLICATE_FILL,
            place=Place.ACCOUNT,
            meaning="Each execution is reported twice.",
        ),
        FaultKind(
            name=OUT_OF_ORDER_FILLS,
            place=Place.ACCOUNT,
            meaning="The reports of a step come in reverse: the last fill first, the order's arrival last.",
        ),
        FaultKind(
            name=WRONG_BALANCE,
            place=Place.ACCOUNT,
            meaning="The account's answers and reports show too little: of a symbol's base asset, else of cash.",
            size=Size(meaning="share that is missing", default=0.01, least=-1.0, most=1.0),
        ),
        FaultKind(
            name=MANUAL_TRADE,
            place=Place.ACCOUNT,
            meaning="Somebody trades once by hand with the same account, at the market.",
            size=Size(
                meaning="USD bought; below zero: sold", default=1000.0, least=-1_000_000.0, most=1_000_000.0
            ),
            by_chance=False,
            lasts=0.0,
        ),
    )
}


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that is on, for one symbol or, with None, for all.

    ``until_ns`` is None for one that stays until it is switched off. ``probability`` is the share of its
    occasions on which it strikes.
    """

    name: str
    symbol: str | None
    since_ns: int
    until_ns: int | None = None
    probability: float = 1.0
    size: float = 0.0

    def is_over(self, now_ns: int) -> bool:
        """Whether its time is up."""
        return self.until_ns is not None and now_ns >= self.until_ns


class Faults:
    """The faults that are on. The books record each change before it takes effect here.

    Args:
        switched_on: what is on.
        clock: ends what has an end.
        seed: of the chances, which each fault draws in an order of its own.
    """

    def __init__(self, switched_on: Iterable[Fault], clock: Clock, seed: int) -> None:
        self._clock = clock
        self._seed = seed
        self._on: dict[tuple[str, str | None], Fault] = {}
        self._chances: dict[tuple[str, str | None], random.Random] = {}
        for fault in switched_on:
            self.add(fault)

    def standing(self, name: str, symbol: str | None = None) -> Fault | None:
        """Return the fault if it is on for this symbol, or for all; no dice are thrown."""
        for key in ((name, None), (name, symbol)):
            fault = self._on.get(key)
            if fault is not None and not fault.is_over(self._clock.now_ns()):
                return fault
        return None

    def strikes(self, name: str, symbol: str | None = None) -> Fault | None:
        """Return the fault if it strikes on this occasion."""
        if not self._on:
            return None
        return self._throw(self.standing(name, symbol))

    def strikes_only(self, name: str, symbol: str | None) -> Fault | None:
        """Like :meth:`strikes`, but a fault without a symbol does not stand for every symbol."""
        fault = self._on.get((name, symbol))
        return None if fault is None or fault.is_over(self._clock.now_ns()) else self._throw(fault)

    def _throw(self, fault: Fault | None) -> Fault | None:
        if fault is None or fault.probability >= 1 or self.chance(fault) < fault.probability:
            return fault
        return None

    def chance(self, fault: Fault) -> float:
        """Return the fault's next random number, from 0 to below 1."""
        return self._chances[fault.name, fault.symbol].random()

    def switched_on(self) -> list[Fault]:
        """Return what is on."""
        now = self._clock.now_ns()
        return [fault for fault in self._on.values() if not fault.is_over(now)]

    def over(self) -> list[Fault]:
        """Return what has ended by itself and was not removed yet."""
        now = self._clock.now_ns()
        return [fault for fault in self._on.values() if fault.is_over(now)]

    def add(self, fault: Fault) -> None:
        """Take note that a fault is on; one that is on already is replaced."""
        key = (fault.name, fault.symbol)
        self._on[key] = fault
        self._chances[key] = random.Random(f"{self._seed} {fault.name} {fault.symbol}")  # noqa: S311 - dice

    def remove(self, name: str, symbol: str | None) -> None:
        """Take note that a fault is off; without a symbol, for every symbol."""
        for key in [key for key in self._on if key[0] == name and symbol in (None, key[1])]:
            del self._on[key]
