"""The one fold: ``evolve(state, envelope) -> state``.

Used by the bot's live state and its recovery, by the exporter, ops, the command line and the tests.
Deterministic, without I/O, clock or randomness. It takes ownership of the state that it is given and
returns the same object, changed: copying would cost more than all the rest (docs/adr). Whoever needs
the old state encodes it first.
"""

from __future__ import annotations

from typing import Final

from trading_bot.contract.codec import Envelope
from trading_bot.contract.events import EVENTS
from trading_bot.contract.events.access import WriteAnswered
from trading_bot.contract.events.lifecycle import (
    OpsStarted,
    OpsStopped,
    TapePruned,
)
from trading_bot.contract.events.observation import SpansRecorded
from trading_bot.contract.events.trading import OrderCancelRequested
from trading_bot.contract.events.workflow import AlertReceived
from trading_bot.contract.telemetry import metrics
from trading_bot.domain import tally
from trading_bot.domain.fold import account, control, lifecycle, market, trading
from trading_bot.domain.fold.handler import Handler
from trading_bot.domain.state import State

EVENTS_COUNTED: Final = metrics.JOURNAL_EVENTS.name

HANDLERS: Final[dict[str, Handler]] = {
    **lifecycle.HANDLERS,
    **control.HANDLERS,
    **trading.HANDLERS,
    **market.HANDLERS,
    **account.HANDLERS,
}
"""Event kind to what it does to the state."""

WITHOUT_EFFECT: Final = frozenset(
    {
        TapePruned.KIND,
        OpsStarted.KIND,
        OpsStopped.KIND,
        OrderCancelRequested.KIND,
        SpansRecorded.KIND,
        WriteAnswered.KIND,
        AlertReceived.KIND,
        *(kind for kind in EVENTS if kind.startswith("workflow.")),
    }
)
"""Kinds that change no state but the count of events: a test holds both tables to the catalogue."""


def evolve(state: State, envelope: Envelope) -> State:
    """Return ``state`` with ``envelope`` folded in. The argument must not be used afterwards."""
    kind = envelope.kind
    handler = HANDLERS.get(kind)
    if handler is not None:
        handler(state, envelope, envelope.payload)
    try:
        state.counts[EVENTS_COUNTED][kind] += 1.0
    except KeyError:
        tally.count(state, metrics.JOURNAL_EVENTS, kind)
    state.seq = envelope.seq
    state.ts = envelope.ts
    return state
