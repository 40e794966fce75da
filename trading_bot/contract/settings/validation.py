"""What is wrong with a settings document, field by field, in words.

Apart from the model because JSON Schema's validator takes 90 ms to load, and settings change rarely.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from jsonschema import Draft202012Validator

from trading_bot.contract.settings.model import Settings
from trading_bot.contract.settings.schema import settings_schema
from trading_bot.contract.settings.strategies import MeanReversion, SmaCross
from trading_bot.contract.settings.timing import Session

LONGEST_FOUND: Final = 80
"""Characters of a wrong value that are repeated to its author."""

EXPECTED: Final = {
    "type": "{value}",
    "exclusiveMinimum": "more than {value}",
    "minimum": "at least {value}",
    "maximum": "at most {value}",
    "enum": "one of {value}",
    "pattern": "text that matches {value}",
    "minItems": "at least {value} of them",
    "maxItems": "at most {value} of them",
    "minProperties": "at least {value} of them",
    "uniqueItems": "each of them once",
}
"""JSON Schema's keywords in words; a test holds it to the keywords that the schema uses."""

TYPES: Final = {
    "number": "a number, or a decimal in a string",
    "integer": "a whole number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "keys with values",
    "null": "nothing",
}
"""JSON Schema's types in words: money is a decimal in a string wherever settings are shown."""


class SettingsFault(msgspec.Struct, frozen=True):
    """One thing wrong with a settings document."""

    field: str
    expected: str
    found: str
    example: str


def validated(document: Any) -> tuple[Settings | None, tuple[SettingsFault, ...]]:
    """Return the settings that ``document`` holds, or None and at least one fault."""
    try:
        plain = numbers(document)
        errors = sorted(_validator().iter_errors(plain), key=lambda error: error.json_path)
        if errors:
            return None, tuple(fault for error in errors for fault in _faults_of(error))
        settings = msgspec.convert(plain, Settings, strict=False)
    except RecursionError:
        return None, (SettingsFault("(document)", "a document", "one that is nested without end", "symbols"),)
    except (msgspec.ValidationError, ArithmeticError) as error:
        found = _short(str(error))
        return None, (SettingsFault("(document)", "values that can be read", found, "symbols: [EUR/USD]"),)
    faults = tuple(cross_field_faults(settings))
    return (None, faults) if faults else (settings, ())


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(settings_schema())


def numbers(value: Any) -> Any:
    """Return plain containers of ``value``, finite decimal strings as Decimals, so that bounds apply to them."""
    if isinstance(value, Mapping):
        return {str(key): numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [numbers(item) for item in value]
    if isinstance(value, str) and value[:1] in "-0123456789" and value:
        return _decimal(value)
    return value if _is_finite(value) else str(value)


def _is_finite(value: Any) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite()  # isfinite() of the math module raises for a signalling NaN
    return not isinstance(value, float) or math.isfinite(value)


def _decimal(text: str) -> Any:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return number if number.is_finite() else text


def _faults_of(error: Any) -> Iterator[SettingsFault]:
    if error.context:
        yield from _faults_of_union(error)
        return
    field = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        yield from _unknown_keys(error, field)
    elif error.validator == "required":
        name = next(name for name in error.validator_value if error.message.startswith(repr(name)))
        inner = error.schema["properties"][name]
        yield SettingsFault(_inside(field, name), "a value", "nothing", _example(inner))
    else:
        value = error.validator_value
        values = value if isinstance(value, list) else [value]
        told = TYPES if error.validator == "type" else {}
        words = (" or " if told else ", ").join(told.get(one, str(one)) for one in values)
        expected = EXPECTED[error.validator].format(value=words)
        yield SettingsFault(field or "(document)", expected, _short(error.instance), _example(error.schema))


def _faults_of_union(error: Any) -> Iterator[SettingsFault]:
    """Speak of the one alternative that was meant; which one, its ``kind`` says."""
    alternatives: dict[Any, list[Any]] = {}
    for inner in error.context:
        alternatives.setdefault(inner.relative_schema_path[0], []).append(inner)
    kinds: list[str] = []
    for errors in alternatives.values():
        wrong_kind = next((inner for inner in errors if list(inner.relative_path) == ["kind"]), None)
        if wrong_kind is None:
            for inner in errors:
                yield from _faults_of(inner)
            return
        kinds += wrong_kind.validator_value
    field = ".".join(str(part) for part in (*error.absolute_path, "kind"))
    yield SettingsFault(field, f"one of {', '.join(kinds)}", _short(error.instance.get("kind")), kinds[0])


def _unknown_keys(error: Any, field: str) -> Iterator[SettingsFault]:
    known = list(error.schema["properties"])
    for key in error.instance:
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            expected = f"{close[0]} (did you mean that?)" if close else "one of " + ", ".join(known)
            name = _cut(key) or "''"
            yield SettingsFault(_inside(field, name), expected, name, (close or known)[0])


def _inside(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def _example(schema: Mapping[str, Any]) -> str:
    """Return a valid value for ``schema``, as it would be written in YAML."""
    for key in ("examples", "enum"):
        if schema.get(key):
            return _written(schema[key][0])
    if "default" in schema:
        return _written(schema["default"])
    if schema.get("properties"):
        name, inner = next(iter(schema["properties"].items()))
        return f"{{{name}: {_example(inner)}}}"
    if "$ref" in schema:
        return _example(settings_schema()["$defs"][schema["$ref"].rpartition("/")[2]])
    return _written(schema.get("minimum", 1))


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _short(value: Any) -> str:
    return _cut(repr(str(value) if isinstance(value, Decimal) else value))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_FOUND else text[: LONGEST_FOUND - 1] + "…"


def cross_field_faults(settings: Settings) -> Iterator[SettingsFault]:
    """Yield what no single field shows."""
    for symbol in settings.symbols:
        base, _, quote = symbol.partition("/")
        if quote != settings.currency:
            expected = f"symbols quoted in {settings.currency}"
            yield SettingsFault("symbols", expected, symbol, f"{base}/{settings.currency}")
    for name, strategy in settings.strategies.items():
        unknown = [symbol for symbol in strategy.symbols if symbol not in settings.symbols]
        if unknown:
            field = f"strategies.{name}.symbols"
            yield SettingsFault(field, "symbols that are listed in symbols", unknown[0], settings.symbols[0])
        if isinstance(strategy, SmaCross):
            yield from _of_sma_cross(name, strategy)
        else:
            yield from _of_mean_reversion(name, strategy)
    yield from _contested_symbols(settings)
    yield from _of_sessions(settings)
    yield from _of_protection(settings)
    limits = settings.limits
    if limits.max_order_notional > limits.max_position_notional:
        expected = f"at most max_position_notional ({limits.max_position_notional})"
        found = str(limits.max_order_notional)
        yield SettingsFault("limits.max_order_notional", expected, found, str(limits.max_position_notional))


def _of_sma_cross(name: str, strategy: SmaCross) -> Iterator[SettingsFault]:
    if strategy.fast >= strategy.slow:
        expected = f"less than slow ({strategy.slow})"
        example = str(strategy.slow // 4 or 1)
        yield SettingsFault(f"strategies.{name}.fast", expected, str(strategy.fast), example)


def _of_mean_reversion(name: str, strategy: MeanReversion) -> Iterator[SettingsFault]:
    furthest = math.sqrt(strategy.window - 1)
    if strategy.entry_z >= furthest:
        expected = f"less than {furthest:.3f}, which no close of {strategy.window} can be below their average"
        yield SettingsFault(f"strategies.{name}.entry_z", expected, str(strategy.entry_z), "1.5")
    if strategy.exit_z >= strategy.entry_z:
        expected = f"less than entry_z ({strategy.entry_z})"
        yield SettingsFault(f"strategies.{name}.exit_z", expected, str(strategy.exit_z), "0.0")


def _contested_symbols(settings: Settings) -> Iterator[SettingsFault]:
    """A symbol has one strategy: two would trade against each other on one position."""
    owner: dict[str, str] = {}
    for name, strategy in settings.strategies.items():
        for symbol in strategy.symbols:
            if symbol in owner:
                expected = f"a symbol that no other strategy trades ({owner[symbol]} trades it)"
                yield SettingsFault(f"strategies.{name}.symbols", expected, symbol, "another of symbols")
            owner.setdefault(symbol, name)


def _of_protection(settings: Settings) -> Iterator[SettingsFault]:
    for symbol, protection in settings.protection.items():
        if symbol not in settings.symbols:
            expected = "symbols that are listed in symbols"
            yield SettingsFault(f"protection.{symbol}", expected, symbol, settings.symbols[0])
        if protection.stop_loss_pct is None and protection.take_profit_pct is None:
            expected = "stop_loss_pct or take_profit_pct, or no entry for the symbol"
            yield SettingsFault(f"protection.{symbol}", expected, "neither", "{stop_loss_pct: 2}")


def _of_sessions(settings: Settings) -> Iterator[SettingsFault]:
    for symbol, session in settings.sessions.items():
        if symbol not in settings.symbols:
            expected = "symbols that are listed in symbols"
            yield SettingsFault(f"sessions.{symbol}", expected, symbol, settings.symbols[0])
        if session.calendar is not None and msgspec.structs.replace(session, calendar=None) != Session():
            expected = "hours of its own, or a calendar, not both"
            yield SettingsFault(f"sessions.{symbol}", expected, session.calendar, "{calendar: XNYS}")
        yield from _of_time_zone(f"sessions.{symbol}.time_zone", session.time_zone)
    yield from _of_time_zone("day_time_zone", settings.day_time_zone)


def _of_time_zone(field: str, name: str) -> Iterator[SettingsFault]:
    try:
        if name != "UTC":
            ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        expected = "the IANA name of a time zone that this machine knows"
        yield SettingsFault(field, expected, _short(name), "Europe/London")
