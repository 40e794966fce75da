"""Once a second: the beacon, the heartbeat, the conditions, the limits, the day, the samples."""

from __future__ import annotations

import asyncio
import os

from trading_bot.boot.halt import read_halt
from trading_bot.contract.errors import ReduceOnlyError, TickertapeError
from trading_bot.contract.events.lifecycle import BotBeat, Mode, TapePruned
from trading_bot.domain.clock import SECOND
from trading_bot.domain.guards import uncertain_marks
from trading_bot.domain.removal import NOT_LISTED
from trading_bot.domain.snapshots import snapshot
from trading_bot.engine.breakers import Breakers
from trading_bot.engine.conditions import Facts, decision_limit, judge, record_changes
from trading_bot.engine.context import Context
from trading_bot.engine.decisions import Decisions
from trading_bot.engine.feed_watch import FeedWatch
from trading_bot.engine.modes import KILL_SWITCH
from trading_bot.engine.position_watch import PositionWatch
from trading_bot.engine.settings_source import DriftWatch
from trading_bot.engine.symbol_watch import NO_HISTORY, NOT_RECONCILED, blocked_for
from trading_bot.engine.venue_watch import VenueWatch
from trading_bot.journal import Beacon, BeaconWriter, RetentionPolicy


class Vitals:
    """What the bot does each second besides trading.

    Attributes:
        ready: whether recovery and the first reconciliation are done.
        halt_asked: whether a signal asked for a halt in this run, whatever the HALT file says.
        halt_lifted_at: sequence number of the last event of a person lifting a halt; 0 before.
    """

    def __init__(
        self,
        context: Context,
        beacon: BeaconWriter,
        feed: FeedWatch,
        venue_watch: VenueWatch,
        decisions: Decisions,
        drift: DriftWatch,
        breakers: Breakers,
    ) -> None:
        self.ready = False
        self.halt_asked = False
        self.halt_lifted_at = 0
        self._context = context
        self._ledger = context.ledger
        self._modes = context.modes
        self._errors = context.errors
        self._meter = context.meter
        self._clock = context.clock
        self._beacon = beacon
        self._beacon_fault: str | None = None
        self._feed = feed
        self._venue_watch = venue_watch
        self._decisions = decisions
        self._drift = drift
        self._breakers = breakers
        self._positions = PositionWatch(context)
        self._reconciled_at: int | None = None
        self._ready_at: int | None = None
        self._snapshot_at = context.clock.monotonic_ns()

    def begin(self) -> None:
        """Be ready: what limits the mode is found, and what was measured told, before trading begins."""
        self.ready = True
        self._write_sample()
        self.beat()

    def beat(self) -> None:
        """Do all of it once."""
        self.write_beacon()
        self.look_at_halt()
        self._feed.write_due()
        if self.ready:
            self._ready_at = self._ready_at or self._clock.monotonic_ns()
            self._feed.block_and_unblock()
            self._positions.look()
            self._breakers.look()
        self._gate_modes()
        record_changes(self._ledger, judge(self._facts()))
        self._ledger.append(BotBeat(cycles=self._decisions.cycles))
        self._write_records()

    def write_beacon(self) -> None:
        """Overwrite the beacon: also when the journal cannot be written.

        What keeps it from that is said once, and stops nothing else: the kill switch least of all.
        """
        fault = self._ledger.fault
        beacon = Beacon(
            pid=os.getpid(),
            run_id=self._ledger.writer.position.run_id,
            ts=self._clock.now_ns(),
            position=self._ledger.writer.position,
            mode=self._told_mode(),
            journal_error=fault.code if fault is not None else None,
        )
        before = self._beacon_fault
        try:
            self._beacon.write(beacon)
            self._beacon_fault = None
        except TickertapeError as error:
            self._beacon_fault = error.code
            if error.code != before:
                self._errors.record(error)

    def _told_mode(self) -> Mode:
        """The mode; the end of a halt is told once it is on the tape: a crash before would bring the halt back."""
        is_kept = self._ledger.writer.committed >= self.halt_lifted_at
        return self._modes.mode if is_kept else Mode.HALTED

    def look_at_halt(self) -> None:
        """Bring the kill switch in line with the HALT file and the signals."""
        request = read_halt(self._context.home.halt)
        if request is not None:
            self._modes.demand(Mode.HALTED, KILL_SWITCH, f"halted: {request.reason}", request.actor)
        elif self.halt_asked:
            self._modes.demand(Mode.HALTED, KILL_SWITCH, "halted by signal", "signal")
        else:
            self._modes.withdraw(KILL_SWITCH)

    def note_reconciled(self) -> None:
        """Note that books and venue were compared in this run."""
        self._reconciled_at = self._clock.monotonic_ns()

    async def prune(self) -> None:
        """Take off the tape what is past its retention, and say so on it."""
        kept = self._context.settings.telemetry
        policy = RetentionPolicy(
            span_ns=round(kept.span_hours * 3600 * SECOND),
            measurement_ns=round(kept.measurement_hours * 3600 * SECOND),
        )
        pruned = await asyncio.wrap_future(self._ledger.writer.prune(policy, self._clock.now_ns()))
        if pruned.measurements or pruned.spans:
            self._ledger.append(
                TapePruned(before=pruned.before, measurements=pruned.measurements, spans=pruned.spans)
            )

    def _gate_modes(self) -> None:
        """What concerns the account, the clock or the tape limits the mode; each by a reason of its own."""
        state = self._ledger.state
        fault = self._ledger.fault
        accounts = [m.message for m in state.reconciliation.mismatches.values() if m.subject == "balance"]
        self._gate("BreakerOpen", Mode.REDUCE_ONLY, next((b.message for b in state.breakers.values()), None))
        self._gate(
            "AnchorsMissing", Mode.REDUCE_ONLY, self._breakers.missing_anchors() if self.ready else None
        )
        self._gate("EquityUncertain", Mode.REDUCE_ONLY, self._uncertain())
        self._gate("BalanceMismatch", Mode.REDUCE_ONLY, accounts[0] if accounts else None)
        self._gate("ClockSkew", Mode.REDUCE_ONLY, self._clock_skew())
        self._gate("JournalUnwritable", Mode.PAUSED, fault.message if fault else None)
        self._gate("AllSymbolsBlocked", Mode.REDUCE_ONLY, self._all_blocked())

    def _all_blocked(self) -> str | None:
        """Say why no open symbol takes new risk, or None if one does."""
        markets = self._ledger.state.markets
        blocks = [markets[s].blocks if s in markets else {} for s in self._feed.open_symbols()]
        if not self.ready or not blocks or not all(blocks):
            return None
        return f"every open symbol is blocked: {', '.join(sorted({reason for b in blocks for reason in b}))}"

    def _uncertain(self) -> str | None:
        """Say which mark is too old to know the equity by, or None."""
        old = self._positions.old_marks() if self.ready else {}
        return f"equity is uncertain: {', '.join(old.values())}" if old else None

    def _gate(self, reason: str, mode: Mode, message: str | None) -> None:
        if message is not None:
            self._modes.demand(mode, reason, message)
        else:
            self._modes.withdraw(reason)

    def _clock_skew(self) -> str | None:
        offset = self._meter.clock_offset_ns
        limit = self._context.settings.intervals.max_clock_offset_ms
        if offset is None or abs(offset) / 1e6 <= limit:
            return None
        message = f"the venue's clock is {offset / 1e6:+.0f} ms off, {limit:g} ms are allowed"
        if not self._modes.demanded("ClockSkew"):
            self._errors.record(ReduceOnlyError("VENUE_005", message, offset_ms=round(offset / 1e6)))
        return message

    def _facts(self) -> Facts:
        state, now = self._ledger.state, self._clock
        fault = self._ledger.fault
        return Facts(
            ready=self.ready,
            open_symbols=tuple(self._feed.open_symbols()),
            stale_symbols=tuple(self._feed.stale()) if self.ready else (),
            frozen_symbols=tuple(self._feed.frozen()),
            unknown_sessions=tuple(self._feed.unknown_sessions()),
            decision_age=_age(self._decisions.last_at, now.monotonic_ns()),
            decision_limit=decision_limit(self._context.interval_ns),
            ready_age=_age(self._ready_at, now.monotonic_ns()) or 0.0,
            venue_failing_since=self._venue_watch.failing_since,
            venue_message=self._venue_watch.message,
            venue_answered=self._venue_watch.answered,
            journal_fault=fault.message if fault is not None else None,
            reconciled_age=_age(self._reconciled_at, now.monotonic_ns()),
            reconcile_limit=3 * self._context.settings.intervals.reconcile_seconds,
            mismatches=tuple(m.message for m in state.reconciliation.mismatches.values()),
            breakers=tuple(state.breakers),
            equity_known=state.account.equity is not None,
            doubted_marks=(*uncertain_marks(state), *self._positions.old_marks()) if self.ready else (),
            config_drift=self._drift.drift(),
            not_listed=blocked_for(self._context, NOT_LISTED),
            not_reconciled=blocked_for(self._context, NOT_RECONCILED),
            no_history=blocked_for(self._context, NO_HISTORY),
        )

    def _write_records(self) -> None:
        if self._meter.due(self._context.settings.intervals.sample_seconds):
            self._write_sample()
        now = self._clock.monotonic_ns()
        if now - self._snapshot_at >= self._context.settings.intervals.snapshot_seconds * SECOND:
            self._snapshot_at = now
            self._ledger.append(snapshot(self._ledger.state))

    def _write_sample(self) -> None:
        self._meter.counters.update(self._feed.drain_refused())
        self._ledger.append(self._meter.sample())


def _age(then: int | None, now: int) -> float | None:
    return None if then is None else (now - then) / SECOND
