"""Servers for `exchange`: `python -m benchmarks.exchange_server HOME MARKETS`, or `... bare`.

The first is the simulated exchange with so many markets on bars of a second; the bundled series stand in for
all of them, each with a seed of its own. The second is aiohttp that answers the same bytes to everything.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import closing
from pathlib import Path

import msgspec
from aiohttp import web

from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.exchange.application import application, compose, play
from trading_bot.exchange.books import Books
from trading_bot.exchange.limits import LIMITS
from trading_bot.exchange.listing import DEFAULTS
from trading_bot.exchange.markets import Market, Markets
from trading_bot.exchange.process import opening
from trading_bot.exchange.signatures import Credentials
from trading_bot.market_data import bundled

KEY, SECRET = "benchmark", "benchmark"
NO_LIMIT = 10**9


def main(arguments: list[str]) -> None:
    """Serve until killed; print the port."""
    if arguments == ["bare"]:
        asyncio.run(_serve_bare())
    else:
        asyncio.run(_serve(Path(arguments[0]), int(arguments[1])))


def market_id(number: int) -> str:
    """Return the name on the wire of the benchmark's market with this number."""
    return f"M{number:02}USD"


async def _serve(folder: Path, count: int) -> None:
    home, clock = Home(folder).create(), SystemClock()
    with closing(Books.open(home.exchange, opening("1s"), clock.now_ns())) as books:
        markets = Markets(_market(number, books) for number in range(count))
        venue = compose(books, markets, Credentials(KEY, SECRET), clock, _stop, asyncio.Event())
        app = application(venue)
        app[LIMITS].most_weight = NO_LIMIT
        await _listen(app)
        await play(app)


def _market(number: int, books: Books) -> Market:
    listing = list(DEFAULTS.values())[number % len(DEFAULTS)]
    base = market_id(number).removesuffix("USD")
    instrument = msgspec.structs.replace(listing.instrument, symbol=f"{base}/USD", base=base)
    listed = msgspec.structs.replace(listing, instrument=instrument)
    return Market(listed, bundled.load(listing.instrument.symbol), books.timeline, books.seed + number)


def _stop(error: BaseException) -> None:
    raise error


async def _serve_bare() -> None:
    body = msgspec.json.encode({"serverTime": 1_795_312_620_000})

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=body, content_type="application/json")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    await _listen(app)
    await asyncio.Event().wait()


async def _listen(app: web.Application) -> None:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
