"""What a strategy is to the engine."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

import msgspec


class Direction(StrEnum):
    """What a strategy can want of a symbol."""

    LONG = "long"
    FLAT = "flat"


class Stance(msgspec.Struct, frozen=True, kw_only=True):
    """What a strategy wants, and in words why."""

    direction: Direction
    reason: str


class Strategy(Protocol):
    """One strategy on one symbol. Closes are of complete bars, in order, positive."""

    @property
    def history(self) -> int:
        """How many closes it needs before it can want anything."""
        ...

    @property
    def direction(self) -> Direction | None:
        """What it wants as of the last close, also where no signal said so; None while it cannot know.

        After a restart the engine compares it with what is held: a crossing may have passed meanwhile.
        """
        ...

    def warm_up(self, closes: Sequence[Decimal]) -> None:
        """Take closes of the past, oldest first, without giving signals."""
        ...

    def on_bar(self, close: Decimal) -> Stance | None:
        """Take the next close; return a stance if it is another one than before, else None."""
        ...

    def adapt(self, settings: Any) -> None:
        """Take over the settings that are in force with the next decision; history stays."""
        ...
