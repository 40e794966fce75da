"""The state document: what conditions speak of. Small, null where a thing is not known."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Final, get_args, get_origin, get_type_hints

import msgspec


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the document's parts."""


class RunFacts(Part, frozen=True, kw_only=True):
    """The bot's run: ``ready`` once it trades, ``supervised`` when somebody restarts it."""

    run_id: str | None
    pid: int | None
    version: str | None
    venue: str | None
    supervisor: str | None
    supervised: bool
    ready: bool
    stopped: bool
    cycles: int
    symbols: tuple[str, ...]


class ModeFacts(Part, frozen=True, kw_only=True):
    """The mode and why."""

    mode: str
    reason: str
    actor: str


class ConditionFacts(Part, frozen=True, kw_only=True):
    """One condition of health."""

    status: str
    reason: str
    message: str


class AccountFacts(Part, frozen=True, kw_only=True):
    """Money, in the account currency."""

    equity: Decimal | None
    daily_pnl: Decimal | None
    realized_pnl: Decimal
    drawdown: Decimal | None
    gross_exposure: Decimal | None


class PositionFacts(Part, frozen=True, kw_only=True):
    """One position that is more than dust."""

    quantity: Decimal
    entry_price: Decimal | None
    value: Decimal | None
    unrealized_pnl: Decimal | None


class OrderFacts(Part, frozen=True, kw_only=True):
    """Orders that are not over; ``by_symbol`` counts them where there are any."""

    open: int
    unknown: int
    by_symbol: dict[str, int]


class ProtectionFacts(Part, frozen=True, kw_only=True):
    """How a position stands to its stop-loss and take-profit."""

    status: str
    stop_loss: Decimal | None
    take_profit: Decimal | None


class SettingsFacts(Part, frozen=True, kw_only=True):
    """The trading settings in force; ``on_trial`` while they may still be taken back by the bot."""

    generation: int
    hash: str | None
    on_trial: bool
    values: dict[str, Any] | None


class AgeFacts(Part, frozen=True, kw_only=True):
    """Seconds since the last of each; null when there was none."""

    beat: float | None
    decision: float | None
    fill: float | None
    reconciled: float | None


class MachineFacts(Part, frozen=True, kw_only=True):
    """The disk of the home folder, and the clock against the venue's."""

    disk_free_bytes: int | None
    disk_free_share: float | None
    clock_offset_ms: float | None


class StepFacts(Part, frozen=True, kw_only=True):
    """An earlier step of this execution."""

    state: str
    outputs: dict[str, Any]


class ExecutionFacts(Part, frozen=True, kw_only=True):
    """This execution."""

    id: str
    workflow: str
    age: float


class BotDocument(Part, frozen=True, kw_only=True):
    """What is known of the bot at this moment."""

    up: bool
    up_reason: str
    health: str
    health_reason: str
    halt_file: bool
    run: RunFacts
    mode: ModeFacts
    conditions: dict[str, ConditionFacts]
    account: AccountFacts
    positions: dict[str, PositionFacts]
    holdings: dict[str, Decimal]
    """Quantity by symbol, dust included: what a restart must leave as it is."""
    orders: OrderFacts
    blocks: dict[str, tuple[str, ...]]
    breakers: dict[str, str]
    mismatches: int
    protection: dict[str, ProtectionFacts]
    settings: SettingsFacts
    counters: dict[str, float]
    """The bot's counters by metric name, summed over their labels."""
    ages: AgeFacts
    machine: MachineFacts
    keys: dict[str, str]
    """Fingerprints of the API keys that ops accepts, by name."""


class Document(BotDocument, frozen=True, kw_only=True):
    """The whole: the bot, and this execution with its parameters, earlier steps and own outputs."""

    parameters: dict[str, Any]
    steps: dict[str, StepFacts]
    outputs: dict[str, Any]
    execution: ExecutionFacts


NOTHING_MORE: Final[dict[str, Any]] = {
    "parameters": {},
    "steps": {},
    "outputs": {},
    "execution": ExecutionFacts(id="", workflow="", age=0.0),
}


def whole(bot: BotDocument, **more: Any) -> Document:
    """Return the document with what is known of an execution."""
    fields = {name: getattr(bot, name) for name in bot.__struct_fields__}
    return Document(**fields, **{**NOTHING_MORE, **more})


def path_fault(names: tuple[Any, ...]) -> tuple[str, tuple[str, ...]] | None:
    """Say at which name a path leaves the document, and what is known there; None when it does not."""
    kind: Any = Document
    for name in names:
        if kind is Any:
            return None
        fields = _fields_of(kind) if isinstance(kind, type) and issubclass(kind, Part) else None
        if fields is None:
            kind = _entry(kind)
            if kind is None:
                return str(name), ()
        elif name not in fields:
            return str(name), tuple(sorted(fields))
        else:
            kind = _known(fields[name])
    return None


@cache
def _fields_of(kind: type[Part]) -> dict[str, Any]:
    return get_type_hints(kind)


def _known(annotation: Any) -> Any:
    """Return what a value that may be null is when it is not."""
    inner = [one for one in get_args(annotation) if one is not type(None)]
    return inner[0] if type(None) in get_args(annotation) else annotation


def _entry(kind: Any) -> Any:
    """Return what the entries of a mapping or a list are; None for a plain value."""
    origin = get_origin(kind)
    if origin is dict:
        return _known(get_args(kind)[1])
    return get_args(kind)[0] if origin in {tuple, list} else None


def plain(value: Any) -> Any:
    """Return a value of the document as JSON has it."""
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    return msgspec.to_builtins(value)
