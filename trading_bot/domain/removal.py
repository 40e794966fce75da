"""Symbols that leave the settings: not while anything of theirs is held or works, for nobody would look after it."""

from __future__ import annotations

from typing import Final

from trading_bot.contract.errors import OperatorError
from trading_bot.contract.settings import Settings
from trading_bot.domain.derived import is_open
from trading_bot.domain.state import State

NOT_LISTED: Final = "NotListed"
"""The block of a symbol that the venue did not list when it was opened: it stays until the next start."""


def check_removal(state: State, current: Settings, wanted: Settings) -> None:
    """Hold a change of settings to what is held and works at the venue.

    A symbol that the venue does not list any more may leave whatever is held of it: nothing else can be done.

    Raises:
        OperatorError: CFG_018, a symbol that leaves has a position above dust, or an order that is not over.
    """
    in_use = {
        symbol: words
        for symbol in current.symbols
        if symbol not in wanted.symbols and not _is_gone(state, symbol) and (words := _in_use(state, symbol))
    }
    if in_use:
        told = "; ".join(f"{symbol}: {words}" for symbol, words in in_use.items())
        message = f"symbols: still in use, flatten them before they are taken out: {told}"
        raise OperatorError("CFG_018", message, fields=["symbols"], symbols=list(in_use))


def _in_use(state: State, symbol: str) -> str:
    """Return in words what there is of a symbol, empty where there is nothing."""
    position = state.positions.get(symbol)
    held = position is not None and is_open(state, position)
    orders = sum(order.symbol == symbol for order in state.orders.values())
    said = [f"{position.quantity} held"] if position is not None and held else []
    return ", ".join([*said, f"{orders} orders not over"] if orders else said)


def _is_gone(state: State, symbol: str) -> bool:
    market = state.markets.get(symbol)
    return market is not None and NOT_LISTED in market.blocks
