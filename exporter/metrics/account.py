"""The account: money, positions, results. What is not known is absent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final

from exporter.metrics.scrape import Collect, Point, Scrape, Table, counted, value
from trading_bot.contract.telemetry import metrics
from trading_bot.contract.telemetry.definition import Metric
from trading_bot.domain.bookkeeping import UNATTRIBUTED
from trading_bot.domain.derived import (
    daily_pnl,
    drawdown,
    gross_exposure,
    total_unrealized_pnl,
    unrealized_pnl,
)
from trading_bot.domain.state import Account, Position, State


def _of_state(of: Callable[[State], Decimal | None]) -> Collect:
    """Return the collector of one amount; no amount is known before the balances were read."""
    return lambda scrape, _: value(of(scrape.state) if _is_open(scrape) else None)


def _of_account(of: Callable[[Account], Decimal | None]) -> Collect:
    return _of_state(lambda state: of(state.account))


def _is_open(scrape: Scrape) -> bool:
    return scrape.state.account.opened_at is not None


def _of_positions(of: Callable[[Position], Decimal | None]) -> Collect:
    def collect(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
        for symbol, position in scrape.state.positions.items():
            yield from value(of(position), symbol)

    return collect


def _balances(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    for asset, amount in scrape.state.account.balances.items():
        yield (asset,), float(amount)


def _fees(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    for asset, amount in scrape.state.account.fees.items():
        yield (asset,), float(amount)


def _realized_of_strategies(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    for strategy, amount in scrape.state.account.realized_by_strategy.items():
        yield (strategy,), float(amount)


def _unrealized_of_strategies(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    parts: dict[str, list[Decimal | None]] = {}
    for position in scrape.state.positions.values():
        parts.setdefault(position.strategy or UNATTRIBUTED, []).append(unrealized_pnl(position))
    for strategy, amounts in parts.items():
        known = [amount for amount in amounts if amount is not None]
        if len(known) == len(amounts):
            yield (strategy,), float(sum(known))


def _cash(account: Account) -> Decimal | None:
    return account.balances.get(account.currency)


def _entry(position: Position) -> Decimal | None:
    return position.entry_price if position.quantity else None


TABLE: Final[Table] = {
    metrics.EQUITY: _of_account(lambda account: account.equity),
    metrics.CASH: _of_account(_cash),
    metrics.BALANCE: _balances,
    metrics.REALIZED: _of_account(lambda account: account.realized_pnl),
    metrics.UNREALIZED: _of_state(total_unrealized_pnl),
    metrics.DAILY_PNL: _of_state(daily_pnl),
    metrics.DAY_START_EQUITY: _of_account(lambda account: account.day_start_equity),
    metrics.PEAK_EQUITY: _of_account(lambda account: account.peak_equity),
    metrics.DRAWDOWN: _of_state(drawdown),
    metrics.MAX_DRAWDOWN: _of_account(lambda account: account.max_drawdown),
    metrics.EXPOSURE: _of_state(gross_exposure),
    metrics.POSITION_QUANTITY: _of_positions(lambda position: position.quantity),
    metrics.POSITION_ENTRY: _of_positions(_entry),
    metrics.POSITION_NOTIONAL: _of_positions(lambda position: position.value),
    metrics.POSITION_PNL: _of_positions(unrealized_pnl),
    metrics.POSITION_REALIZED: _of_positions(lambda position: position.realized_pnl),
    metrics.STRATEGY_REALIZED: _realized_of_strategies,
    metrics.STRATEGY_UNREALIZED: _unrealized_of_strategies,
    metrics.FEES: _fees,
    metrics.TRADES: counted,
}
