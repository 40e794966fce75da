"""The line that shows life, a few seconds apart: what the market, the bot and its money do."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

import click

from trading_bot.boot.home import Home
from trading_bot.cli.summary import counts, money
from trading_bot.cli.supervision.child import Child
from trading_bot.contract.errors import TickertapeError
from trading_bot.domain.fold import evolve
from trading_bot.domain.snapshots import restore
from trading_bot.domain.state import State
from trading_bot.journal.follower import Follower
from trading_bot.journal.replay import fold_page

EVERY: Final = 3.0
"""Seconds between two lines."""

MarketTime = Callable[[], str | None]
"""What the exchange's data plays now, None when it cannot be asked."""


class Life:
    """Follows the tape and prints a line now and then. Nothing that goes wrong here stops anything.

    Args:
        home: whose tape is followed.
        children: a process that is not ready is named.
        say: prints one line.
        market_time: the historical time of the bars that are played.
    """

    def __init__(
        self, home: Home, children: Sequence[Child], say: Callable[[str], None], market_time: MarketTime
    ) -> None:
        self._follower = Follower(home.journal)
        self._state = State()
        self._children = children
        self._say = say
        self._market_time = market_time
        self._next = time.monotonic() + EVERY

    def close(self) -> None:
        """Stop following."""
        self._follower.close()

    def look(self) -> None:
        """Print a line when it is time for one."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + EVERY
        try:
            self._say(" · ".join((*self._processes(), *self._tape())))
        except TickertapeError as error:
            self._say(f"the tape cannot be folded: {error.message}")

    def _processes(self) -> list[str]:
        waiting = [child.name for child in self._children if not child.ready]
        return [click.style(f"waiting for {', '.join(waiting)}", fg="yellow")] if waiting else []

    def _tape(self) -> list[str]:
        while page := self._follower.next_page(timeout=0):
            self._state = fold_page(self._state, page, evolve, State, restore)
        if self._follower.fault is not None:
            return [f"no tape yet ({self._follower.fault.message})"]
        return [*self._market(), *describe(self._state)]

    def _market(self) -> list[str]:
        played = self._market_time()
        return [] if played is None else [f"market {played}"]


def describe(state: State) -> list[str]:
    """Return the bot's part of the line."""
    happened = counts(state)
    equity = money(state.account.equity)
    return [
        state.mode.mode,
        *(counted(happened[name], name) for name in ("decisions", "orders", "fills")),
        f"equity {equity} {state.account.currency}" if equity else "equity unknown yet",
    ]


def counted(number: int, plural: str) -> str:
    """Return a number and its noun."""
    return f"{number} {plural if number != 1 else plural.removesuffix('s')}"
