"""What handlers and commands need to know of the bot: a port, so that they do not depend on who follows the tape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from trading_bot.domain.health import Health
from trading_bot.domain.state import State
from trading_bot.journal import TapePosition

T = TypeVar("T")


class View(Protocol):
    """The bot as this process sees it; :class:`exporter.follow.BotView` is one."""

    @property
    def caught_up(self) -> bool:
        """Whether there is something to serve."""
        ...

    def read(self, function: Callable[[State, Health, TapePosition | None], T]) -> T:
        """Return what the function makes of state, health and position, called under the fold's lock."""
        ...
