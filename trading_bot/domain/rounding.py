"""How money is rounded: 28 digits, half to even, whatever the process around the fold has set.

The decimal context belongs to a thread, and libraries change it in place (ccxt sets rounding half up). A
fold under another context would differ in the last digit of a price, and no longer be the fold of the tape.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, getcontext, setcontext
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from trading_bot.contract.codec import Envelope
    from trading_bot.domain.fold.handler import Handler
    from trading_bot.domain.state import State

MONEY: Final = Context(prec=28, rounding=ROUND_HALF_EVEN)


def rounds_money(handler: Handler) -> Handler:
    """Return a handler that computes in :data:`MONEY`; for handlers whose results may need rounding."""

    @wraps(handler)
    def handle(state: State, envelope: Envelope, event: Any) -> None:
        around = getcontext()
        setcontext(MONEY)  # half the cost of localcontext, which copies
        try:
            handler(state, envelope, event)
        finally:
            setcontext(around)

    return handle
