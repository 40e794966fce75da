"""The state document: what conditions speak of. Small, made anew for each look, null where a thing is not known."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from exporter.follow import BotView
from exporter.ops.access.keys import KeyRing
from trading_bot.boot.home import Home
from trading_bot.contract.telemetry.definition import MetricType, Page
from trading_bot.contract.telemetry.metrics import on_page
from trading_bot.domain.clock import SECOND, Clock
from trading_bot.domain.health import Health
from trading_bot.domain.state import (
    State,
    daily_pnl,
    drawdown,
    gross_exposure,
    open_positions,
    unknown_orders,
    unrealized_pnl,
)

T = TypeVar("T")
UNSUPERVISED: Final = "none"
NOT_COUNTED: Final = {
    metric.name: 0.0 for metric in on_page(Page.EXPORTER) if metric.type is MetricType.COUNTER
}
MILLISECOND: Final = 1_000_000


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


class Around(Part, frozen=True, kw_only=True):
    """What is known besides the tape."""

    halt_file: bool
    disk: tuple[int, float] | None
    keys: dict[str, str]


class Observer:
    """Makes the document. May be asked from any thread.

    Args:
        view: of the bot.
        home: for the disk and the HALT file.
        clock: for ages.
        keys: that ops accepts.
    """

    def __init__(self, view: BotView, home: Home, clock: Clock, keys: KeyRing) -> None:
        self._keys = keys
        self._view = view
        self._home = home
        self._clock = clock

    @property
    def journal_seq(self) -> int:
        """The last event of the journal that was folded."""
        position = self._view.journal.position
        return position.seq if position is not None else 0

    @property
    def caught_up(self) -> bool:
        """Whether the journal has been read up to where it ended when this process began."""
        return self._view.caught_up

    def read(self, function: Callable[[State, Health], T]) -> T:
        """Return what a function makes of state and health; it must be short and keep no part of the state."""
        return self._view.read(lambda state, health, _position: function(state, health))

    def look(self) -> BotDocument:
        """Return what is known of the bot now."""
        now = self._clock.now_ns()
        halted, machine = self._home.halt.exists(), _disk(self._home.path)
        around = Around(halt_file=halted, disk=machine, keys=self._keys.fingerprints())
        return self._view.read(lambda state, health, _position: bot_document(state, health, now, around))


def whole(bot: BotDocument, **more: Any) -> Document:
    """Return the document with what is known of an execution."""
    fields = {name: getattr(bot, name) for name in bot.__struct_fields__}
    return Document(**fields, **{**NOTHING_MORE, **more})


def bot_document(state: State, health: Health, now_ns: int, around: Around) -> BotDocument:
    """Return what state and health say. Nothing of the state is kept but what does not change."""
    return BotDocument(
        up=health.up,
        up_reason=health.up_reason,
        health=health.status,
        health_reason=health.reason,
        halt_file=around.halt_file,
        run=_run(state),
        mode=ModeFacts(mode=state.mode.mode, reason=state.mode.reason, actor=state.mode.actor),
        conditions={
            item.name: ConditionFacts(status=item.status, reason=item.reason, message=item.message)
            for item in health.conditions
        },
        account=_account(state),
        positions=_positions(state),
        holdings={item.symbol: item.quantity for item in state.positions.values() if item.quantity},
        orders=_orders(state),
        blocks={symbol: tuple(market.blocks) for symbol, market in state.markets.items() if market.blocks},
        breakers={name: breaker.message for name, breaker in state.breakers.items()},
        mismatches=len(state.reconciliation.mismatches),
        protection={
            symbol: ProtectionFacts(
                status=item.status, stop_loss=item.stop_loss, take_profit=item.take_profit
            )
            for symbol, item in state.protection.items()
        },
        settings=_settings(state),
        counters={**NOT_COUNTED, **{name: sum(series.values()) for name, series in state.counts.items()}},
        ages=_ages(state, health, now_ns),
        machine=_machine(state, around.disk),
        keys=around.keys,
    )


def _run(state: State) -> RunFacts:
    run = state.run
    return RunFacts(
        run_id=run.run_id,
        pid=run.pid,
        version=run.version,
        venue=run.venue,
        supervisor=run.supervisor,
        supervised=run.supervisor not in {None, UNSUPERVISED},
        ready=run.ready_at is not None and run.stopped_at is None,
        stopped=run.stopped_at is not None,
        cycles=run.cycles,
        symbols=run.symbols,
    )


def _account(state: State) -> AccountFacts:
    return AccountFacts(
        equity=state.account.equity,
        daily_pnl=daily_pnl(state),
        realized_pnl=state.account.realized_pnl,
        drawdown=drawdown(state),
        gross_exposure=gross_exposure(state),
    )


def _positions(state: State) -> dict[str, PositionFacts]:
    return {
        item.symbol: PositionFacts(
            quantity=item.quantity,
            entry_price=item.entry_price,
            value=item.value,
            unrealized_pnl=unrealized_pnl(item),
        )
        for item in open_positions(state)
    }


def _orders(state: State) -> OrderFacts:
    by_symbol: dict[str, int] = {}
    for order in state.orders.values():
        by_symbol[order.symbol] = by_symbol.get(order.symbol, 0) + 1
    return OrderFacts(open=len(state.orders), unknown=len(unknown_orders(state)), by_symbol=by_symbol)


def _settings(state: State) -> SettingsFacts:
    settings = state.settings
    return SettingsFacts(
        generation=settings.generation,
        hash=settings.hash,
        on_trial=state.probation is not None,
        values=settings.settings,
    )


def _ages(state: State, health: Health, now_ns: int) -> AgeFacts:
    return AgeFacts(
        beat=_age(health.beat_at, now_ns),
        decision=_age(state.last_decision_at, now_ns),
        fill=_age(state.last_fill_at, now_ns),
        reconciled=_age(state.reconciliation.completed_at, now_ns),
    )


def _age(at: int | None, now_ns: int) -> float | None:
    return None if at is None else round(max(0, now_ns - at) / SECOND, 3)


def _machine(state: State, disk: tuple[int, float] | None) -> MachineFacts:
    offset = state.runtime.clock_offset_ns
    return MachineFacts(
        disk_free_bytes=disk[0] if disk else None,
        disk_free_share=disk[1] if disk else None,
        clock_offset_ms=None if offset is None else round(offset / MILLISECOND, 3),
    )


def _disk(path: Path) -> tuple[int, float] | None:
    try:
        found = os.statvfs(path)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize, round(found.f_bavail / max(1, found.f_blocks), 4)


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
