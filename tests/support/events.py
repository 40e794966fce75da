"""Events for tests: one full example of each kind, any event of any kind, and tapes of them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from trading_bot.contract.codec import Envelope
from trading_bot.contract.events import EVENTS, Event
from trading_bot.contract.events.lifecycle import StateSnapshotted
from trading_bot.contract.telemetry import metrics

START: Final = 1_750_000_000_000_000_000
SYMBOLS: Final = ("EUR/USD", "GOOGL/USD")
LONGEST_INTEGER: Final = 2**53
FOLDED: Final = tuple(kind for kind in EVENTS if kind != StateSnapshotted.KIND)


def envelope(event: Event, seq: int = 1, ts: int | None = None, run_id: str = "run-1") -> Envelope:
    """Put an event into an envelope; without a time of its own one millisecond after the one before."""
    return Envelope(
        seq=seq,
        ts=START + seq * 1_000_000 if ts is None else ts,
        run_id=run_id,
        bot="tape-bot",
        kind=event.KIND,
        version=event.VERSION,
        trace_id=f"{seq:032x}" if seq % 3 else None,
        span_id=f"{seq:016x}" if seq % 3 else None,
        payload=event,
    )


def tape(events: Iterable[Event], first: int = 1) -> list[Envelope]:
    """Put events one after the other on a tape."""
    return [envelope(event, seq) for seq, event in enumerate(events, start=first)]


# One full example


WORDS: Final[dict[str, Any]] = {
    "symbol": "EUR/USD",
    "base": "EUR",
    "quote": "USD",
    "currency": "USD",
    "asset": "EUR",
    "fee_asset": "EUR",
    "client_order_id": "tt-01J8Z6-0001",
    "trade_id": "88012",
    "fee": "0.0012",
    "strategy": "trend",
    "strategies": ["trend"],
    "error_code": "RISK_001",
    "limit": "max_order_notional",
    "breaker": "max_daily_loss",
    "condition": "FeedFresh",
    "day": "2026-11-22",
    "trigger": "periodic",
    "subject": "position",
    "state": msgspec.Raw(b'{"seq":41}'),
    "requests": {"place": 3, "clock": 1},
    "counters": {metrics.DECISIONS.name: 4},
    "histograms": {
        metrics.DECISION_DURATION.name: {
            "buckets": [1, *[0] * (len(metrics.DECISION_DURATION.bounds) - 1), 2],
            "total": 0.25,
            "exemplar_value": 0.125,
            "exemplar_trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        }
    },
}
"""Values for fields of these names, where a reader of the golden files would be helped by a real one."""


def full_example(event: type[Event]) -> Event:
    """Return an event with every field filled, also those that may be left out. Always the same."""
    return msgspec.convert(_example(inspect.type_info(event)), event)


def _example(kind: inspect.Type, name: str = "") -> Any:
    if name in WORDS and _fits(kind, WORDS[name]):
        return WORDS[name]
    if isinstance(kind, inspect.StructType):
        values = {field.name: _example(field.type, field.name) for field in kind.fields}
        return list(values.values()) if kind.array_like else values
    if isinstance(kind, inspect.UnionType):
        return _example(next(one for one in kind.types if not isinstance(one, inspect.NoneType)), name)
    return EXAMPLES[type(kind)](kind, name)


def _fits(kind: inspect.Type, word: Any) -> bool:
    """Whether a word may stand in a field: any may, but of a closed set only its members."""
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return all(word in list(one.cls) for one in kinds if isinstance(one, inspect.EnumType))


EXAMPLES: Final[dict[type, Any]] = {
    inspect.StrType: lambda _, name: name or "word",
    inspect.IntType: lambda _, name: (
        START if name.endswith(("_at", "time", "started", "ended", "timestamp")) else 7
    ),
    inspect.FloatType: lambda _kind, _name: 0.25,
    inspect.BoolType: lambda _kind, _name: True,
    inspect.DecimalType: lambda _kind, _name: "1.2500",
    inspect.EnumType: lambda kind, _: next(iter(kind.cls)).value,
    inspect.AnyType: lambda _kind, _name: "any",
    inspect.VarTupleType: lambda kind, name: [_example(kind.item_type, name.removesuffix("s"))],
    inspect.DictType: lambda kind, name: {"key": _example(kind.value_type, name.removesuffix("s"))},
    inspect.RawType: lambda _kind, _name: msgspec.Raw(b"{}"),
}


# Any event


def amounts(least: str = "0.0001", most: str = "100000") -> st.SearchStrategy[Decimal]:
    return st.decimals(least, most, places=4)


FIELDS: Final[dict[str, st.SearchStrategy[Any]]] = {
    "symbol": st.sampled_from(SYMBOLS),
    "asset": st.sampled_from(("EUR", "USD", "GOOGL")),
    "fee_asset": st.sampled_from(("EUR", "USD", "GOOGL", "BNB")),
    "client_order_id": st.sampled_from(("order-1", "order-2", "order-3")),
    "trade_id": st.sampled_from(tuple("12345678")),
    "breaker": st.sampled_from(("max_daily_loss", "max_drawdown")),
    "mismatch_id": st.sampled_from(("one", "two")),
    "bid": amounts(),
    "ask": amounts(),
    "price": amounts(),
    "quantity": amounts(),
    "fee": amounts("0", "10"),
    "limit_price": amounts() | st.none(),
    "reference_price": amounts(),
    "state": st.just(msgspec.Raw(b"{}")),
    "requests": st.dictionaries(st.sampled_from(("place", "clock")), st.integers(0, 9)),
    "counters": st.dictionaries(
        st.sampled_from((metrics.DECISIONS.name, metrics.BAD_MESSAGES.name, "of_another_release_total")),
        st.integers(0, 9),
    ),
    "messages": st.integers(0, LONGEST_INTEGER),
    "skipped": st.integers(0, LONGEST_INTEGER),
    "buckets": st.lists(st.integers(0, 9), min_size=15, max_size=17).map(tuple),
}
"""For fields of these names: few enough values that events concern the same things, sane enough to trade."""

JSON: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-LONGEST_INTEGER, LONGEST_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def any_event(kind: str) -> st.SearchStrategy[Any]:
    """Return a strategy of events of ``kind``."""
    return _any(inspect.type_info(EVENTS[kind]))


def any_events(kinds: Iterable[str] = FOLDED) -> st.SearchStrategy[Any]:
    """Return a strategy of events of any of ``kinds``; the snapshot, whose state must be one, not among them."""
    return st.sampled_from(tuple(kinds)).flatmap(any_event)


def _any(kind: inspect.Type, name: str = "") -> st.SearchStrategy[Any]:
    if name in FIELDS:
        return FIELDS[name]
    if isinstance(kind, inspect.StructType):
        fields = {field.name: _any(field.type, field.name) for field in kind.fields}
        return st.fixed_dictionaries(fields).map(lambda values: kind.cls(**values))
    if isinstance(kind, inspect.UnionType):
        return st.one_of([_any(one) for one in kind.types])
    return GENERATORS[type(kind)](kind)


GENERATORS: Final[dict[type, Any]] = {
    inspect.StrType: lambda _: st.text(max_size=12),
    inspect.IntType: lambda _: st.integers(-LONGEST_INTEGER, LONGEST_INTEGER),
    inspect.FloatType: lambda _: st.floats(allow_nan=False, allow_infinity=False, width=32),
    inspect.BoolType: lambda _: st.booleans(),
    inspect.NoneType: lambda _: st.none(),
    inspect.DecimalType: lambda _: st.decimals("-100000", "100000", places=6),
    inspect.EnumType: lambda kind: st.sampled_from(list(kind.cls)),
    inspect.AnyType: lambda _: JSON,
    inspect.VarTupleType: lambda kind: st.lists(_any(kind.item_type), max_size=3).map(tuple),
    inspect.DictType: lambda kind: st.dictionaries(st.text(max_size=8), _any(kind.value_type), max_size=3),
}
