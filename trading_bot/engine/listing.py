"""The venue is opened: what it lists goes on the tape, and what it does not list is blocked."""

from __future__ import annotations

from trading_bot.contract.errors import OperatorError, RetriableError
from trading_bot.contract.events.market import InstrumentListed
from trading_bot.domain.instruments import Instrument
from trading_bot.domain.removal import NOT_LISTED
from trading_bot.engine.context import Context
from trading_bot.engine.symbol_watch import SymbolWatch
from trading_bot.venues.protocol import VenueTrading


async def open_venue(context: Context, venue: VenueTrading, symbols: SymbolWatch) -> dict[str, Instrument]:
    """Connect, and return the rules of the symbols that the venue lists.

    Raises:
        TickertapeError: the venue did not answer, or lists none of the symbols.
    """
    instruments = await venue.open(context.settings.symbols)
    for rules in instruments.values():
        _note(context, rules)
    symbols.gate(
        NOT_LISTED,
        {
            symbol: OperatorError("VENUE_008", f"the venue does not list {symbol}", symbol=symbol)
            for symbol in context.settings.symbols
            if symbol not in instruments
        },
    )
    return instruments


def _note(context: Context, rules: Instrument) -> None:
    symbol = rules.symbol
    if context.ledger.state.instruments.get(symbol) != rules:
        context.ledger.append(
            InstrumentListed(
                symbol=symbol,
                base=rules.base,
                quote=rules.quote,
                tick=rules.tick,
                lot=rules.lot,
                minimum_quantity=rules.minimum_quantity,
                minimum_notional=rules.minimum_notional,
                is_active=rules.is_active,
            )
        )
    if not rules.is_active:
        message = f"the venue does not trade {symbol} at present"
        context.errors.record(RetriableError("VENUE_012", message, symbol=symbol))
