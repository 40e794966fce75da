"""A floor on which the bot buys once and holds, and what people do meanwhile at the exchange and over HTTP."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from support.command import PATIENCE, wait_until
from support.exchange_process import client_of
from support.trading import NO_PROXY, Floor
from trading_bot.contract.events.lifecycle import BotReady
from trading_bot.domain.state import State

PAIR: Final = "EUR/USD"
LOT: Final = Decimal("0.1")
ATTEMPTS: Final = 10

HOLDING: Final[dict[str, Any]] = {
    "symbols": [PAIR, "GOOGL/USD"],
    "strategies": {
        "swing": {"kind": "sma_cross", "symbols": [PAIR], "fast": 1, "slow": 4, "order_notional": 1000}
    },
    "intervals": {"snapshot_seconds": 1, "reconcile_seconds": 2},
}
"""It holds for some bars, and is out for some."""


def trading(floor: Callable[..., Floor], **changes: Any) -> Floor:
    """Start an exchange and a bot, and wait until it trades."""
    here = floor(**{**HOLDING, **changes})
    here.start("run")
    here.wait_for(BotReady.KIND)
    return here


def killed_while_holding(here: Floor, is_so: Callable[[State], bool]) -> State:
    """Kill the bot when it holds something, nothing is on its way, and ``is_so``; return what it knew."""
    for _ in range(ATTEMPTS):
        assert wait_until(lambda: _holds(here.state()) and is_so(here.state()))
        here.kill("run")
        state = here.state()
        if _holds(state) and is_so(state):
            return state
        here.start("run")  # it was on its way out just then
        here.wait_for(BotReady.KIND, after=state.seq)
    raise AssertionError("it never held anything at the moment of the kill")


def _holds(state: State) -> bool:
    position = state.positions.get(PAIR)
    at_rest = all(order.rests for order in state.orders.values())
    return position is not None and position.quantity > 1 and at_rest


def held(state: State) -> Decimal:
    """Return what the bot's books say that it holds of the pair."""
    position = state.positions.get(PAIR)
    return position.quantity if position is not None else Decimal(0)


def at_exchange(here: Floor, asset: str = "EUR") -> Decimal:
    """Return what there is at the exchange."""
    amount = here.books()["balances"].get(asset, {"free": "0", "locked": "0"})
    return Decimal(amount["free"]) + Decimal(amount["locked"])


def working(here: Floor) -> list[dict[str, Any]]:
    """Return the orders that are open at the exchange."""
    return [each for each in here.books()["orders"] if each["status"] in {"NEW", "PARTIALLY_FILLED"}]


def cancel_by_hand(here: Floor, client_order_id: str) -> None:
    """Cancel an order at the exchange, as somebody at its page would."""
    asyncio.run(_cancel(here, client_order_id))


async def _cancel(here: Floor, client_order_id: str) -> None:
    async with client_of(here.exchange) as client:
        await client.load_markets()
        await client.cancel_order(None, PAIR, {"clientOrderId": client_order_id})


def ask(here: Floor, action: str, **body: Any) -> dict[str, Any]:
    """Ask something of the bot over HTTP, with the key that operates."""
    url = f"http://127.0.0.1:{here.command.port('BOT_API_PORT')}/api/v1/control/{action}"
    headers = {
        "Content-Type": "application/json",
        "X-API-Key": here.home.operate_key.read_text().strip(),
    }
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with NO_PROXY.open(request, timeout=PATIENCE) as answer:
        said: dict[str, Any] = json.load(answer)
    return said
