"""The exchange as a process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from aiohttp import web

from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home, venue_credentials
from trading_bot.boot.settings import BootSettings
from trading_bot.boot.signals import STOP_SIGNALS, handle_in_loop
from trading_bot.exchange.application import application, assemble, play
from trading_bot.exchange.books import Books, Opening
from trading_bot.exchange.door import Door
from trading_bot.exchange.listing import QUOTE_ASSET, listings
from trading_bot.exchange.signatures import Credentials
from trading_bot.exchange.venue import VENUE
from trading_bot.market_data.stored import Description, descriptions, stored_in
from trading_bot.telemetry import ErrorRecorder, JsonLines, log_sink

OPENING_BALANCE: Final = Decimal(100_000)
SEED: Final = 2017
# What is still being answered when the exchange stops gets this long.
LAST_ANSWERS_SECONDS: Final = 0.5


def run(
    settings: BootSettings,
    *,
    bar: str = "1m",
    opening_balance: Decimal = OPENING_BALANCE,
    first_bars: Mapping[str, int] | None = None,
    seed: int = SEED,
) -> int:
    """Run the exchange until SIGTERM or SIGINT; returns the exit code.

    Args:
        settings: home, host, port and keys.
        bar: Binance's name of how long a bar of the data plays, ``1s`` to ``1d``.
        opening_balance: USD paid in when the books are begun.
        first_bars: by symbol, the place in the data that plays when the books are begun.
        seed: chooses the synthetic quotes between real prices when the books are begun.

    It plays one's own data where the home has some, else the bundled series.

    Raises:
        OperatorError: DATA_003 or DATA_005 for the arguments, JRNL_003 for a second exchange on this home.
    """
    own = descriptions(stored_in(Home(settings.home).data))
    asyncio.run(serve(settings, opening(bar, opening_balance, first_bars or {}, seed, own)))
    return 0


def opening(
    bar: str,
    balance: Decimal = OPENING_BALANCE,
    first_bars: Mapping[str, int] = MappingProxyType({}),
    seed: int = SEED,
    own: Mapping[str, Description] = MappingProxyType({}),
) -> Opening:
    """Return what books are begun with, as :func:`run` says it; ``own`` is one's own data, by symbol."""
    listed = listings(first_bars, own)
    return Opening(
        interval=bar,
        seed=seed,
        balances={QUOTE_ASSET: balance},
        first_bars={each.instrument.symbol: each.first_bar for each in listed},
    )


async def serve(
    settings: BootSettings, begun_with: Opening, ready: Callable[[int], None] = lambda _: None
) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        settings: home, host, port and keys.
        begun_with: what the books are begun with, the first time.
        ready: called with the port once it is listened on.
    """
    stopping = asyncio.Event()
    handle_in_loop(dict.fromkeys(STOP_SIGNALS, stopping.set))
    home, clock = Home(settings.home), SystemClock()
    errors = ErrorRecorder(log_sink(JsonLines(home.log("exchange"), "exchange")), clock)
    own_keys = venue_credentials(settings)
    credentials = Credentials(own_keys.api_key, own_keys.secret)
    with contextlib.closing(Books.open(home.exchange, begun_with, clock.now_ns())) as books:
        own = stored_in(home.data)
        app = application(assemble(books, credentials, clock, errors.record, stopping, own))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=LAST_ANSWERS_SECONDS)
        await runner.setup()
        door = Door(runner, settings.host, settings.exchange_port)
        tending: asyncio.Task[None] | None = None
        try:
            await door.open()
            ready(door.port)
            tending = asyncio.create_task(door.tend(app[VENUE]))
            await play(app)
        finally:
            stopping.set()
            if tending is not None:
                await tending
            await runner.cleanup()
