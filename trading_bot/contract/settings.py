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

import difflib
import hashlib
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from trading_bot.contract.errors.definition import OperatorError
from trading_bot.contract.events.trading import OrderType, TimeInForce

HOT: Final = {"x-apply": "hot"}
RESTART: Final = {"x-apply": "restart"}
FORBIDDEN: Final = {"x-apply": "forbidden"}


def _key(description: str, apply: dict[str, str], loosens: str, **schema: Any) -> Meta:
    return Meta(description=description, extra_json_schema={**apply, "x-loosens": loosens, **schema})


_POSITIVE: Final[dict[str, Any]] = {"type": "number", "exclusiveMinimum": 0}
_SHARE: Final[dict[str, Any]] = {"type": "number", "exclusiveMinimum": 0, "maximum": 1}


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


class SmaCross(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="sma_cross"
):
    """Long while a fast moving average is above a slow one."""

    symbols: Annotated[tuple[str, ...], _key("Symbols that it trades.", RESTART, "any", minItems=1)]
    fast: Annotated[int, _key("Bars of the fast average.", RESTART, "none", minimum=1, maximum=1000)] = 5
    slow: Annotated[int, _key("Bars of the slow average.", RESTART, "none", minimum=2, maximum=5000)] = 20
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

    symbols: Annotated[tuple[str, ...], _key("Symbols that it trades.", RESTART, "any", minItems=1)]
    window: Annotated[
        int, _key("Bars of average and deviation.", RESTART, "none", minimum=5, maximum=5000)
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
    cancel_on_stop: Annotated[bool, _key("Cancel working orders on a clean stop.", HOT, "any")] = True


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


class Session(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a symbol trades. The default is always."""

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
        tuple[int, ...],
        _key("ISO weekdays, 1 is Monday.", RESTART, "none", items={"minimum": 1, "maximum": 7}),
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
        tuple[str, ...],
        _key(
            "Symbols as BASE/QUOTE; the quote is the account currency.",
            RESTART,
            "any",
            minItems=1,
            maxItems=200,
        ),
    ]
    strategies: Annotated[
        dict[str, StrategySettings],
        _key("Strategies by name; kind says which.", RESTART, "any", minProperties=1),
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
    limits: Limits = Limits()
    execution: Execution = Execution()
    intervals: Intervals = Intervals()
    telemetry: Telemetry = Telemetry()
    sessions: Annotated[dict[str, Session], _key("Trading hours by symbol.", RESTART, "none")] = {}
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


class SettingsFault(msgspec.Struct, frozen=True):
    """One thing wrong with a settings document."""

    field: str
    expected: str
    found: str
    example: str


@cache
def settings_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of :class:`Settings`, with ``x-apply`` and ``x-loosens``."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Settings)}
    return _money_as_numbers(schema)  # type: ignore[no-any-return]


def _money_as_numbers(node: Any) -> Any:
    """Say ``number`` where msgspec says decimal string, so that bounds hold; both spellings are accepted."""
    if isinstance(node, list):
        return [_money_as_numbers(item) for item in node]
    if not isinstance(node, dict):
        return node
    inner = {key: _money_as_numbers(item) for key, item in node.items()}
    if inner.get("format") == "decimal":
        del inner["format"]
        inner["type"] = "number"
    return inner


def parse_settings(document: Mapping[str, Any]) -> Settings:
    """Return the settings in ``document`` (decoded YAML or JSON; money as number or decimal string).

    Raises:
        OperatorError: CFG_001, with ``errors`` in its context: every fault with field, expected, found
            and a valid example.
    """
    faults = tuple(_faults(document))
    if faults:
        first = faults[0]
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        message = f"{first.field}: expected {first.expected}, found {first.found}; for example {first.example}{more}"
        raise OperatorError("CFG_001", message, errors=[msgspec.to_builtins(fault) for fault in faults])
    return msgspec.convert(_numbers(document), Settings, strict=False)


def settings_hash(settings: Settings) -> str:
    """Return the SHA-256 of the settings' canonical JSON, 64 hex digits."""
    canonical = msgspec.json.encode(msgspec.to_builtins(settings), order="deterministic")
    return hashlib.sha256(canonical).hexdigest()


def _faults(document: Mapping[str, Any]) -> Iterator[SettingsFault]:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - 90 ms, and needed only when settings change

    validator = Draft202012Validator(settings_schema())
    errors = sorted(validator.iter_errors(_numbers(document)), key=lambda error: error.json_path)
    yield from (_fault_of(error) for error in errors)
    if not errors:
        yield from _cross_field_faults(msgspec.convert(_numbers(document), Settings, strict=False))


def _fault_of(error: Any) -> SettingsFault:
    while error.context:  # inside a union: the branch that came furthest says most
        error = max(error.context, key=lambda inner: len(inner.absolute_path))
    field = ".".join(str(part) for part in error.absolute_path) or "(document)"
    found = error.instance
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        unknown = next((key for key in found if key not in known), "?")
        close = difflib.get_close_matches(str(unknown), known, n=1)
        hint = f"{close[0]} (did you mean that?)" if close else "one of " + ", ".join(known)
        return SettingsFault(
            f"{field}.{unknown}".removeprefix("(document)."), hint, str(unknown), (close or known)[0]
        )
    expected = EXPECTED.get(error.validator, "{validator} {value}").format(
        validator=error.validator, value=error.validator_value
    )
    return SettingsFault(field, expected, _short(found), _example(error.schema))


EXPECTED: Final = {
    "type": "a value of type {value}",
    "exclusiveMinimum": "more than {value}",
    "minimum": "at least {value}",
    "maximum": "at most {value}",
    "required": "all of {value}",
    "enum": "one of {value}",
    "pattern": "text that matches {value}",
}
"""JSON Schema's keywords in words."""


def _example(schema: Mapping[str, Any]) -> str:
    for key in ("examples", "enum"):
        if schema.get(key):
            return str(schema[key][0])
    if "default" in schema:
        return str(schema["default"])
    return str(
        schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1 if "exclusiveMinimum" in schema else "…")
    )


LONGEST_FOUND: Final = 80
"""Characters of a wrong value that are repeated to its author."""


def _short(value: Any) -> str:
    text = repr(str(value) if isinstance(value, Decimal) else value)
    return text if len(text) <= LONGEST_FOUND else text[: LONGEST_FOUND - 1] + "…"


def _cross_field_faults(settings: Settings) -> Iterator[SettingsFault]:
    for symbol in settings.symbols:
        base, _, quote = symbol.partition("/")
        if not base or quote != settings.currency:
            example = f"{base or 'EUR'}/{settings.currency}"
            yield SettingsFault("symbols", f"symbols quoted in {settings.currency}", symbol, example)
    for name, strategy in settings.strategies.items():
        unknown = [symbol for symbol in strategy.symbols if symbol not in settings.symbols]
        if unknown:
            field = f"strategies.{name}.symbols"
            yield SettingsFault(field, "symbols that are listed in symbols", unknown[0], settings.symbols[0])
        if isinstance(strategy, SmaCross) and strategy.fast >= strategy.slow:
            expected = f"less than slow ({strategy.slow})"
            yield SettingsFault(
                f"strategies.{name}.fast", expected, str(strategy.fast), str(strategy.slow // 4 or 1)
            )
    yield from _contested_symbols(settings)
    limits = settings.limits
    if limits.max_order_notional > limits.max_position_notional:
        expected = f"at most max_position_notional ({limits.max_position_notional})"
        found = str(limits.max_order_notional)
        yield SettingsFault("limits.max_order_notional", expected, found, str(limits.max_position_notional))


def _contested_symbols(settings: Settings) -> Iterator[SettingsFault]:
    """A symbol has one strategy: two would trade against each other on one position."""
    owner: dict[str, str] = {}
    for name, strategy in settings.strategies.items():
        for symbol in strategy.symbols:
            if symbol in owner:
                expected = f"a symbol that no other strategy trades ({owner[symbol]} trades it)"
                yield SettingsFault(f"strategies.{name}.symbols", expected, symbol, "another of symbols")
            owner.setdefault(symbol, name)


def _numbers(value: Any) -> Any:
    """Make plain containers of ``value``, with finite decimal strings as Decimals, so that bounds apply to them."""
    if isinstance(value, Mapping):
        return {str(key): _numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_numbers(item) for item in value]
    if isinstance(value, str) and value[:1] in "-0123456789" and value:
        return _decimal(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _decimal(text: str) -> Any:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return number if number.is_finite() else text
