"""``GET /incident``: what changed in the minutes before a moment, under its byte budget by construction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from exporter.ops.alerts import SeenAlerts
from exporter.ops.representations.budget import Budget
from exporter.ops.representations.paging import link
from exporter.ops.representations.problem import Link
from exporter.ops.representations.summary import AlertInShort, alert_in_short
from exporter.ops.representations.values import Moment, Unknown, moment, plain
from trading_bot.contract.codec import Envelope
from trading_bot.contract.events import account, lifecycle, market, workflow
from trading_bot.journal import TapePosition

LIMIT_BYTES: Final = 10_240
LONGEST: Final = 240
ERROR: Final = lifecycle.ErrorRecorded.KIND
CHANGE_BYTES: Final = 700
ALERT_LABELS: Final = ("severity", "symbol", "component")
CHANGES_BYTES: Final = 4_000
ERRORS_SHOWN: Final = 8
ERROR_BYTES: Final = 500
ALERTS_SHOWN: Final = 5
MOVERS_SHOWN: Final = 5
PERCENT_PLACES: Final = 3


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that changed. ``seq`` is its place on the tape, ``kind`` its event."""

    at: Moment
    tape: str
    seq: int
    kind: str
    what: str


class ErrorGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The errors of one code in the time: how often, and the last of them."""

    error_code: str
    severity: str
    count: int
    first_at: Moment
    last_at: Moment
    message: str
    more: str


class Mover(msgspec.Struct, frozen=True, kw_only=True):
    """How far a symbol's price moved, from its first quote in the time to its last."""

    symbol: str
    change_pct: float
    first_price: str
    last_price: str


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /incident``; ``left_out`` counts what the byte budget had no room for."""

    start: Moment
    end: Moment
    minutes: int
    changes: list[Change]
    errors: list[ErrorGroup]
    movers: list[Mover]
    active_alerts: list[AlertInShort] | None
    event_counts: dict[str, int]
    left_out: dict[str, int]
    next: list[Link]
    unknown: Unknown
    generated_at: Moment


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the tapes held in the time: all of it is counted, the last of it is here."""

    start: int
    end: int
    minutes: int
    changes: Sequence[tuple[str, Envelope]] = ()
    """Tape and event, in order of time."""
    errors: Sequence[Envelope] = ()
    first_quotes: Sequence[Envelope] = ()
    last_quotes: Sequence[Envelope] = ()
    first_seq: int = 0
    last_seq: int = 0
    counts: Mapping[str, int] = {}
    position: TapePosition | None = None
    """The end of the journal when it was read."""


def represent_incident(found: Found, seen: SeenAlerts, now_ns: int) -> Incident:
    """Return what changed; its JSON is never longer than :data:`LIMIT_BYTES`."""
    groups, movers = list(_errors(found.errors)), _movers(found)
    alerts = seen.alerts or ()
    skeleton = _skeleton(
        found, seen, now_ns, [*map(len, (found.changes, groups, movers, alerts, found.errors))]
    )
    budget = Budget(LIMIT_BYTES, skeleton)
    shown_errors = [one for one in groups[:ERRORS_SHOWN] if budget.first(one, share=ERROR_BYTES)]
    shown_alerts = [
        one for one in map(alert_in_short, alerts[:ALERTS_SHOWN]) if budget.first(one, share=ERROR_BYTES)
    ]
    shown_movers = [one for one in movers[:MOVERS_SHOWN] if budget.first(one, share=ERROR_BYTES)]
    changes = list(_within(budget, found.changes))[::-1]
    left_out = {
        "changes": sum(found.counts.values()) - found.counts.get(ERROR, 0) - len(changes),
        "errors_not_grouped": found.counts.get(ERROR, 0) - len(found.errors),
        "errors": len(groups) - len(shown_errors),
        "movers": len(movers) - len(shown_movers),
        "active_alerts": len(alerts) - len(shown_alerts),
    }
    return msgspec.structs.replace(
        skeleton,
        changes=changes,
        errors=shown_errors,
        movers=shown_movers,
        active_alerts=None if seen.alerts is None else shown_alerts,
        left_out={name: count for name, count in left_out.items() if count},
    )


def _skeleton(found: Found, seen: SeenAlerts, now_ns: int, counts: list[int]) -> Incident:
    names = ("changes", "errors", "movers", "active_alerts", "errors_not_grouped")
    unknown = {} if seen.alerts is not None else {"active_alerts": (seen.unknown or "")[:LONGEST]}
    if not (found.first_quotes and found.last_quotes):
        unknown["movers"] = "no quotes are on the tape for this time"
    return Incident(
        start=moment(found.start) or "",
        end=moment(found.end) or "",
        minutes=found.minutes,
        changes=[],
        errors=[],
        movers=[],
        active_alerts=None,
        event_counts=dict(found.counts),
        left_out={name: count + 10**6 for name, count in zip(names, counts, strict=True)},
        next=list(_next(found)),
        unknown=unknown,
        generated_at=moment(now_ns) or "",
    )


def _next(found: Found) -> Iterator[Link]:
    if found.last_seq > found.first_seq:
        href = link("/api/v1/events", after=found.first_seq, limit=100)
        yield Link(href=href, why="every event from the beginning of this time on")
    before = moment(found.start) or ""
    yield Link(href=link("/api/v1/incident", at=before, minutes=found.minutes), why="the time before this")
    yield Link(href="/api/v1/summary", why="how the bot is now")


def _within(budget: Budget, changes: Sequence[tuple[str, Envelope]]) -> Iterator[Change]:
    """Yield the newest changes that fit: what is nearest to the moment says most about it."""
    end = budget.left - CHANGES_BYTES
    for tape, envelope in reversed(changes):
        whole = _change(tape, envelope)
        bare = msgspec.structs.replace(whole, what="too long to show here")
        shown = budget.first(whole, bare, share=min(CHANGE_BYTES, budget.left - end))
        if shown is not None:
            yield shown


def _change(tape: str, envelope: Envelope) -> Change:
    say = WORDS.get(envelope.kind, _plainly)
    return Change(
        at=moment(envelope.ts) or "",
        tape=tape,
        seq=envelope.seq,
        kind=envelope.kind,
        what=say(envelope.payload),
    )


def _plainly(event: Any) -> str:
    """Say an event by its short fields."""
    fields = ((name, getattr(event, name)) for name in event.__struct_fields__)
    said = [
        f"{name} {value}" for name, value in fields if isinstance(value, str | int | Decimal) and value != ""
    ]
    return ", ".join(said)


def _settings(event: lifecycle.SettingsApplied) -> str:
    return f"generation {event.generation} by {event.actor} ({event.source}): {event.reason}"


def _rolled_back(event: lifecycle.SettingsRolledBack) -> str:
    restored = event.restored_generation
    return f"generation {event.generation} restores {restored}, by {event.actor}: {event.reason}"


def _mode(event: lifecycle.ModeChanged) -> str:
    return f"{event.previous} -> {event.mode} ({event.reason}, by {event.actor}): {event.message}"


def _condition(event: lifecycle.ConditionChanged) -> str:
    return f"{event.condition} {event.status} ({event.reason}): {event.message}"


def _blocked(event: lifecycle.SymbolBlocked) -> str:
    return f"{event.symbol} {'blocked' if event.blocked else 'free'} ({event.reason}): {event.message}"


def _started(event: lifecycle.BotStarted) -> str:
    ended = {True: "after a clean end", False: "after the run before was killed", None: "for the first time"}
    return f"started {ended[event.previous_run_ended]}, version {event.version}"


def _alert(event: workflow.AlertReceived) -> str:
    labels = ", ".join(f"{name}={value}" for name, value in event.labels.items() if name in ALERT_LABELS)
    return f"{event.name} {event.status} ({labels}): {event.annotations.get('summary', 'no summary')}"


def _requested(event: workflow.WorkflowRequested) -> str:
    why = f": {event.reason}" if event.reason else ""
    return f"{event.workflow} (execution {event.execution_id}) by {event.actor}{why}"


def _ended(event: workflow.WorkflowEnded) -> str:
    return f"execution {event.execution_id} {event.outcome}: {event.message}"


def _command(event: lifecycle.CommandIssued) -> str:
    return f"{event.name} by {event.actor}: {event.reason}"


WORDS: Final[dict[str, Callable[[Any], str]]] = {
    lifecycle.SettingsApplied.KIND: _settings,
    lifecycle.SettingsRolledBack.KIND: _rolled_back,
    lifecycle.ModeChanged.KIND: _mode,
    lifecycle.ConditionChanged.KIND: _condition,
    lifecycle.SymbolBlocked.KIND: _blocked,
    lifecycle.BotStarted.KIND: _started,
    workflow.AlertReceived.KIND: _alert,
    workflow.WorkflowRequested.KIND: _requested,
    workflow.WorkflowEnded.KIND: _ended,
    lifecycle.CommandIssued.KIND: _command,
}

CHANGES: Final = (
    lifecycle.SettingsApplied.KIND,
    lifecycle.SettingsRolledBack.KIND,
    lifecycle.ModeChanged.KIND,
    lifecycle.ConditionChanged.KIND,
    lifecycle.SymbolBlocked.KIND,
    lifecycle.BotStarted.KIND,
    lifecycle.BotReady.KIND,
    lifecycle.BotStopped.KIND,
    lifecycle.CommandAnswered.KIND,
    account.BreakerOpened.KIND,
    account.BreakerReset.KIND,
    account.MismatchFound.KIND,
    account.MismatchSettled.KIND,
    account.BalanceAdopted.KIND,
    account.PositionAdopted.KIND,
    market.FeedReconnected.KIND,
)
"""Kinds of the journal that say that something changed."""

CONTROL_CHANGES: Final = (
    lifecycle.OpsStarted.KIND,
    lifecycle.OpsStopped.KIND,
    lifecycle.CommandIssued.KIND,
    workflow.AlertReceived.KIND,
    workflow.WorkflowRequested.KIND,
    workflow.WorkflowEnded.KIND,
)
"""The same of the control tape."""


def _errors(envelopes: Sequence[Envelope]) -> Iterator[ErrorGroup]:
    """Yield one group a code, the most frequent first."""
    by_code: dict[str, list[lifecycle.ErrorRecorded]] = {}
    for envelope in envelopes:
        event = envelope.payload
        assert isinstance(event, lifecycle.ErrorRecorded)
        by_code.setdefault(event.error.error_code, []).append(event)
    for code, all_of in sorted(by_code.items(), key=lambda item: -len(item[1])):
        last = all_of[-1].error
        yield ErrorGroup(
            error_code=code,
            severity=last.severity,
            count=len(all_of),
            first_at=moment(all_of[0].error.timestamp) or "",
            last_at=moment(last.timestamp) or "",
            message=last.message if len(last.message) <= LONGEST else "too long to show here",
            more=f"/api/v1/errors/{code}",
        )


def _movers(found: Found) -> list[Mover]:
    first: dict[str, market.QuoteConflated] = {}
    last: dict[str, market.QuoteConflated] = {}
    for envelope in found.first_quotes:
        first.setdefault(_quote(envelope).symbol, _quote(envelope))
    for envelope in found.last_quotes:
        last[_quote(envelope).symbol] = _quote(envelope)
    moved = [_mover(first[symbol], quote) for symbol, quote in last.items() if symbol in first]
    return sorted(moved, key=lambda one: -abs(one.change_pct))


def _mover(first: market.QuoteConflated, last: market.QuoteConflated) -> Mover:
    before, after = (first.bid + first.ask) / 2, (last.bid + last.ask) / 2
    change = float((after - before) / before * 100) if before else 0.0
    return Mover(
        symbol=last.symbol,
        change_pct=round(change, PERCENT_PLACES),
        first_price=plain(before, 8),
        last_price=plain(after, 8),
    )


def _quote(envelope: Envelope) -> market.QuoteConflated:
    assert isinstance(envelope.payload, market.QuoteConflated)
    return envelope.payload
