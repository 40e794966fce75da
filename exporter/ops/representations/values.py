"""Single values as JSON shows them."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final

from msgspec import Meta

from trading_bot.domain.clock import SECOND
from trading_bot.telemetry.jsonl import rfc3339

Amount = Annotated[str, Meta(pattern=r"^-?\d+(\.\d+)?$", examples=["1234.5"], description="A decimal.")]
Moment = Annotated[
    str, Meta(examples=["2026-11-22T01:33:22.123456Z"], description="RFC 3339 in UTC.", min_length=20)
]
Unknown = Annotated[dict[str, str], Meta(description="Why a field of this object is null: field to reason.")]

MONEY_PLACES: Final = 8
QUANTITY_PLACES: Final = 12
"""Places shown of derived values, which else have 28 digits; prices of some coins begin at the seventh."""


def money(value: Decimal | None) -> str | None:
    """Return an amount of the account currency without exponent or needless zeros."""
    return None if value is None else plain(value, MONEY_PLACES)


def quantity(value: Decimal | None) -> str | None:
    """Return a quantity or price without exponent or needless zeros."""
    return None if value is None else plain(value, QUANTITY_PLACES)


def plain(value: Decimal, places: int) -> str:
    """Return a decimal with at most ``places`` places."""
    text = f"{value:.{places}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def share(value: Decimal | None) -> float | None:
    """Return a ratio as a number with six places."""
    return None if value is None else round(float(value), 6)


def moment(ts: int | None) -> str | None:
    """Return nanoseconds since the epoch as RFC 3339."""
    return None if ts is None else rfc3339(ts)


def age_seconds(ts: int | None, now_ns: int) -> float | None:
    """Return how long ago ``ts`` was, in seconds, never negative."""
    return None if ts is None else round(max(0, now_ns - ts) / SECOND, 3)


def without_nulls(reasons: dict[str, str | None]) -> dict[str, str]:
    """Return the entries that have a reason."""
    return {field: reason for field, reason in reasons.items() if reason is not None}
