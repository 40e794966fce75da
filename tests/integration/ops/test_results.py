"""Results by day and hour, kept by a thread from a tape of several days."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support import oracles
from support.command import wait_until
from support.lives import acknowledged, fill_of, intent, opening, quote, sent
from support.tapes import open_writer

from exporter.ops.performance import PerformanceKeeper
from exporter.ops.performance.series import DAY_NS, HOUR_NS, Series, Tally
from exporter.ops.representations.results import ResultsWanted, represent_results
from trading_bot.contract.events.account import BalanceAdopted, DayStarted
from trading_bot.contract.events.trading import Side
from trading_bot.domain.clock import SECOND, ManualClock
from trading_bot.domain.fold import evolve
from trading_bot.domain.state import State
from trading_bot.journal import RetentionPolicy, TapeReader

SYMBOL = "EUR/USD"
DAYS = 6
MIDNIGHT = 1_750_032_000_000_000_000


def write_days(path, clock: ManualClock, deposit_on: int | None = None) -> State:
    """Buy and sell once a day at prices that wander; return the fold of the whole tape."""
    with open_writer(path, clock=clock) as writer:
        for event in opening():
            writer.append(event)
        for day in range(DAYS):
            _a_day(writer, clock, day, is_with_deposit=day == deposit_on)
        writer.make_durable().result(60)
        with TapeReader.open(path) as reader:
            state = State()
            for envelope in reader.read(0, 100_000):
                state = evolve(state, envelope)
    return state


def _a_day(writer, clock: ManualClock, day: int, *, is_with_deposit: bool) -> None:
    price = Decimal(10 + [0, 3, -2, 4, 1, -1][day])
    for hour in range(24):
        moving = price + Decimal(hour) / 10
        writer.append(quote(SYMBOL, moving))
        if hour in (2, 20):
            side = Side.BUY if hour == 2 else Side.SELL
            order = intent(f"o-{day}-{hour}", SYMBOL, side, Decimal(500), moving)
            for event in (order, sent(order), acknowledged(order)):
                writer.append(event)
            writer.append(fill_of(order, f"t-{day}-{hour}", Decimal(500), moving, Decimal(1), "USD"))
        if is_with_deposit and hour == 22:
            writer.append(
                BalanceAdopted(asset="USD", previous=Decimal(0), amount=Decimal(999_999), reason="mismatch")
            )
        clock.advance(3600)
    writer.append(DayStarted(day="2025-06-16", equity=_equity(writer)))


def _equity(writer) -> Decimal:
    writer.make_durable().result(60)
    with TapeReader.open(writer.path) as reader:
        state = State()
        for envelope in reader.read(0, 100_000):
            state = evolve(state, envelope)
    assert state.account.equity is not None
    return state.account.equity


def kept_of(path, clock):
    keeper = PerformanceKeeper(path, clock)
    with TapeReader.open(path) as reader:
        keeper.look(reader)
    return keeper.kept()


def report(kept, state, clock, interval="1d", limit=200):
    now = clock.now_ns()
    wanted = ResultsWanted(start=MIDNIGHT - DAY_NS, end=now, interval=interval, limit=limit)
    return represent_results(kept, state.account.equity, wanted, now)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MIDNIGHT + SECOND)


@pytest.mark.parametrize("interval", ["1d", "1h"])
def test_the_intervals_add_up_to_the_books(tmp_path, clock, interval):
    state = write_days(tmp_path / "journal.db", clock)
    body = report(kept_of(tmp_path / "journal.db", clock), state, clock, interval)
    assert body.totals.intervals_unknown == 0
    assert state.account.equity is not None
    assert Decimal(body.totals.pnl or 0) == state.account.equity - 100_000
    assert Decimal(body.totals.realized_pl) == state.account.realized_pnl
    assert body.totals.fills == 2 * DAYS
    results = state.performance
    assert body.totals.trade_count == results.won + results.lost + results.even == DAYS
    assert body.totals.win_rate == pytest.approx(results.won / DAYS, abs=1e-6)
    assert sum(one.trades for one in body.intervals) == DAYS


@pytest.mark.xdist_group("pandas")  # one worker loads it
def test_figures_are_those_of_the_days(tmp_path, clock):
    state = write_days(tmp_path / "journal.db", clock)
    body = report(kept_of(tmp_path / "journal.db", clock), state, clock)
    returns = oracles.numpy.array([one.return_ratio for one in reversed(body.intervals)])
    assert len(returns) >= DAYS
    assert body.figures.sharpe_ratio == pytest.approx(
        oracles.empyrical.sharpe_ratio(returns, annualization=365), rel=1e-4
    )
    assert body.figures.max_drawdown == pytest.approx(oracles.empyrical.max_drawdown(returns), abs=1e-6)


def test_money_that_came_is_no_result(tmp_path, clock):
    state = write_days(tmp_path / "journal.db", clock, deposit_on=3)
    body = report(kept_of(tmp_path / "journal.db", clock), state, clock)
    assert Decimal(body.totals.pnl or 0) == pytest.approx(state.account.realized_pnl, abs=Decimal("0.01"))


def test_a_page_of_intervals_leads_to_those_before(tmp_path, clock):
    state = write_days(tmp_path / "journal.db", clock)
    body = report(kept_of(tmp_path / "journal.db", clock), state, clock, limit=2)
    assert (body.returned, body.truncated) == (2, True)
    assert body.intervals[0].start > body.intervals[1].start
    assert body.next is not None
    assert body.intervals[1].start.replace(":", "%3A") in body.next


def test_once_quotes_are_pruned_the_days_are_still_known(tmp_path, clock):
    path = tmp_path / "journal.db"
    state = write_days(path, clock)
    with open_writer(path, run_id="run-2", clock=clock) as writer:
        from trading_bot.domain.snapshots import snapshot  # noqa: PLC0415

        for _ in range(3):
            writer.append(snapshot(state))
        writer.prune(RetentionPolicy(measurement_ns=HOUR_NS), clock.now_ns()).result(60)
    body = report(kept_of(path, clock), state, clock)
    assert body.totals.fills == 2 * DAYS
    assert sum(one.pnl is not None for one in body.intervals) >= DAYS - 1


def test_what_comes_later_is_taken_up_and_a_tape_that_was_replaced_begins_anew(tmp_path, clock):
    path = tmp_path / "journal.db"
    keeper = PerformanceKeeper(path, clock)
    keeper.start()
    try:
        assert wait_until(lambda: keeper.kept().fault == "JRNL_013")
        write_days(path, clock)
        assert wait_until(lambda: sum(one.fills for one in keeper.kept().tallies.values()) == 2 * DAYS)
        for name in ("journal.db", "journal.db-wal", "journal.db-shm"):
            (tmp_path / name).unlink(missing_ok=True)
        with open_writer(path, run_id="another", clock=clock) as writer:
            for event in opening():
                writer.append(event)
            writer.make_durable().result(60)
            assert wait_until(lambda: not keeper.kept().tallies)
    finally:
        keeper.stop()


def test_old_hours_become_days_and_very_old_days_are_forgotten():
    series = Series()
    for day in range(4000):
        for hour in (0, 12):
            at = (day * 24 + hour) * HOUR_NS
            series._samples[at] = Decimal(day)
            series._hours[at] = Tally(fills=1)
    series.forget()
    samples, tallies = series.copy()
    assert len(samples) < 3_660 + 2 * 90 + 10
    assert sum(one.fills for one in tallies.values()) >= 2 * 3_650
    assert min(samples) >= (4000 - 3_662) * DAY_NS
