"""The bot's own conditions: what it knows about its health, each change an event."""

from __future__ import annotations

from typing import Final

import msgspec

from trading_bot.contract.events.lifecycle import ConditionChanged, ConditionName, ConditionStatus
from trading_bot.domain.clock import SECOND
from trading_bot.engine.ledger import Ledger

TRUE, FALSE, UNKNOWN = ConditionStatus.TRUE, ConditionStatus.FALSE, ConditionStatus.UNKNOWN

Verdict = tuple[ConditionStatus, str, str]
"""Status, reason (a stable CamelCase word), message (a sentence)."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the conditions are judged by, as of now. Ages in seconds; None: it has not happened yet."""

    ready: bool
    open_symbols: tuple[str, ...]
    stale_symbols: tuple[str, ...]
    frozen_symbols: tuple[str, ...] = ()
    unknown_sessions: tuple[str, ...] = ()
    decision_age: float | None
    decision_limit: float
    ready_age: float = 0.0
    venue_failing_since: float | None
    venue_message: str
    venue_answered: bool
    journal_fault: str | None
    reconciled_age: float | None
    reconcile_limit: float
    mismatches: tuple[str, ...]
    breakers: tuple[str, ...]
    equity_known: bool
    doubted_marks: tuple[str, ...] = ()
    config_drift: str | None
    not_listed: tuple[str, ...] = ()
    not_reconciled: tuple[str, ...] = ()
    no_history: tuple[str, ...] = ()


def judge(facts: Facts) -> dict[ConditionName, Verdict]:
    """Return every condition of the bot. Nothing is true without evidence."""
    return {
        ConditionName.FEED_FRESH: _feed(facts),
        ConditionName.DECIDING: _deciding(facts),
        ConditionName.VENUE_REACHABLE: _venue(facts),
        ConditionName.JOURNAL_WRITABLE: _journal(facts),
        ConditionName.RECONCILED: _reconciled(facts),
        ConditionName.RISK_WITHIN_LIMITS: _risk(facts),
        ConditionName.CONFIG_APPLIED: _config(facts),
    }


def record_changes(ledger: Ledger, verdicts: dict[ConditionName, Verdict]) -> None:
    """Append the conditions whose status or reason is another one than on the tape."""
    for name, (status, reason, message) in verdicts.items():
        known = ledger.state.conditions.get(name)
        if known is None or (known.status, known.reason) != (status, reason):
            ledger.append(ConditionChanged(condition=name, status=status, reason=reason, message=message))


def _feed(facts: Facts) -> Verdict:
    for symbols, reason, words in (
        (facts.stale_symbols, "Stale", "no fresh quote of"),
        (facts.frozen_symbols, "Frozen", "quotes stand still while bars move:"),
        (facts.not_listed, "NotListed", "the venue does not list"),
    ):
        if symbols:
            return FALSE, reason, f"{words} {', '.join(symbols)}"
    if not facts.ready:
        return UNKNOWN, "Starting", "no quotes are listened to yet"
    if facts.unknown_sessions:
        names = ", ".join(facts.unknown_sessions)
        return UNKNOWN, "UnknownSession", f"it is not known whether the markets are open: {names}"
    if not facts.open_symbols:
        return TRUE, "MarketClosed", "no session is open"
    return TRUE, "Fresh", "quotes of all open symbols are fresh"


def _deciding(facts: Facts) -> Verdict:
    if not facts.ready:
        return UNKNOWN, "Starting", "the bot is not ready yet"
    if not facts.open_symbols:
        return TRUE, "MarketClosed", "no session is open"
    if facts.decision_age is None and facts.ready_age <= facts.decision_limit:
        return UNKNOWN, "NoBarYet", "no bar has closed since the bot became ready"
    if facts.decision_age is None or facts.decision_age > facts.decision_limit:
        return (
            FALSE,
            "NoBars",
            f"no decision for more than {facts.decision_limit:g} s while a session is open",
        )
    if facts.no_history:
        return FALSE, "NoHistory", f"no candles, so no strategy is asked: {', '.join(facts.no_history)}"
    return TRUE, "Deciding", "bars close and strategies are asked"


def _venue(facts: Facts) -> Verdict:
    if facts.venue_failing_since is not None:
        return FALSE, "NotReachable", facts.venue_message
    if not facts.venue_answered:
        return UNKNOWN, "Starting", "the venue has not answered yet"
    return TRUE, "Answering", "requests are answered and streams flow"


def _journal(facts: Facts) -> Verdict:
    if facts.journal_fault is not None:
        return FALSE, "CommitFailed", facts.journal_fault
    return TRUE, "Writable", "commits succeed"


def _reconciled(facts: Facts) -> Verdict:
    if facts.mismatches:
        return FALSE, "Mismatch", f"books and venue disagree: {', '.join(facts.mismatches)}"
    if facts.not_reconciled:
        return FALSE, "NotRead", f"orders or fills cannot be read: {', '.join(facts.not_reconciled)}"
    if facts.reconciled_age is None:
        return UNKNOWN, "NeverReconciled", "books and venue have not been compared in this run yet"
    if facts.reconciled_age > facts.reconcile_limit:
        return FALSE, "Overdue", f"not compared with the venue for more than {facts.reconcile_limit:g} s"
    return TRUE, "Agreed", "books and venue agree"


def _risk(facts: Facts) -> Verdict:
    if facts.breakers:
        return FALSE, "BreakerOpen", f"open: {', '.join(facts.breakers)}"
    if not facts.equity_known:
        return UNKNOWN, "EquityUnknown", "equity is not known, so losses cannot be checked"
    if facts.doubted_marks:
        marks = ", ".join(dict.fromkeys(facts.doubted_marks))
        return UNKNOWN, "EquityUncertain", f"the marks of {marks} are too old or not believed"
    return TRUE, "WithinLimits", "no loss limit is reached"


def _config(facts: Facts) -> Verdict:
    if facts.config_drift is not None:
        return FALSE, "Drift", facts.config_drift
    return TRUE, "InForce", "the settings in force are those of the file, or there is no file"


DECISION_LIMIT_SECONDS: Final = 10.0
"""Shortest time without a decision that counts against the bot; otherwise three bars."""


def decision_limit(interval_ns: int) -> float:
    """Return how old, in seconds, the last decision may be while a session is open."""
    return max(DECISION_LIMIT_SECONDS, 3 * interval_ns / SECOND)
