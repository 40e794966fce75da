"""The query of a request as a struct, every fault named with what was expected and an example."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec
from msgspec import Meta

from trading_bot.contract.errors import NonRetriableError
from trading_bot.domain.clock import SECOND

Query = TypeVar("Query", bound=msgspec.Struct)


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong with a request."""

    field: str
    expected: str
    found: str
    example: str


def told(field: str, expected: str, found: str, example: str) -> list[dict[str, str]]:
    """Return the one thing wrong with a request, as the ``errors`` in an error's context."""
    return [msgspec.to_builtins(Fault(field=field, expected=expected, found=found, example=example))]


NOTHING = "nothing"
LONGEST_FOUND = 80
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def parse(arguments: Mapping[str, str], kind: type[Query]) -> Query:
    """Return the query as ``kind``, whose fields each have a description and an example.

    Raises:
        NonRetriableError: API_001 with ``errors``, a list of :class:`Fault`, in its context.
    """
    if not arguments:
        return kind()
    faults = list(_faults(arguments, kind))
    if faults:
        first = faults[0]
        message = f"{first.field}: expected {first.expected}, found {first.found}"
        raise NonRetriableError("API_001", message, errors=[msgspec.to_builtins(fault) for fault in faults])
    return msgspec.convert(dict(arguments), kind, strict=False)


def nanoseconds(at: datetime) -> int:
    """Return a time with its zone as nanoseconds since the epoch; what lies before 1970 or after 2200 as those."""
    if at.year < EARLIEST.year:
        return nanoseconds(EARLIEST)
    if at.year >= LATEST.year:
        at = LATEST
    whole = at.astimezone(UTC).replace(microsecond=0)
    return max(0, int(whole.timestamp())) * SECOND + at.microsecond * 1_000


def _faults(arguments: Mapping[str, str], kind: type[Query]) -> Iterator[Fault]:
    types = get_type_hints(kind, include_extras=True)
    for name, text in arguments.items():
        if name not in types:
            yield _unknown(name, list(types))
            continue
        given = _given(arguments, name)
        if len(given) > 1 or not _is_valid(text, types[name]):
            meta = _meta(types[name])
            example = str((meta.examples or [""])[0])
            found = ", ".join(repr(one[:LONGEST_FOUND]) for one in given[:2])
            found = f"{len(given)} values: {found}" if len(given) > 1 else found
            yield Fault(field=name, expected=meta.description or "", found=found, example=example)


def _given(arguments: Mapping[str, str], name: str) -> list[str]:
    """Return every value of a parameter that may have been given more than once."""
    everything = getattr(arguments, "getlist", None)
    return [arguments[name]] if everything is None else list(everything(name))


def _is_valid(text: str, annotation: Any) -> bool:
    try:
        value = msgspec.convert(text, annotation, strict=False)
    except msgspec.ValidationError:
        return False
    if isinstance(value, datetime):
        return text[4:5] == "-"  # msgspec would take a number for seconds since the epoch
    return value is not None  # and the word null for nothing; what may be left out is never sent so


def _unknown(name: str, known: list[str]) -> Fault:
    close = difflib.get_close_matches(name, known, n=1)
    example = (close or known or [""])[0]
    expected = f"one of {', '.join(known)}" if known else "no parameters"
    return Fault(field=name[:LONGEST_FOUND], expected=expected, found="an unknown parameter", example=example)


def _meta(annotation: Any) -> Meta:
    """Return what describes a field, also inside an optional one."""
    found = _meta_or_none(annotation)
    if found is None:
        raise TypeError(f"{annotation} has no description")
    return found


def _meta_or_none(annotation: Any) -> Meta | None:
    parts = get_args(annotation)
    here = (part for part in parts if isinstance(part, Meta))
    deeper = (_meta_or_none(part) for part in parts)
    return next(here, None) or next((one for one in deeper if one is not None), None)
