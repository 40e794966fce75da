"""Read boot settings out of the environment and out of ``boot.yaml``."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from trading_bot.boot.fields import FIELDS, Field
from trading_bot.contract.errors import OperatorError

_PREFIX: Final = "BOT_"
_BY_VARIABLE: Final = {field.variable: field for field in FIELDS}
_BY_KEY: Final = {field.key: field for field in FIELDS}


def from_environment(environment: Mapping[str, str]) -> dict[Field, Any]:
    """Return the settings given by ``BOT_`` variables; an empty variable counts as not given.

    Raises:
        OperatorError: BOT_001 for an unknown name, CFG_004 for a trading setting, BOT_002 for a bad value.
    """
    found: dict[Field, Any] = {}
    for variable, text in environment.items():
        if not variable.startswith(_PREFIX):
            continue
        field = _BY_VARIABLE.get(variable)
        if field is None:
            raise _unknown_variable(variable)
        if text.strip():
            found[field] = _parse(field, text.strip(), variable, f"{variable}={field.example}")
    return found


def from_file(path: Path) -> dict[Field, Any]:
    """Return the settings in a YAML file, none where there is no file.

    Raises:
        OperatorError: BOT_003 for a file that cannot be read, BOT_001 and BOT_002 for what is in it.
    """
    found: dict[Field, Any] = {}
    for key, value in _flat(_document(path)):
        field = _BY_KEY.get(key)
        if field is None:
            message = f"{path}: {key} is no boot setting{_closest(key, _BY_KEY)}"
            raise OperatorError("BOT_001", message, setting=key, path=str(path))
        if value is not None:
            found[field] = _parse(field, str(value).strip(), f"{key} in {path}", f"{key}: {field.example}")
    return found


def _document(path: Path) -> Mapping[Any, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):  # a home that is no folder is refused where it is made
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError("BOT_003", f"{path} cannot be read: {error}", path=str(path)) from error
    import yaml  # noqa: PLC0415 - 30 ms, and most homes have no such file

    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        where = " ".join(str(error).split())
        raise OperatorError("BOT_003", f"{path} is not valid YAML: {where}", path=str(path)) from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        message = f"{path}: expected settings as `key: value`, found {type(document).__name__}"
        raise OperatorError("BOT_003", message, path=str(path))
    return document


def _flat(document: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            yield f"{prefix}{key}", ",".join(str(item) for item in value)
        else:
            yield f"{prefix}{key}", value


def _parse(field: Field, text: str, where: str, example: str) -> Any:
    try:
        return field.parse(text)
    except ValueError as error:
        found = "a text that is not shown" if field.secret else repr(text)
        message = f"{where}: expected {field.expected}, found {found}; for example {example}"
        raise OperatorError(
            "BOT_002", message, setting=field.variable, expected=field.expected, example=field.example
        ) from error


def _unknown_variable(variable: str) -> OperatorError:
    trading = _trading_setting(variable)
    if trading is not None:
        message = f"{variable} names the trading setting {trading}, which the environment cannot set"
        return OperatorError("CFG_004", message, setting=variable)
    closest = _closest(variable, _BY_VARIABLE)
    return OperatorError("BOT_001", f"{variable} is no boot setting{closest}", setting=variable)


def _trading_setting(variable: str) -> str | None:
    """Return the dotted trading setting that a variable's name means, nested or by its last part alone."""
    wanted = variable.removeprefix(_PREFIX).lower()
    for key in _trading_keys():
        if wanted in {key.replace(".", "__"), key.rpartition(".")[2]}:
            return key
    first = wanted.partition("__")[0]
    return first if first in set(_trading_keys()) else None


def _trading_keys() -> Iterator[str]:
    from trading_bot.contract.settings import settings_schema  # noqa: PLC0415 - only to explain a refusal

    schema = settings_schema()
    definitions = schema["$defs"]
    for key, node in definitions["Settings"]["properties"].items():
        yield key
        branches = [node, *node.get("allOf", []), *node.get("anyOf", [])]
        nested = {branch.get("$ref", "").rpartition("/")[2] for branch in branches}
        for inner in (name for kind in nested for name in definitions.get(kind, {}).get("properties", ())):
            yield f"{key}.{inner}"


def _closest(wanted: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(wanted, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; known are {', '.join(known)}"
