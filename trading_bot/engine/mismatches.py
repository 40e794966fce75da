"""What differs between books and venue, put into words, and what taking it over would do."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from trading_bot.contract.errors import NonRetriableError
from trading_bot.contract.events.account import MismatchFound
from trading_bot.domain.state import Mismatch
from trading_bot.venues.protocol import VenueFill, VenueOrder

OWN_PREFIX: Final = "tt-"


def unexpected_order(key: str, order: VenueOrder, *, is_over: bool) -> MismatchFound:
    """Return the mismatch of an order that works at the venue; ``is_over`` in the books, else not known there."""
    client_order_id = order.client_order_id
    stranger = "of another journal" if client_order_id.startswith(OWN_PREFIX) else "not sent by this bot"
    origin = "that is over in the books" if is_over else stranger
    return MismatchFound(
        mismatch_id=key,
        subject="order",
        symbol=order.symbol,
        asset=None,
        local="over" if is_over else None,
        venue=client_order_id,
        message=f"an order {origin} works on {order.symbol}: {client_order_id}",
        quantity=order.quantity - order.filled_quantity,
    )


def difference(
    key: str, subject: str, symbol: str | None, asset: str, local: Decimal, venue: Decimal
) -> MismatchFound:
    """Return the mismatch of a balance: of cash, or of what a symbol's position is made of."""
    message = f"{asset}: the books say {local}, the venue says {venue} ({venue - local:+})"
    return MismatchFound(
        mismatch_id=key,
        subject=subject,
        symbol=symbol,
        asset=asset,
        local=str(local),
        venue=str(venue),
        message=message,
        quantity=abs(venue - local),
    )


def unheard_fill(key: str, fill: VenueFill) -> MismatchFound:
    """Return the mismatch of a trade that only a comparison found."""
    return MismatchFound(
        mismatch_id=key,
        subject="fill",
        symbol=fill.symbol,
        asset=None,
        local=None,
        venue=f"{fill.side} {fill.quantity} at {fill.price}",
        message=f"nobody told of trade {fill.trade_id}: {fill.side} {fill.quantity} {fill.symbol} at {fill.price}",
        quantity=fill.quantity,
    )


def effect(known: Mismatch) -> str:
    """Say what adopting a mismatch does."""
    if known.subject == "order":
        return f"the order {known.venue} on {known.symbol} is let be, and does not block any more"
    if known.subject == "fill":
        return f"the trade {known.venue} on {known.symbol} is booked"
    return f"the books take {known.venue} {known.asset} over in place of {known.local}"


def not_adopted(mismatch_id: str, why: str, **context: Any) -> NonRetriableError:
    """Return the error of a mismatch that is not taken over."""
    return NonRetriableError("RECON_004", f"{mismatch_id}: {why}", mismatch_id=mismatch_id, **context)
