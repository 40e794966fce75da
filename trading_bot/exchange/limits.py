"""Binance's rate limits: request weight of an address in a minute, orders of the account, and bans.

The numbers are those of Binance Spot's public documentation. Windows are fixed: a minute's weight begins
anew with the minute.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from aiohttp import web

from trading_bot.domain.clock import SECOND, Clock
from trading_bot.exchange import refusals, wire
from trading_bot.exchange.answer_faults import INTERFACE, PLACES_ORDERS, turned_away
from trading_bot.exchange.refusals import Refusal

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MINUTE_NS: Final = 60 * SECOND
DAY_NS: Final = 24 * 3600 * SECOND
MOST_WEIGHT: Final = 6_000
# Window, most orders in it, and its name in a header and in a refusal.
ORDER_WINDOWS: Final = ((10 * SECOND, 100, "10S", "10 SECOND"), (DAY_NS, 200_000, "1D", "1 DAY"))
# Who goes on asking after so many answers 429 within a minute is banned; each ban doubles the next.
PATIENCE: Final = 50
FIRST_BAN_NS: Final = 120 * SECOND
LONGEST_BAN_NS: Final = 3 * DAY_NS

# Orders that a request places, where it is not one.
ORDERS_IN: Final = {"/api/v3/orderList/oco": 2}

Weigh = Callable[[Mapping[str, str]], int]


def _depth(asked: Mapping[str, str]) -> int:
    limit = asked.get("limit", "100")
    levels = int(limit) if limit.isdecimal() else 100
    return next(
        weight for most, weight in ((100, 5), (500, 25), (1_000, 50), (10**20, 250)) if levels <= most
    )


def _by_symbol(one: int, all_of_them: int) -> Weigh:
    return lambda asked: one if "symbol" in asked else all_of_them


def _day_ticker(asked: Mapping[str, str]) -> int:
    if "symbol" in asked:
        return 2
    several = asked.get("symbols")
    count = 10**6 if several is None else several.count(",") + 1
    return next(weight for most, weight in ((20, 2), (100, 40), (10**6, 80)) if count <= most)


def _always(weight: int) -> Weigh:
    return lambda _: weight


WEIGHTS: Final[dict[tuple[str, str], Weigh]] = {
    ("GET", "/api/v3/ping"): _always(1),
    ("GET", "/api/v3/time"): _always(1),
    ("GET", "/api/v3/exchangeInfo"): _always(20),
    ("GET", "/api/v3/depth"): _depth,
    ("GET", "/api/v3/trades"): _always(25),
    ("GET", "/api/v3/aggTrades"): _always(4),
    ("GET", "/api/v3/avgPrice"): _always(2),
    ("GET", "/api/v3/klines"): _always(2),
    ("GET", "/api/v3/ticker/24hr"): _day_ticker,
    ("GET", "/api/v3/ticker/price"): _by_symbol(2, 4),
    ("GET", "/api/v3/ticker/bookTicker"): _by_symbol(2, 4),
    ("POST", "/api/v3/order"): _always(1),
    ("POST", "/api/v3/order/test"): _always(1),
    ("POST", "/api/v3/order/cancelReplace"): _always(1),
    ("GET", "/sapi/v1/account/apiRestrictions"): _always(1),
    ("GET", "/api/v3/order"): _always(4),
    ("DELETE", "/api/v3/order"): _always(1),
    ("GET", "/api/v3/openOrders"): _by_symbol(6, 80),
    ("DELETE", "/api/v3/openOrders"): _always(1),
    ("GET", "/api/v3/allOrders"): _always(20),
    ("POST", "/api/v3/orderList/oco"): _always(1),
    ("GET", "/api/v3/orderList"): _always(4),
    ("DELETE", "/api/v3/orderList"): _always(1),
    ("GET", "/api/v3/allOrderList"): _always(20),
    ("GET", "/api/v3/openOrderList"): _always(6),
    ("GET", "/api/v3/account"): _always(20),
    ("GET", "/api/v3/myTrades"): lambda asked: 5 if "orderId" in asked else 20,
    ("GET", "/api/v3/rateLimit/order"): _always(40),
}


class Usage(msgspec.Struct):
    """What one address used in its minute, and how it behaved. Times in nanoseconds."""

    minute: int = 0
    weight: int = 0
    turned_away: int = 0
    banned_until: int = 0
    next_ban: int = FIRST_BAN_NS


class Limits:
    """Counts what is used. Only in memory: a restart of the exchange forgets it, as a new address would.

    ``most_weight`` may be raised: a test that kills the bot twenty times a minute asks more than Binance allows.
    """

    def __init__(self, clock: Clock) -> None:
        self.most_weight = MOST_WEIGHT
        self._clock = clock
        self._usage: dict[str, Usage] = {}
        self._orders: dict[str, tuple[int, int]] = {}

    def charge(self, address: str, weight: int) -> Usage:
        """Count a request's weight; return the address's usage with it."""
        now = self._clock.now_ns()
        usage = self._usage.setdefault(address, Usage())
        if usage.minute != now // MINUTE_NS:
            usage.minute, usage.weight, usage.turned_away = now // MINUTE_NS, 0, 0
        usage.weight += weight
        return usage

    def verdict(self, usage: Usage) -> tuple[Refusal, float] | None:
        """Return why an address is turned away, and the seconds it has to wait; None when it is served."""
        now = self._clock.now_ns()
        if now >= usage.banned_until and usage.weight <= self.most_weight:
            return None
        usage.turned_away += 1
        if now >= usage.banned_until and usage.turned_away > PATIENCE:
            usage.banned_until, usage.turned_away = now + usage.next_ban, 0
            usage.next_ban = min(2 * usage.next_ban, LONGEST_BAN_NS)
        if now < usage.banned_until:
            until = wire.milliseconds(usage.banned_until)
            return refusals.banned_until(until), (usage.banned_until - now) / SECOND
        return refusals.too_much_weight(), (MINUTE_NS - now % MINUTE_NS) / SECOND

    def orders_verdict(self) -> tuple[Refusal, None] | None:
        """Return why the account may not place an order now; Binance does not say how long."""
        for window, most, name, words in ORDER_WINDOWS:
            if self.orders_in(name, window) >= most:
                return refusals.too_many_orders(most, words), None
        return None

    def count_order(self) -> None:
        """Count an order that was taken."""
        for window, _, name, _ in ORDER_WINDOWS:
            number = self._clock.now_ns() // window
            self._orders[name] = (number, self.orders_in(name, window) + 1)

    def orders_in(self, name: str, window: int) -> int:
        """Return the orders of the present window."""
        number, count = self._orders.get(name, (0, 0))
        return count if number == self._clock.now_ns() // window else 0

    def headers(self, usage: Usage, *, places: bool) -> dict[str, str]:
        """Return what each answer says about the limits."""
        said = {"X-MBX-USED-WEIGHT": str(usage.weight), "X-MBX-USED-WEIGHT-1M": str(usage.weight)}
        if places:
            for window, _, name, _ in ORDER_WINDOWS:
                said[f"X-MBX-ORDER-COUNT-{name}"] = str(self.orders_in(name, window))
        return said


LIMITS = web.AppKey("limits", Limits)


@web.middleware
async def limited(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count each request, and turn away who asks too much."""
    if not request.path.startswith(INTERFACE):
        return await handler(request)
    limits = request.app[LIMITS]
    weigh = WEIGHTS.get((request.method, request.path), _always(1))
    usage = limits.charge(request.remote or "", weigh(request.query))
    places = request.method == "POST" and request.path in PLACES_ORDERS
    verdict = limits.verdict(usage) or (limits.orders_verdict() if places else None)
    response = turned_away(*verdict) if verdict else await handler(request)
    if places and response.status == HTTPStatus.OK:
        for _ in range(ORDERS_IN.get(request.path, 1)):
            limits.count_order()
    response.headers.update(limits.headers(usage, places=places))
    return response


def rules(most_weight: int = MOST_WEIGHT) -> list[dict[str, Any]]:
    """Return the limits, as exchangeInfo tells them."""
    units = {"10S": ("SECOND", 10), "1D": ("DAY", 1)}
    weight = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": most_weight}
    return [
        weight,
        *(
            {
                "rateLimitType": "ORDERS",
                "interval": units[name][0],
                "intervalNum": units[name][1],
                "limit": most,
            }
            for _, most, name, _ in ORDER_WINDOWS
        ),
    ]
