"""Trading settings: one model, with bounds, meaning, and what a change of each key implies.

They live on the journal (``settings.applied``); ``config.yaml`` seeds an empty journal. A key's
schema carries two marks of its own besides JSON Schema's:

``x-apply``
    ``hot``: in force with the next decision; ``restart``: in force after a restart of the bot;
    ``forbidden``: fixed for the life of a journal.
``x-loosens``
    which change takes more risk: ``up``, ``down``, ``any`` or ``none``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from trading_bot.contract.errors.definition import OperatorError
from trading_bot.contract.events.lifecycle import Mode
from trading_bot.contract.events.trading import OrderType, TimeInForce

HOT: Final = {"x-apply": "hot"}
RESTART: Final = {"x-apply": "restart"}
FORBIDDEN: Final = {"x-apply": "forbidden"}


def _key(description: str, apply: dict[str, str], loosens: str, **schema: Any) -> Meta:
    return Meta(description=description, extra_json_schema={**apply, "x-loosens": loosens, **schema})


_POSITIVE: Final[dict[str, Any]] = {"type": "number", "exclusiveMinimum": 0, "maximum": 1e12}
_SHARE: Final[dict[str, Any]] = {"type": "number", "exclusiveMinimum": 0, "maximum": 1}


Symbol = Annotated[str, Meta(pattern=r"^[A-Za-z0-9]{1,20}/[A-Z]{3,10}$", examples=["EUR/USD"])]
StrategyName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,40}$", examples=["trend"])]


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the pre-trade check and the breakers hold the bot to. Money is in the account currency."""

    max_order_notional: Annotated[
        Decimal, _key("Largest value of one order.", HOT, "up", **_POSITIVE, examples=[5000])
    ] = Decimal(5000)
    max_position_notional: Annotated[
        Decimal, _key("Largest value of one symbol's position after an order.", HOT, "up", **_POSITIVE)
    ] = Decimal(10000)
    max_gross_exposure: Annotated[
        Decimal, _key("Largest sum of all positions' values after an order.", HOT, "up", **_POSITIVE)
    ] = Decimal(40000)
    price_collar_bps: Annotated[
        Decimal,
        _key("Furthest that an order's price may be from the mark, in basis points.", HOT, "up", **_POSITIVE),
    ] = Decimal(100)
    max_orders_per_minute: Annotated[
        int, _key("Orders in any 60 seconds.", HOT, "up", minimum=1, maximum=6000)
    ] = 60
    max_daily_loss: Annotated[
        Decimal, _key("Loss since the trading day's start that opens the breaker.", HOT, "up", **_POSITIVE)
    ] = Decimal(5000)
    max_drawdown: Annotated[
        Decimal,
        _key(
            "Fall of equity from its peak, as a share of the peak, that opens the breaker.",
            HOT,
            "up",
            **_SHARE,
        ),
    ] = Decimal("0.2")
    max_consecutive_losses: Annotated[
        int,
        _key("Losing round trips in a row that open the breaker.", HOT, "up", minimum=1, maximum=10000),
    ] = 50
    max_order_error_ratio: Annotated[
        Decimal,
        _key(
            "Share of the last orders that were refused or became unknown, above which the breaker opens; "
            "1 never opens it.",
            HOT,
            "up",
            **_SHARE,
        ),
    ] = Decimal("0.5")
    max_slippage_bps: Annotated[
        Decimal,
        _key(
            "Mean cost of the last filled orders against the mark that each was decided on, in basis points, "
            "above which the breaker opens.",
            HOT,
            "up",
            **_POSITIVE,
        ),
    ] = Decimal(200)
    max_order_to_trade_ratio: Annotated[
        Decimal,
        _key(
            "Of the last orders, how many there were for each that traded, above which the breaker opens.",
            HOT,
            "up",
            type="number",
            minimum=1,
            maximum=1e6,
        ),
    ] = Decimal(20)
    max_position_age_seconds: Annotated[
        float,
        _key(
            "Age of a position beyond which its symbol takes no new risk.",
            HOT,
            "up",
            minimum=1,
            maximum=31_536_000,
        ),
    ] = 2_592_000.0
    max_exit_seconds: Annotated[
        float,
        _key(
            "Time from a signal to leave to flat beyond which the symbol takes no new risk.",
            HOT,
            "up",
            minimum=1,
            maximum=86_400,
        ),
    ] = 300.0
    max_mark_age_seconds: Annotated[
        float,
        _key(
            "Age of the mark of a position, while its session is open, beyond which equity is uncertain "
            "and nothing takes new risk.",
            HOT,
            "up",
            minimum=1,
            maximum=86_400,
        ),
    ] = 60.0
    max_price_jump_bps: Annotated[
        Decimal,
        _key(
            "Furthest that a price may be from the last bar that was believed, in basis points; beyond, it is "
            "believed only when the venue says the same when asked.",
            HOT,
            "up",
            **_POSITIVE,
        ),
    ] = Decimal(1000)


class Breakers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the breakers for order errors, slippage, order-to-trade and losses in a row count, and when they close."""

    orders: Annotated[
        int, _key("The last orders that are looked at.", HOT, "none", minimum=1, maximum=100)
    ] = 50
    window_seconds: Annotated[
        float,
        _key("Age beyond which an order is not looked at any more.", HOT, "none", minimum=1, maximum=604_800),
    ] = 3600.0
    least_orders: Annotated[
        int,
        _key("Orders below which nothing is concluded from them.", HOT, "up", minimum=1, maximum=100),
    ] = 10
    cool_down_seconds: Annotated[
        float,
        _key(
            "Time after which such a breaker closes by itself; half as much is then enough to open it again.",
            HOT,
            "down",
            minimum=1,
            maximum=604_800,
        ),
    ] = 300.0


class SmaCross(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="sma_cross"
):
    """Long while a fast moving average is above a slow one."""

    symbols: Annotated[
        tuple[Symbol, ...],
        _key("Symbols that it trades.", RESTART, "any", minItems=1, uniqueItems=True, examples=[["EUR/USD"]]),
    ]
    fast: Annotated[int, _key("Bars of the fast average.", RESTART, "none", minimum=1, maximum=1000)] = 5
    slow: Annotated[int, _key("Bars of the slow average.", RESTART, "none", minimum=2, maximum=900)] = 20
    order_notional: Annotated[
        Decimal, _key("Value of an entry, in the account currency.", HOT, "up", **_POSITIVE)
    ] = Decimal(2000)


class MeanReversion(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="mean_reversion",
):
    """Long when the price is far below its average, flat again when it is back."""

    symbols: Annotated[
        tuple[Symbol, ...],
        _key("Symbols that it trades.", RESTART, "any", minItems=1, uniqueItems=True, examples=[["EUR/USD"]]),
    ]
    window: Annotated[
        int, _key("Bars of average and deviation.", RESTART, "none", minimum=5, maximum=900)
    ] = 20
    entry_z: Annotated[
        Decimal, _key("Deviations below the average at which it enters.", HOT, "down", **_POSITIVE)
    ] = Decimal("2.0")
    exit_z: Annotated[
        Decimal,
        _key(
            "Deviations below the average at which it leaves.",
            HOT,
            "any",
            type="number",
            minimum=-5,
            maximum=5,
        ),
    ] = Decimal("0.0")
    order_notional: Annotated[
        Decimal, _key("Value of an entry, in the account currency.", HOT, "up", **_POSITIVE)
    ] = Decimal(2000)


StrategySettings = SmaCross | MeanReversion


class Execution(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How orders are sent."""

    order_type: Annotated[OrderType, _key("Type of entries and exits.", HOT, "any")] = OrderType.MARKET
    time_in_force: Annotated[TimeInForce, _key("For limit orders.", HOT, "any")] = TimeInForce.IOC
    limit_offset_bps: Annotated[
        Decimal,
        _key(
            "How far through the touch a limit order is priced.",
            HOT,
            "up",
            type="number",
            minimum=0,
            maximum=1000,
        ),
    ] = Decimal(5)
    request_timeout_seconds: Annotated[
        float,
        _key(
            "Age at which a request without an answer counts as unknown.",
            RESTART,
            "up",
            minimum=0.2,
            maximum=60,
        ),
    ] = 5.0
    unknown_operator_seconds: Annotated[
        float,
        _key(
            "Age at which an order whose outcome is unknown becomes an operator's matter.",
            HOT,
            "up",
            minimum=1,
            maximum=3600,
        ),
    ] = 60.0
    cancel_on_stop: Annotated[
        bool, _key("Cancel working orders on a clean stop; protective ones stay.", HOT, "any")
    ] = True


class Policy(StrEnum):
    """What is done about a difference between books and venue.

    ``adopt``: the books take over the venue's side, with both values on the tape; ``block``: what is
    concerned takes no new risk until it is settled; ``halt``: trading stops until a person resumes it.
    """

    ADOPT = "adopt"
    BLOCK = "block"
    HALT = "halt"


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is done about differences between books and venue, by kind."""

    orders: Annotated[
        Policy, _key("Orders that work at the venue and should not; adopted: they are let be.", HOT, "any")
    ] = Policy.BLOCK
    fills: Annotated[
        Policy, _key("Fills of the bot's own orders that only reconciliation found.", HOT, "any")
    ] = Policy.ADOPT
    balances: Annotated[Policy, _key("Cash that differs.", HOT, "any")] = Policy.BLOCK
    positions: Annotated[Policy, _key("Base balances that differ.", HOT, "any")] = Policy.BLOCK


_PERCENT: Final[dict[str, Any]] = {"type": ["number", "null"], "exclusiveMinimum": 0}


class Protection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Stop-loss and take-profit of one symbol's position, measured from its entry price."""

    stop_loss_pct: Annotated[
        Decimal | None,
        _key(
            "Fall below the entry price, in percent, at which the position is sold; null: none.",
            HOT,
            "any",
            **_PERCENT,
            maximum=99,
            examples=[2],
        ),
    ] = None
    take_profit_pct: Annotated[
        Decimal | None,
        _key(
            "Rise above the entry price, in percent, at which the position is sold; null: none.",
            HOT,
            "any",
            **_PERCENT,
            maximum=1000,
            examples=[4],
        ),
    ] = None


class Intervals(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often, and how old, in seconds."""

    stale_after_seconds: Annotated[
        float,
        _key(
            "Age of a quote that blocks new risk while the session is open.",
            HOT,
            "up",
            minimum=0.5,
            maximum=3600,
        ),
    ] = 5.0
    reconcile_seconds: Annotated[
        float, _key("Between reconciliations with the venue.", HOT, "up", minimum=1, maximum=3600)
    ] = 30.0
    quote_seconds: Annotated[
        float, _key("Conflation of quotes on the tape.", HOT, "none", minimum=0.1, maximum=60)
    ] = 1.0
    sample_seconds: Annotated[
        float, _key("Between records of runtime measurements.", HOT, "none", minimum=0.5, maximum=60)
    ] = 2.0
    snapshot_seconds: Annotated[
        float, _key("Between snapshots of the fold.", HOT, "none", minimum=1, maximum=3600)
    ] = 30.0
    max_clock_offset_ms: Annotated[
        float,
        _key("Clock difference to the venue that allows only closes.", HOT, "up", minimum=10, maximum=10000),
    ] = 1000.0


CALENDARS: Final = ("24/5", "CMES", "XASX", "XETR", "XHKG", "XLON", "XNYS", "XPAR", "XSWX", "XTKS", "XTSE")
"""Calendars whose session tables are shipped: ISO 10383 market codes, and weekdays around the clock in UTC."""


class Session(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a symbol trades: by a shipped calendar, or by hours. The default is always."""

    calendar: Annotated[
        str | None,
        _key(
            "Trading hours of an exchange, holidays included, instead of the hours below.",
            RESTART,
            "none",
            enum=[*CALENDARS, None],
        ),
    ] = None
    time_zone: Annotated[str, _key("IANA name.", RESTART, "none")] = "UTC"
    opens: Annotated[
        str, _key("Local time HH:MM.", RESTART, "none", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    ] = "00:00"
    closes: Annotated[
        str,
        _key(
            "Local time HH:MM; 24:00 is midnight.",
            RESTART,
            "none",
            pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$",
        ),
    ] = "24:00"
    weekdays: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=7)], ...],
        _key("ISO weekdays, 1 is Monday.", RESTART, "none", minItems=1, uniqueItems=True),
    ] = (1, 2, 3, 4, 5, 6, 7)


class Telemetry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is kept of the cycles' spans, and for how long."""

    idle_span_share: Annotated[
        float,
        _key(
            "Share of cycles without order or error whose spans are kept.", HOT, "none", minimum=0, maximum=1
        ),
    ] = 0.02
    span_hours: Annotated[float, _key("Retention of spans.", HOT, "none", minimum=1, maximum=8760)] = 48.0
    measurement_hours: Annotated[
        float, _key("Retention of measurements.", HOT, "none", minimum=1, maximum=87600)
    ] = 168.0


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All trading settings."""

    symbols: Annotated[
        tuple[Symbol, ...],
        _key(
            "Symbols as BASE/QUOTE; the quote is the account currency.",
            RESTART,
            "any",
            minItems=1,
            maxItems=200,
            uniqueItems=True,
            examples=[["EUR/USD"]],
        ),
    ]
    strategies: Annotated[
        dict[StrategyName, StrategySettings],
        _key(
            "Strategies by name; kind says which.",
            RESTART,
            "any",
            minProperties=1,
            examples=[{"trend": {"kind": "sma_cross", "symbols": ["EUR/USD"]}}],
        ),
    ]
    currency: Annotated[str, _key("Account currency.", FORBIDDEN, "none", enum=["USD"])] = "USD"
    bar: Annotated[
        str,
        _key(
            "Interval of the bars that strategies decide on.",
            RESTART,
            "none",
            enum=["1s", "1m", "5m", "15m", "1h"],
        ),
    ] = "1m"
    begins: Annotated[
        Mode,
        _key(
            "Mode in which an empty journal begins; reduce_only waits for somebody to say resume.",
            FORBIDDEN,
            "none",
            enum=["running", "reduce_only"],
        ),
    ] = Mode.RUNNING
    limits: Limits = Limits()
    breakers: Breakers = Breakers()
    execution: Execution = Execution()
    intervals: Intervals = Intervals()
    telemetry: Telemetry = Telemetry()
    reconciliation: Reconciliation = Reconciliation()
    protection: Annotated[
        dict[Symbol, Protection],
        _key(
            "Stop-loss and take-profit by symbol; a symbol that is not named has none.",
            HOT,
            "any",
            examples=[{"EUR/USD": {"stop_loss_pct": 2, "take_profit_pct": 4}}],
        ),
    ] = {}
    sessions: Annotated[dict[Symbol, Session], _key("Trading hours by symbol.", RESTART, "none")] = {}
    day_starts_at: Annotated[
        str,
        _key(
            "Local time HH:MM at which the trading day begins.",
            FORBIDDEN,
            "none",
            pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        ),
    ] = "00:00"
    day_time_zone: Annotated[str, _key("IANA name of the trading day's time zone.", FORBIDDEN, "none")] = (
        "UTC"
    )


@cache
def settings_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of :class:`Settings`, with ``x-apply`` and ``x-loosens``."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Settings)}
    return _money_as_numbers(schema)  # type: ignore[no-any-return]


def _money_as_numbers(node: Any) -> Any:
    """Say ``number`` where msgspec says decimal string, so that bounds hold; both spellings are accepted."""
    if isinstance(node, list | tuple):
        return [_money_as_numbers(item) for item in node]
    if not isinstance(node, dict):
        return node
    inner = {key: _money_as_numbers(item) for key, item in node.items()}
    if inner.get("format") == "decimal":
        del inner["format"]
        inner["type"] = "number"
        if "default" in inner:
            inner["default"] = float(inner["default"])
    if isinstance(inner.get("default"), dict):
        inner["default"] = {}  # each key inside has its own
    return inner


def parse_settings(document: Mapping[str, Any]) -> Settings:
    """Return the settings in ``document`` (decoded YAML or JSON; money as number or decimal string).

    Raises:
        OperatorError: CFG_001, with ``errors`` in its context: every fault with field, expected, found
            and a valid example.
    """
    from trading_bot.contract.validation import validated  # noqa: PLC0415 - 90 ms, needed only for changes

    settings, faults = validated(document)
    if settings is not None:
        return settings
    first = faults[0]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    message = (
        f"{first.field}: expected {first.expected}, found {first.found}; for example {first.example}{more}"
    )
    raise OperatorError("CFG_001", message, errors=[msgspec.to_builtins(fault) for fault in faults])


def settings_hash(settings: Settings) -> str:
    """Return the SHA-256 of the settings' canonical JSON, 64 hex digits: 5000 and 5000.0 are the same."""
    plain = msgspec.to_builtins(settings, builtin_types=(Decimal,))
    return hashlib.sha256(msgspec.json.encode(_canonical(plain), order="deterministic")).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value
