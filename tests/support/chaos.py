"""Chaos: random faults, kill -9 of any process at random moments, and manual trades, on a real trading floor.

``python -m support.chaos --seconds 600 --seed 7`` (``make chaos``) runs it and prints what happened. While it
lasts two lanes are busy: one plays fault after fault and waits until the bot's tape shows all that
docs/faults.md says the bot can see; the other kills and starts processes. After each restart of the bot, in
the next moment without a fault, the exchange's books must equal the bot's; at the end everything is audited.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import tempfile
import threading
import time
import urllib.error
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any, Final

import msgspec

from support.command import PATIENCE, Command, wait_until
from support.signs import LASTING, SIGNS, Sign, condition, error, wait_for_sign
from support.trading import Floor, agree, busy_settings
from trading_bot.contract.codec import Envelope
from trading_bot.contract.events.account import MismatchFound, MismatchSettled
from trading_bot.contract.events.lifecycle import BotReady, BotStarted, Mode, StateSnapshotted
from trading_bot.contract.events.observation import RuntimeSampled
from trading_bot.contract.events.trading import OrderFilled, OrderIntended, Side
from trading_bot.contract.settings import Limits, parse_settings
from trading_bot.domain.clock import SECOND
from trading_bot.domain.derived import mark_of
from trading_bot.domain.fold import evolve
from trading_bot.domain.snapshots import encode_state
from trading_bot.domain.state import State
from trading_bot.journal import TapeReader

LIMITS: Final[dict[str, Any]] = {
    "max_order_notional": 1100,
    "max_position_notional": 2500,
    "max_gross_exposure": 6000,
    "max_orders_per_minute": 240,
    "max_daily_loss": 99_000,
    "max_drawdown": 0.99,
    "price_collar_bps": 2000,
}
SETTINGS: Final[dict[str, Any]] = {
    "execution": {"request_timeout_seconds": 1},
    "intervals": {
        "stale_after_seconds": 1.5,
        "snapshot_seconds": 2,
        "reconcile_seconds": 3,
        "sample_seconds": 1,
    },
    "reconciliation": {"balances": "adopt", "positions": "adopt", "orders": "adopt"},
    # Enough faults in a row open a breaker, as they should; it closes within the time in which all must be well.
    "breakers": {"cool_down_seconds": 5},
    "limits": LIMITS,
}
ADOPTED: Final = [(MismatchFound.KIND, {}), (MismatchSettled.KIND, {"how": "adopted"})]
PLAYED: Final[dict[str, tuple[dict[str, Any], list[Sign]]]] = {
    **SIGNS,
    **LASTING,
    # With these settings the venue's word is taken over, so nothing waits for a person.
    "manual_trade": ({"symbol": "EUR/USD", "size": 500}, ADOPTED),
    "wrong_balance": ({"size": 0.1}, ADOPTED),
    "clock_skew": ({}, [error("VENUE_005")]),
    "flapping_connection": ({"size": 1.0}, [error("FEED_002"), condition("FeedFresh", "False")]),
}
"""By fault: how it is switched on, and what must stand on the tape although processes die meanwhile."""

VICTIMS: Final = {"run": 0.45, "exporter": 0.2, "ops": 0.15, "exchange": 0.2}
"""Who is killed, and in which share of the kills."""
BETWEEN_KILLS: Final = (3.0, 10.0)
DOWN: Final = (0.0, 1.5)
"""Seconds that a killed process stays away."""
MOST_MEMORY: Final = 260 * 1024**2
"""Bytes: the bot's budget with ccxt is 150 MB; above this something grows."""
MOST_QUEUED: Final = 20_000
MOST_REQUESTS: Final = 1_500
"""Requests to the venue in a minute: above this something repeats itself without a pause."""
MOST_CPU: Final = 0.9
"""Share of a core, on average over the bot's longest run: above this a loop is busy for nothing."""


class Report(msgspec.Struct):
    """What happened."""

    seed: int
    seconds: float = 0.0
    faults: Counter[str] = msgspec.field(default_factory=Counter)
    kills: Counter[str] = msgspec.field(default_factory=Counter)
    compared: int = 0
    fills: int = 0
    snapshots: int = 0
    runs: int = 0
    memory: tuple[int, int] = (0, 0)
    """Median resident bytes in the first and the last quarter of the bot's longest run."""
    cpu: float = 0.0
    queued: int = 0
    requests: int = 0

    def lines(self) -> Iterator[str]:
        """Yield the report, a line a matter."""
        yield f"{self.seconds:.0f} s of chaos, seed {self.seed}"
        yield f"faults, each with all its signs: {sum(self.faults.values())} {dict(self.faults.most_common())}"
        yield f"kill -9: {sum(self.kills.values())} {dict(self.kills.most_common())}; {self.runs} runs of the bot"
        yield f"books compared after restarts and at the end: {self.compared}, {self.fills} fills, none twice"
        yield f"snapshots held to the fold: {self.snapshots}; no limit passed"
        first, last = (each / 1024**2 for each in self.memory)
        yield f"longest run: memory {first:.0f} then {last:.0f} MiB, {self.cpu:.0%} of a core"
        yield f"most in the journal's queue: {self.queued}; most requests in a minute: {self.requests}"


class Chaos:
    """One chaos run on a floor that is open and has nothing running but the exchange."""

    def __init__(self, floor: Floor, seed: int, say: Callable[[str], None] = print) -> None:
        self.report = Report(seed=seed)
        self._floor = floor
        self._faults_chance = random.Random(f"faults {seed}")
        self._kills_chance = random.Random(f"kills {seed}")
        self._say = say
        self._calm = threading.Lock()
        self._away = threading.Event()
        """From a kill of the bot until it is ready again: what happens meanwhile it need not see."""
        self._over = threading.Event()
        self._failed: list[BaseException] = []

    def run(self, seconds: float) -> Report:
        """Let both lanes run for so long, then bring everything to rest and audit it.

        Raises:
            AssertionError: something is not as it must be.
        """
        began = time.monotonic()
        for name in ("run", "exporter", "ops"):
            self._floor.start(name)
        self._floor.wait_for(BotReady.KIND)
        killer = threading.Thread(target=self._kill_lane, name="kills")
        killer.start()
        try:
            self._fault_lane(began + seconds)
        finally:
            self._over.set()
            killer.join(4 * PATIENCE)
        if self._failed:
            raise self._failed[0]
        self._rest()
        self.report.seconds = time.monotonic() - began
        self._audit()
        return self.report

    # -- faults ----------------------------------------------------------------------------------

    def _fault_lane(self, until: float) -> None:
        names = list(PLAYED)
        while time.monotonic() < until and not self._failed:
            self._faults_chance.shuffle(names)
            for name in names:
                if time.monotonic() >= until or self._failed:
                    return
                self._play(name)
                time.sleep(self._faults_chance.uniform(0.2, 1.5))

    def _play(self, name: str) -> None:
        self._say(f"fault {name}")
        while not self._is_told(name):
            self._say(f"fault {name} once more: the bot or the exchange was dead while it lasted")
            time.sleep(0.5)  # whoever waits for a calm moment has it first
        self.report.faults[name] += 1

    def _is_told(self, name: str) -> bool:
        """Play a fault until all is well again; return whether the bot told all that it can see of it."""
        how, signs = PLAYED[name]
        with self._calm:
            seen = self._seen(name, how, signs)
            if name != "unreachable" or not seen:
                self._patiently(lambda: self._floor.switch(name, on=False))
            if self._floor.state().mode.mode is Mode.HALTED:  # a person lifts it when the ban is over
                time.sleep(2)
                self._patiently(self._resume)
            self._recovered(name)
        return seen

    def _seen(self, name: str, how: dict[str, Any], signs: list[Sign]) -> bool:
        """Switch a fault on and wait for its signs; return False where a kill kept the bot from seeing them."""
        after, away, killed = self._position(), self._away.is_set(), self._interruptions()
        self._patiently(lambda: self._floor.switch(name, on=True, **how))
        try:
            for kind, fields in signs:
                wait_for_sign(self._floor, name, after, kind, fields)
        except AssertionError:
            if not away and self._interruptions() == killed:
                raise
            return False
        return True

    def _interruptions(self) -> int:
        return self.report.kills["run"] + self.report.kills["exchange"]

    def _resume(self) -> None:
        done = self._floor.command.run("resume", "--confirm")
        if done.returncode != 0:
            raise OSError(done.stderr)

    def _recovered(self, name: str) -> None:
        def is_well() -> bool:
            if self._failed:
                return True
            state = self._floor.state()
            return state.mode.mode == "running" and all(c.status == "True" for c in state.conditions.values())

        assert wait_until(is_well, 120, every=0.2), self._unwell(name)

    def _unwell(self, name: str) -> str:
        state = self._floor.state()
        untrue = {c.name: c.message for c in state.conditions.values() if c.status != "True"}
        return f"after {name}: {state.mode}, {untrue}"

    def _patiently(self, act: Callable[[], None]) -> None:
        """Do something at the exchange, which may be dead or away just now."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return act()
            except (OSError, urllib.error.URLError):
                assert time.monotonic() < deadline, "the exchange did not come back"
                time.sleep(0.2)

    # -- kills -----------------------------------------------------------------------------------

    def _kill_lane(self) -> None:
        try:
            while not self._over.wait(self._kills_chance.uniform(*BETWEEN_KILLS)):
                (victim,) = self._kills_chance.choices(list(VICTIMS), list(VICTIMS.values()))
                self._kill(victim)
        except BaseException as failure:  # noqa: BLE001 - it belongs to the thread that waits
            self._failed.append(failure)

    def _kill(self, victim: str) -> None:
        after = self._position()
        self._say(f"kill -9 {victim}")
        if victim == "run":
            self._away.set()
        self._floor.kill(victim)
        time.sleep(self._kills_chance.uniform(*DOWN))
        self._floor.start(victim)
        self.report.kills[victim] += 1
        if victim == "exchange":
            self._patiently(lambda: self._floor.post("/sim/limits", {"request_weight": 1_000_000}))
        if victim == "run":
            self._floor.wait_for(BotStarted.KIND, after=after)
            with self._calm:
                self._floor.wait_for(BotReady.KIND, after=after)
                self._away.clear()
                self._compare()

    def _compare(self) -> None:
        agree(self._floor, foreign=True)
        self.report.compared += 1

    # -- the end ---------------------------------------------------------------------------------

    def _rest(self) -> None:
        """Halt, and wait until no order is open and both sides say the same."""
        self._recovered("the end")
        self._floor.home.halt.touch()
        assert wait_until(lambda: not self._floor.state().orders), self._floor.state().orders
        self._compare()
        assert self._floor.stop("run")[0] == 0

    def _audit(self) -> None:
        report, tape = self.report, self._floor.events()
        limits = parse_settings(busy_settings(**SETTINGS)).limits
        report.snapshots = audit(tape, limits)
        self._audit_orders(tape)
        report.runs = sum(envelope.kind == BotStarted.KIND for envelope in tape)
        measure(report, tape)
        assert report.memory[1] < MOST_MEMORY, report.memory
        assert report.cpu < MOST_CPU, report.cpu
        assert report.queued < MOST_QUEUED, report.queued
        assert report.requests < MOST_REQUESTS, report.requests

    def _audit_orders(self, tape: list[Envelope]) -> None:
        received = self._floor.books()["received"]
        assert not [entry for entry in received if entry["times"] != 1], "an order was sent twice"
        fills = [(e.payload.symbol, e.payload.trade_id) for e in tape if isinstance(e.payload, OrderFilled)]
        assert len(fills) == len(set(fills)), "a fill stands twice on the tape"
        self.report.fills = len(fills)

    def _position(self) -> int:
        with TapeReader.open(self._floor.home.journal) as reader:
            return reader.last_seq()


def audit(tape: list[Envelope], limits: Limits) -> int:
    """Hold every snapshot to the fold of all before it, and every intent to the limits; return the snapshots."""
    state, audited, sent = State(), 0, []
    for expected, envelope in enumerate(tape, start=1):
        assert envelope.seq == expected or audited, f"a gap before {envelope.seq}"
        if isinstance(envelope.payload, StateSnapshotted):
            assert bytes(envelope.payload.state) == encode_state(state), (
                f"live state differed at {envelope.seq}"
            )
            audited += 1
        if isinstance(envelope.payload, OrderIntended):
            sent.append(envelope.ts)
            assert_within_limits(state, envelope.payload, limits, sent)
        state = evolve(state, envelope)
    return audited


def assert_within_limits(state: State, intent: OrderIntended, limits: Limits, sent: list[int]) -> None:
    """Hold an intent to the limits, by arithmetic of its own; ``sent`` are the times of all intents so far."""
    minute = [at for at in sent if at > sent[-1] - 60 * SECOND]
    assert len(minute) <= limits.max_orders_per_minute, f"{len(minute)} orders in a minute"
    if intent.side is Side.SELL:
        position = state.positions[intent.symbol]
        assert intent.quantity <= position.quantity, f"more sold than held: {intent}"
        return
    price = max(intent.reference_price, intent.limit_price or intent.reference_price)
    worth = intent.quantity * price
    assert worth <= limits.max_order_notional, f"order of {worth}"
    values = {
        symbol: held.quantity * (mark_of(state, symbol) or 0) for symbol, held in state.positions.items()
    }
    for order in state.orders.values():
        if order.side is Side.BUY:
            paid = order.remaining * (order.limit_price or order.reference_price)
            values[order.symbol] = values.get(order.symbol, Decimal(0)) + paid
    assert values.get(intent.symbol, 0) + worth <= limits.max_position_notional, f"position: {values}"
    assert sum(values.values()) + worth <= limits.max_gross_exposure, f"exposure: {values}"


def measure(report: Report, tape: list[Envelope]) -> None:
    """Take from the bot's own samples what shows a leak, a busy loop or a retry without end."""
    runs: dict[str, list[Envelope]] = {}
    for envelope in tape:
        if isinstance(envelope.payload, RuntimeSampled):
            runs.setdefault(envelope.run_id, []).append(envelope)
    longest = max(runs.values(), key=len)
    resident = [sample_of(envelope).resident_bytes for envelope in longest]
    quarter = max(1, len(resident) // 4)
    report.memory = (round(median(resident[:quarter])), round(median(resident[-quarter:])))
    wall = (longest[-1].ts - longest[0].ts) / SECOND
    used = sample_of(longest[-1]).cpu_seconds - sample_of(longest[0]).cpu_seconds
    report.cpu = used / wall if wall else 0.0
    every = [envelope for samples in runs.values() for envelope in samples]
    report.queued = max(sample_of(envelope).journal_queue for envelope in every)
    report.requests = most_in_a_minute(every)


def most_in_a_minute(samples: list[Envelope]) -> int:
    minutes: Counter[int] = Counter()
    for envelope in samples:
        minutes[envelope.ts // (60 * SECOND)] += sum(sample_of(envelope).requests.values())
    return max(minutes.values())


def sample_of(envelope: Envelope) -> RuntimeSampled:
    assert isinstance(envelope.payload, RuntimeSampled)
    return envelope.payload


@contextlib.contextmanager
def opened_floor(folder: Path) -> Iterator[Floor]:
    """Open a floor in a folder, and end whatever runs on it afterwards."""
    command = Command(folder / "home")
    floor = Floor(command, folder / "exchange", busy_settings(**SETTINGS))
    try:
        floor.open()
        yield floor
    finally:
        floor.close()
        command.stop_all()


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Random faults, kills and manual trades on a real floor.")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--folder", type=Path, help="keep the homes here, to look at afterwards")
    given = parser.parse_args()
    print(f"seed {given.seed}: make chaos ARGS='--seed {given.seed}' repeats the choices, if not the timing")
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, opened_floor(given.folder or Path(folder)) as floor:
        chaos = Chaos(
            floor, given.seed, lambda line: print(f"{time.monotonic() - began:6.1f} s  {line}", flush=True)
        )
        for line in chaos.run(given.seconds).lines():
            print(line)


if __name__ == "__main__":
    main()
