"""Equity at the hours, and what happened in them: small enough to keep, made from the tape once.

A sample is equity at one moment; an hour's tally is what fills did in it. Equity needs quotes, which are
measurements and are pruned after some days: of the time before there is one sample a trading day, which
``day.started`` holds for ever.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import msgspec

from trading_bot.contract.codec import Envelope
from trading_bot.contract.events import account, market, trading
from trading_bot.contract.telemetry import metrics
from trading_bot.domain.clock import SECOND
from trading_bot.domain.fold import evolve
from trading_bot.domain.state import ZERO, Performance, State

HOUR_NS: Final = 3_600 * SECOND
DAY_NS: Final = 24 * HOUR_NS
HOURS_KEPT: Final = 90 * 24
DAYS_KEPT: Final = 3_660
FACTS: Final = (
    market.InstrumentListed.KIND,
    trading.OrderFilled.KIND,
    account.BalanceAdopted.KIND,
    account.PositionAdopted.KIND,
    account.DayStarted.KIND,
)
"""The facts that money follows from; with the quotes of a moment they give its equity."""


class Tally(msgspec.Struct, kw_only=True):
    """What happened in an hour or day. ``flow`` is money that came or went and is no result."""

    fills: int = 0
    trades: int = 0
    won: int = 0
    lost: int = 0
    realized: Decimal = ZERO
    gross_profit: Decimal = ZERO
    gross_loss: Decimal = ZERO
    flow: Decimal = ZERO

    def add(self, other: Tally) -> None:
        """Add what happened in another time."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Series:
    """Samples of equity and tallies by hour, folded from facts and from quotes at the hours.

    Attributes:
        seq: the last event taken.
        began_at: when the account was opened, None before.
    """

    def __init__(self) -> None:
        self.seq = 0
        self.began_at: int | None = None
        self._state = State()
        self._samples: dict[int, Decimal] = {}
        self._hours: dict[int, Tally] = {}

    def take(self, envelope: Envelope) -> None:
        """Take one of :data:`FACTS`, or a quote."""
        state, event = self._state, envelope.payload
        before, equity, adopted = _results(state), state.account.equity, _is_adoption(event)
        evolve(state, envelope)
        if isinstance(event, account.DayStarted):
            self._sample(envelope.ts, event.equity)
        if self.began_at is None and state.account.opened_at is not None:
            self.began_at = envelope.ts
        tally = self._tally_since(before, envelope)
        if adopted and equity is not None and state.account.equity is not None:
            tally.flow += state.account.equity - equity
        self.seq = max(self.seq, envelope.seq)

    def sample(self, at: int) -> None:
        """Keep equity as it is at ``at``, if it is known."""
        if self._state.account.equity is not None:
            self._sample(at, self._state.account.equity)

    def forget(self) -> None:
        """Drop what is too old: hours after 90 days, but for one sample a day; everything after ten years."""
        if not self._samples:
            return
        newest = max(self._samples)
        fine, coarse = newest - HOURS_KEPT * HOUR_NS, newest - DAYS_KEPT * DAY_NS
        days = {at // DAY_NS: at for at in sorted(self._samples, reverse=True)}  # the first of each day
        first_of_day = set(days.values())
        self._samples = {
            at: equity
            for at, equity in self._samples.items()
            if at >= fine or (at in first_of_day and at >= coarse)
        }
        by_day: dict[int, Tally] = {}
        for hour, tally in sorted(self._hours.items()):
            place = hour if hour >= fine else hour // DAY_NS * DAY_NS
            if place >= coarse:
                by_day.setdefault(place, Tally()).add(tally)
        self._hours = by_day

    def copy(self) -> tuple[dict[int, Decimal], dict[int, Tally]]:
        """Return samples by time and tallies by hour, for one reader to keep."""
        tallies = {hour: msgspec.structs.replace(tally) for hour, tally in self._hours.items()}
        return dict(self._samples), tallies

    def _sample(self, at: int, equity: Decimal) -> None:
        self._samples[at] = equity

    def _tally_since(self, before: Tally, envelope: Envelope) -> Tally:
        hour = envelope.ts // HOUR_NS * HOUR_NS
        now, tally = _results(self._state), self._hours.get(hour)
        if now == before and not _is_adoption(envelope.payload):
            return tally or Tally()
        tally = self._hours.setdefault(hour, Tally())
        for name in before.__struct_fields__:
            setattr(tally, name, getattr(tally, name) + getattr(now, name) - getattr(before, name))
        return tally


def _results(state: State) -> Tally:
    results: Performance = state.performance
    return Tally(
        fills=int(sum(_fills(state))),
        trades=results.won + results.lost + results.even,
        won=results.won,
        lost=results.lost,
        realized=state.account.realized_pnl,
        gross_profit=results.gross_profit,
        gross_loss=results.gross_loss,
    )


def _fills(state: State) -> Iterator[float]:
    yield from state.counts.get(metrics.FILLS.name, {}).values()


def _is_adoption(event: object) -> bool:
    if isinstance(event, account.BalanceAdopted):
        return event.reason != "opening"
    return isinstance(event, account.PositionAdopted)


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """One interval: equity at its ends, where known, and what happened in it."""

    start: int
    end: int
    opening: Decimal | None
    closing: Decimal | None
    tally: Tally

    @property
    def pnl(self) -> Decimal | None:
        """Result of the interval, money that came or went left out; None where equity is not known."""
        if self.opening is None or self.closing is None:
            return None
        return self.closing - self.opening - self.tally.flow

    @property
    def change(self) -> float | None:
        """Result as a share of the equity at the beginning."""
        pnl, opening = self.pnl, self.opening
        return float(pnl / opening) if pnl is not None and opening else None


NEAR_NS: Final = HOUR_NS
"""A sample counts for a moment if it was taken at most so long before it, or soon after."""
SOON_NS: Final = 120 * SECOND


def buckets(
    samples: dict[int, Decimal], tallies: dict[int, Tally], start: int, end: int, interval: int
) -> list[Bucket]:
    """Return the intervals from ``start`` to ``end``, aligned to whole hours or days of UTC."""
    times = sorted(samples)
    by_bucket: dict[int, Tally] = {}
    for hour, tally in tallies.items():
        by_bucket.setdefault(hour // interval * interval, Tally()).add(tally)
    found = []
    for begin in range(start // interval * interval, end, interval):
        finish = min(begin + interval, end)
        first = _equity_at(samples, times, begin)
        found.append(
            Bucket(
                start=begin,
                end=begin + interval,
                opening=first if first is not None else _first_within(samples, times, begin, finish),
                closing=_equity_at(samples, times, finish),
                tally=by_bucket.get(begin, Tally()),
            )
        )
    return found


def _equity_at(samples: dict[int, Decimal], times: list[int], at: int) -> Decimal | None:
    index = bisect_right(times, at)
    if index and at - times[index - 1] < SOON_NS:
        return samples[times[index - 1]]
    if index < len(times) and times[index] - at < SOON_NS:
        return samples[times[index]]
    if index and at - times[index - 1] <= NEAR_NS:
        return samples[times[index - 1]]
    return None


def _first_within(samples: dict[int, Decimal], times: list[int], begin: int, finish: int) -> Decimal | None:
    """Return the first equity of an interval in which the account was opened."""
    index = bisect_right(times, begin)
    return samples[times[index]] if index < len(times) and times[index] < finish else None
