"""The listening port, which is closed while the fault ``unreachable`` stands."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

from trading_bot.exchange.faults import UNREACHABLE
from trading_bot.exchange.venue import Venue

LOOKS_EVERY_SECONDS: Final = 0.1


class Door:
    """Opens and closes the port of one exchange. ``port`` is known once it was open."""

    def __init__(self, runner: web.AppRunner, host: str, port: int) -> None:
        self.port = port
        self._runner = runner
        self._host = host
        self._site: web.TCPSite | None = None

    async def open(self) -> None:
        """Listen."""
        self._site = web.TCPSite(self._runner, self._host, self.port)
        await self._site.start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Listen no more, and break off what is connected."""
        site, self._site = self._site, None
        if site is not None:
            await site.stop()
        if self._runner.server is not None:
            for connection in list(self._runner.server.connections):
                connection.force_close()

    async def tend(self, venue: Venue) -> None:
        """Keep the port closed while the fault stands and open otherwise, until the exchange stops."""
        while not venue.stopping.is_set():
            closed = venue.faults.standing(UNREACHABLE) is not None
            if closed and self._site is not None:
                await self.close()
            elif not closed and self._site is None:
                await self.open()
            await self._pause(venue)

    async def _pause(self, venue: Venue) -> None:
        try:
            await asyncio.wait_for(venue.stopping.wait(), LOOKS_EVERY_SECONDS)
        except TimeoutError:
            return
