"""``GET /performance``: results by day or hour, and what they say together."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from exporter.ops.performance.figures import Figures, figures
from exporter.ops.performance.keeper import Kept
from exporter.ops.performance.series import DAY_NS, HOUR_NS, Bucket, Tally, buckets
from exporter.ops.representations.paging import link
from exporter.ops.representations.values import Amount, Moment, Unknown, moment, money, share, without_nulls
from exporter.ops.representations.words import NEVER_TRADED, NOTHING_RECORDED

INTERVALS: Final = {"1h": HOUR_NS, "1d": DAY_NS}
PERIODS_A_YEAR: Final = {"1h": 365 * 24, "1d": 365}
"""The simulated exchange and currency markets of the venues never close."""

NO_EQUITY: Final = "equity at its beginning or end is not known: no quotes of that time are on the tape"
NO_LOSS: Final = "no round trip lost"


class IntervalView(msgspec.Struct, frozen=True, kw_only=True):
    """One interval. ``pnl`` is realized plus unrealized, deposits and withdrawals left out."""

    start: Moment
    end: Moment
    pnl: Amount | None
    return_ratio: float | None
    realized_pl: Amount
    equity: Amount | None
    fills: int
    trades: int
    won: int
    lost: int
    unknown: Unknown


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """All intervals together; ``pnl`` sums those that are known, ``intervals_unknown`` counts the others."""

    pnl: Amount | None
    realized_pl: Amount
    fills: int
    trade_count: int
    win_rate: float | None
    avg_risk_reward: float | None
    profit_factor: float | None
    intervals_unknown: int
    unknown: Unknown


class PerformanceReport(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /performance``, newest interval first.

    ``figures`` are of the intervals with a known return; Sharpe and the other yearly ones count
    ``periods_a_year`` intervals a year and no risk-free rate.
    """

    start: Moment
    end: Moment
    interval: str
    intervals: list[IntervalView]
    limit: int
    returned: int
    total: int
    truncated: bool
    next: str | None
    totals: Totals
    figures: Figures
    periods_a_year: int
    unknown: Unknown
    generated_at: Moment


class ResultsWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which time, in nanoseconds, and how many intervals at most."""

    start: int
    end: int
    interval: str
    limit: int


def represent_results(
    kept: Kept, equity_now: Decimal | None, wanted: ResultsWanted, now_ns: int
) -> PerformanceReport:
    """Return results and figures."""
    samples = {**kept.samples, now_ns: equity_now} if equity_now is not None else kept.samples
    began = kept.began_at if kept.began_at is not None else wanted.end
    length = INTERVALS[wanted.interval]
    start, end = max(wanted.start, began // length * length), min(wanted.end, now_ns)
    every = buckets(samples, kept.tallies, start, end, length)[::-1]
    shown = every[: wanted.limit]
    more = len(every) > len(shown)
    returns = [one.change for one in reversed(every) if one.change is not None]
    return PerformanceReport(
        start=moment(wanted.start) or "",
        end=moment(wanted.end) or "",
        interval=wanted.interval,
        intervals=[_interval(one, min(one.end, end)) for one in shown],
        limit=wanted.limit,
        returned=len(shown),
        total=len(every),
        truncated=more,
        next=_next(wanted, shown[-1].start) if more else None,
        totals=_totals(every),
        figures=figures(returns, PERIODS_A_YEAR[wanted.interval]),
        periods_a_year=PERIODS_A_YEAR[wanted.interval],
        unknown=without_nulls({"intervals": _why_none(kept, wanted)}),
        generated_at=moment(now_ns) or "",
    )


def _why_none(kept: Kept, wanted: ResultsWanted) -> str | None:
    if wanted.start >= wanted.end:
        return "start is not before end"
    return NOTHING_RECORDED if kept.began_at is None else None


def _interval(bucket: Bucket, end: int) -> IntervalView:
    tally = bucket.tally
    return IntervalView(
        start=moment(bucket.start) or "",
        end=moment(end) or "",
        pnl=money(bucket.pnl),
        return_ratio=None if bucket.change is None else round(bucket.change, 8),
        realized_pl=money(tally.realized) or "0",
        equity=money(bucket.closing),
        fills=tally.fills,
        trades=tally.trades,
        won=tally.won,
        lost=tally.lost,
        unknown=without_nulls(
            {
                "pnl": NO_EQUITY if bucket.pnl is None else None,
                "return_ratio": NO_EQUITY if bucket.change is None else None,
                "equity": NO_EQUITY if bucket.closing is None else None,
            }
        ),
    )


def _totals(every: Sequence[Bucket]) -> Totals:
    tally = Tally()
    for bucket in every:
        tally.add(bucket.tally)
    known = [bucket.pnl for bucket in every if bucket.pnl is not None]
    win_rate = Decimal(tally.won) / tally.trades if tally.trades else None
    reward = _ratio(tally.gross_profit, tally.won, tally.gross_loss, tally.lost)
    factor = tally.gross_profit / tally.gross_loss if tally.gross_loss else None
    no_trade = NEVER_TRADED if not tally.trades else None
    return Totals(
        pnl=money(sum(known, Decimal(0))) if known else None,
        realized_pl=money(tally.realized) or "0",
        fills=tally.fills,
        trade_count=tally.trades,
        win_rate=share(win_rate),
        avg_risk_reward=share(reward),
        profit_factor=share(factor),
        intervals_unknown=len(every) - len(known),
        unknown=without_nulls(
            {
                "pnl": None if known else NO_EQUITY,
                "win_rate": no_trade,
                "avg_risk_reward": no_trade or ("it needs a win and a loss" if reward is None else None),
                "profit_factor": no_trade or (NO_LOSS if factor is None else None),
            }
        ),
    )


def _ratio(profit: Decimal, won: int, loss: Decimal, lost: int) -> Decimal | None:
    """Return the mean win over the mean loss."""
    return (profit / won) / (loss / lost) if won and lost and loss else None


def _next(wanted: ResultsWanted, end: int) -> str:
    query = {"start": moment(wanted.start), "end": moment(end), "interval": wanted.interval}
    return link("/api/v1/performance", **query, limit=wanted.limit)
