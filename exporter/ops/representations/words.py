"""What state and health say in words: warnings, and why something is not known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from trading_bot.domain.derived import is_open, unknown_orders, unknown_reason
from trading_bot.domain.health import STALE_DATA_NS, Health, HealthStatus
from trading_bot.domain.state import State
from trading_bot.telemetry.jsonl import rfc3339

NOTHING_RECORDED: Final = "no record of a bot could be read in this home"
ACCOUNT_UNREAD: Final = "the account's balances have not been read yet"
NO_ALERTMANAGER: Final = "no Alertmanager is asked by this process"
NO_DAY: Final = "no trading day has begun yet"
NEVER_TRADED: Final = "no round trip is complete yet"
SYMBOLS_NAMED: Final = 5
LONGEST_NAMES: Final = 180


def nothing_known(state: State) -> str | None:
    """Say why positions, orders and money are all unknown, or None."""
    if state.seq == 0:
        return NOTHING_RECORDED
    return ACCOUNT_UNREAD if state.account.opened_at is None else None


def equity_unknown(state: State) -> str | None:
    """Say why equity is not known, or None; names a few symbols at most."""
    nothing = nothing_known(state)
    if nothing is not None or state.account.equity is not None:
        return nothing
    missing = [position.symbol for position in state.positions.values() if position.value is None]
    return f"no mark yet for {named(missing)}" if missing else unknown_reason(state)


def daily_pnl_unknown(state: State) -> str | None:
    """Say why the day's profit and loss is not known, or None."""
    return equity_unknown(state) or (NO_DAY if state.account.day_start_equity is None else None)


def unrealized_unknown(state: State) -> str | None:
    """Say why the sum of unrealized profit and loss is not known, or None."""
    nothing = nothing_known(state)
    if nothing is not None:
        return nothing
    marks = [position.symbol for position in state.positions.values() if position.value is None]
    entries = [position.symbol for position in state.positions.values() if position.entry_price is None]
    if marks:
        return f"no mark yet for {named(marks)}"
    return f"no entry price is known for {named(entries)}" if entries else None


def warnings(state: State, health: Health, now_ns: int) -> list[str]:
    """Return what a reader must know before trusting the rest. No ages in it: only changes change it."""
    return [*_of_the_bot(state, health, now_ns), *_of_its_books(state)]


def _of_the_bot(state: State, health: Health, now_ns: int) -> Iterator[str]:
    if health.status is HealthStatus.OFFLINE:
        yield f"Bot offline ({health.up_reason}): {_as_of(state)}"
    elif not health.live:
        yield f"Bot cannot record ({health.up_reason}): {_as_of(state)}"
    if not state.seq:
        return
    if now_ns - state.ts > STALE_DATA_NS:
        yield f"Stale data: nothing was recorded for more than 300 s, since {rfc3339(state.ts)}"
    stale = [
        position.symbol
        for position in state.positions.values()
        if _is_stale(state, position.symbol, now_ns) and is_open(state, position)
    ]
    if stale:
        yield f"Stale prices: more than 300 s old for {named(stale)}"


def _as_of(state: State) -> str:
    return f"last known state is of {rfc3339(state.ts)}" if state.seq else NOTHING_RECORDED


def _is_stale(state: State, symbol: str, now_ns: int) -> bool:
    market = state.markets.get(symbol)
    return market is not None and market.quote_at is not None and now_ns - market.quote_at > STALE_DATA_NS


def _of_its_books(state: State) -> Iterator[str]:
    lost = unknown_orders(state)
    if lost:
        yield f"Outcome unknown of {len(lost)} order(s) on {named([order.symbol for order in lost])}"
    if state.reconciliation.mismatches:
        yield f"Books and venue differ in {len(state.reconciliation.mismatches)} place(s)"
    blocked = [symbol for symbol, market in state.markets.items() if market.blocks]
    if blocked:
        yield f"No new risk is taken on {named(blocked)}"
    if state.account.fees_unvalued:
        yield "Realized profit and loss lacks fees that were taken from an asset without a price"


def named(symbols: list[str]) -> str:
    """Return a few of the symbols and how many more there are, in at most some 200 characters."""
    unique = sorted(set(symbols))
    few = ", ".join(unique[:SYMBOLS_NAMED])
    if len(few) > LONGEST_NAMES:
        return f"{len(unique)} symbol(s)"
    more = len(unique) - SYMBOLS_NAMED
    return f"{few} and {more} more" if more > 0 else few
