"""I05: the book was stale while the socket was connected, and nothing stopped orders. Here it gates them."""

from __future__ import annotations

from collections.abc import Callable

from support.trading import SYMBOLS, Floor

from trading_bot.contract.events.lifecycle import BotReady, SymbolBlocked
from trading_bot.contract.events.trading import OrderDenied, OrderFilled, OrderIntended, Side

PAIR = SYMBOLS[0]


def test_i05_a_book_that_stands_still_takes_no_new_order_on_its_symbol_alone(floor: Callable[..., Floor]):
    here = floor(intervals={"stale_after_seconds": 30})
    here.start("run")
    here.wait_for(BotReady.KIND)
    here.switch("stale_quotes", on=True, symbol=PAIR)
    blocked = here.wait_for(SymbolBlocked.KIND, symbol=PAIR, reason="FrozenBook", blocked=True)
    here.wait_for(OrderDenied.KIND, after=blocked.seq, symbol=PAIR, limit="symbol_blocked")
    here.wait_for(OrderFilled.KIND, after=blocked.seq)
    sent = [e.payload for e in here.events(OrderIntended.KIND, after=blocked.seq)]
    assert sent, "other symbols trade on"
    assert not [order for order in sent if order.symbol == PAIR and order.side is Side.BUY]
    here.switch("stale_quotes", on=False, symbol=PAIR)
    here.wait_for(SymbolBlocked.KIND, after=blocked.seq, symbol=PAIR, blocked=False)
