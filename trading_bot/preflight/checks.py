"""What the venue's answers mean for these settings: pure, a finding for each thing that was looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import msgspec

from trading_bot.boot.settings import BootSettings
from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events.lifecycle import Mode
from trading_bot.contract.settings import Settings
from trading_bot.doctor.finding import Finding, failed, fine, unknown, warning
from trading_bot.domain.clock import SECOND
from trading_bot.domain.sessions import Hours
from trading_bot.domain.state import ZERO
from trading_bot.preflight.survey import Survey

BUSY: Final = 0.5
"""Share of the rate limit that others may already use before it is worth a warning."""
SOON_NS: Final = 30 * 24 * 3600 * SECOND
HEADROOM: Final = Decimal("1.25")
"""What an entry is worth, in minima of the venue, so that it can still be sold after a fall by a fifth."""
MOST_LOSS: Final = Decimal("0.1")
"""Share of the equity; a daily loss limit above it is a gamble, and said so."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is about to be done, and what the venue said. ``now_ns`` is nanoseconds since the epoch."""

    boot: BootSettings
    settings: Settings
    survey: Survey
    hours: Hours
    now_ns: int
    is_first_start: bool
    is_halted: bool


def judge(plan: Plan) -> list[Finding]:
    """Return the findings of every check, in the order of the table."""
    return [finding for name, check in CHECKS.items() for finding in check(name, plan)]


def _venue(name: str, plan: Plan) -> Iterator[Finding]:
    venue = plan.boot.venue
    if plan.boot.is_simulated:
        yield fine(name, f"the simulated exchange at {plan.boot.venue_url}: no real money")
    elif venue.testnet:
        yield fine(name, f"the testnet of {venue.name}: no real money")
    elif venue.url is not None:
        yield warning(name, f"{venue.name} at {venue.url}", "Be sure whose server that is")
    else:
        yield warning(name, f"{venue.name}, the real one: REAL MONEY", "Begin with a testnet or the canary")


def _connection(name: str, plan: Plan) -> Iterator[Finding]:
    error = plan.survey.faults.get("connection")
    if error is not None:
        yield _broken(name, error)
        return
    instruments = plan.survey.instruments or {}
    yield fine(name, f"signed requests are answered; {len(instruments)} symbols are listed")
    missing = [symbol for symbol in plan.settings.symbols if symbol not in instruments]
    if missing:
        remedy = "Correct symbols, or take it out; the bot would block it and trade the others"
        yield failed(name, f"the venue does not list {', '.join(missing)}", remedy)
    halted = [symbol for symbol, rules in instruments.items() if not rules.is_active]
    if halted:
        remedy = "Wait until the venue trades it again; take it out of symbols if it is delisted"
        yield warning(name, f"not traded at present: {', '.join(halted)}", remedy)


def _permissions(name: str, plan: Plan) -> Iterator[Finding]:
    found = plan.survey.permissions
    if found is None:
        reason = _why_not(plan, "permissions", "this exchange does not tell through ccxt")
        yield unknown(name, reason, "Look at the venue's own page: trading yes, withdrawals no")
        return
    if found.withdraw:
        yield failed(name, "the key may move money away", "Make a key that may only read and trade")
    if not found.trade:
        yield failed(name, "the key may not trade", "Allow spot trading for the key at the venue")
    if not found.bound_to_address:
        yield warning(name, "the key is taken from any address", "Bind it to this machine's address")
    if found.trade and not found.withdraw:
        yield fine(name, "the key may trade, and move nothing away")


def _clock(name: str, plan: Plan) -> Iterator[Finding]:
    reading = plan.survey.clock
    if reading is None:
        yield unknown(name, _why_not(plan, "clock", "not asked"))
        return
    limit = plan.settings.intervals.max_clock_offset_ms
    offset, doubt = reading.offset_ns / 1e6, reading.round_trip_ns / 2e6
    found = f"the venue's clock is {offset:+.0f} ms off (known to {doubt:.0f} ms), {limit:g} ms are allowed"
    if abs(offset) > limit:
        yield failed(name, found, "Synchronise this machine's clock (chrony or systemd-timesyncd)")
    else:
        yield fine(name, found)


def _order_sizes(name: str, plan: Plan) -> Iterator[Finding]:
    """Every strategy's entry, as the venue would get it."""
    instruments, prices = plan.survey.instruments, plan.survey.prices
    if instruments is None or prices is None:
        yield unknown(name, _why_not(plan, "prices", "not asked"))
        return
    for strategy, settings in plan.settings.strategies.items():
        for symbol in settings.symbols:
            yield _order_size(f"{name}: {strategy} {symbol}", plan, symbol, settings.order_notional)


def _order_size(name: str, plan: Plan, symbol: str, notional: Decimal) -> Finding:
    rules, price = (plan.survey.instruments or {}).get(symbol), (plan.survey.prices or {}).get(symbol)
    if rules is None:
        return unknown(name, "the venue does not list it")
    if price is None:
        return unknown(name, "no bar of it has closed yet, so the order's quantity is not known")
    quantity = rules.round_quantity(notional / price)
    found = f"{quantity} {rules.base} at {price}, steps of {rules.lot}, at least {rules.minimum_notional}"
    if not rules.accepts(quantity, price):
        return failed(name, f"the venue would refuse {found}", "Raise order_notional over the minimum")
    if notional > plan.settings.limits.max_order_notional:
        limit = plan.settings.limits.max_order_notional
        return failed(name, f"{notional} is over max_order_notional {limit}", "Lower order_notional")
    if quantity * price < HEADROOM * rules.minimum_notional:
        remedy = "Raise order_notional: below the minimum there is neither an exit nor a stop"
        return warning(name, f"{found}: a fall by a fifth, and the venue takes no sale of it", remedy)
    return fine(name, found)


def _balances(name: str, plan: Plan) -> Iterator[Finding]:
    balances = plan.survey.balances
    if balances is None:
        yield unknown(name, _why_not(plan, "balances", "not asked"))
        return
    currency = plan.settings.currency
    free = balances[currency].free if currency in balances else ZERO
    largest = max(settings.order_notional for settings in plan.settings.strategies.values())
    found = f"{free:.2f} {currency} free, the largest entry is {largest}"
    if free < largest:
        yield failed(name, found, f"Fund the account with {currency}, or lower order_notional")
    else:
        yield fine(name, found)
    held = sorted(asset for asset, balance in balances.items() if asset != currency and balance.total)
    if held and plan.is_first_start:
        yield warning(
            name,
            f"the account already holds {', '.join(held)}",
            "What belongs to a symbol is taken over without an entry price; use an account of the bot's own",
        )


def _open_orders(name: str, plan: Plan) -> Iterator[Finding]:
    found = plan.survey.open_orders
    if found is None:
        yield unknown(name, _why_not(plan, "open orders", "not asked"))
        return
    working = {symbol: count for symbol, count in found.items() if count}
    if working and plan.is_first_start:
        listed = ", ".join(f"{count} on {symbol}" for symbol, count in working.items())
        yield warning(name, f"orders that are not the bot's: {listed}", "Cancel them at the venue first")
    else:
        yield fine(name, f"{sum(working.values())} working orders")


def _limits(name: str, plan: Plan) -> Iterator[Finding]:
    balances, limits = plan.survey.balances, plan.settings.limits
    currency = plan.settings.currency
    if balances is None or currency not in balances:
        yield unknown(name, f"without a balance of {currency} limits cannot be compared with it")
        return
    cash = balances[currency].total
    found = f"max_daily_loss {limits.max_daily_loss} of {cash:.2f} {currency}"
    if limits.max_daily_loss > cash * MOST_LOSS:
        yield warning(name, found, f"Keep it under {MOST_LOSS:.0%} of the cash: {cash * MOST_LOSS:.2f}")
    else:
        yield fine(name, found)
    if limits.max_gross_exposure > cash:
        found = f"max_gross_exposure {limits.max_gross_exposure} is more than the cash {cash:.2f}"
        yield warning(name, found, "The account is the limit then; lower it to what you would risk")


def _rate_limit(name: str, plan: Plan) -> Iterator[Finding]:
    used = plan.survey.rate_limit_used
    if used is None:
        yield unknown(name, "the exchange does not say how much of its rate limit is used")
    elif used > BUSY:
        yield warning(name, f"{used:.0%} are used already", "Find what else asks from this address")
    else:
        yield fine(name, f"{used:.0%} used")


def _sessions(name: str, plan: Plan) -> Iterator[Finding]:
    calendars = {session.calendar for session in plan.settings.sessions.values()} - {None}
    for calendar in sorted(map(str, calendars)):
        expires = plan.hours.expires(calendar)
        day = datetime.fromtimestamp(expires // SECOND, tz=UTC).date()
        if expires - plan.now_ns < SOON_NS:
            yield warning(name, f"{calendar} is known until {day}", "Install a newer Tickertape before that")
        else:
            yield fine(name, f"{calendar} is known until {day}")


def _beginning(name: str, plan: Plan) -> Iterator[Finding]:
    if plan.is_halted:
        yield warning(
            name, "the HALT file is there: nothing will trade", "Lift it", "tickertape resume --confirm"
        )
    if not plan.is_first_start:
        yield fine(name, "the journal's settings count; config.yaml seeds only an empty one")
    elif plan.settings.begins is Mode.REDUCE_ONLY:
        yield fine(name, "the first start is reduce_only, until somebody says resume")
    elif not plan.boot.is_simulated:
        remedy = "Begin with the canary: everything tiny, and reduce_only at first"
        yield warning(name, "the first start trades at once", remedy, "tickertape preflight --canary")
    else:
        yield fine(name, "the first start trades at once")


def _broken(name: str, error: TickertapeError) -> Finding:
    remedy = error.definition.remediation[0]
    return failed(name, f"{error.code}: {error.message}", remedy.action, remedy.command)


def _why_not(plan: Plan, question: str, otherwise: str) -> str:
    error = plan.survey.faults.get(question)
    if error is None and plan.survey.instruments is None:
        return "not asked: there is no connection"
    return otherwise if error is None else f"{error.code}: {error.message}"


CHECKS: Final[Mapping[str, Callable[[str, Plan], Iterator[Finding]]]] = {
    "venue": _venue,
    "connection": _connection,
    "permissions": _permissions,
    "clock": _clock,
    "order size": _order_sizes,
    "balances": _balances,
    "open orders": _open_orders,
    "limits": _limits,
    "rate limit": _rate_limit,
    "sessions": _sessions,
    "beginning": _beginning,
}
"""In the order in which they are told."""
