"""What can be traded, and the venue's rules for prices and quantities."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal

import msgspec

from trading_bot.contract.events.trading import Side


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """A spot instrument. ``tick`` is the price step, ``lot`` the quantity step, both positive.

    ``is_active``: it was traded, and not halted, when the venue was asked.
    """

    symbol: str
    base: str
    quote: str
    tick: Decimal
    lot: Decimal
    minimum_quantity: Decimal
    minimum_notional: Decimal
    is_active: bool = True

    def round_quantity(self, quantity: Decimal) -> Decimal:
        """Return ``quantity`` rounded down to the lot: never more than was asked for."""
        return (quantity / self.lot).to_integral_value(rounding=ROUND_DOWN) * self.lot

    def round_price(self, price: Decimal, side: Side) -> Decimal:
        """Return ``price`` on the tick, rounded to the side that costs less: a buy down, a sell up."""
        rounding = ROUND_FLOOR if side is Side.BUY else ROUND_CEILING
        return (price / self.tick).to_integral_value(rounding=rounding) * self.tick

    def accepts(self, quantity: Decimal, price: Decimal) -> bool:
        """Whether the venue's minimum quantity and notional are met."""
        return quantity >= self.minimum_quantity and quantity * price >= self.minimum_notional
