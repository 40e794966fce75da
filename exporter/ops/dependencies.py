"""What the application is made of, given to it from outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeVar, cast

import msgspec
from flask import current_app

from exporter.ops.keys import KeyRing
from exporter.ops.recording import Recorder
from trading_bot.boot.settings import BootSettings
from trading_bot.domain.clock import Clock
from trading_bot.domain.health import Health
from trading_bot.domain.state import State
from trading_bot.journal import TapePosition

T = TypeVar("T")
NAME: Final = "tickertape"


class View(Protocol):
    """The bot as this process sees it; :class:`exporter.follow.BotView` is one."""

    @property
    def caught_up(self) -> bool:
        """Whether there is something to serve."""
        ...

    def read(self, function: Callable[[State, Health, TapePosition | None], T]) -> T:
        """Return what the function makes of state, health and position, called under the fold's lock."""
        ...


class Dependencies(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that handlers use."""

    view: View
    keys: KeyRing
    clock: Clock
    settings: BootSettings
    recorder: Recorder


def dependencies() -> Dependencies:
    """Return those of the application that handles this request."""
    return cast("Dependencies", current_app.extensions[NAME])
