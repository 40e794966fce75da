"""All executions since a time, however many."""

from __future__ import annotations

from typing import Any, Final

from trading_bot.contract.errors.definition import RetriableError
from trading_bot.venues.decoding import MILLISECOND

Trade = dict[str, Any]

PAGE: Final = 1000
"""Binance's greatest, and ccxt cuts it down where an exchange gives less."""


async def all_fills(client: Any, symbol: str, since: int, page_size: int = PAGE) -> list[Trade]:
    """Return ccxt's trades of the account from ``since`` (nanoseconds), oldest first, each once.

    The newest page first: nearly always it reaches back far enough. Asking from a start time is no way
    at exchanges that answer for a day from there at most, and then with an empty page.
    """
    latest = await client.fetch_my_trades(symbol, None, page_size)
    since_ms = since // MILLISECOND
    if len(latest) < page_size or latest[0]["timestamp"] < since_ms:
        return unique(latest)
    if client.id == "binance":
        return unique(await from_the_first(client, symbol, page_size))
    return unique(await by_time(client, symbol, since_ms, latest, page_size))


async def from_the_first(client: Any, symbol: str, page_size: int) -> list[Trade]:
    """Page by trade id, which no two share, from the account's first: Binance's own way through."""
    found: list[Trade] = []
    next_id = 0
    while True:
        page = await client.fetch_my_trades(symbol, None, page_size, {"fromId": next_id})
        found += page
        if len(page) < page_size:
            return found
        next_id = max(int(trade["id"]) for trade in page) + 1


async def by_time(
    client: Any, symbol: str, since_ms: int, latest: list[Trade], page_size: int
) -> list[Trade]:
    """Page by time until the newest page is reached.

    Raises:
        RetriableError: VENUE_007, the exchange does not lead from ``since`` to its newest page.
    """
    found: list[Trade] = []
    start, reached = since_ms, latest[0]["timestamp"]
    while start <= reached:
        page = await client.fetch_my_trades(symbol, start, page_size)
        found += page
        if start == reached:
            break  # the newest page may begin in the middle of this millisecond: now all of it is here
        newest = max((trade["timestamp"] for trade in page), default=start)
        if newest <= start:
            raise RetriableError(
                "VENUE_007", f"{symbol}: executions after {start} ms are missing", symbol=symbol
            )
        start = newest  # from the same millisecond: it may hold more than the page did
    return [*found, *latest]


def unique(trades: list[Trade]) -> list[Trade]:
    """Return each trade once, oldest first."""
    by_id = {trade["id"]: trade for trade in trades}
    return sorted(by_id.values(), key=lambda trade: (trade["timestamp"], len(trade["id"]), trade["id"]))
