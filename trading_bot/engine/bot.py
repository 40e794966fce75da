"""The bot: starts up in order, listens, beats, reconciles, and stops in order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from trading_bot.boot.signals import HALT_SIGNAL, LOOK_AGAIN_SIGNAL, STOP_SIGNALS, handle_in_loop
from trading_bot.contract.errors import OperatorError, RetriableError, TickertapeError
from trading_bot.contract.events.lifecycle import BotReady, BotStopped, Mode
from trading_bot.contract.events.market import FeedReconnected
from trading_bot.contract.events.trading import LearnedBy
from trading_bot.domain.clock import SECOND
from trading_bot.domain.snapshots import snapshot
from trading_bot.engine.breakers import Breakers
from trading_bot.engine.commands import Commands
from trading_bot.engine.context import Context
from trading_bot.engine.decisions import Decisions
from trading_bot.engine.execution import Execution
from trading_bot.engine.feed_watch import FeedWatch
from trading_bot.engine.listing import open_venue
from trading_bot.engine.modes import HALTING_ERROR, OPERATOR_HALT
from trading_bot.engine.price_watch import PriceWatch
from trading_bot.engine.protection import Protection
from trading_bot.engine.reconciliation import Reconciliation
from trading_bot.engine.settings_change import SettingsKeeper
from trading_bot.engine.settlement import Settlement
from trading_bot.engine.symbol_watch import NO_HISTORY, SymbolWatch
from trading_bot.engine.venue_watch import VenueWatch
from trading_bot.engine.vitals import Vitals
from trading_bot.venues import protocol
from trading_bot.venues.protocol import StreamName, Venue

BEAT_SECONDS: Final = 1.0
HISTORY_BARS: Final = 999
"""As many as an exchange gives in one answer; more than any strategy's settings allow it to need."""
CLOCK_SECONDS: Final = 15.0
STOP_SECONDS: Final = 1.3
"""For each of the steps of a stop: placing ends, cancels are answered, connections close."""
FIRST_RETRY: Final = 0.5
LONGEST_RETRY: Final = 10.0
PRUNE_SECONDS: Final = 600.0
MUTE_AFTER: Final = 2
"""All streams silent for this many times the staleness limit: the socket is mute, subscribe anew."""

RESTART_WANTED: Final = 75
"""Exit status that asks the supervisor for a new start."""

STANDING: Final = frozenset({"beat", "commands", "trade", "listen", "settle", "protect", "clock", "prune"})
"""Tasks that go on as long as the bot does."""

NOT_READY: Final = "Starting"
STOPPING: Final = "Stopping"


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What a bot is made of; each does one thing."""

    execution: Execution
    settlement: Settlement
    reconciliation: Reconciliation
    feed: FeedWatch
    venue_watch: VenueWatch
    decisions: Decisions
    vitals: Vitals
    breakers: Breakers
    prices: PriceWatch
    protection: Protection
    settings: SettingsKeeper
    symbols: SymbolWatch
    commands: Commands


class Bot:
    """One run of the bot."""

    def __init__(self, context: Context, venue: Venue, parts: Parts) -> None:
        self._context = context
        self._ledger = context.ledger
        self._venue = venue
        self._execution = parts.execution
        self._settlement = parts.settlement
        self._reconciliation = parts.reconciliation
        self._feed = parts.feed
        self._venue_watch = parts.venue_watch
        self._decisions = parts.decisions
        self._protection = parts.protection
        self._vitals = parts.vitals
        self._breakers = parts.breakers
        self._prices = parts.prices
        self._settings = parts.settings
        self._symbols = parts.symbols
        self._commands = parts.commands
        self._restart_because: str | None = None
        self._stop = asyncio.Event()
        self._stop_reason = "stopped by signal"
        self._exit_code = 0
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._doubted = False
        self._reconnecting_since = 0.0
        self._handlers: dict[type, Callable[[Any], None]] = {
            protocol.Quote: self._take_quote,
            protocol.BarUpdate: self._take_bar,
            protocol.OrderReport: lambda message: self._execution.take_order(message.order, LearnedBy.STREAM),
            protocol.FillReport: lambda message: self._take_fill(message.fill),
            protocol.StreamLost: lambda message: self._venue_watch.lost(message.stream, message.message),
            protocol.StreamRestored: self._take_restored,
            protocol.BadMessage: lambda message: self._feed.refuse(message.symbol, message.message),
        }

    async def run(self) -> int:
        """Run until a signal asks to stop, then stop in order; return the process's exit code."""
        handle_in_loop(
            {
                **dict.fromkeys(STOP_SIGNALS, self.stop),
                HALT_SIGNAL: self._halt,
                LOOK_AGAIN_SIGNAL: self._look_again,
            }
        )
        self._context.modes.restore()
        self._context.modes.demand(Mode.PAUSED, NOT_READY, "the books are not reconciled with the venue yet")
        self._begin("beat", self._beat())
        self._begin("commands", self._commands.run(self._begin, self._ask_restart))
        self._begin("trade", self._trade(self._context.clock.monotonic_ns()))
        try:
            await self._stop.wait()
        except asyncio.CancelledError:
            self._stop.set()  # what its tasks fail of by this is not recorded
            self._cancel_tasks()
            raise
        await self._wind_down()
        return self._exit_code

    def stop(self) -> None:
        """Ask for a clean stop."""
        self._stop.set()

    def _begin(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Begin a task of this name, unless it is still at it."""
        if name in self._tasks:
            work.close()
            return
        task = self._tasks[name] = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A task that fails or ends unforeseen ends the bot: whoever supervises it starts it with a clean slate."""
        self._tasks.pop(task.get_name(), None)
        error = _failure(task)
        if error is None or self._stop.is_set():  # while it stops, what fails does so for that
            return
        self._context.errors.record(error)
        self._stop_reason, self._exit_code = f"the task {task.get_name()} failed", 1
        self._stop.set()

    async def _trade(self, began: int) -> None:
        """Start up in order, each step until it succeeds; then keep level with the venue."""
        await self._until_done(self._open_venue)
        self._breakers.restore()
        self._feed.begin()
        self._begin("listen", self._listen())
        self._begin("settle", self._settlement.run())
        self._settlement.doubt_recovered()
        await self._until_done(self._measure_clock)
        await self._until_done(lambda: self._reconcile("start"))
        await self._hear_quotes()
        await self._protection.restore()
        self._begin("protect", self._protection.run())
        await self._until_done(self._warm_up)
        self._ledger.append(
            BotReady(
                recovery_ns=self._context.clock.monotonic_ns() - began,
                symbols=self._context.settings.symbols,
                strategies=tuple(self._context.settings.strategies),
            )
        )
        self._vitals.begin()
        self._context.modes.withdraw(NOT_READY)
        self._begin("clock", self._keep(self._measure_clock, lambda: CLOCK_SECONDS))
        self._begin("prune", self._prune())
        await self._keep(
            self._keep_level,
            lambda: self._symbols.pause(self._context.settings.intervals.reconcile_seconds),
        )

    async def _until_done(self, step: Callable[[], Awaitable[None]]) -> None:
        """Repeat a step with growing pauses until it succeeds."""
        pause = FIRST_RETRY
        while True:
            try:
                await step()
            except TickertapeError as error:
                if self._stop.is_set():  # ccxt may answer our cancellation with an error of its own
                    raise asyncio.CancelledError from error
                self._venue_watch.failed(error)
                longest = LONGEST_RETRY if isinstance(error, OperatorError) else LONGEST_RETRY / 2
                await asyncio.sleep(pause)
                pause = min(pause * 2, longest)
            else:
                self._venue_watch.succeeded()
                return

    async def _keep(self, step: Callable[[], Awaitable[None]], seconds: Callable[[], float]) -> None:
        """Do a step again and again; a failure is the venue's until it succeeds."""
        while True:
            await asyncio.sleep(seconds())
            await self._until_done(step)

    async def _open_venue(self) -> None:
        self._execution.instruments.update(await open_venue(self._context, self._venue, self._symbols))

    async def _measure_clock(self) -> None:
        reading = await self._venue.clock()
        limit = self._context.settings.intervals.max_clock_offset_ms
        if self._context.meter.clock_offset_ns is None or reading.round_trip_ns / 2e6 < limit:
            self._context.meter.take_clock(reading.offset_ns)  # a slow answer tells no difference

    async def _reconcile(self, trigger: str) -> None:
        await self._reconciliation.run(trigger)
        self._vitals.note_reconciled()

    async def _keep_level(self) -> None:
        await self._reconcile("periodic")
        await self._warm_up()

    async def _warm_up(self) -> None:
        cold = await self._symbols.each(self._symbols.listed, self._give_history, NO_HISTORY)
        self._symbols.gate(NO_HISTORY, cold)

    async def _give_history(self, symbol: str) -> None:
        if not self._decisions.is_warm(symbol):  # a step that is repeated gives nobody his history twice
            self._decisions.warm_up(symbol, await self._venue.candles(symbol, HISTORY_BARS))

    async def _hear_quotes(self) -> None:
        """Wait for a quote of each open symbol, as long as a quote may be old: the marks are of another run."""
        if self._feed.open_symbols():
            with contextlib.suppress(TimeoutError):
                limit = self._context.settings.intervals.stale_after_seconds
                await asyncio.wait_for(self._feed.all_heard.wait(), limit)

    async def _listen(self) -> None:
        async for message in self._venue.listen():
            try:
                self._handlers[type(message)](message)
            except Exception as error:  # noqa: BLE001 - the feed's loop top: one message must not end it
                self._context.errors.record(error)

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            self._context.meter.late_by(round((loop.time() - due) * SECOND))
            for step in (self._vitals.beat, self._obey_halt, self._wake_mute_streams, self._watch_settings):
                try:
                    step()
                except Exception as error:  # noqa: BLE001 - the heartbeat's loop top: each step must go on
                    self._context.errors.record(error)
            # After a blocked loop, or a sleeping machine, missed beats are not caught up in a burst.
            due = max(due + BEAT_SECONDS, loop.time())
            await asyncio.sleep(due - loop.time())

    def _watch_settings(self) -> None:
        """Settings on probation go back where they made something worse; a restart that is due begins."""
        reason = self._settings.watch() or self._restart_because
        if reason is not None:
            self._ask_restart(reason)

    def _ask_restart(self, reason: str) -> None:
        self._restart_because = reason
        self._begin("restart", self._restart(reason))

    async def _restart(self, reason: str) -> None:
        """End with 75 once the tape says why: what is not written, the next run would do again."""
        try:
            await self._ledger.durable()
        except TickertapeError as error:
            self._context.errors.record(error)  # the next beat begins this anew
        else:
            self._stop_reason, self._exit_code = reason, RESTART_WANTED
            self._stop.set()

    def _wake_mute_streams(self) -> None:
        """A socket that is connected but mute is closed, so that it is opened and subscribed anew."""
        limit = MUTE_AFTER * self._context.settings.intervals.stale_after_seconds
        silent = self._feed.silent_for()
        if not self._vitals.ready or not self._feed.open_symbols() or silent < limit:
            self._reconnecting_since = 0.0
            return
        if silent - self._reconnecting_since >= limit:
            self._reconnecting_since = silent
            self._begin("reconnect", self._reconnect())

    async def _reconnect(self) -> None:
        for stream in (StreamName.QUOTES, StreamName.BARS):
            try:
                await self._venue.reconnect(stream)
            except TickertapeError as error:
                self._venue_watch.failed(error)

    async def _prune(self) -> None:
        while True:
            await asyncio.sleep(PRUNE_SECONDS)
            try:
                await self._vitals.prune()
            except TickertapeError as error:
                self._context.errors.record(error)

    def _take_bar(self, update: protocol.BarUpdate) -> None:
        self._prices.take_bar(update.bar)
        self._decisions.on_bar(update.bar, late=update.late)

    def _take_quote(self, quote: protocol.Quote) -> None:
        self._prices.take_quote(quote)
        self._protection.heard(quote)

    def _take_fill(self, fill: protocol.VenueFill) -> None:
        if not self._execution.take_fill(fill, LearnedBy.STREAM):
            self._doubt_books()  # somebody else traded on the account

    def _doubt_books(self) -> None:
        """Compare with the venue at once, in a task of its own; a doubt meanwhile has it done again."""
        self._doubted = True
        self._begin("doubt", self._compare_books())

    async def _compare_books(self) -> None:
        while self._doubted:
            self._doubted = False
            try:
                await self._reconcile("doubt")
            except TickertapeError as error:
                self._venue_watch.failed(error)

    def _take_restored(self, message: protocol.StreamRestored) -> None:
        self._venue_watch.restored(message.stream)
        self._ledger.append(
            FeedReconnected(stream=message.stream, attempts=message.attempts, outage_ns=message.outage_ns)
        )
        if message.stream is StreamName.ORDERS:  # reports of the outage are not repeated
            self._doubt_books()

    def _halt(self) -> None:
        self._vitals.halt_asked = True
        self._vitals.look_at_halt()
        if not self._context.home.halt.exists():  # no file will say so to the next run
            self._context.modes.demand(Mode.HALTED, OPERATOR_HALT, "halted by signal", "signal")
        self._vitals.write_beacon()  # who asked waits for it
        self._obey_halt()

    def _obey_halt(self) -> None:
        """While halted, cancel what works at the venue: also what arrived there after the halt."""
        if self._context.modes.mode is Mode.HALTED and self._execution.has_working():
            self._begin("cancel", self._execution.cancel_working("halted"))

    def _look_again(self) -> None:
        """A person lifts a halt: what a signal or an error asked for is over, the HALT file is read again."""
        was_halted = self._context.modes.mode is Mode.HALTED
        self._vitals.halt_asked = False
        self._context.modes.withdraw(HALTING_ERROR)
        self._context.modes.withdraw(OPERATOR_HALT)
        self._vitals.look_at_halt()
        if was_halted:
            self._vitals.halt_lifted_at = self._ledger.writer.last
        self._begin("confirm", self._confirm())

    async def _confirm(self) -> None:
        """Tell who waits for the beacon, as soon as the tape has what changed."""
        with contextlib.suppress(TickertapeError):  # a journal that cannot be written has its own condition
            await self._ledger.durable()
        self._vitals.write_beacon()

    async def _wind_down(self) -> None:
        """Finish what is on its way, cancel what works if asked to, write everything down."""
        self._commands.stop()
        self._context.modes.demand(Mode.PAUSED, STOPPING, f"the bot is stopping: {self._stop_reason}")
        await self._execution.finish_placing(STOP_SECONDS)
        if self._context.settings.execution.cancel_on_stop:
            await self._within("cancelling", self._execution.cancel_working("stopping"))
        if tasks := self._cancel_tasks():
            await asyncio.wait(tasks, timeout=STOP_SECONDS / 2)
        await self._within("closing the venue", self._venue.close())
        self._ledger.append(snapshot(self._ledger.state))
        self._ledger.append(BotStopped(reason=self._stop_reason, exit_code=self._exit_code))
        self._vitals.write_beacon()

    def _cancel_tasks(self) -> list[asyncio.Task[None]]:
        """Cancel all that goes on beside this, and return it. What is at the venue is asked for at the next start."""
        parts = (self._execution, self._settlement, self._protection, self._prices, self._decisions)
        tasks = [*self._tasks.values(), *(task for part in parts for task in part.tasks)]
        for task in tasks:
            task.cancel()
        return tasks

    async def _within(self, what: str, work: Awaitable[None]) -> None:
        """Do a step of the stop, and go on without it when it takes too long or fails."""
        try:
            await asyncio.wait_for(work, STOP_SECONDS)
        except TimeoutError:
            self._context.errors.record(RetriableError("VENUE_001", f"{what} took longer than a stop may"))
        except TickertapeError as error:
            self._context.errors.record(error)


def _failure(task: asyncio.Task[None]) -> BaseException | None:
    """Return what a task failed of: nobody but a stop cancels one, and a standing one does not end."""
    if task.cancelled():
        return RuntimeError(f"the task {task.get_name()} was cancelled")
    error = task.exception()
    if error is None and task.get_name() in STANDING:
        return RuntimeError(f"the task {task.get_name()} came to an end")
    return error
