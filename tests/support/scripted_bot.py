"""A bot that follows the control tape and does what it is told, on real tapes, quickly: for workflows.

It trades nothing. What it refuses, passes over or only pretends to do is up to the test.
"""

from __future__ import annotations

import threading
import time
from decimal import Decimal
from typing import Any, Self

import msgspec

from support.lives import acknowledged, fill_of, intent, opening, sent
from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.boot.identity import new_run_id
from trading_bot.contract.codec import Envelope
from trading_bot.contract.commands import ACKNOWLEDGED, REJECTED
from trading_bot.contract.events import Event, account, lifecycle, market, observation
from trading_bot.contract.events.lifecycle import CommandAnswered, CommandIssued, ConditionName, Mode
from trading_bot.contract.events.trading import OrderOutcomeLost, OrderRejected, Side
from trading_bot.contract.settings import Settings, SmaCross, parse_settings, settings_hash
from trading_bot.contract.telemetry import metrics
from trading_bot.domain.clock import SECOND
from trading_bot.domain.derived import open_positions, unknown_orders
from trading_bot.domain.fold import evolve
from trading_bot.domain.state import State
from trading_bot.journal import Beacon, BeaconWriter, Follower, TapePosition, TapeWriter

PAIR, STOCK = "EUR/USD", "GOOGL/USD"
SETTINGS = Settings(symbols=(PAIR, STOCK), strategies={"cross": SmaCross(symbols=(PAIR, STOCK))}, bar="1s")
OWN = tuple(name for name in ConditionName if name is not ConditionName.TELEMETRY_FLOWING)
MODES = {
    "PauseTrading": (Mode.PAUSED, "OperatorPause"),
    "ResumeTrading": (Mode.RUNNING, "Ready"),
    "ReduceOnly": (Mode.REDUCE_ONLY, "OperatorReduceOnly"),
    "HaltTrading": (Mode.HALTED, "OperatorHalt"),
}


class ScriptedBot:
    """Use as a context manager; it is alive inside.

    Attributes:
        refuses: names of commands that it rejects.
        pretends: names of commands that it acknowledges and does not do.
        deaf: whether it reads no commands at present.
        restart_finds: whether a restart learns what became of lost orders, as a real one does.
        effects: what it did, by command name and idempotency key, each time that it did it.
    """

    def __init__(self, home: Home, *, supervisor: str = "tickertape-up") -> None:
        self.home = home
        self.supervisor = supervisor
        self.refuses: set[str] = set()
        self.pretends: set[str] = set()
        self.deaf = False
        self.restart_finds = False
        self.effects: list[tuple[str, str | None]] = []
        self.state = State()
        self.clock = SystemClock()
        self.guard = threading.RLock()
        self._answered: set[str] = set()
        self._keys: set[str] = set()
        self._orders = 0
        self._ending = threading.Event()
        self._follower = Follower(home.control, kinds=(CommandIssued.KIND,), from_snapshot=False)
        self._thread = threading.Thread(target=self._live, name="scripted-bot", daemon=True)

    def __enter__(self) -> Self:
        self.beacon = BeaconWriter.open(self.home.beacon)
        self._open()
        for event in opening_of_day():
            self.append(event)
        self.begin()
        self.trade(PAIR, Side.BUY, Decimal(100))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join(10)
        self._follower.close()
        self.tape.close()
        self.beacon.close()

    def append(self, event: Event) -> Envelope:
        with self.guard:
            envelope = self.tape.append(event)
            self.state = evolve(self.state, envelope)
            return envelope

    def begin(self) -> None:
        """Have a run begin: started, settings if there are none, conditions, ready."""
        self.append(
            lifecycle.BotStarted(
                version="0.1.0",
                pid=1,
                host="here",
                python="3.11",
                supervisor=lifecycle.Supervisor(self.supervisor),
                venue="simulated",
                currency="USD",
                previous_run_ended=True,
            )
        )
        if self.state.settings.settings is None:
            self.apply(SETTINGS, "seed", None)
        for name in OWN:
            self.say(name, "True")
        self.reconcile("start")
        self.append(lifecycle.BotReady(recovery_ns=1, symbols=SETTINGS.symbols, strategies=("cross",)))
        if self.state.mode.mode is Mode.PAUSED and self.state.mode.reason == "NotStarted":
            self.mode(Mode.RUNNING, "Ready", "bot")

    def restart(self) -> None:
        self.append(lifecycle.BotStopped(reason="restart", exit_code=75))
        self.tape.close()
        self._open()
        if self.restart_finds:
            for order in unknown_orders(self.state):
                self.find(order.client_order_id)
        self.begin()

    def say(self, name: str, status: str, reason: str = "Scripted") -> None:
        self.append(
            lifecycle.ConditionChanged(
                condition=ConditionName(name),
                status=lifecycle.ConditionStatus(status),
                reason=reason,
                message=f"{name} is {status}",
            )
        )

    def mode(self, mode: Mode, reason: str, actor: str) -> None:
        previous = self.state.mode.mode
        self.append(
            lifecycle.ModeChanged(previous=previous, mode=mode, reason=reason, message="asked", actor=actor)
        )

    def apply(self, settings: Settings, source: str, command_id: str | None) -> None:
        self.append(
            lifecycle.SettingsApplied(
                generation=self.state.settings.generation + 1,
                hash=settings_hash(settings),
                settings=msgspec.to_builtins(settings),
                source=source,
                actor="test",
                reason="a test",
                command_id=command_id,
            )
        )

    def reconcile(self, trigger: str = "periodic") -> None:
        self.append(
            account.ReconciliationCompleted(
                trigger=trigger, orders_checked=0, fills_learned=0, mismatches=0, duration_ns=1
            )
        )

    def trade(self, symbol: str, side: Side, quantity: Decimal) -> None:
        self._orders += 1
        order = intent(f"order-{self._orders}", symbol, side, quantity, Decimal(10))
        fill = fill_of(order, f"trade-{self._orders}", quantity, Decimal(10), Decimal(0), "USD")
        for event in (order, sent(order), acknowledged(order), fill):
            self.append(event)

    def lose(self) -> str:
        """Have an order's outcome become unknown; return its id."""
        self._orders += 1
        order = intent(f"order-{self._orders}", STOCK, Side.BUY, Decimal(1), Decimal(10))
        for event in (
            order,
            sent(order),
            OrderOutcomeLost(client_order_id=order.client_order_id, message="lost"),
        ):
            self.append(event)
        return order.client_order_id

    def find(self, order_id: str) -> None:
        """Have a lost order be known not to have arrived."""
        self.append(
            OrderRejected(
                client_order_id=order_id, reason="unknown", error_code="ORDER_001", message="not there"
            )
        )

    def trip(self, breaker: str = "max_daily_loss") -> None:
        self.append(
            account.BreakerOpened(
                breaker=breaker,
                error_code="RISK_006",
                limit_value=Decimal(1),
                observed=Decimal(2),
                message="too much",
            )
        )

    def times(self, name: str) -> int:
        """Return how often it did a command of that name."""
        return sum(done == name for done, _key in self.effects)

    def _open(self) -> None:
        run_id = new_run_id(self.clock.now_ns())
        self.tape = TapeWriter.open(self.home.journal, bot="test", run_id=run_id, clock=self.clock)

    def _live(self) -> None:
        beaten = 0.0
        while not self._ending.wait(0.02):
            if not self.deaf:
                page = self._follower.next_page(0.02)
                for envelope in page.envelopes if page else ():
                    self._take(envelope)
            if time.monotonic() - beaten > 0.3:
                beaten = time.monotonic()
                self._beat()

    def _beat(self) -> None:
        with self.guard:
            self.append(lifecycle.BotBeat(cycles=1))
            self.append(_decided())
            self.append(_quote(PAIR, self.clock.now_ns()))
            self.reconcile()
            self.beacon.write(
                Beacon(
                    pid=1,
                    run_id=self.state.run.run_id or "",
                    ts=self.clock.now_ns(),
                    position=TapePosition(self.tape.tape_id, "", self.tape.committed),
                    mode=self.state.mode.mode,
                )
            )

    def _take(self, envelope: Envelope) -> None:
        issued: Any = envelope.payload
        if issued.command_id in self._answered:
            return
        self._answered.add(issued.command_id)
        duplicate = issued.idempotency_key in self._keys
        late = issued.expires_at <= self.clock.now_ns()
        outcome = REJECTED if duplicate or late or issued.name in self.refuses else ACKNOWLEDGED
        with self.guard:
            restarts = False
            if outcome == ACKNOWLEDGED and issued.idempotency_key is not None:
                self._keys.add(issued.idempotency_key)
            if outcome == ACKNOWLEDGED and issued.name not in self.pretends:
                self.effects.append((issued.name, issued.idempotency_key))
                restarts = self._do(issued)
            self.append(
                CommandAnswered(
                    command_id=issued.command_id,
                    name=issued.name,
                    outcome=outcome,
                    message="as asked" if outcome == ACKNOWLEDGED else "not now",
                    actor=issued.actor,
                    idempotency_key=issued.idempotency_key,
                    issued_at=envelope.ts,
                )
            )
            if restarts:
                self.restart()

    def _do(self, issued: CommandIssued) -> bool:
        """Have the effect of a command; whether it is a restart."""
        arguments = issued.arguments
        if issued.name in MODES:
            mode, reason = MODES[issued.name]
            self.mode(mode, reason, issued.actor)
        elif issued.name == "FlattenPositions":
            for position in open_positions(self.state):
                self.trade(position.symbol, Side.SELL, position.quantity)
        elif issued.name == "ApplySettings":
            self.apply(parse_settings(arguments["settings"]), "command", issued.command_id)
        elif issued.name == "ResetBreaker":
            self.append(
                account.BreakerReset(
                    breaker=arguments["breaker"], actor=issued.actor, reason="asked", how="person"
                )
            )
        return issued.name == "RestartBot"


def opening_of_day() -> list[Event]:
    return opening()


def _quote(symbol: str, now: int) -> market.QuoteConflated:
    return market.QuoteConflated(
        symbol=symbol, bid=Decimal("9.99"), ask=Decimal("10.01"), venue_time=now, received_at=now, messages=1
    )


def _decided() -> observation.RuntimeSampled:
    return observation.RuntimeSampled(
        interval_ns=SECOND,
        cpu_seconds=1.0,
        resident_bytes=1,
        open_files=1,
        threads=1,
        loop_lag_ns=0,
        journal_queue=0,
        journal_bytes=1,
        clock_offset_ns=0,
        requests={},
        counters={metrics.DECISIONS.name: 1},
        histograms={},
    )
