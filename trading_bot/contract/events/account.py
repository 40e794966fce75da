"""The account: what the venue says is there, and the anchors that limits are measured from."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from trading_bot.contract.events.definition import Event


class BalanceAdopted(Event, frozen=True, kw_only=True):
    """The bot's books take over a balance from the venue: at the first boot, or to settle a mismatch."""

    KIND: ClassVar[str] = "balance.adopted"
    REASON: ClassVar[str] = "Money that came or went without a fill, with both values."

    asset: str
    previous: Decimal
    amount: Decimal
    reason: str
    """``opening`` or ``mismatch``."""


class PositionAdopted(Event, frozen=True, kw_only=True):
    """A position is taken over from the venue without its fills; its entry price is unknown."""

    KIND: ClassVar[str] = "position.adopted"
    REASON: ClassVar[str] = "What depends on an unknown entry price is unknown, with this as the reason."

    symbol: str
    previous: Decimal
    quantity: Decimal
    reason: str


class DayStarted(Event, frozen=True, kw_only=True):
    """A new trading day: losses of the day are measured from here."""

    KIND: ClassVar[str] = "day.started"
    REASON: ClassVar[str] = "The day's anchors survive a restart."

    day: str
    """ISO date of the trading day."""
    equity: Decimal


class AnchorsRestored(Event, frozen=True, kw_only=True):
    """After a restart: the anchors that limits are measured from are these, read from the journal."""

    KIND: ClassVar[str] = "anchors.restored"
    REASON: ClassVar[str] = "Proof that a restart did not reset a loss limit."

    day: str | None
    day_start_equity: Decimal | None
    peak_equity: Decimal | None
    breakers: tuple[str, ...]
    loss_anchor: Decimal | None = None
    """Equity that the daily loss is measured from: the day's start, or the breaker's last reset."""
    drawdown_anchor: Decimal | None = None
    """Equity that the drawdown limit is measured from: the peak since the breaker's last reset."""
    consecutive_losses: int = 0
    orders_counted: int = 0
    """Last orders that error ratio, slippage and order-to-trade ratio are counted from."""
    complete: bool = True
    """False: an anchor is missing, so only cancels and closes pass."""


class BreakerOpened(Event, frozen=True, kw_only=True):
    """A loss or error limit was reached: no new risk."""

    KIND: ClassVar[str] = "breaker.opened"
    REASON: ClassVar[str] = "Why the bot stopped taking risk, with the numbers."

    breaker: str
    """The limit's settings key, one of the catalogue's breakers."""
    error_code: str
    limit_value: Decimal
    observed: Decimal
    message: str


class BreakerReset(Event, frozen=True, kw_only=True):
    """A breaker is closed again."""

    KIND: ClassVar[str] = "breaker.reset"
    REASON: ClassVar[str] = "Who allowed risk again, and which breaker only."

    breaker: str
    actor: str
    reason: str
    how: str = "day"
    """``day``: a new trading day began; ``cool_down``: it is over; ``person``: somebody reset it."""
    anchor: Decimal | None = None
    """Equity that the limit is measured from, from here on; None where it is not measured from equity, or stays."""
    consequence: str = ""
    """What the reset changes and what it leaves, in words."""
    command_id: str | None = None


class LossWarned(Event, frozen=True, kw_only=True):
    """Half of the daily loss limit is used; once until the next day or reset."""

    KIND: ClassVar[str] = "loss.warned"
    REASON: ClassVar[str] = "A warning while there is room still; a restart must not repeat it."

    limit_value: Decimal
    observed: Decimal
    message: str


class ReconciliationCompleted(Event, frozen=True, kw_only=True):
    """Orders, fills, balances and positions were compared over the union of both sides."""

    KIND: ClassVar[str] = "reconciliation.completed"
    REASON: ClassVar[str] = "The age of the last success is a condition."

    trigger: str
    """``start``, ``periodic`` or ``doubt``."""
    orders_checked: int
    fills_learned: int
    mismatches: int
    duration_ns: int


class MismatchFound(Event, frozen=True, kw_only=True):
    """The two sides differ."""

    KIND: ClassVar[str] = "mismatch.found"
    REASON: ClassVar[str] = "Both values, before anything is settled."

    mismatch_id: str
    subject: str
    """``order``, ``fill``, ``balance`` or ``position``."""
    symbol: str | None
    asset: str | None
    local: str | None
    venue: str | None
    message: str
    quantity: Decimal | None = None
    """By how much the two sides differ, or how much an order or fill is about; never negative."""


class MismatchSettled(Event, frozen=True, kw_only=True):
    """A difference is gone: adopted, or no longer there."""

    KIND: ClassVar[str] = "mismatch.settled"
    REASON: ClassVar[str] = "Trading on what it concerned may go on."

    mismatch_id: str
    how: str
    """``adopted`` or ``vanished``."""
    actor: str = "bot"
    """Who adopted it; the bot where the policy says so, or where it vanished."""
    reason: str = ""


class ProtectionStatus(StrEnum):
    """How a position stands to the stop-loss and take-profit that the settings want for it."""

    NONE = "none"
    VENUE = "venue"
    BOT = "bot"
    MISSING = "missing"
    TOO_SMALL = "too_small"


class ProtectionChanged(Event, frozen=True, kw_only=True):
    """A position is protected, is not any more, or lacks the protection that it should have."""

    KIND: ClassVar[str] = "protection.changed"
    REASON: ClassVar[str] = (
        "A position without its stop is a risk of its own, whatever orders say one by one."
    )

    symbol: str
    status: ProtectionStatus
    """``none``: nothing to protect; ``venue``: orders rest there; ``bot``: the bot watches; ``missing``;
    ``too_small``: unprotected, for the venue takes no orders over so little."""
    quantity: Decimal
    stop_loss: Decimal | None
    """Price, or None where none is wanted or known."""
    take_profit: Decimal | None
    message: str
