"""Looking at the bot and its machine: the state document, made anew for each look."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from exporter.follow import BotView
from exporter.ops.access.keys import KeyRing
from exporter.ops.workflows.document import (
    AccountFacts,
    AgeFacts,
    BotDocument,
    ConditionFacts,
    MachineFacts,
    ModeFacts,
    OrderFacts,
    Part,
    PositionFacts,
    ProtectionFacts,
    RunFacts,
    SettingsFacts,
)
from trading_bot.boot.home import Home
from trading_bot.contract.telemetry.definition import MetricType, Page
from trading_bot.contract.telemetry.metrics import on_page
from trading_bot.domain.clock import SECOND, Clock
from trading_bot.domain.derived import (
    daily_pnl,
    drawdown,
    gross_exposure,
    open_positions,
    unknown_orders,
    unrealized_pnl,
)
from trading_bot.domain.health import Health
from trading_bot.domain.state import State

T = TypeVar("T")
UNSUPERVISED: Final = "none"
NOT_COUNTED: Final = {
    metric.name: 0.0 for metric in on_page(Page.EXPORTER) if metric.type is MetricType.COUNTER
}
MILLISECOND: Final = 1_000_000


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
