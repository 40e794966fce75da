"""When a symbol trades, how often and how old things may be, how long measurements are kept."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from trading_bot.contract.settings.keys import HOT, RESTART, key

CALENDARS: Final = ("24/5", "CMES", "XASX", "XETR", "XHKG", "XLON", "XNYS", "XPAR", "XSWX", "XTKS", "XTSE")
"""Calendars whose session tables are shipped: ISO 10383 market codes, and weekdays around the clock in UTC."""


class Session(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a symbol trades: by a shipped calendar, or by hours. The default is always."""

    calendar: Annotated[
        str | None,
        key(
            "Trading hours of an exchange, holidays included, instead of the hours below.",
            RESTART,
            "none",
            enum=[*CALENDARS, None],
        ),
    ] = None
    time_zone: Annotated[str, key("IANA name.", RESTART, "none")] = "UTC"
    opens: Annotated[str, key("Local time HH:MM.", RESTART, "none", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = (
        "00:00"
    )
    closes: Annotated[
        str,
        key(
            "Local time HH:MM; 24:00 is midnight.",
            RESTART,
            "none",
            pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$",
        ),
    ] = "24:00"
    weekdays: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=7)], ...],
        key("ISO weekdays, 1 is Monday.", RESTART, "none", minItems=1, uniqueItems=True),
    ] = (1, 2, 3, 4, 5, 6, 7)


class Intervals(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often, and how old, in seconds."""

    stale_after_seconds: Annotated[
        float,
        key(
            "Age of a quote that blocks new risk while the session is open.",
            HOT,
            "up",
            minimum=0.5,
            maximum=3600,
        ),
    ] = 5.0
    reconcile_seconds: Annotated[
        float, key("Between reconciliations with the venue.", HOT, "up", minimum=1, maximum=3600)
    ] = 30.0
    quote_seconds: Annotated[
        float, key("Conflation of quotes on the tape.", HOT, "none", minimum=0.1, maximum=60)
    ] = 1.0
    sample_seconds: Annotated[
        float, key("Between records of runtime measurements.", HOT, "none", minimum=0.5, maximum=60)
    ] = 2.0
    snapshot_seconds: Annotated[
        float, key("Between snapshots of the fold.", HOT, "none", minimum=1, maximum=3600)
    ] = 30.0
    max_clock_offset_ms: Annotated[
        float,
        key("Clock difference to the venue that allows only closes.", HOT, "up", minimum=10, maximum=10000),
    ] = 1000.0


class Telemetry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is kept of the cycles' spans, and for how long."""

    idle_span_share: Annotated[
        float,
        key(
            "Share of cycles without order or error whose spans are kept.", HOT, "none", minimum=0, maximum=1
        ),
    ] = 0.02
    span_hours: Annotated[float, key("Retention of spans.", HOT, "none", minimum=1, maximum=8760)] = 48.0
    measurement_hours: Annotated[
        float, key("Retention of measurements.", HOT, "none", minimum=1, maximum=87600)
    ] = 168.0
